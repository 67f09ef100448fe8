# ---- TLS ----
#
# Mbed TLS from 3.6 on: the system's, else that of 'make deps', which is built once for each compiler
# and its flags. TLS_CONFIG says with what in it: port/bsd/mbedtls_desktop.h or mbedtls_small.h;
# 'default' is what the library brings along, and distributions ship.

TLS ?= $(if $(config_header),$(if $(call chosen,TLS),mbedtls,none),auto)
ifneq ($(config_header),)
TLS_CONFIG ?= $(or $(if $(call chosen,TLS_LIBRARY_SMALL),small),$(if $(call chosen,TLS_LIBRARY_DEFAULT),default),desktop)
ifneq ($(filter mbedtls,$(TLS)),$(if $(call chosen,TLS),$(filter mbedtls,$(TLS))))
$(error TLS=mbedtls, but $(config_header) leaves TLS out)
endif
endif
TLS_CONFIG ?= desktop
# For speed: what costs time is the cryptography. A small configuration is for size.
TLS_CFLAGS ?= $(if $(filter small,$(TLS_CONFIG)),-Os,-O2) -g
MBEDTLS = $(DEPS)/mbedtls

$(MBEDTLS)/.source:
	tools/get_source mbedtls $(MBEDTLS)

# One that came here by other means, or earlier, is bounded too, before anything is built with it.
ifneq ($(wildcard $(MBEDTLS)/.source),)
ifneq ($(shell tools/bound_mbedtls $(MBEDTLS) || echo failed),)
$(error $(MBEDTLS) is not what it should be)
endif
endif

ifeq ($(filter auto mbedtls none,$(TLS)),)
$(error TLS is auto, mbedtls or none, not '$(TLS)')
endif

# The system's has its own configuration; where another one is asked for it is no help.
system_tls := $(if $(filter none,$(TLS))$(filter-out desktop,$(TLS_CONFIG)),,$(shell \
	tools/find_tls '$(CC) $(CPPFLAGS) $(LDFLAGS)'))
deps_tls := $(if $(filter none,$(TLS))$(system_tls),,$(wildcard $(MBEDTLS)/.source))
tls_built := $(if $(system_tls)$(deps_tls),mbedtls,none)
TLS_SOURCES = $(TLS_$(tls_built))

ifneq ($(deps_tls),)
tls_config_file = $(if $(filter-out default,$(TLS_CONFIG)),port/bsd/mbedtls_$(TLS_CONFIG).h)
# The bounds stand in the configurations of our own.
tls_config_flag = $(if $(tls_config_file),-DMBEDTLS_CONFIG_FILE=\"bsd/mbedtls_$(TLS_CONFIG).h\",\
	-DMBEDTLS_MPI_MAX_SIZE=512 -DMBEDTLS_X509_MAX_INTERMEDIATE_CA=5)
tls_cc = $(CC) -w $(TLS_CFLAGS) $(HARDEN) $(SECTIONS) $(SANITIZER) -Iport \
	-I$(MBEDTLS)/include -I$(MBEDTLS)/library $(tls_config_flag)
# All that it depends on, in a number: what is ours and linked with it is then made again by $(BUILD)/flags.
tls_number := $(shell { echo '$(tls_cc)'; cat $(MBEDTLS)/.source tools/bound_mbedtls $(tls_config_file); } | cksum | cut -d ' ' -f 1)
tls_directory := $(DEPS)/built/mbedtls-$(TLS_CONFIG)-$(tls_number)
tls_objects = $(patsubst $(MBEDTLS)/library/%.c,$(tls_directory)/%.o,$(wildcard $(MBEDTLS)/library/*.c))
TLS_ARCHIVE = $(tls_directory)/libmbedtls.a
TLS_FLAGS = -isystem $(MBEDTLS)/include $(tls_config_flag)
TLS_LIBS = $(TLS_ARCHIVE)

# More than one make may be at it, for variants share it: each file appears whole.
$(tls_directory)/%.o: $(MBEDTLS)/library/%.c
	@mkdir -p $(@D)
	$(call say,cc mbedtls/$*.c)$(tls_cc) -c -o $@.$$$$ $< && mv $@.$$$$ $@

$(TLS_ARCHIVE): $(tls_objects)
	$(call say,ar $@)$(AR) rcs $@.$$$$ $^ && mv $@.$$$$ $@
else
TLS_FLAGS = $(if $(system_tls),,-DCONFIG_ANKLET_TLS_STREAMS=0)
TLS_LIBS = $(system_tls)
endif

# Says that the program is built without TLS, or where that will not do, ends it.
tls_found:
ifeq ($(tls_built)$(filter none,$(TLS)),none)
	@echo "make: no Mbed TLS 3.6 or newer is here$(if $(filter auto,$(TLS)),: built without TLS)." \
		"'make deps' gets it" >&2
	@$(if $(filter auto,$(TLS)),:,exit 1)
endif

# What 'make run' and 'make test' do for TLS, when they have a compiler. or_without: it goes on where nothing can be
# fetched, but not where what was fetched is not what it should be.
tls_source:
	@:
ifeq ($(filter none,$(TLS))$(system_tls)$(deps_tls),)
	@(tools/need source || exit 69; tools/get_source mbedtls $(MBEDTLS)) || \
		{ [ $$? = 69 ] && [ '$(TLS)$(or_without)' = autoyes ] && echo 'make: goes on without TLS' >&2; } || \
		{ echo "make: TLS=none does without Mbed TLS" >&2; exit 1; }
endif

deps: ## use: get and build Mbed TLS where the system has none
	@CC='$(CC)' tools/need build
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory tls_library

tls_library: tls_found $(TLS_ARCHIVE)
	@echo 'Mbed TLS: $(or $(TLS_LIBS),left out)'

.PHONY: tls_found tls_source deps tls_library

# ---- TLS ----
#
# Mbed TLS from 3.6 on: the system's, else that of 'make deps', which is built once for each compiler
# and its flags. TLS_CONFIG says with what in it: port/bsd/mbedtls_desktop.h or mbedtls_small.h;
# 'default' is what the library brings along, and distributions ship.

TLS ?= $(if $(config_header),$(if $(call chosen,TLS),mbedtls,none),auto)
TLS_CONFIG ?= $(if $(call chosen,TLS_LIBRARY_SMALL),small,$(if $(call chosen,TLS_LIBRARY_DEFAULT),default,desktop))
# For speed: what costs time is the cryptography. A small configuration is for size.
TLS_CFLAGS ?= $(if $(filter small,$(TLS_CONFIG)),-Os,-O2) -g
MBEDTLS = $(DEPS)/mbedtls

$(if $(filter auto mbedtls none,$(TLS)),,$(error TLS is auto, mbedtls or none, not '$(TLS)'))
$(if $(and $(config_header),$(filter mbedtls,$(TLS))),$(if $(call chosen,TLS),,$(error \
	TLS=mbedtls, but $(config_header) leaves TLS out)))
# One that came here by other means, or earlier, is bounded too, before anything is built with it.
$(if $(wildcard $(MBEDTLS)/.source),$(if $(shell tools/bound_mbedtls $(MBEDTLS) || echo failed),$(error \
	$(MBEDTLS) is not what it should be)))

# The system's has its own configuration; where another one is asked for it is no help.
system_tls := $(if $(filter none,$(TLS))$(filter-out desktop,$(TLS_CONFIG)),,$(shell \
	tools/find_tls '$(CC) $(CPPFLAGS) $(LDFLAGS)'))
deps_tls := $(if $(filter none,$(TLS))$(system_tls),,$(wildcard $(MBEDTLS)/.source))
tls_built := $(if $(system_tls)$(deps_tls),mbedtls,none)
TLS_SOURCES = $(TLS_$(tls_built))
TLS_FLAGS = $(if $(system_tls)$(deps_tls),,-DCONFIG_ANKLET_TLS_STREAMS=0)
TLS_LIBS = $(system_tls)

ifneq ($(deps_tls),)
tls_config_file = $(if $(filter-out default,$(TLS_CONFIG)),port/bsd/mbedtls_$(TLS_CONFIG).h)
# The bounds stand in the configurations of our own.
tls_config_flag = $(if $(tls_config_file),-DMBEDTLS_CONFIG_FILE=\"bsd/mbedtls_$(TLS_CONFIG).h\",\
	-DMBEDTLS_MPI_MAX_SIZE=512 -DMBEDTLS_X509_MAX_INTERMEDIATE_CA=5)
TLS_FLAGS = -isystem $(MBEDTLS)/include -isystem $(MBEDTLS)/3rdparty/everest/include $(tls_config_flag)
tls_cc = $(CC) -w $(TLS_CFLAGS) $(HARDEN) $(SECTIONS) $(subst fuzzer-no-link$(comma),,$(SANITIZER)) -Iport \
	-I$(MBEDTLS)/include -I$(MBEDTLS)/library $(tls_config_flag)
# All that it depends on, in a number: what is ours and linked with it is then made again by $(BUILD)/flags.
tls_number := $(firstword $(shell { echo '$(tls_cc)'; \
	cat $(MBEDTLS)/.source tools/bound_mbedtls tools/build_mbedtls $(tls_config_file); } | cksum))
TLS_ARCHIVE = $(DEPS)/built/mbedtls-$(TLS_CONFIG)-$(tls_number)/libmbedtls.a
TLS_LIBS = $(TLS_ARCHIVE)

$(TLS_ARCHIVE):
	$(call say,mbedtls for $(CC)) AR='$(AR)' tools/build_mbedtls $(MBEDTLS) $@ $(tls_cc)
endif

# Says that the program is built without TLS, or where that will not do, ends it.
tls_found:
	@$(if $(filter none,$(TLS))$(tls_built:none=),:,echo "make: no Mbed TLS 3.6 or newer is here$(if \
		$(filter auto,$(TLS)),: built without TLS). 'make deps' gets it" >&2$(if $(filter auto,$(TLS)),,; exit 1))

# What 'make run' and 'make test' do for TLS, when they have a compiler. or_without: it goes on where nothing can be
# fetched, but not where what was fetched is not what it should be.
tls_source:
	@$(if $(filter none,$(TLS))$(system_tls)$(deps_tls),:,(tools/need source || exit 69; tools/get_source mbedtls $(MBEDTLS)) || \
		{ [ $$? = 69 ] && [ '$(TLS)$(or_without)' = autoyes ] && echo 'make: goes on without TLS' >&2; } || \
		{ echo "make: TLS=none does without Mbed TLS" >&2; exit 1; })

deps: ## use: get and build Mbed TLS where the system has none
	$(call get,build,tls_source tls_library)

tls_library: tls_found $(TLS_ARCHIVE)
	@echo 'Mbed TLS: $(or $(TLS_LIBS),disabled)'

# ---- How a file becomes an object, and objects a program ----
#
# A variant is this project's source compiled with flags of its own into a directory of its own: the same file is an
# object of the program, of the simulator, of a board. Fragments ask for one by $(eval $(call variant,...)).

INCLUDES = -Iinclude -Isrc -Iport
VARIANTS =

# variant NAME,FLAGS[,PREREQUISITES]: FILE.c as $(BUILD)/NAME/FILE.o; FLAGS is the name of a variable.
define variant
VARIANTS += $(1)
$(BUILD)/$(1)/%.o: %.c $(BUILD)/flags $(3)
	@mkdir -p $$(@D)
	$$(call say,cc $(filter-out posix,$(1)) $$<)$$(CC) $$(ALL_CFLAGS) $$($(2)) -MMD -MP -c -o $$@ $$<
endef

# stack NAME,FLAGS,OPTIONS: lwIP's FILE.c as $(BUILD)/NAME/stack/FILE.o. It is not ours: its warnings are its own.
define stack
$(BUILD)/$(1)/stack/%.o: $$(LWIP)/.source $(BUILD)/flags $(3)
	@mkdir -p $$(@D)
	$$(call say,cc $(1) $$*.c)$$(CC) $$(ALL_CFLAGS) -w $$($(2)) -c -o $$@ $$(LWIP)/src/$$*.c
endef

# archive FILE,OBJECTS
define archive
$(1): $(2)
	$$(call say,ar $$@)rm -f $$@; $$(AR) qcs $$@ $$(filter %.o,$$^)
endef

# program FILE: PREREQUISITES,LINK[,LIBRARIES]: all objects among them, linked with what LINK names besides.
define program
$(1)
	@mkdir -p $$(@D)
	$$(call say,link $$@)$$(CC) $(2) -o $$@ $$(filter %.o,$$^) $(3)
endef

# of VARIANT,FILES: the objects.
of = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))

# Changes when the compiler or a flag does, so that nothing is linked with what was built otherwise.
flags = $(CC) $(ALL_CFLAGS) $(CONFIG_FLAGS) $(TLS_FLAGS) $(ALL_LDFLAGS) $(TLS_LIBS) $(LIBS)

$(BUILD)/flags: FORCE | tls_found
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || echo '$(flags)' >$@

# ---- The program ----

# Where the system is not known there are files that keep to POSIX.
NATIVE_Linux = linux
NATIVE = $(or $(NATIVE_$(SYSTEM)),posix)

POSIX_FLAGS = $(if $(SANITIZE),-DCHECK_TELLS) $(CONFIG_FLAGS) $(INCLUDES) $(TLS_FLAGS) -Iport/bsd -Itests/unit
port_bsd = $(PORT_BSD) $(BSD_INET6) $(BSD_UNIX) $(BSD_$(NATIVE))
posix_core = $(call of,posix,$(CORE) $(TLS_SOURCES))
posix_port = $(sort $(call of,posix,$(port_bsd)))
# A static libc has no directory of users but these files: ACCOUNTS=files reads them in less.
ACCOUNTS ?= system
posix_program = $(sort $(call of,posix,$(PROGRAM) $(PROGRAM_$(NATIVE)) $(ACCOUNTS_$(ACCOUNTS))))

# The core calls the port, and the port puts texts and addresses together with the core. The library
# of TLS is linked behind them; that libanklet.a is made again when it changes brings that about.
POSIX_LIBS = $(BUILD)/posix/libanklet.a $(BUILD)/posix/libport.a
posix_own = $(POSIX_LIBS) $(BUILD)/posix/libanklet.a

$(eval $(call variant,posix,POSIX_FLAGS))
$(eval $(call archive,$(BUILD)/posix/libanklet.a,$(posix_core) $(TLS_ARCHIVE)))
$(eval $(call archive,$(BUILD)/posix/libport.a,$(posix_port)))

# posix_test FILE: OBJECTS,LINK,LIBRARIES: a program of the tests, with the core and the port.
posix_test = $(call program,$(1) $(POSIX_LIBS),$$(TEST_LDFLAGS) $(2),$$(posix_own) $$(TLS_LIBS) $(3) $$(LIBS))

$(eval $(call program,$(BUILD)/anklet: $(posix_program) $(POSIX_LIBS),$$(ALL_CFLAGS) $$(ALL_LDFLAGS),$$(posix_own) $$(TLS_LIBS) $$(LIBS)))

# What bash and zsh complete, made of the table of keywords with the words of this build.
completion = $(BUILD)/completion/anklet $(BUILD)/completion/_anklet
$(BUILD)/completion/anklet: completes = bash
$(BUILD)/completion/_anklet: completes = zsh

$(completion): tools/keywords src/config/keywords.h include/anklet_config.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,keywords $@)tools/keywords $(completes) $(CC) $(CPPFLAGS) $(CONFIG_FLAGS) $(TLS_FLAGS) >$@.$$$$ && mv $@.$$$$ $@

keywords: ## use: write the list of keywords in docs/anklet.conf.5 from src/config/keywords.h
	@tools/keywords write $(CC)

.PHONY: keywords

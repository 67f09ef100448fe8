# ---- How a file becomes an object, and objects a program ----
#
# A variant is this project's source compiled with flags of its own into a directory of its own: the same file is an
# object of the program, of the simulator, of a board. Fragments ask for one by $(eval $(call variant,NAME)), and say in
# NAME_FLAGS how it is compiled. NAME_CC is another compiler, if any; what it was told is noted in its own directory.

INCLUDES = -Iinclude -Isrc -Iport -I$(BUILD)/made
LWIP = $(DEPS)/lwip

$(DEPS)/%/.source:
	tools/get_source $* $(@D)

# What the flags name has to be there before: sources, and headers that are made.
before = $(CROSS_LIBC) $(filter $(BUILD)/%.h,$($(1)_FLAGS)) \
	$(foreach l,lwip mbedtls,$(if $(findstring $(DEPS)/$l/,$($(1)_FLAGS)),$(DEPS)/$l/.source))

# compiled NAME,TARGET: PREREQUISITE,SOURCE[,MORE FLAGS]
define compiled
$(2) $(BUILD)/$(if $($(1)_CC),$(1)/)flags | $(before)
	$$(call say,cc $(filter-out posix,$(1)) $(3)) $$(or $$($(1)_CC),$$(CC) $$(ALL_CFLAGS)) $$($(1)_FLAGS) $(4) \
		-MD -MP -c -o $$@ $(3)
endef

# variant NAME: FILE.c as $(BUILD)/NAME/FILE.o; and lwIP's, below stack/. That is not ours: its warnings are its own.
define variant
VARIANTS += $(1)
$(BUILD)/$(1)/src/proxy/status_page.o: $(BUILD)/made/status_page.h
$(call compiled,$(1),$(BUILD)/$(1)/%.o: %.c,$$<)
$(call compiled,$(1),$(BUILD)/$(1)/stack/%.o: $(LWIP)/.source,$(LWIP)/src/$$*.c,-w)
endef

# archive FILE,OBJECTS; like a program it is made anew when the lists of files are others.
define archive
$(1): $(2) anklet.mk
	$$(call say,ar $$@) rm -f $$@ && $$(AR) qcs $$@ $$(filter %.o,$$^)
endef

# program FILE: PREREQUISITES,LINK[,LIBRARIES]: all objects among them, linked with what LINK names besides.
define program
$(1) anklet.mk $(CROSS_LIBC)
	$$(call say,link $$@) $$(CC) $(2) -o $$@ $$(filter %.o,$$^) $(3)
endef

# of VARIANT,FILES: the objects.
of = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))

# libraries NAME,FILES OF THE PORT[,OF LWIP]: the variant, with the core as one library and the port as another.
with_tls = $(filter posix sim sim_less,$(1))
define libraries
$(call variant,$(1))
$(call archive,$(BUILD)/$(1)/libanklet.a,$(call of,$(1),$(CORE) $(if $(with_tls),$(TLS_SOURCES),$(TLS_none))) \
	$(if $(with_tls),$(TLS_ARCHIVE)))
$(call archive,$(BUILD)/$(1)/libport.a,$(call of,$(1),$(2)) $(call of,$(1)/stack,$(3)))
endef

# linked NAME,FILE: PREREQUISITES,LINK[,LIBRARIES]: a program with both. The core calls the port, and the port puts
# texts and addresses together with the core. TLS comes after them; libanklet.a is made anew when that changes.
libs = $(BUILD)/$(1)/libanklet.a $(BUILD)/$(1)/libport.a
own = $(libs) $(BUILD)/$(1)/libanklet.a
linked = $(call program,$(2) $(libs),$(3),$(own) $(if $(with_tls),$$(TLS_LIBS)) $(4) $$(LIBS))

# tested NAME,FILE[: PATTERN],SOURCES[,LINK]: one that is a test.
tested = $(call linked,$(1),$(2): $(call of,$(1),$(3)) $(CMOCKA),$$(TEST_LDFLAGS) $(4),$(if $(CMOCKA),,-lcmocka))

# noted FILE,VARIABLE: the file changes when the variable does, so that nothing is linked with what was built otherwise.
define noted
$(1): FORCE
	@mkdir -p $$(@D)
	@echo '$$($(2))' | cmp -s - $$@ || echo '$$($(2))' >$$@
endef

flags = $(CC) $(ALL_CFLAGS) $(CONFIG_FLAGS) $(TLS_FLAGS) $(ALL_LDFLAGS) $(TLS_LIBS) $(LIBS) $(NATIVE) $(LOG_TIME) $(ACCOUNTS)
$(eval $(call noted,$(BUILD)/flags,flags))
$(BUILD)/flags: | tls_found

# ---- The program ----
$(BUILD)/made/status_page.h: tools/page src/proxy/page.html
	$(call say,page $@) tools/page src/proxy/page.html >$@.$$$$ && mv $@.$$$$ $@
# Where the system is not known there are files that keep to POSIX.
NATIVE = $(if $(filter Linux,$(SYSTEM)),linux,posix)

posix_FLAGS = $(if $(SANITIZE),-DCHECK_TELLS) $(CONFIG_FLAGS) $(INCLUDES) $(TLS_FLAGS) -Iport/bsd -Itests/unit
# The log's time: this place's, or LOG_TIME=utc, which is less of a static libc.
LOG_TIME ?= local
port_bsd = $(PORT_BSD) $(BSD_INET6) $(BSD_UNIX) $(BSD_$(NATIVE)) $(TIME_$(LOG_TIME))
# A static libc has no directory of users but these files: ACCOUNTS=files reads them in less.
ACCOUNTS ?= system
posix_program = $(sort $(call of,posix,$(PROGRAM) $(PROGRAM_$(NATIVE)) $(ACCOUNTS_$(ACCOUNTS))))

$(eval $(call libraries,posix,$(sort $(port_bsd))))
$(eval $(call linked,posix,$(BUILD)/anklet: $(posix_program),$$(ALL_CFLAGS) $$(ALL_LDFLAGS)))

# What bash and zsh complete, made of the table of keywords with the words of this build.
completion = $(BUILD)/completion/anklet $(BUILD)/completion/_anklet
$(completion): tools/keywords src/config/keywords.h include/anklet_config.h $(BUILD)/flags | $(CROSS_LIBC)
	$(call say,keywords $@) tools/keywords $(if $(filter _%,$(@F)),zsh,bash) \
		$(CC) $(CPPFLAGS) $(CONFIG_FLAGS) $(TLS_FLAGS) >$@.$$$$ && mv $@.$$$$ $@

keywords: ## use: write the list of keywords in docs/anklet.conf.5 from src/config/keywords.h
	@tools/keywords write $(CC)

# ---- In a program of yours: examples/embed, embed-libuv and embed-glib ----

# What a program has in common with the library: where the headers are, and sizes other than the desktop's.
embed_flags = $(SANITIZER) $(INCLUDES:-I%=-I$(CURDIR)/%) -I$(CURDIR)/port/bsd \
	$(if $(config_header),-include $(abspath $(config_header))) \
	$(filter -D% -U%,$(CPPFLAGS)) $(filter -DCONFIG_%,$(TLS_FLAGS))
embed_libs = $(if $(LTO),-fno-lto) \
	$(foreach l,$(call own,posix) $(TLS_LIBS) $(LIBS),$(or $(filter -%,$l),$(abspath $l)))
VARIANTS += examples

embed: $(BUILD)/examples/embed ## elsewhere: the libraries, and with them the example of a program of yours

$(BUILD)/examples/embed: examples/embed/embed.c $(call libs,posix)
	$(call say,cc $@) $(CC) -std=c11 $(WARN) $(CFLAGS) $(embed_flags) -MMD -MP \
		$(LDFLAGS) -o $@ $< $(embed_libs)

embed-flags: $(call libs,posix) ## elsewhere: what a program of yours is compiled and linked with
	@echo $(embed_flags) $(embed_libs)

# ---- The library that is installed ----
#
# All of it is one object, in which nothing but anklet_* has a name outside: Mbed TLS' own names are not in the way of
# a program that has the library as well. It can become part of a program or of a shared object.

library_FLAGS = $(posix_FLAGS) -fPIC -fno-lto
library = $(BUILD)/library/libanklet.a $(BUILD)/library/anklet_config.h
OBJCOPY ?= $(shell $(CC) -print-prog-name=objcopy)
$(eval $(call variant,library))

$(BUILD)/library/anklet.o: $(call of,library,$(sort $(CORE) $(TLS_SOURCES) \
		$(filter-out port/bsd/alone.c port/bsd/log.c,$(port_bsd)) $(LIBRARY))) $(TLS_ARCHIVE) anklet.mk
	$(call say,link $@) $(CC) -r -nostdlib -fno-lto -o $@ $(filter %.o %.a,$^) && \
		$(OBJCOPY) --wildcard --keep-global-symbol='anklet_*' $@

$(BUILD)/library/libanklet.a: $(BUILD)/library/anklet.o
	$(call say,ar $@) rm -f $@ && $(AR) qcs $@ $<

# Sizes and features as the library has them, whatever the program is compiled with.
$(BUILD)/library/anklet_config.h: include/anklet_config.h $(config_header) $(BUILD)/flags
	$(call say,header $@) { $(foreach d,$(filter -DCONFIG_%,$(CPPFLAGS) $(TLS_FLAGS)),\
		echo '#undef $(firstword $(subst =, ,$(d:-D%=%)))'; echo '#define $(subst =, ,$(d:-D%=%))';) \
		cat $(config_header) $<; } >$@

install-lib: $(library) ## elsewhere: install the library, its headers and anklet.pc; PREFIX= DESTDIR= STRIP=:
	@STRIP='$(or $(STRIP),:)' LIBS='$(strip $(system_tls) $(LIBS))' tools/install --library $(BUILD)

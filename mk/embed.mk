# ---- In a program of yours: examples/embed ----

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

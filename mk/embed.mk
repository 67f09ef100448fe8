# ---- In a program of yours: examples/embed ----

# What a program has in common with the library: where the headers are, and sizes other than the desktop's.
embed_flags = $(SANITIZER) $(INCLUDES:-I%=-I$(CURDIR)/%) -I$(CURDIR)/port/bsd \
	$(if $(config_header),-include $(abspath $(config_header))) \
	$(filter -D% -U%,$(CPPFLAGS)) $(filter -DCONFIG_%,$(TLS_FLAGS))
embed_libs = $(if $(LTO),-fno-lto) $(foreach l,$(posix_own) $(TLS_LIBS) $(LIBS),$(if $(filter %.a,$l),$(abspath $l),$l))

embed: $(BUILD)/examples/embed ## elsewhere: the libraries, and with them the example of a program of yours

$(BUILD)/examples/embed: examples/embed/embed.c $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,cc $@)$(CC) -std=c11 $(WARN) $(WERROR:1=-Werror) $(CFLAGS) $(embed_flags) -MMD -MP \
		$(LDFLAGS) -o $@ $< $(embed_libs)

embed-flags: $(POSIX_LIBS) ## elsewhere: what a program of yours is compiled and linked with
	@echo $(embed_flags) $(embed_libs)

-include $(BUILD)/examples/embed.d

.PHONY: embed embed-flags

# ---- Reading the source ----
#
# All of it is held to the form; what each tool reads of it stands in one place, with the flags it is compiled with.

c_files = $(shell find include src app port tests examples bench -name '*.[ch]' | sort)
scripts = $(shell grep -rlE '^#(!/bin/(ba)?sh| shellcheck shell)' .ci tools tests port/openwrt)

CPPCHECK = --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	--inline-suppr --suppressions-list=tools/cppcheck.suppressions -j 2

# read VARIANT,FILES: by cppcheck and by clang-tidy, as compiled for it, but for options that only gcc knows.
define read
lint_cppcheck: cppcheck_$(1)
lint_tidy: tidy_$(1)
cppcheck_$(1) tidy_$(1): FORCE | $(before)
cppcheck_$(1):
	cppcheck $$(CPPCHECK) $$(filter-out $$(SIM_FAST),$$($(1)_FLAGS)) $(2)
tidy_$(1):
	@printf '%s\n' $(2) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 -Itests/analyzed $$(filter-out $$(SIM_FAST),$$($(1)_FLAGS))
endef
$(eval $(call read,posix,$(CORE) $(TLS_none) $(port_bsd) $(PROGRAM) $(PROGRAM_$(NATIVE)) \
	$(ACCOUNTS_system) $(ACCOUNTS_files) $(TIME_utc) $(if $(tls_built:none=),$(TLS_mbedtls)) \
	$(patsubst $(BUILD)/%,tests/%.c,$(needs_unit)) $(wildcard tests/fuzz/*.c) \
	tests/no_malloc.c $(CONTRACT) $(HARNESS_UNIX) $(LIBRARY) \
	examples/embed/embed.c examples/embed-libuv/embed_libuv.c))
glib_FLAGS = $(posix_FLAGS) $(patsubst -I%,-isystem%,$(shell pkg-config --cflags-only-I glib-2.0 2>/dev/null))
$(eval $(call read,glib,examples/embed-glib/embed_glib.c))
cppcheck_posix tidy_posix: | $(BUILD)/made/status_page.h
$(eval $(call read,sim,$(PORT_SIM) $(SIM_FRAMEWORK) $(sort $(patsubst %,tests/sim/library_%.c,none $(tls_built))) \
	$(patsubst $(BUILD)/%,tests/%.c,$(sim)) $(contract)/harness_sim.c))
$(eval $(call read,sim_less,tests/sim/sim_disabled.c))
$(eval $(call read,lwip,$(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c \
	$(contract)/harness_lwip.c $(HARNESS_HOST) $(contract)/host.c))
$(eval $(call read,$(host_name),$(filter port/%,$(COMPILE_SETTINGS)) tests/firmware/compare_settings.c))
$(eval $(call read,lwip_small,$(wildcard tests/lwip/*.c)))
$(eval $(call read,lwip_sockets,$(BSD_SMALL) $(BSD_LWIP) $(BSD_INET4) $(contract)/harness_bsd_lwip.c \
	$(wildcard $(lwip_sockets)/*.c)))
$(eval $(call read,zephyr/host,$(BSD_ZEPHYR) $(contract)/harness_bsd_zephyr.c \
	port/zephyr/sample/src/main.c $(wildcard $(zephyr)/*.c)))

lint: lint_format lint_cppcheck lint_tidy lint_scripts lint_man lint_calls ## test: clang-format, cppcheck, clang-tidy, shellcheck, mandoc; who calls whom

lint_format:
	clang-format --dry-run -Werror $(c_files)

format: ## test: put the C source into the form that lint asks for
	clang-format -i $(c_files)

lint_scripts:
	shellcheck $(scripts)

lint_man:
	mandoc -Tlint -W warning docs/anklet.8 docs/anklet.conf.5

# Of the program, of the simulator, and of an image's port.
lint_calls: $(call of,posix,$(CORE) $(TLS_SOURCES) $(port_bsd)) $(posix_program) \
	$(call of,sim,$(CORE) $(TLS_SOURCES) $(PORT_SIM)) $(call of,lwip,$(PORT_LWIP) $(PORT_LWIP_DUAL))
	@tools/calls $(BUILD)/posix $(BUILD)/sim $(BUILD)/lwip $(filter %.o,$^)

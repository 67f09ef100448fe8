# ---- Reading the source ----
#
# All of it is held to the form; what each tool reads of it stands in one place, with the flags it is compiled with.

c_files = $(shell find include src app port tests examples bench -name '*.[ch]' | sort)
scripts = .ci/run $(shell grep -slE '^#!/bin/(ba)?sh' tools/* tests/* tests/*/* | grep -v rc_common)

CPPCHECK = --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	--inline-suppr --suppressions-list=tools/cppcheck.suppressions -j 2

# read WHAT,FLAGS,FILES: by cppcheck and by clang-tidy, as compiled with these flags.
define read
lint_cppcheck: cppcheck_$(1)
lint_tidy: tidy_$(1)
cppcheck_$(1) tidy_$(1): | $(LWIP)/.source $(4)
cppcheck_$(1):
	cppcheck $$(CPPCHECK) $$($(2)) $(3)
tidy_$(1):
	@printf '%s\n' $(3) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- -std=c11 $$($(2))
.PHONY: cppcheck_$(1) tidy_$(1)
endef

with_tls = $(if $(tls_built:none=),$(1))
$(eval $(call read,posix,POSIX_FLAGS,$(CORE) $(TLS_none) $(port_bsd) $(PROGRAM) $(PROGRAM_$(NATIVE)) \
	$(ACCOUNTS_system) $(ACCOUNTS_files) \
	$(call with_tls,$(TLS_mbedtls)) $(patsubst $(BUILD)/%,tests/%.c,$(unit)) $(wildcard tests/fuzz/*.c) \
	tests/no_malloc.c $(CONTRACT) $(HARNESS_UNIX) examples/embed/embed.c))
$(eval $(call read,sim,SIM_FLAGS,$(PORT_SIM) $(SIM_FRAMEWORK) tests/sim/library_none.c \
	$(call with_tls,tests/sim/library_mbedtls.c) $(patsubst $(BUILD)/%,tests/%.c,$(sim)) tests/port_contract/harness_sim.c))
$(eval $(call read,less,SIM_LESS_FLAGS,tests/sim/sim_left_out.c))
$(eval $(call read,lwip,LWIP_FLAGS,$(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c \
	$(contract)/harness_lwip.c $(HARNESS_HOST) $(contract)/host.c $(wildcard tests/lwip/*.c)))
$(eval $(call read,component,lwip_sockets_FLAGS,$(BSD_SMALL) $(BSD_LOOKUPS) $(BSD_LWIP) $(BSD_LWIP_NAMES) \
	$(BSD_INET4) $(contract)/harness_bsd_lwip.c $(wildcard tests/component/lwip/*.c)))
$(eval $(call read,zephyr,ZEPHYR_FLAGS_host,$(BSD_ZEPHYR) $(BSD_ZEPHYR_NAMES) $(contract)/harness_bsd_zephyr.c \
	port/zephyr/sample/src/main.c $(wildcard $(zephyr)/*.c),$(BUILD)/zephyr/host.h))

lint: lint_format lint_cppcheck lint_tidy lint_scripts lint_man lint_calls ## test: clang-format, cppcheck, clang-tidy, shellcheck, mandoc; who calls whom

lint_format:
	clang-format --dry-run -Werror $(c_files)

format: ## test: put the C source into the form that lint asks for
	clang-format -i $(c_files)

# What rc_common and network.sh define is called by the init script.
lint_scripts:
	shellcheck $(scripts)
	shellcheck -s dash -e SC1090,SC2317 tests/openwrt/rc_common tests/openwrt/network.sh
	shellcheck -s dash -e SC3043,SC2034 port/openwrt/files/anklet.init

lint_man:
	mandoc -Tlint -W warning docs/anklet.8 docs/anklet.conf.5

# Of the program, of the simulator, and of an image's port.
lint_calls: $(posix_core) $(posix_port) $(posix_program) $(call of,sim,$(CORE) $(TLS_SOURCES) $(PORT_SIM)) \
	$(call of,lwip,$(PORT_LWIP) $(PORT_LWIP_DUAL))
	@tools/calls $(BUILD)/posix $(BUILD)/sim $(BUILD)/lwip $(filter %.o,$^)

.PHONY: lint lint_format lint_cppcheck lint_tidy lint_scripts lint_man lint_calls format

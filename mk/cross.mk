# ---- Other processors, libcs and compilers: docs/platforms.md ----
#
# Each of ARCHS is built with its tests into build/cross/ARCH, and they run, under qemu-user where need be. tools/cross
# knows what each of them takes.

ALL_ARCHS = mipsel mipsel-tls mips armhf aarch64 riscv64 i386 i386-glibc musl musl-clang glibc glibc-clang
ARCHS ?= $(ALL_ARCHS)
CROSS_CHECKS ?= unit contract replay sim e2e
# An emulator is slow, and what the processor changes shows in the first runs.
CROSS_SEEDS ?= 10

cross = MAKE='$(MAKE)' BUILD=$(BUILD) DEPS=$(DEPS) LINK='$(LINK_Linux)' tools/cross

$(DEPS)/musl/.source $(DEPS)/cmocka/.source: $(DEPS)/%/.source:
	tools/get_source $* $(@D)

$(DEPS)/built/musl-%/lib/libc.a: $(DEPS)/musl/.source tools/build_musl
	$(call say,musl for $*)tools/build_musl $* $(DEPS)/musl $(DEPS)/built/musl-$*

$(BUILD)/libcmocka.a: $(DEPS)/cmocka/.source $(BUILD)/flags
	$(call say,cc cmocka.c)$(CC) $(HARDEN) $(CPPFLAGS) -Os -w $(addprefix -DHAVE_,MALLOC_H INTTYPES_H SIGNAL_H STRINGS_H \
		CLOCK_REALTIME SIGLONGJMP STRSIGNAL STRUCT_TIMESPEC GCC_THREAD_LOCAL_STORAGE) \
		-c -o $(@:.a=.o) $(DEPS)/cmocka/src/cmocka.c
	@rm -f $@; $(AR) rcs $@ $(@:.a=.o)

# The programs need no library for a foreign processor but musl and, in tests, cmocka.
$(BUILD)/anklet $(replay): $(CROSS_LIBC)
$(unit) $(needs_contract) $(sim): $(CROSS_LIBC) $(CROSS_CMOCKA)

$(BUILD)/run: $(BUILD)/anklet
	@printf '#!/bin/sh\nexec %s "$$@"\n' '$(EMULATOR) $(abspath $<)' >$@ && chmod 755 $@

cross_programs: $(foreach c,$(filter-out e2e,$(CROSS_CHECKS)),$(needs_$c)) $(BUILD)/run

cross_tests: export REPEAT = make check-cross ARCHS=$(notdir $(BUILD)) CROSS_CHECKS=e2e E2E=
cross_tests:
	@ANKLET=$(abspath $(BUILD)/$(if $(EMULATOR),run,anklet)) ANKLET_EMULATOR=$(EMULATOR) SIM_SEEDS=$(CROSS_SEEDS) \
		$(run_tests) $(foreach c,$(CROSS_CHECKS),$(commands_$c))

$(ARCHS:%=cross_programs_%): cross_programs_%:
	+@$(cross) $* cross_programs

$(ARCHS:%=cross_tests_%): cross_tests_%:
	+@$(cross) $* cross_tests

check-cross: ## elsewhere: build and test for other processors and libcs; ARCHS='mips musl' CROSS_CHECKS=e2e
	$(foreach a,$(filter-out $(ALL_ARCHS),$(ARCHS)),$(error ARCHS: '$a' is none of $(ALL_ARCHS)))
	@for a in $(ARCHS); do tools/need cross-$$a || exit 1; done
	@$(MAKE) --no-print-directory $$($(cross) libraries $(ARCHS))
	@$(MAKE) --no-print-directory $(ARCHS:%=cross_programs_%)
	@$(MAKE) --no-print-directory size-cross
	@TEST_SECONDS=3600 tests/run $(ARCHS:%='$(MAKE) --no-print-directory cross_tests_%')

.PHONY: check-cross cross_programs cross_tests $(ARCHS:%=cross_programs_%) $(ARCHS:%=cross_tests_%)

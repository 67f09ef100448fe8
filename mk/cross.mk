# ---- Other processors, libcs and compilers: docs/platforms.md ----
#
# Each of ARCHS is built with its tests into build/cross/ARCH, and they run, under qemu-user where need be. tools/cross
# knows what each of them takes.

ALL_ARCHS = mipsel mipsel-tls mips armhf aarch64 riscv64 i386 i386-glibc musl musl-clang glibc glibc-clang
ARCHS ?= $(ALL_ARCHS)
CROSS_CHECKS ?= unit contract replay sim e2e

cross = MAKE='$(MAKE)' BUILD=$(BUILD) DEPS=$(DEPS) LINK='$(LINK_Linux)' tools/cross

$(DEPS)/built/musl-%/lib/libc.a: $(DEPS)/musl/.source tools/build_musl
	$(call say,musl for $*) tools/build_musl $* $(DEPS)/musl $(DEPS)/built/musl-$*

$(eval $(call compiled,posix,$(BUILD)/cmocka.o: $(DEPS)/cmocka/.source,$(DEPS)/cmocka/src/cmocka.c,-std=gnu11 -w \
	$(addprefix -DHAVE_,MALLOC_H INTTYPES_H SIGNAL_H STRINGS_H CLOCK_REALTIME SIGLONGJMP STRSIGNAL STRUCT_TIMESPEC \
	GCC_THREAD_LOCAL_STORAGE)))

cross_programs: $(foreach c,$(filter-out e2e,$(CROSS_CHECKS)),$(needs_$c)) $(BUILD)/anklet

# An emulator is slow, and what the processor changes shows in the first runs.
cross_tests:
	@ANKLET=$(abspath $(BUILD)/run) ANKLET_EMULATOR=$(EMULATOR) SIM_SEEDS=$(or $(CROSS_SEEDS),10) \
		REPEAT='make check-cross ARCHS=$(notdir $(BUILD)) CROSS_CHECKS=e2e E2E=' \
		tests/run $(foreach c,$(CROSS_CHECKS),$(commands_$c))

# TARGET.ARCH: the target for that processor.
on_archs = $(foreach a,$(ARCHS),$(1).$a)
$(foreach target,all cross_programs cross_tests,$(call on_archs,$(target))):
	+@$(cross) $(subst .,,$(suffix $@)) $(basename $@)

check-cross: ## elsewhere: build and test for other processors and libcs; ARCHS='mips musl' CROSS_CHECKS=e2e
	$(foreach a,$(filter-out $(ALL_ARCHS),$(ARCHS)),$(error ARCHS: '$a' is none of $(ALL_ARCHS)))
	@for a in $(ARCHS); do tools/need cross-$$a || exit 1; done
	@$(MAKE) $$($(cross) libraries $(ARCHS))
	@$(MAKE) $(call on_archs,cross_programs)
	@$(MAKE) size-cross
	@TEST_SECONDS=3600 tests/run $(patsubst %,'$(MAKE) %',$(call on_archs,cross_tests))

# make nightly: what takes too long for every change, and is no part of CI.

SOAK_SECONDS ?= 600
NIGHTLY ?= bookworm trixie cross configs fuzz sim soak sanitized

soak: $(BUILD)/anklet ## test: every kind of session, mixed, for SOAK_SECONDS=600
	@PYTHONDONTWRITEBYTECODE=1 TEST_SECONDS=$$(($(SOAK_SECONDS) + 300)) tests/run \
		'tests/soak --seconds $(SOAK_SECONDS) --program $(abspath $(BUILD)/anklet)'

nightly_bookworm = check-fresh RELEASE=bookworm
nightly_trixie = check-fresh RELEASE=trixie
nightly_cross = check-cross
nightly_configs = check-configs
nightly_fuzz = fuzz FUZZ_SECONDS=1800
nightly_soak = soak SOAK_SECONDS=3600
nightly_sanitized = BUILD=build/asan CC=clang SANITIZE=address,undefined SOAK_SECONDS=3600 soak
# Other seeds than CI has, and other ones each night; a failure names its own.
nightly_sim = BUILD=build/asan CC=clang SANITIZE=address,undefined CHECKS=sim check

nightly: ## test: what takes hours; NIGHTLY='cross fuzz soak' are only these
	@tools/need ci
	@SIM_FIRST=$$(date +%s)000 TEST_SECONDS=14400 tests/run \
		$(foreach n,$(NIGHTLY),'$(MAKE) --no-print-directory $(nightly_$n)')

.PHONY: soak nightly

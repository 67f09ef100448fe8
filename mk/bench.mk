# ---- make bench: the proxy beside others (docs/performance.md) ----

BENCH ?=
LOAD = $(wildcard bench/*.c)
load = $(BUILD)/bench/load
bench_run = bench/run --anklet $(BUILD)/anklet --large $(BUILD)/bench/anklet --load $(load)

$(load): $(LOAD) bench/load.h
	@mkdir -p $(@D)
	$(call say,cc $@)$(CC) -std=c11 -O2 -g $(WARN) $(WERROR:1=-Werror) -pthread -o $@ $(LOAD)

# One more program, with a table for the idle sessions.
bench_programs: $(BUILD)/anklet $(load)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/bench CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=4200' all

ifneq ($(filter --help,$(BENCH)),)
bench:
	@bench/run --help
else
# What cannot be had is skipped by name.
bench: ## measure: the proxy beside others; BENCH='idle --only anklet,danted'
	@CC='$(CC)' tools/need bench || echo 'bench: goes on without it' >&2
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory bench_programs
	@PYTHONDONTWRITEBYTECODE=1 $(bench_run) $(if $(DOC),--doc $(DOC)) $(BENCH)
endif

BENCH_TESTS ?= tests/bench
bench_tests = '$(PYTEST) $(BENCH_TESTS)'

bench-quick check-bench: export REPEAT = make check-bench BENCH_TESTS=
bench-quick check-bench: export BENCH_RUN = $(bench_run)
bench-quick: bench_programs ## test: that bench works: all of it once, 1 to 2 minutes, each byte compared
	@$(run_tests) '$(bench_run) --quick --verify' $(bench_tests)

check-bench: bench_programs ## test: that bench sees what a proxy does wrong
	@$(run_tests) $(bench_tests)

$(eval $(call read,bench,BENCH_FLAGS,$(LOAD)))

.PHONY: bench bench-quick check-bench bench_programs

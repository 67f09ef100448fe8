# make bench: the proxy beside others.
#
#   make bench                  gets the other programs, builds, and measures everything: a quarter of an hour on a
#                               machine that does nothing else, as root. docs/performance.md says how to read it
#   make bench BENCH='idle'     options of bench/run, which --help explains
#   make bench-quick            every mode for a moment, each byte compared, and the tests of bench/run itself;
#                               installs nothing

BENCH ?=
LOAD = \
	bench/load.c \
	bench/load_bulk.c \
	bench/load_client.c \
	bench/load_pattern.c \
	bench/load_server.c
load = $(BUILD)/bench/load
bench_run = PYTHONDONTWRITEBYTECODE=1 bench/run --anklet $(BUILD)/anklet --large $(BUILD)/bench/anklet --load $(load)

$(load): $(LOAD) bench/load.h
	@mkdir -p $(@D)
	$(call say,cc $@)$(CC) -std=c11 -O2 -g $(WARN) $(WERROR:1=-Werror) -pthread -o $@ $(LOAD)

# One more program, with a table for the idle sessions.
bench_programs: $(BUILD)/anklet $(load)
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/bench CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=4200' all

# What cannot be had is skipped by name.
bench:
	@CC='$(CC)' tools/need bench || echo 'bench: goes on without it' >&2
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory bench_programs
	@$(bench_run) $(BENCH)

bench-quick: bench_programs
	@BENCH_RUN='$(bench_run)' PYTHONDONTWRITEBYTECODE=1 tests/run '$(bench_quick)' \
		'$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX tests/bench'

bench_quick = env $(bench_run) --quick --verify

lint: lint_bench

lint_bench:
	clang-format --dry-run -Werror $(LOAD) bench/load.h
	cppcheck $(CPPCHECK) $(LOAD)
	@printf '%s\n' $(LOAD) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- -std=c11

.PHONY: bench bench-quick bench_programs lint_bench

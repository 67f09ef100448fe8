# ---- make bench: the proxy beside others (docs/performance.md) ----

LOAD = $(wildcard bench/*.c)
load = $(BUILD)/bench/load
bench_run = bench/run --anklet $(BUILD)/anklet --large $(BUILD)/bench/anklet --load $(load)

$(load): $(LOAD) bench/load.h
	$(call say,cc $@) $(CC) -std=c11 -O2 -g $(WARN) -pthread -o $@ $(LOAD)

# One more program, with a table for the idle sessions.
bench_programs: $(BUILD)/anklet $(load)
	@$(MAKE) BUILD=$(BUILD)/bench CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=4200' all

# What cannot be had is skipped by name.
bench_ready:
	@CC='$(CC)' tools/need bench || echo 'bench: goes on without it' >&2
	@$(MAKE) tls_source
	@$(MAKE) bench_programs

bench: $(if $(filter --help,$(BENCH)),,bench_ready) ## measure: the proxy beside others; BENCH='idle --only anklet,danted'
	@$(bench_run) $(if $(DOC),--doc $(DOC)) $(BENCH)

# The most sessions that a limit of 20,000 descriptors lets a load hold, which has both ends.
growth: $(load) ## measure: what a wake-up, an accept, an expiry and a query cost, with 1 to 8,000 sessions
	@$(MAKE) BUILD=$(BUILD)/growth TLS=none CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=8100' all
	@bench/growth --anklet $(BUILD)/growth/anklet --load $(load) $(if $(DOC),--doc $(DOC) --svg docs/growth.svg)

bench-quick: bench_programs ## test: that bench works: all of it once, 1 to 2 minutes, each byte compared
	@BENCH_RUN='$(bench_run)' $(call run_pytest,check-bench,tests/bench,'$(bench_run) --quick --verify')

check-bench: bench_programs ## test: that bench sees what a proxy does wrong
	@BENCH_RUN='$(bench_run)' $(call run_pytest,check-bench,tests/bench)

$(eval $(call read,bench,$(LOAD)))

# ---- make cover and make mutate: what the tests reach, and what they would notice ----
#
# gcc's own counts, at -O0, where a line is a line; with TLS, for the floor is. One run of a scenario finds what many
# find: 20 seeds do, and the rest of 'make test' runs them all. HTML=1 makes build/cover/html/index.html as well.

cover_make = $(MAKE) BUILD=$(BUILD)/cover CC=gcc SANITIZE= LTO= TLS=mbedtls \
	CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage CHECKS='$(CHECKS)$(1)'

cover: ## measure: what the tests reach, held to tools/cover.floor (only as root); HTML=1 DOC=PAGE
	@CC=gcc tools/need cover
	@$(MAKE) CC=gcc tls_source
	+@$(call cover_make) check_programs
	+@SIM_SEEDS=20 tools/cover count $(BUILD)/cover $(call cover_make, figures) check

commands_figures = 'tools/cover figures $(BUILD) tools/cover.floor $(DOC)'

# Mutants: small faults in src/ and port/bsd, one at a time: which of them do the quick tests notice? With SEED=7 the
# same ones again, FILES='src/policy/rules.c ...' only in these, REPLAY=src/policy/rules.c:42:boundary only this one.
mutate: ## measure: puts faults in, names those that no quick test notices; N=40 SEED= FILES= REPLAY=
	$(call get,mutate,tls_source)
	@SIM_SEEDS=10 tools/mutate $(BUILD)/mutate --count='$(or $(N),40)' --seed='$(SEED)' --replay='$(REPLAY)' \
		--make "CC='$(CC)' TLS=$(TLS) CHECKS='unit contract replay sim'" --deps $(DEPS) \
		$(or $(FILES),$(CORE) $(TLS_SOURCES) $(port_bsd))

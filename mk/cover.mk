# ---- make cover and make mutate: what the tests reach, and what they would notice ----
#
# gcc's own counts, at -O0, where a line is a line; with TLS, for the floor is. One run of a scenario finds what many
# find: 20 seeds do, and the rest of 'make test' runs them all. HTML=1 makes build/cover/html/index.html as well.

COVER = $(BUILD)/cover
COVER_SEEDS = 20
COVER_CHECKS = unit contract replay sim no_malloc e2e
cover_make = $(MAKE) --no-print-directory BUILD=$(COVER) CC=gcc SANITIZE= LTO= TLS=mbedtls \
	CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage

cover: ## measure: what the tests reach, held to tools/cover.floor (only as root); HTML=1 DOC=PAGE
	@CC=gcc tools/need cover
	@$(MAKE) --no-print-directory CC=gcc tls_source
	+@$(cover_make) CHECKS='$(COVER_CHECKS)' check_programs
	+@SIM_SEEDS=$(COVER_SEEDS) tools/cover count $(COVER) $(cover_make) CHECKS='$(COVER_CHECKS) figures' check

commands_figures = 'tools/cover figures $(BUILD) tools/cover.floor $(DOC)'

# What 'make check' runs, built only.
check_programs: $(foreach c,$(CHECKS),$(needs_$c))

# gcov allocates while the program ends, which is no fault of the program's: its library, like that of TLS, calls
# what is behind the wrapping.
ifneq ($(findstring --coverage,$(LDFLAGS)),)
$(BUILD)/anklet_no_malloc: $(BUILD)/unwrapped/libgcov.a

$(BUILD)/unwrapped/libgcov.a: $(shell $(CC) -print-file-name=libgcov.a)
	@mkdir -p $(@D)
	@$(unwrap)
endif

# Mutants: small faults in src/ and port/bsd, one at a time: which of them do the quick tests notice? With SEED=7 the
# same ones again, FILES='src/policy/rules.c ...' only in these, REPLAY=src/policy/rules.c:42:boundary only this one.

MUTATE_CHECKS = unit contract replay sim
MUTATE_SEEDS = 10
N ?= 40
SEED ?=
FILES ?= $(CORE) $(TLS_SOURCES) $(port_bsd)
REPLAY ?=

mutate: ## measure: puts faults in, names those that no quick test notices; N=40 SEED= FILES= REPLAY=
	@CC='$(CC)' tools/need mutate
	@$(MAKE) --no-print-directory tls_source
	@SIM_SEEDS=$(MUTATE_SEEDS) tools/mutate $(BUILD)/mutate --count='$(N)' --seed='$(SEED)' --replay='$(REPLAY)' \
		--make "CC='$(CC)' TLS=$(TLS)" --deps $(DEPS) $(FILES)

# What tools/mutate asks in its copy of the tree.
mutate_programs: $(foreach c,$(MUTATE_CHECKS),$(needs_$c))

mutate_commands:
	@printf '%s\n' $(foreach c,$(MUTATE_CHECKS),$(commands_$c))

.PHONY: cover check_programs mutate mutate_programs mutate_commands

# anklet. 'make' builds the program; 'make run' and 'make test' first install what is missing.
#
#   make                    build/anklet, with a C compiler and libc only
#   make run ARGS='...'     build and start it
#   make test               build and run every test
#   make check              the same, and installs nothing
#   make install            PREFIX=/usr/local, DESTDIR= as usual
#   make size               text, static RAM and octets a session, held against the budgets
#   make lint, make fuzz    what CI runs besides the tests
#   make format, make cover
#   make V=1                each command in full
#
# Variants do not disturb each other: make BUILD=build/asan CC=clang SANITIZE=address,undefined check

BUILD ?= build
CC ?= cc
AR ?= ar
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
SANITIZE ?=
WERROR ?=
SYSTEM := $(shell uname -s)

CFLAGS ?= -Os -g
WARN = -Wall -Wextra -Wswitch-enum -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
HARDEN = -fPIE -fstack-protector-strong
# Sections nobody refers to fall away; nothing here unwinds, and -g has its own tables for debuggers.
SMALL = -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-plt
# The program is optimized as a whole. Its objects hold machine code as well, for the tests' programs
# put other functions in place of some, and for clang, whose linker may not be there.
LTO ?= $(if $(SANITIZE)$(findstring clang,$(shell $(CC) --version)),,-flto -flto-partition=none -ffat-lto-objects)
PIE ?= -pie
ALL_CFLAGS = -std=c11 $(WARN) $(WERROR:1=-Werror) $(HARDEN) $(SMALL) $(LTO) $(SANITIZER) $(CFLAGS) $(CPPFLAGS)
ALL_LDFLAGS = $(PIE) $(LINK_$(SYSTEM)) $(SANITIZER) $(LDFLAGS)
TEST_LDFLAGS = $(if $(LTO),-fno-lto) $(ALL_LDFLAGS)
LINK_Linux = -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,--gc-sections,--as-needed
LINK_Darwin = -Wl,-dead_strip
LIBS_Linux = -lresolv
LIBS_Darwin = -lresolv
LIBS = $(LIBS_$(SYSTEM))

# A sanitizer replaces FORTIFY: it sees more, and the two get in each other's way.
ifeq ($(SANITIZE),)
SANITIZER =
HARDEN += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
else
SANITIZER = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# ---- What there is ----

CORE = \
	src/address.c \
	src/anklet.c \
	src/anklet_start.c \
	src/config.c \
	src/config_fault.c \
	src/config_line.c \
	src/config_near.c \
	src/config_print.c \
	src/config_report.c \
	src/config_rule.c \
	src/config_values.c \
	src/endpoint.c \
	src/ident.c \
	src/relay.c \
	src/rules.c \
	src/rules_print.c \
	src/session.c \
	src/session_bind.c \
	src/session_connect.c \
	src/session_log.c \
	src/session_request.c \
	src/socks4.c \
	src/string_table.c \
	src/text.c

# Where the system is not known there is a file that keeps to POSIX.
NATIVE_Linux = linux
NATIVE = $(or $(NATIVE_$(SYSTEM)),posix)

PORT_POSIX = \
	port/posix/addresses.c \
	port/posix/dns.c \
	port/posix/fdset_$(NATIVE).c \
	port/posix/move.c \
	port/posix/name_cache.c \
	port/posix/name_files.c \
	port/posix/native_$(NATIVE).c \
	port/posix/query.c \
	port/posix/resolve.c \
	port/posix/sockets.c \
	port/posix/stream.c \
	port/posix/system.c \
	port/posix/wait_select.c

PROGRAM = \
	port/posix/failure.c \
	port/posix/holder_$(NATIVE).c \
	port/posix/main.c \
	port/posix/options.c \
	port/posix/user.c

PORT_SIM = \
	port/sim/faults.c \
	port/sim/names.c \
	port/sim/network.c \
	port/sim/octets.c \
	port/sim/sim.c \
	port/sim/sockets.c

UNIT = \
	test_address \
	test_config \
	test_config_errors \
	test_config_print \
	test_config_report \
	test_dns \
	test_endpoint \
	test_ident \
	test_name_cache \
	test_name_files \
	test_resolve \
	test_resolve_servers \
	test_rules \
	test_rules_guard \
	test_socks4 \
	test_text

CONTRACT = \
	tests/port_contract/connect.c \
	tests/port_contract/contract.c \
	tests/port_contract/end.c \
	tests/port_contract/move.c \
	tests/port_contract/rest.c \
	tests/port_contract/stream.c \
	tests/port_contract/wait.c

SIM_FRAMEWORK = \
	tests/sim/caller.c \
	tests/sim/client.c \
	tests/sim/crowd.c \
	tests/sim/invariants.c \
	tests/sim/scenario.c \
	tests/sim/server.c \
	tests/sim/talk.c

SIM = \
	sim_bind \
	sim_bind_peers \
	sim_clock \
	sim_connect \
	sim_ends \
	sim_fair \
	sim_faults \
	sim_ident \
	sim_log \
	sim_loops \
	sim_names \
	sim_race \
	sim_rules \
	sim_slots \
	sim_stop \
	sim_table

FUZZ = \
	fuzz_config \
	fuzz_dns \
	fuzz_ident \
	fuzz_socks4

# ---- The program ----

all: $(BUILD)/anklet

posix_core = $(CORE:%.c=$(BUILD)/posix/%.o)
posix_port = $(PORT_POSIX:%.c=$(BUILD)/posix/%.o)
posix_program = $(PROGRAM:%.c=$(BUILD)/posix/%.o)
sim_core = $(CORE:%.c=$(BUILD)/sim/%.o)
sim_port = $(PORT_SIM:%.c=$(BUILD)/sim/%.o)

# say WHAT: one short line instead of the command, unless V is set.
say = $(if $(V),,@echo '  $(1)';)

INCLUDES = -Iinclude -Isrc -Iport
POSIX_FLAGS = $(INCLUDES) -Iport/posix -Itests/unit
SIM_FLAGS = $(INCLUDES) $(SIM_SIZES) -Iport/sim -Itests/sim

# Small tables, so that a run fills them, whatever the program is built with.
sim_size = -UCONFIG_ANKLET_$(1) -DCONFIG_ANKLET_$(1)=$(2)
SIM_SIZES = $(call sim_size,SESSIONS,12) $(call sim_size,LISTENERS,4) \
	$(call sim_size,SPARE_SOCKETS,4) $(call sim_size,TURN_OCTETS,4096)

$(BUILD)/posix/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(POSIX_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/sim/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(SIM_FLAGS) -MMD -MP -c -o $@ $<

# Changes when the compiler or a flag does, so that nothing is linked with what was built otherwise.
flags = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || echo '$(flags)' >$@

$(BUILD)/posix/libanklet.a: $(posix_core)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/posix/libport.a: $(posix_port)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/sim/libanklet.a: $(sim_core)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/sim/libport.a: $(sim_port)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

# The core calls the port, and the port puts texts and addresses together with the core.
POSIX_LIBS = $(BUILD)/posix/libanklet.a $(BUILD)/posix/libport.a
SIM_LIBS = $(BUILD)/sim/libanklet.a $(BUILD)/sim/libport.a
posix_link = $(filter %.o,$^) $(POSIX_LIBS) $(BUILD)/posix/libanklet.a
sim_link = $(filter %.o,$^) $(SIM_LIBS) $(BUILD)/sim/libanklet.a

$(BUILD)/anklet: $(posix_program) $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(posix_link) $(LIBS)

run:
	@CC='$(CC)' tools/need build
	@$(MAKE) --no-print-directory all
	@exec $(BUILD)/anklet $(ARGS)

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/doc/anklet
	install -m 755 $(BUILD)/anklet $(DESTDIR)$(PREFIX)/sbin/anklet
	install -m 644 docs/anklet.8 $(DESTDIR)$(PREFIX)/share/man/man8/anklet.8
	install -m 644 docs/anklet.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/anklet.conf.5
	install -m 644 docs/anklet.conf $(DESTDIR)$(PREFIX)/share/doc/anklet/anklet.conf

# ---- Tests ----
#
# CHECKS says which kinds to run. UNDER is put in front of every program but the
# end-to-end tests': UNDER='valgrind -q --error-exitcode=1'. E2E says which of those.

CHECKS ?= unit contract replay sim no_malloc e2e
UNDER ?=
E2E ?= tests/e2e
PYTHON ?= /usr/bin/python3

unit = $(UNIT:%=$(BUILD)/unit/%)
contract = $(BUILD)/posix_contract $(BUILD)/sim_contract
replay = $(FUZZ:fuzz_%=$(BUILD)/replay/%)
sim = $(SIM:%=$(BUILD)/sim/%)

$(unit): $(BUILD)/unit/%: $(BUILD)/posix/tests/unit/%.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) -lcmocka $(LIBS)

$(BUILD)/posix_contract: $(CONTRACT:%.c=$(BUILD)/posix/%.o) \
		$(BUILD)/posix/tests/port_contract/harness_posix.o $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) -lcmocka $(LIBS)

$(BUILD)/sim_contract: $(CONTRACT:%.c=$(BUILD)/sim/%.o) \
		$(BUILD)/sim/tests/port_contract/harness_sim.o $(SIM_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(sim_link) -lcmocka $(LIBS)

$(sim): $(BUILD)/sim/%: $(BUILD)/sim/tests/sim/%.o $(SIM_FRAMEWORK:%.c=$(BUILD)/sim/%.o) $(SIM_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(sim_link) -lcmocka $(LIBS)

# A fuzz target's corpus is an ordinary test: every octet string ever found interesting.
$(replay): $(BUILD)/replay/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o \
		$(BUILD)/posix/tests/fuzz/replay.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) $(LIBS)

# The program with the allocator wrapped: see tests/no_malloc.c.
$(BUILD)/anklet_no_malloc: $(posix_program) $(BUILD)/posix/tests/no_malloc.o $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free \
		-Wl,--wrap=port_wait -o $@ $(posix_link) $(LIBS)

needs_unit = $(unit)
needs_contract = $(contract)
needs_replay = $(replay)
needs_sim = $(sim)
needs_no_malloc = $(POSIX_LIBS) $(posix_program)
needs_e2e = $(BUILD)/anklet $(BUILD)/anklet_no_malloc

commands_unit = $(foreach t,$(unit),'$(strip $(UNDER) $t)')
commands_contract = $(foreach t,$(contract),'$(strip $(UNDER) $t)')
commands_replay = $(foreach t,$(replay),'$(strip $(UNDER) $t tests/fuzz/corpus/$(notdir $t))')
commands_sim = $(foreach t,$(sim),'$(strip $(UNDER) $t)')
commands_no_malloc = 'tests/no_malloc $(POSIX_LIBS) $(posix_program)'
commands_e2e = '$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(E2E)'

check: $(foreach c,$(CHECKS),$(needs_$c))
	@ANKLET=$(abspath $(BUILD)/anklet) ANKLET_NO_MALLOC=$(abspath $(BUILD)/anklet_no_malloc) \
		PYTHONDONTWRITEBYTECODE=1 tests/run $(foreach c,$(CHECKS),$(commands_$c))

test:
	@CC='$(CC)' tools/need test
	@$(MAKE) --no-print-directory check

# ---- Sizes ----

HALF = $(BUILD)/half

size: all
	@$(MAKE) --no-print-directory BUILD=$(HALF) CPPFLAGS='$(CPPFLAGS) -DCONFIG_ANKLET_SESSIONS=256' all
	@tools/size $(BUILD)/anklet $(HALF)/anklet

# ---- Fuzzing: FUZZ_SECONDS for each target, two at a time ----

FUZZ_SECONDS ?= 60
fuzz_programs = $(FUZZ:fuzz_%=$(BUILD)/fuzz/%)

$(fuzz_programs): $(BUILD)/fuzz/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -fsanitize=fuzzer -o $@ $(posix_link) $(LIBS)

fuzz_programs: $(fuzz_programs)

fuzz:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzing CC=clang \
		SANITIZE=fuzzer-no-link,address,undefined fuzz_programs
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ:fuzz_%=$(BUILD)/fuzzing/fuzz/%)

# ---- Reading the source ----

posix_sources = $(CORE) $(PORT_POSIX) $(PROGRAM) $(UNIT:%=tests/unit/%.c) $(FUZZ:%=tests/fuzz/%.c) \
	tests/fuzz/replay.c tests/no_malloc.c $(CONTRACT) tests/port_contract/harness_posix.c
sim_sources = $(PORT_SIM) $(SIM_FRAMEWORK) $(SIM:%=tests/sim/%.c) tests/port_contract/harness_sim.c
headers = $(wildcard include/*.h src/*.h port/*.h port/*/*.h tests/*/*.h)
scripts = tools/need tools/size tools/fuzz tests/run tests/no_malloc tests/hardened .ci/run

lint: lint_format lint_cppcheck lint_tidy lint_scripts lint_man

lint_format:
	clang-format --dry-run -Werror $(posix_sources) $(sim_sources) $(headers)

lint_cppcheck:
	cppcheck $(CPPCHECK) $(POSIX_FLAGS) $(posix_sources)
	cppcheck $(CPPCHECK) $(SIM_FLAGS) $(sim_sources)

CPPCHECK = --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	--inline-suppr --suppressions-list=tools/cppcheck.suppressions -j 2

lint_tidy:
	@printf '%s\n' $(posix_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(POSIX_FLAGS)
	@printf '%s\n' $(sim_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(SIM_FLAGS)

lint_scripts:
	shellcheck $(scripts)

lint_man:
	mandoc -Tlint -W warning docs/anklet.8 docs/anklet.conf.5

format:
	clang-format -i $(posix_sources) $(sim_sources) $(headers)

cover:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/cover CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage check
	gcovr -r . --object-directory $(BUILD)/cover -f src -f port -s

# ---- Housekeeping ----

objects = $(posix_core) $(posix_port) $(posix_program) $(sim_core) $(sim_port) \
	$(posix_sources:%.c=$(BUILD)/posix/%.o) $(sim_sources:%.c=$(BUILD)/sim/%.o) \
	$(CONTRACT:%.c=$(BUILD)/sim/%.o)

-include $(sort $(objects:.o=.d))

clean:
	rm -rf $(BUILD)

FORCE:

.PHONY: all run install test check size fuzz fuzz_programs format cover clean FORCE
.PHONY: lint lint_format lint_cppcheck lint_tidy lint_scripts lint_man
.SECONDARY:

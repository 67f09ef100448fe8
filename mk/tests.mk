# ---- Tests ----
#
# CHECKS says which kinds to run. UNDER is put before every program but the end-to-end tests':
# UNDER='valgrind -q --error-exitcode=1'. E2E says which of those. needs_KIND is built, commands_KIND are run.

CHECKS ?= unit contract replay sim no_malloc e2e
E2E ?= $(sort $(wildcard tests/e2e/test_*.py))
PYTEST = $(or $(PYTHON),/usr/bin/python3) -m pytest -p no:cacheprovider -rfEsxX

UNIT = $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
# Of a library of TLS and its files, and of what Linux does better, there are tests only where it is built in.
UNIT_TLS = test_tls test_tls_cost test_tls_faults test_tls_files test_tls_stream
contract = tests/port_contract
CONTRACT = $(sort $(filter-out $(wildcard $(contract)/h*.c),$(wildcard $(contract)/*.c)))
HARNESS_BSD = $(contract)/harness_bsd.c
HARNESS_UNIX = $(HARNESS_BSD) $(contract)/harness_process.c $(contract)/harness_unix.c
HARNESS_HOST = $(contract)/harness_host_files.c $(contract)/harness_host_log.c
SIM = $(patsubst tests/sim/%.c,%,$(sort $(wildcard tests/sim/sim_*.c)))
SIM_FRAMEWORK = $(sort $(filter-out tests/sim/sim_% tests/sim/library_%,$(wildcard tests/sim/*.c)))
FUZZ = $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# ---- On this system's sockets ----

needs_unit = $(addprefix $(BUILD)/unit/,$(filter-out $(NATIVE:posix=%_linux) $(if $(tls_built:none=),,$(UNIT_TLS)),$(UNIT)))
needs_replay = $(FUZZ:fuzz_%=$(BUILD)/replay/%)

# Where the test itself stands in for calls of the port.
wrap_test_tls_faults = -Wl,--wrap=port_read,--wrap=port_send,--wrap=port_random
wrap_test_wait_linux = -Wl,--wrap=epoll_create1,--wrap=epoll_ctl,--wrap=pselect
wrap_test_move_linux = -Wl,--wrap=splice,--wrap=pipe2,--wrap=getrlimit,--wrap=setrlimit
wrap_test_tls_cost = -Wl,--wrap=mbedtls_mpi_exp_mod_unsafe,--wrap=mbedtls_ecp_muladd_restartable

$(eval $(if $(needs_unit),$(call tested,posix,$(needs_unit): $(BUILD)/unit/%,tests/unit/%.c,$$(wrap_$$*))))
$(eval $(call tested,posix,$(BUILD)/posix_contract,$(CONTRACT) $(HARNESS_UNIX)))
# Of the program there is this alone, whatever the program is built with.
$(BUILD)/unit/test_accounts: $(call of,posix,$(ACCOUNTS_files))
$(BUILD)/unit/test_time: $(call of,posix,$(TIME_utc))
# A fuzz target's corpus is an ordinary test: every string of bytes ever found interesting.
$(eval $(call linked,posix,$(needs_replay): $(BUILD)/replay/%: $(call of,posix,tests/fuzz/fuzz_%.c tests/fuzz/replay.c),$$(TEST_LDFLAGS)))
needs_fuzz = $(FUZZ:fuzz_%=$(BUILD)/fuzz/%)
$(BUILD)/replay/names $(BUILD)/fuzz/names: $(call of,posix,tests/fuzz/scripted_port.c)
$(eval $(call linked,posix,$(needs_fuzz): $(BUILD)/fuzz/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o,$$(TEST_LDFLAGS) -fsanitize=fuzzer))

# ---- In the simulator ----
# Small tables, so that a run fills them, and every feature, whatever the program is built with.
SIM_SIZES = $(call sized,STATUS=1 CONTROL=0 PAGE=0 RELOAD=1 SOCKS5=1 PASSWORDS=1 USERS=4096 BIND=1 IDENT=1 NAMES=1 \
	HINTS=1 LOG_LEVELS=4 SESSIONS=12 LISTENERS=4 SPARE_SOCKETS=4 SLICE_BYTES=4096 FORWARDS=4 UDP_FLOWS=6 \
	LOOKUPS=4 DATAGRAM=512 RATES=8 RATE_CLIENTS=4 $(if $(tls_built:none=),TLS_STREAMS=8))
# Compiled for speed, unless CFLAGS say how: a thousand seeds take half the time.
SIM_FAST = $(if $(SMALLEST),-O2 $(patsubst -fno-%,-f%,$(filter -fno-%,$(SMALLEST))) -fno-lto)
sim_FLAGS = $(SIM_FAST) -DCHECK_TELLS $(INCLUDES) $(TLS_FLAGS) $(SIM_SIZES) -Iport/sim -Itests/sim
# What is disabled has a program of its own in the simulator, and one for the end-to-end tests.
disabled = $(call sized,STATUS=0 BIND=0 IDENT=0 NAMES=0 RATES=0)
sim_less_FLAGS = $(sim_FLAGS) $(disabled) $(call sized,IPV6=0)

sim = $(patsubst %,$(BUILD)/sim/%,$(filter-out sim_disabled,$(SIM)))
sim_less = $(patsubst %,$(BUILD)/sim/%,$(filter sim_disabled,$(SIM)))

# What the scenarios with TLS do to the library, and where that needs the linker's help.
sim_framework = $(SIM_FRAMEWORK) tests/sim/library_$(tls_built).c
sim_wrap_mbedtls = -Wl,--wrap=time,--wrap=mbedtls_ms_time,--wrap=calloc,--wrap=free \
	-Wl,--wrap=mbedtls_ssl_handshake_step,--wrap=mbedtls_ssl_ticket_write

# simulator NAME: the variant, and the programs that NAME lists.
define simulator
$(call libraries,$(1),$(PORT_SIM))
$(if $($(1)),$(call tested,$(1),$($(1)): $(BUILD)/sim/%,tests/sim/%.c $(sim_framework),$$(sim_wrap_$$(tls_built))))
endef

$(foreach v,sim sim_less,$(eval $(call simulator,$v)))
$(eval $(call tested,sim,$(BUILD)/sim_contract,$(CONTRACT) $(contract)/harness_sim.c))

$(BUILD)/less/anklet: FORCE
	@$(MAKE) BUILD=$(BUILD)/less TLS=none CPPFLAGS='$(CPPFLAGS) $(disabled) $(call sized,SOCKS5=0 PASSWORDS=0)' $@

# ---- On lwIP's loopback interface, one stack for clients, servers and the proxy; once with buffers like a board's, and
# with what other programs have of lwIP: its names, and segments out of order ----

LWIP_HOST_FLAGS = $(INCLUDES) $(addprefix -I,port/lwip port/lwip/host tests/sim $(contract)) \
	-isystem $(LWIP)/src/include $(SIM_SIZES)
lwip_FLAGS = $(LWIP_HOST_FLAGS) -DCONFIG_ANKLET_LWIP_RING=5840 -DCONFIG_ANKLET_LWIP_HOST_QUEUE=320
lwip_small_FLAGS = $(LWIP_HOST_FLAGS) -DLWIP_DNS=1 -DTCP_QUEUE_OOSEQ=1 -DCONFIG_ANKLET_LWIP_RING=1072 -DCONFIG_ANKLET_LWIP_HOST_MSS=536
CONVERSATION = $(wildcard tests/lwip/conversation*.c)
lwip_port = $(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c $(contract)/host.c
lwip_tests = $(patsubst tests/lwip/%.c,$(BUILD)/lwip_small/%,$(wildcard tests/lwip/test_*.c))

$(foreach v,lwip lwip_small,$(eval $(call libraries,$v,$(lwip_port),$(LWIP_CORE) $(LWIP_V4) $(LWIP_V6))))
$(eval $(call tested,lwip,$(BUILD)/lwip_contract,$(CONTRACT) $(HARNESS_HOST) $(contract)/harness_lwip.c))
$(eval $(call tested,lwip_small,$(lwip_tests): $(BUILD)/lwip_small/%,tests/lwip/%.c))
$(BUILD)/lwip_small/test_proxy: $(call of,lwip_small,$(CONVERSATION))

# ---- The program with the allocator wrapped: see tests/no_malloc.c ----
#
# TLS may allocate (src/tls/tls.h): the calls of the library, and of the files that stand for it, name what is behind
# the wrapping.

WRAPPED = malloc calloc realloc free
# gcov allocates while the program ends, which is no fault of the program's.
gcov = $(if $(findstring --coverage,$(LDFLAGS)),$(shell $(CC) -print-file-name=libgcov.a))
unwrapped = $(patsubst %,$(BUILD)/unwrapped/%,$(notdir $(1)))

define unwrap
$(call unwrapped,$(1)): $(1)
	@mkdir -p $$(@D) && objcopy $(foreach f,$(WRAPPED),--redefine-sym $f=__real_$f) $$< $$@
endef

tls_parts = $(if $(tls_built:none=),$(call of,posix,$(TLS_mbedtls)) $(TLS_ARCHIVE)) $(gcov)
$(foreach part,$(tls_parts),$(eval $(call unwrap,$(part))))
$(eval $(call program,$(BUILD)/anklet_no_malloc: $(posix_program) $(BUILD)/posix/tests/no_malloc.o \
	$(call unwrapped,$(tls_parts)) $(call libs,posix),$$(TEST_LDFLAGS) $(WRAPPED:%=-Wl$(comma)--wrap=%) \
	-Wl$(comma)--wrap=port_wait,$$(call own,posix) $$(filter $(BUILD)/unwrapped/%.a,$$^) $$(system_tls) $$(LIBS)))

# ---- What runs ----
needs_contract = $(BUILD)/posix_contract $(BUILD)/sim_contract
needs_sim = $(sim) $(sim_less)
needs_lwip = $(BUILD)/lwip_contract $(lwip_tests)
needs_no_malloc = $(call libs,posix) $(posix_program)
needs_e2e = $(BUILD)/anklet $(BUILD)/anklet_no_malloc $(BUILD)/less/anklet $(BUILD)/examples/embed

$(foreach c,unit contract sim lwip lwip_sockets lwip_sockets4,$(eval \
	commands_$c = $$(foreach t,$$(needs_$c),'$$(strip $$(UNDER) $$t)')))
commands_replay = $(foreach t,$(needs_replay),'$(strip $(UNDER) $t tests/fuzz/corpus/$(notdir $t))')
commands_no_malloc = 'tests/no_malloc $(call libs,posix) $(posix_program)'
commands_e2e = $(if $(E2E),'$(PYTEST) $(E2E)')

# run_pytest TARGET,FILES[,COMMANDS]: these, and the files, or those of TESTS; 'make TARGET TESTS=...' repeats them.
run_pytest = REPEAT='make $(1) TESTS=' tests/run $(3) '$(PYTEST) $(or $(TESTS),$(2))'

# What 'make check' runs: built only; and a command a line.
check_programs: $(foreach c,$(CHECKS),$(needs_$c))

check_commands:
	@printf '%s\n' $(foreach c,$(CHECKS),$(commands_$c))

check: export REPEAT_CHECK = make $(strip $(MAKEOVERRIDES) check)
check: export REPEAT = $(REPEAT_CHECK) CHECKS=e2e E2E=
check: check_programs ## test: build it and run the program's tests; CHECKS='unit lwip' E2E=FILES UNDER=valgrind
	@ANKLET=$(abspath $(BUILD)/anklet) ANKLET_NO_MALLOC=$(abspath $(BUILD)/anklet_no_malloc) \
		ANKLET_LESS=$(abspath $(BUILD)/less/anklet) EMBED=$(abspath $(BUILD)/examples/embed) \
		tests/run $(foreach c,$(CHECKS),$(commands_$c))

test: ## test: first get what is missing, then check
	$(call get,test,tls_source check)

pictures: $(BUILD)/anklet ## test: take the pictures in README.md anew
	@ANKLET=$(abspath $(BUILD)/anklet) PICTURES=docs/img $(PYTEST) tests/e2e/test_pictures.py

check-tools: $(BUILD)/anklet ## test: that tests/run, size, cover, mutate tell the truth, and a short soak
	@$(call run_pytest,$@,tests/tools,'tests/soak --seconds 10 --program $(abspath $(BUILD)/anklet)')

check-configs: ## test: build and test every configuration, and some by chance; CONFIGS= RANDOM_CONFIGS=
	@tools/need check-configs
	@BUILD=$(BUILD) CC='$(CC)' CROSS=$(CROSS) tests/configs $(CONFIGS)

# ---- Fuzzing: FUZZ_SECONDS for each target, all at the same time ----

fuzz: ## test: the readers of foreign bytes, with clang; FUZZ_SECONDS=60
	@$(MAKE) BUILD=$(BUILD)/fuzzing CC=clang SANITIZE=fuzzer-no-link,address,undefined CHECKS=fuzz check_programs
	@tools/fuzz $(or $(FUZZ_SECONDS),60) $(FUZZ:fuzz_%=$(BUILD)/fuzzing/fuzz/%)

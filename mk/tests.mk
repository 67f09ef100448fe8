# ---- Tests ----
#
# CHECKS says which kinds to run. UNDER is put before every program but the end-to-end tests':
# UNDER='valgrind -q --error-exitcode=1'. E2E says which of those. needs_KIND is what is built, commands_KIND what is run.

CHECKS ?= unit contract replay sim no_malloc e2e
UNDER ?=
E2E ?= $(sort $(wildcard tests/e2e/test_*.py))
PYTEST = $(PYTHON) -m pytest -p no:cacheprovider -rfEsxX

UNIT = $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
# Of a library of TLS and its files there are tests only where it is built in.
UNIT_TLS = test_tls test_tls_cost test_tls_faults test_tls_files test_tls_stream
contract = tests/port_contract
CONTRACT = $(sort $(filter-out $(wildcard $(contract)/h*.c),$(wildcard $(contract)/*.c)))
HARNESS_BSD = $(contract)/harness_bsd.c
HARNESS_UNIX = $(HARNESS_BSD) $(contract)/harness_process.c $(contract)/harness_unix.c
HARNESS_HOST = $(contract)/harness_host_files.c $(contract)/harness_host_log.c
SIM = $(patsubst tests/sim/%.c,%,$(sort $(wildcard tests/sim/sim_*.c)))
SIM_FRAMEWORK = $(sort $(filter-out $(wildcard tests/sim/sim_*.c tests/sim/library_*.c),$(wildcard tests/sim/*.c)))
FUZZ = $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# ---- On this system's sockets ----

unit = $(patsubst %,$(BUILD)/unit/%,$(if $(tls_built:none=),$(UNIT),$(filter-out $(UNIT_TLS),$(UNIT))))
replay = $(FUZZ:fuzz_%=$(BUILD)/replay/%)

# Where the test itself stands in for calls of the port.
wrap_test_tls_faults = -Wl,--wrap=port_read,--wrap=port_send,--wrap=port_random
wrap_test_tls_cost = -Wl,--wrap=mbedtls_mpi_exp_mod_unsafe,--wrap=mbedtls_ecp_muladd_restartable

$(eval $(if $(unit),$(call posix_test,$(unit): $(BUILD)/unit/%: $(BUILD)/posix/tests/unit/%.o,$$(wrap_$$*),-lcmocka)))
$(eval $(call posix_test,$(BUILD)/posix_contract: $(call of,posix,$(CONTRACT) $(HARNESS_UNIX)),,-lcmocka))
# Of the program there is this alone, whatever the program is built with.
$(BUILD)/unit/test_accounts: $(call of,posix,$(ACCOUNTS_files))
# A fuzz target's corpus is an ordinary test: every string of bytes ever found interesting.
$(eval $(call posix_test,$(replay): $(BUILD)/replay/%: $(call of,posix,tests/fuzz/fuzz_%.c tests/fuzz/replay.c)))

# ---- In the simulator ----

# Small tables, so that a run fills them, and every feature, whatever the program is built with.
SIM_SIZES = $(foreach f,BIND IDENT NAMES HINTS,$(call sized,$f,1)) $(call sized,LOG_LEVELS,4) \
	$(call sized,SESSIONS,12) $(call sized,LISTENERS,4) $(call sized,SPARE_SOCKETS,4) \
	$(call sized,TURN_OCTETS,4096) $(call sized,FORWARDS,4) $(call sized,ASSOCIATIONS,6) \
	$(call sized,DATAGRAM,512) $(if $(tls_built:none=),$(call sized,TLS_STREAMS,8))
SIM_FLAGS = -DCHECK_TELLS $(INCLUDES) $(TLS_FLAGS) $(SIM_SIZES) -Iport/sim -Itests/sim
SIM_LIBS = $(BUILD)/sim/libanklet.a $(BUILD)/sim/libport.a
sim_own = $(SIM_LIBS) $(BUILD)/sim/libanklet.a $(TLS_LIBS) -lcmocka $(LIBS)
sim = $(patsubst %,$(BUILD)/sim/%,$(filter-out sim_left_out,$(SIM)))

# What the scenarios with TLS do to the library, and where that needs the linker's help.
sim_framework = $(SIM_FRAMEWORK) tests/sim/library_$(tls_built).c
SIM_WRAP_mbedtls = -Wl,--wrap=time,--wrap=mbedtls_ms_time,--wrap=calloc,--wrap=free \
	-Wl,--wrap=mbedtls_ssl_handshake_step,--wrap=mbedtls_ssl_ticket_write

$(eval $(call variant,sim,SIM_FLAGS))
$(eval $(call archive,$(BUILD)/sim/libanklet.a,$(call of,sim,$(CORE) $(TLS_SOURCES)) $(TLS_ARCHIVE)))
$(eval $(call archive,$(BUILD)/sim/libport.a,$(call of,sim,$(PORT_SIM))))
$(eval $(call program,$(sim): $(BUILD)/sim/%: $(BUILD)/sim/tests/sim/%.o $(call of,sim,$(sim_framework)) $(SIM_LIBS),\
	$$(TEST_LDFLAGS) $$(SIM_WRAP_$$(tls_built)),$$(sim_own)))
$(eval $(call program,$(BUILD)/sim_contract: $(call of,sim,$(CONTRACT) tests/port_contract/harness_sim.c) $(SIM_LIBS),\
	$$(TEST_LDFLAGS),$$(sim_own)))

# What is disabled: one program of the simulator, and the program itself for the end-to-end tests, each with
# objects of its own.
LESS = $(BUILD)/less
disabled = $(foreach f,BIND IDENT NAMES,$(call sized,$f,0))
SIM_LESS_FLAGS = $(SIM_FLAGS) $(disabled)
sim_less = $(patsubst %,$(BUILD)/sim/%,$(filter sim_left_out,$(SIM)))

$(eval $(call variant,sim_less,SIM_LESS_FLAGS))
$(eval $(call program,$(sim_less): $(call of,sim_less,tests/sim/sim_left_out.c $(CORE) $(TLS_SOURCES) $(PORT_SIM) \
	$(sim_framework)) $(TLS_ARCHIVE),$$(TEST_LDFLAGS) $$(SIM_WRAP_$$(tls_built)),$$(TLS_LIBS) -lcmocka $$(LIBS)))

$(LESS)/anklet: FORCE
	@$(MAKE) --no-print-directory BUILD=$(LESS) TLS=none CPPFLAGS='$(CPPFLAGS) $(disabled)' $@

# ---- On lwIP's loopback interface; with buffers as small as a board's; one stack for clients, servers and the proxy ----

LWIP = $(DEPS)/lwip
LWIP_HOST_FLAGS = $(INCLUDES) -Iport/lwip -Iport/lwip/host -isystem $(LWIP)/src/include -Itests/sim -I$(contract) $(SIM_SIZES)
LWIP_FLAGS = $(LWIP_HOST_FLAGS) -DCONFIG_ANKLET_LWIP_RING=5840 -DCONFIG_ANKLET_LWIP_HOST_QUEUE=320
LWIP_SMALL_FLAGS = $(LWIP_HOST_FLAGS) -DCONFIG_ANKLET_LWIP_RING=1072 -DCONFIG_ANKLET_LWIP_HOST_MSS=536
CONVERSATION = $(wildcard tests/lwip/conversation*.c)
lwip_core = $(CORE) $(TLS_none)
lwip_host = $(lwip_core) $(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c $(contract)/host.c
lwip_objects = $(call of,$(1),$(lwip_host)) $(call of,$(1)/stack,$(LWIP_CORE) $(LWIP_V4) $(LWIP_V6))
lwip_tests = $(patsubst tests/lwip/%.c,$(BUILD)/lwip_small/%,$(wildcard tests/lwip/test_*.c))

$(LWIP)/.source:
	tools/get_source lwip $(LWIP)

$(eval $(call variant,lwip,LWIP_FLAGS,| $(LWIP)/.source))
$(eval $(call variant,lwip_small,LWIP_SMALL_FLAGS,| $(LWIP)/.source))
$(eval $(call stack,lwip,LWIP_FLAGS,port/lwip/host/lwipopts.h))
$(eval $(call stack,lwip_small,LWIP_SMALL_FLAGS,port/lwip/host/lwipopts.h))
$(eval $(call program,$(BUILD)/lwip_contract: $(call of,lwip,$(CONTRACT) $(HARNESS_HOST) $(contract)/harness_lwip.c) \
	$(call lwip_objects,lwip),$$(ALL_LDFLAGS),-lcmocka $$(LIBS)))
$(BUILD)/lwip_small/test_proxy: $(call of,lwip_small,$(CONVERSATION))
$(eval $(call program,$(lwip_tests): $(BUILD)/lwip_small/%: $(BUILD)/lwip_small/tests/lwip/%.o \
	$(call lwip_objects,lwip_small),$$(ALL_LDFLAGS),-lcmocka $$(LIBS)))

# ---- The program with the allocator wrapped: see tests/no_malloc.c ----
#
# TLS may allocate (src/tls/tls.h): the calls of the library, and of the files that stand for it, name what is behind the
# wrapping.

WRAPPED = malloc calloc realloc free
unwrap = objcopy $(foreach f,$(WRAPPED),--redefine-sym $f=__real_$f) $< $@
tls_unwrapped = $(if $(tls_built:none=),$(call of,unwrapped,$(TLS_mbedtls)) \
	$(TLS_ARCHIVE:$(tls_directory)/%=$(BUILD)/unwrapped/%))

$(BUILD)/unwrapped/%.o: $(BUILD)/posix/%.o
	@mkdir -p $(@D)
	@$(unwrap)

$(BUILD)/unwrapped/libmbedtls.a: $(TLS_ARCHIVE)
	@mkdir -p $(@D)
	@$(unwrap)

$(eval $(call program,$(BUILD)/anklet_no_malloc: $(posix_program) $(BUILD)/posix/tests/no_malloc.o $(tls_unwrapped) \
	$(POSIX_LIBS),$$(TEST_LDFLAGS) $(WRAPPED:%=-Wl$(comma)--wrap=%) -Wl$(comma)--wrap=port_wait,\
	$$(posix_own) $$(filter $(BUILD)/unwrapped/%.a,$$^) $$(system_tls) $$(LIBS)))

# ---- What runs ----

needs_unit = $(unit)
needs_contract = $(BUILD)/posix_contract $(BUILD)/sim_contract
needs_replay = $(replay)
needs_sim = $(sim) $(sim_less)
needs_lwip = $(BUILD)/lwip_contract $(lwip_tests)
needs_no_malloc = $(POSIX_LIBS) $(posix_program)
needs_e2e = $(BUILD)/anklet $(BUILD)/anklet_no_malloc $(LESS)/anklet $(BUILD)/examples/embed

commands = $(foreach t,$(1),'$(strip $(UNDER) $t)')
commands_unit = $(call commands,$(needs_unit))
commands_contract = $(call commands,$(needs_contract))
commands_sim = $(call commands,$(needs_sim))
commands_lwip = $(call commands,$(needs_lwip))
commands_replay = $(foreach t,$(replay),'$(strip $(UNDER) $t tests/fuzz/corpus/$(notdir $t))')
commands_no_malloc = 'tests/no_malloc $(POSIX_LIBS) $(posix_program)'
# In two runs, for each has a limit. In either there is something to do also without TLS.
e2e_tls = $(filter %_tls_listen.py %_tls_route.py %_tls_relay.py %_starttls.py %_readme.py %_hop.py %_forward.py,$(E2E))
run_e2e = $(if $(1),'$(PYTEST) $(1)')
commands_e2e = $(call run_e2e,$(filter-out $(e2e_tls),$(E2E))) $(call run_e2e,$(e2e_tls))

# What was said on the command line, for the commands that repeat a test.
said = $(foreach v,BUILD CC CONFIG CPPFLAGS CFLAGS LDFLAGS LTO NATIVE SANITIZE TLS TLS_CONFIG UNDER,$(if $(filter \
	command,$(origin $v)),$v=$(if $(word 2,$($v)),'$($v)',$($v))))
no_blanks = $(if $(word 2,$(CURDIR)),$(error the tests need a path without blanks, unlike '$(CURDIR)'))
run_tests = $(no_blanks)PYTHONDONTWRITEBYTECODE=1 tests/run

check: export REPEAT_CHECK = make $(strip $(said) check)
check: export REPEAT = $(REPEAT_CHECK) CHECKS=e2e E2E=
check: $(foreach c,$(CHECKS),$(needs_$c)) ## test: build it and run the program's tests; CHECKS='unit lwip' E2E=FILES UNDER=valgrind
	@ANKLET=$(abspath $(BUILD)/anklet) ANKLET_NO_MALLOC=$(abspath $(BUILD)/anklet_no_malloc) \
		ANKLET_LESS=$(abspath $(LESS)/anklet) EMBED=$(abspath $(BUILD)/examples/embed) \
		$(run_tests) $(foreach c,$(CHECKS),$(commands_$c))

test: ## test: first get what is missing, then check
	@CC='$(CC)' tools/need test
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory check

check-tools: export REPEAT = $(PYTEST) #
check-tools: $(BUILD)/anklet ## test: that tests/run, size, cover, mutate tell the truth, and a short soak
	@$(run_tests) '$(PYTEST) tests/tools' 'tests/soak --seconds 10 --program $(abspath $(BUILD)/anklet)'

check-configs: ## test: build and test every configuration, and some by chance; CONFIGS= RANDOM_CONFIGS=
	@tools/need check-configs
	@BUILD=$(BUILD) CC='$(CC)' CROSS=$(CROSS) tests/configs $(CONFIGS)

# ---- Fuzzing: FUZZ_SECONDS for each target, all at the same time ----

FUZZ_SECONDS ?= 60
fuzz_programs = $(FUZZ:fuzz_%=$(BUILD)/fuzz/%)

$(eval $(call posix_test,$(fuzz_programs): $(BUILD)/fuzz/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o,-fsanitize=fuzzer))

fuzz_programs: $(fuzz_programs)

fuzz: ## test: the readers of foreign bytes, with clang; FUZZ_SECONDS=60
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzing CC=clang \
		SANITIZE=fuzzer-no-link,address,undefined fuzz_programs
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ:fuzz_%=$(BUILD)/fuzzing/fuzz/%)

.PHONY: check test check-tools check-configs fuzz fuzz_programs

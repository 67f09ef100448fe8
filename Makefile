# anklet. 'make' builds the program; 'make run' and 'make test' first install what is missing; 'make help' has the rest.
#
## any: BUILD=build/asan: a directory of its own for each variant, so that none disturbs another
## any: CC=clang: another compiler; SANITIZE=address,undefined WERROR=1 CFLAGS= CPPFLAGS= LDFLAGS=
## any: V=1: each command in full

BUILD ?= build
CC ?= cc
AR ?= ar
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
SANITIZE ?=
WERROR ?=
DEPS ?= build/deps
SYSTEM := $(shell uname -s)

# The smallest code there is: of these, the options that the compiler knows.
known = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo $(1))
SMALLEST := $(or $(call known,-Oz),-Os) $(foreach option,-fno-ipa-cp -fno-jump-tables \
	-fno-optimize-sibling-calls -fno-inline-small-functions -fno-caller-saves \
	-fno-tree-dominator-opts -fno-move-loop-invariants -fno-code-hoisting \
	--param=large-function-insns=800 --param=large-function-growth=10,$(call known,$(option)))
CFLAGS ?= $(SMALLEST) -g
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
LINK_Linux = -Wl,-z,relro,-z,now,-z,noexecstack,-z,noseparate-code,-z,nodynamic-undefined-weak,--no-eh-frame-hdr,--build-id=none,--gc-sections,--as-needed
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
	src/anklet_tls.c \
	src/association.c \
	src/config.c \
	src/config_fault.c \
	src/config_line.c \
	src/config_near.c \
	src/config_pattern.c \
	src/config_print.c \
	src/config_remedy.c \
	src/config_report.c \
	src/config_route.c \
	src/config_rule.c \
	src/config_values.c \
	src/datagrams.c \
	src/endpoint.c \
	src/hop.c \
	src/ident.c \
	src/pattern.c \
	src/relay.c \
	src/routes.c \
	src/rules.c \
	src/rules_print.c \
	src/session.c \
	src/session_bind.c \
	src/session_connect.c \
	src/session_end.c \
	src/session_hop.c \
	src/session_log.c \
	src/session_request.c \
	src/session_resolve.c \
	src/session_route.c \
	src/session_tls.c \
	src/socks4.c \
	src/starttls.c \
	src/stream.c \
	src/string_table.c \
	src/text.c \
	src/tls_options.c \
	src/word.c

# One of these is added: see 'TLS' below.
TLS_none = src/tls_none.c
TLS_mbedtls = \
	src/tls_mbedtls.c \
	src/tls_mbedtls_context.c \
	src/tls_mbedtls_files.c \
	src/tls_mbedtls_parts.c \
	src/tls_mbedtls_random.c \
	src/tls_mbedtls_reason.c

# Where the system is not known there is a file that keeps to POSIX.
NATIVE_Linux = linux
NATIVE = $(or $(NATIVE_$(SYSTEM)),posix)
NATIVE_UNTOLD_posix = port/posix/native_untold.c

PORT_POSIX = \
	port/log_lines.c \
	port/posix/addresses.c \
	port/posix/datagrams.c \
	port/posix/dns.c \
	port/posix/facing.c \
	port/posix/fdset_$(NATIVE).c \
	port/posix/files.c \
	port/posix/lines.c \
	port/posix/move.c \
	port/posix/name_cache.c \
	port/posix/name_files.c \
	port/posix/native_common.c \
	port/posix/native_$(NATIVE).c \
	$(NATIVE_UNTOLD_$(NATIVE)) \
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
	port/posix/output.c \
	port/posix/user.c

PORT_SIM = \
	port/sim/datagrams.c \
	port/sim/faults.c \
	port/sim/names.c \
	port/sim/network.c \
	port/sim/octets.c \
	port/sim/sim.c \
	port/sim/sockets.c

PORT_LWIP = \
	port/log_lines.c \
	port/lwip/accept.c \
	port/lwip/chacha20.c \
	port/lwip/datagrams.c \
	port/lwip/load.c \
	port/lwip/names.c \
	port/lwip/random.c \
	port/lwip/sockets.c \
	port/lwip/stream.c \
	port/lwip/system.c \
	port/lwip/wait.c \
	port/lwip/zone.c \
	port/names_known.c

# What depends on the families that lwIP is built with.
PORT_LWIP_DUAL = port/lwip/addresses_dual.c
PORT_LWIP_V4 = port/lwip/addresses_v4.c

# Of lwIP itself, below its src/.
LWIP_CORE = $(addprefix core/,def.c dns.c inet_chksum.c init.c ip.c mem.c memp.c netif.c pbuf.c raw.c \
	stats.c sys.c tcp.c tcp_in.c tcp_out.c timeouts.c udp.c)
LWIP_V4 = $(addprefix core/ipv4/,icmp.c ip4.c ip4_addr.c ip4_frag.c)
LWIP_V6 = $(addprefix core/ipv6/,ethip6.c icmp6.c inet6.c ip6.c ip6_addr.c ip6_frag.c mld6.c nd6.c)

TESTS_LWIP = \
	test_names \
	test_port \
	test_proxy

# Clients and servers beside the proxy on one stack, for both ports over lwIP.
CONVERSATION = \
	tests/lwip/conversation.c \
	tests/lwip/conversation_tests.c

UNIT = \
	test_address \
	test_config \
	test_config_errors \
	test_config_print \
	test_config_report \
	test_config_transport \
	test_dns \
	test_endpoint \
	test_hop \
	test_ident \
	test_name_cache \
	test_name_files \
	test_posix \
	test_resolve \
	test_resolve_servers \
	test_routes \
	test_rules \
	test_rules_guard \
	test_socks4 \
	test_starttls \
	test_text \
	test_tls_heap

# With a library of TLS.
UNIT_TLS = \
	test_tls \
	test_tls_faults \
	test_tls_files \
	test_tls_stream

CONTRACT = \
	tests/port_contract/connect.c \
	tests/port_contract/contract.c \
	tests/port_contract/datagrams.c \
	tests/port_contract/end.c \
	tests/port_contract/move.c \
	tests/port_contract/rest.c \
	tests/port_contract/stream.c \
	tests/port_contract/wait.c

SIM_FRAMEWORK = \
	tests/sim/askers.c \
	tests/sim/caller.c \
	tests/sim/client.c \
	tests/sim/crowd.c \
	tests/sim/invariants.c \
	tests/sim/next_hop.c \
	tests/sim/scenario.c \
	tests/sim/secure.c \
	tests/sim/secure_world.c \
	tests/sim/server.c \
	tests/sim/talk.c \
	tests/sim/tap.c

# What the scenarios with TLS do to the library, and where that needs the linker's help.
SIM_LIBRARY_none = tests/sim/library_none.c
SIM_LIBRARY_mbedtls = tests/sim/library_mbedtls.c
SIM_WRAP_mbedtls = -Wl,--wrap=time,--wrap=mbedtls_ms_time,--wrap=calloc,--wrap=free \
	-Wl,--wrap=mbedtls_ssl_handshake_step,--wrap=mbedtls_ssl_ticket_write

SIM = \
	sim_bind \
	sim_bind_peers \
	sim_clock \
	sim_connect \
	sim_datagrams \
	sim_datagrams_target \
	sim_ends \
	sim_fair \
	sim_faults \
	sim_forward \
	sim_hop \
	sim_hop_faults \
	sim_hop_routes \
	sim_ident \
	sim_log \
	sim_loops \
	sim_names \
	sim_race \
	sim_rules \
	sim_slots \
	sim_starttls \
	sim_stop \
	sim_table \
	sim_tls \
	sim_tls_faults \
	sim_tls_hop \
	sim_tls_places

FUZZ = \
	fuzz_config \
	fuzz_dns \
	fuzz_hop \
	fuzz_ident \
	fuzz_socks4 \
	fuzz_starttls

# ---- Configuration ----
#
# CONFIG=NAME takes configs/NAME.h. Else 'make NAME_defconfig' and 'make menuconfig' leave a .config and its header
# in $(BUILD), from which every make with that BUILD takes sizes, features, port, board and library. Else there is
# no header, and anklet_config.h has the desktop's values. Only what writes a header needs python3 and kconfiglib.

CONFIG ?=
KCONFIG = tools/kconfig
configurations := $(patsubst configs/%_defconfig,%,$(wildcard configs/*_defconfig))
configuring := $(filter menuconfig %_defconfig clean,$(MAKECMDGOALS))

ifneq ($(CONFIG),)
config_header := $(wildcard configs/$(CONFIG).h)
ifeq ($(config_header),)
$(error there is no configuration '$(CONFIG)'; there are $(configurations))
endif
else ifneq ($(if $(configuring),,$(wildcard $(BUILD)/.config)),)
config_header := $(BUILD)/configuration.h
# Somebody may have edited it by hand.
ifneq ($(shell ! [ $(BUILD)/.config -nt $(config_header) ] || $(KCONFIG) header $(BUILD) || echo failed),)
$(error $(BUILD)/.config is not usable)
endif
endif

# Of the header the names, below CONFIG_ANKLET_, of what is 1.
config_chosen := $(if $(config_header),$(shell sed -n 's/^.define CONFIG_ANKLET_\(.*\) 1$$/\1/p' $(config_header)))
chosen = $(filter $(1),$(config_chosen))
config_board := $(shell echo $(patsubst BOARD_%,%,$(call chosen,BOARD_%)) | tr A-Z_ a-z-)
CONFIG_FLAGS := $(if $(config_header),-include $(config_header))

TLS ?= $(if $(config_header),$(if $(call chosen,TLS),mbedtls,none),auto)
ifneq ($(config_header),)
TLS_CONFIG ?= $(or $(if $(call chosen,TLS_LIBRARY_SMALL),small),$(if $(call chosen,TLS_LIBRARY_DEFAULT),default),desktop)
ifneq ($(filter mbedtls,$(TLS)),$(if $(call chosen,TLS),$(filter mbedtls,$(TLS))))
$(error TLS=mbedtls, but $(config_header) leaves TLS out)
endif
endif

# The program, or the image of the board that was chosen.
## use: CONFIG=NAME: other sizes and features: configs/NAME.h, docs/configuring.md
all: $(if $(call chosen,PORT_LWIP),board_$(or $(filter-out other,$(config_board)),none),$(BUILD)/anklet) ## use: build BUILD/anklet; TLS=none|mbedtls TLS_CONFIG=small|default

$(filter board_%,board_$(config_board)): images

board_none:
	@echo 'make: this configuration names no board of port/lwip/boards: nothing to build' >&2; exit 1

%_defconfig: ## use: sizes and features by Kconfig, for every later make with this BUILD
	@$(KCONFIG) defconfig $* $(BUILD)

menuconfig: ## use: sizes and features from a menu, as well
	@tools/need config
	@$(KCONFIG) menuconfig $(BUILD)

# What .config has beyond the defaults; with NAME=... as a configuration of that name, and its header.
savedefconfig: ## use: write what was chosen to BUILD/defconfig, or as a configuration: NAME=
	@$(KCONFIG) save $(BUILD) $(if $(NAME),configs/$(NAME)_defconfig,$(BUILD)/defconfig)
	@$(if $(NAME),$(KCONFIG) committed)

# The headers that are committed, from the defconfigs.
configs: ## use: write the headers of configs/ from what they are made of
	@$(KCONFIG) committed

.PHONY: menuconfig savedefconfig configs board_none board_$(config_board)

# say WHAT: one short line instead of the command, unless V is set.
say = $(if $(V),,@echo '  $(1)';)

# ---- TLS ----
#
# Mbed TLS from 3.6 on: the system's, else that of 'make deps', which is built once for each compiler
# and its flags. TLS_CONFIG says with what in it: port/posix/mbedtls_desktop.h or mbedtls_small.h;
# 'default' is what the library brings along, and distributions ship.

TLS_CONFIG ?= desktop
# For speed: what costs time is the cryptography. A small configuration is for size.
TLS_CFLAGS ?= $(if $(filter small,$(TLS_CONFIG)),-Os,-O2) -g
MBEDTLS = $(DEPS)/mbedtls

ifeq ($(filter auto mbedtls none,$(TLS)),)
$(error TLS is auto, mbedtls or none, not '$(TLS)')
endif

# The system's has its own configuration; where another one is asked for it is no help.
system_tls := $(if $(filter none,$(TLS))$(filter-out desktop,$(TLS_CONFIG)),,$(shell \
	tools/find_tls '$(CC) $(CPPFLAGS) $(LDFLAGS)'))
deps_tls := $(if $(filter none,$(TLS))$(system_tls),,$(wildcard $(MBEDTLS)/.source))
tls_built := $(if $(system_tls)$(deps_tls),mbedtls,none)
TLS_SOURCES = $(TLS_$(tls_built))

ifneq ($(deps_tls),)
tls_config_flag = $(if $(filter-out default,$(TLS_CONFIG)),-DMBEDTLS_CONFIG_FILE=\"posix/mbedtls_$(TLS_CONFIG).h\")
tls_config_file = $(if $(tls_config_flag),port/posix/mbedtls_$(TLS_CONFIG).h)
tls_cc = $(CC) -w $(TLS_CFLAGS) $(HARDEN) -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables -fno-unwind-tables $(SANITIZER) -Iport \
	-I$(MBEDTLS)/include -I$(MBEDTLS)/library $(tls_config_flag)
# All that it depends on, in a number: what is ours and linked with it is then made again by $(BUILD)/flags.
tls_number := $(shell { echo '$(tls_cc)'; cat $(MBEDTLS)/.source $(tls_config_file); } | cksum | cut -d ' ' -f 1)
tls_directory := $(DEPS)/built/mbedtls-$(TLS_CONFIG)-$(tls_number)
tls_objects = $(patsubst $(MBEDTLS)/library/%.c,$(tls_directory)/%.o,$(wildcard $(MBEDTLS)/library/*.c))
TLS_ARCHIVE = $(tls_directory)/libmbedtls.a
TLS_FLAGS = -isystem $(MBEDTLS)/include $(tls_config_flag)
TLS_LIBS = $(TLS_ARCHIVE)

# More than one make may be at it, for variants share it: each file appears whole.
$(tls_directory)/%.o: $(MBEDTLS)/library/%.c
	@mkdir -p $(@D)
	$(call say,cc mbedtls/$*.c)$(tls_cc) -c -o $@.$$$$ $< && mv $@.$$$$ $@

$(TLS_ARCHIVE): $(tls_objects)
	$(call say,ar $@)$(AR) rcs $@.$$$$ $^ && mv $@.$$$$ $@
else
TLS_FLAGS = $(if $(system_tls),,-DCONFIG_ANKLET_TLS_STREAMS=0)
TLS_LIBS = $(system_tls)
endif

# Says that the program is built without TLS, or where that will not do, ends it.
tls_found:
ifeq ($(tls_built)$(filter none,$(TLS)),none)
	@echo "make: no Mbed TLS 3.6 or newer is here$(if $(filter auto,$(TLS)),: built without TLS)." \
		"'make deps' gets it" >&2
	@$(if $(filter auto,$(TLS)),:,exit 1)
endif

# What 'make run' and 'make test' do for TLS, when they have a compiler.
tls_source:
	@:
ifeq ($(filter none,$(TLS))$(system_tls)$(deps_tls),)
	@tools/need source
	@tools/get_source mbedtls $(MBEDTLS) || \
		{ echo "make: TLS=none does without Mbed TLS" >&2; exit 1; }
endif

deps: ## use: get and build Mbed TLS where the system has none
	@CC='$(CC)' tools/need build
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory tls_library

tls_library: tls_found $(TLS_ARCHIVE)
	@echo 'Mbed TLS: $(or $(TLS_LIBS),left out)'

# ---- The program ----

posix_core = $(CORE:%.c=$(BUILD)/posix/%.o) $(TLS_SOURCES:%.c=$(BUILD)/posix/%.o)
posix_port = $(PORT_POSIX:%.c=$(BUILD)/posix/%.o)
posix_program = $(PROGRAM:%.c=$(BUILD)/posix/%.o)
sim_core = $(CORE:%.c=$(BUILD)/sim/%.o) $(TLS_SOURCES:%.c=$(BUILD)/sim/%.o)
sim_port = $(PORT_SIM:%.c=$(BUILD)/sim/%.o)

INCLUDES = -Iinclude -Isrc -Iport
POSIX_FLAGS = $(if $(SANITIZE),-DCHECK_TELLS) $(CONFIG_FLAGS) $(INCLUDES) $(TLS_FLAGS) -Iport/posix -Itests/unit
SIM_FLAGS = -DCHECK_TELLS $(INCLUDES) $(TLS_FLAGS) $(SIM_SIZES) -Iport/sim -Itests/sim

# Small tables, so that a run fills them, and every feature, whatever the program is built with.
sim_size = -UCONFIG_ANKLET_$(1) -DCONFIG_ANKLET_$(1)=$(2)
SIM_SIZES = $(foreach f,BIND IDENT NAMES REMEDIES,$(call sim_size,$f,1)) $(call sim_size,LOG_LEVELS,4) \
	$(call sim_size,SESSIONS,12) $(call sim_size,LISTENERS,4) \
	$(call sim_size,SPARE_SOCKETS,4) $(call sim_size,TURN_OCTETS,4096) \
	$(call sim_size,FORWARDS,4) $(call sim_size,ASSOCIATIONS,6) $(call sim_size,DATAGRAM,512) \
	$(if $(tls_built:none=),$(call sim_size,TLS_STREAMS,8))

$(BUILD)/posix/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(POSIX_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/sim/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(SIM_FLAGS) -MMD -MP -c -o $@ $<

# lwIP is not ours: its sources are fetched, and its warnings are its own.
LWIP = $(DEPS)/lwip
LWIP_HOST_FLAGS = $(INCLUDES) -Iport/lwip -Iport/lwip/host -isystem $(LWIP)/src/include -Itests/sim
LWIP_FLAGS = $(LWIP_HOST_FLAGS) $(SIM_SIZES) -DCONFIG_ANKLET_LWIP_RING=5840 \
	-DCONFIG_ANKLET_LWIP_HOST_QUEUE=320
LWIP_SMALL_FLAGS = $(LWIP_HOST_FLAGS) $(SIM_SIZES) -DCONFIG_ANKLET_LWIP_RING=1072 \
	-DCONFIG_ANKLET_LWIP_HOST_MSS=536

$(LWIP)/.source:
	tools/get_source lwip $(LWIP)

$(BUILD)/lwip/%.o: %.c $(BUILD)/flags | $(LWIP)/.source
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(LWIP_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lwip_small/%.o: %.c $(BUILD)/flags | $(LWIP)/.source
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(LWIP_SMALL_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lwip/stack/%.o: $(LWIP)/.source $(BUILD)/flags port/lwip/host/lwipopts.h
	@mkdir -p $(@D)
	$(call say,cc $*.c)$(CC) $(ALL_CFLAGS) -w $(LWIP_FLAGS) -c -o $@ $(LWIP)/src/$*.c

$(BUILD)/lwip_small/stack/%.o: $(LWIP)/.source $(BUILD)/flags port/lwip/host/lwipopts.h
	@mkdir -p $(@D)
	$(call say,cc $*.c)$(CC) $(ALL_CFLAGS) -w $(LWIP_SMALL_FLAGS) -c -o $@ $(LWIP)/src/$*.c

# Changes when the compiler or a flag does, so that nothing is linked with what was built otherwise.
flags = $(CC) $(ALL_CFLAGS) $(CONFIG_FLAGS) $(TLS_FLAGS) $(ALL_LDFLAGS) $(TLS_LIBS) $(LIBS)

$(BUILD)/flags: FORCE | tls_found
	@mkdir -p $(@D)
	@echo '$(flags)' | cmp -s - $@ || echo '$(flags)' >$@

$(BUILD)/posix/libanklet.a: $(posix_core) $(TLS_ARCHIVE)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/posix/libport.a: $(posix_port)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

$(BUILD)/sim/libanklet.a: $(sim_core) $(TLS_ARCHIVE)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/sim/libport.a: $(sim_port)
	$(call say,ar $@)rm -f $@; $(AR) rcs $@ $^

# The core calls the port, and the port puts texts and addresses together with the core. The library
# of TLS is linked behind them; that libanklet.a is made again when it changes brings that about.
POSIX_LIBS = $(BUILD)/posix/libanklet.a $(BUILD)/posix/libport.a
SIM_LIBS = $(BUILD)/sim/libanklet.a $(BUILD)/sim/libport.a
posix_own = $(filter %.o,$^) $(POSIX_LIBS) $(BUILD)/posix/libanklet.a
posix_link = $(posix_own) $(TLS_LIBS)
sim_link = $(filter %.o,$^) $(SIM_LIBS) $(BUILD)/sim/libanklet.a $(TLS_LIBS)

$(BUILD)/anklet: $(posix_program) $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(posix_link) $(LIBS)

run: ## use: get what is missing, build it and start it; ARGS='--log debug'
	@CC='$(CC)' tools/need build
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory all
	@exec $(BUILD)/anklet $(ARGS)

# ---- In a program of yours: examples/embed ----
#
#   make embed          the libraries, and the example with them
#   make embed-flags    what a program of yours is compiled and linked with

# What a program has in common with the library: where the headers are, and sizes other than the desktop's.
embed_flags = $(SANITIZER) $(INCLUDES:-I%=-I$(CURDIR)/%) -I$(CURDIR)/port/posix \
	$(if $(config_header),-include $(abspath $(config_header))) \
	$(filter -D% -U%,$(CPPFLAGS)) $(filter -DCONFIG_%,$(TLS_FLAGS))
embed_libs = $(if $(LTO),-fno-lto) $(foreach l,$(POSIX_LIBS) $(BUILD)/posix/libanklet.a $(TLS_LIBS) \
	$(LIBS),$(if $(filter %.a,$l),$(abspath $l),$l))

embed: $(BUILD)/examples/embed ## elsewhere: the libraries, and with them the example of a program of yours

$(BUILD)/examples/embed: examples/embed/embed.c $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,cc $@)$(CC) -std=c11 $(WARN) $(WERROR:1=-Werror) $(CFLAGS) $(embed_flags) -MMD -MP \
		$(LDFLAGS) -o $@ $< $(embed_libs)

embed-flags: $(POSIX_LIBS) ## elsewhere: what a program of yours is compiled and linked with
	@echo $(embed_flags) $(embed_libs)

-include $(BUILD)/examples/embed.d

.PHONY: embed embed-flags

# ---- Tests ----
#
# CHECKS says which kinds to run. UNDER is put in front of every program but the
# end-to-end tests': UNDER='valgrind -q --error-exitcode=1'. E2E says which of those.

CHECKS ?= unit contract replay sim no_malloc e2e
UNDER ?=
E2E ?= $(sort $(wildcard tests/e2e/test_*.py))
PYTHON ?= /usr/bin/python3

unit = $(UNIT:%=$(BUILD)/unit/%) $(if $(tls_built:none=),$(UNIT_TLS:%=$(BUILD)/unit/%))
contract = $(BUILD)/posix_contract $(BUILD)/sim_contract
replay = $(FUZZ:fuzz_%=$(BUILD)/replay/%)
sim = $(SIM:%=$(BUILD)/sim/%)
sim_framework = $(SIM_FRAMEWORK) $(SIM_LIBRARY_$(tls_built))

$(unit): $(BUILD)/unit/%: $(BUILD)/posix/tests/unit/%.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) $(wrap_$*) -o $@ $(posix_link) -lcmocka $(LIBS)

# Where the test itself stands in for calls of the port.
wrap_test_tls_faults = -Wl,--wrap=port_read,--wrap=port_send,--wrap=port_random

$(BUILD)/posix_contract: $(CONTRACT:%.c=$(BUILD)/posix/%.o) \
		$(BUILD)/posix/tests/port_contract/harness_posix.o $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) -lcmocka $(LIBS)

$(BUILD)/sim_contract: $(CONTRACT:%.c=$(BUILD)/sim/%.o) \
		$(BUILD)/sim/tests/port_contract/harness_sim.o $(SIM_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(sim_link) -lcmocka $(LIBS)

# On lwIP's loopback interface; the second one with buffers as small as a board's.
lwip_host = $(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c
lwip_stack = $(LWIP_CORE) $(LWIP_V4) $(LWIP_V6)
lwip_core = $(CORE) $(TLS_none)
lwip_objects = $(lwip_core:%.c=$(BUILD)/$1/%.o) $(lwip_host:%.c=$(BUILD)/$1/%.o) \
	$(lwip_stack:%.c=$(BUILD)/$1/stack/%.o)

$(BUILD)/lwip_contract: $(CONTRACT:%.c=$(BUILD)/lwip/%.o) \
		$(BUILD)/lwip/tests/port_contract/harness_lwip.o $(call lwip_objects,lwip)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka $(LIBS)

lwip_tests = $(TESTS_LWIP:%=$(BUILD)/lwip_small/%)

$(BUILD)/lwip_small/test_proxy: $(CONVERSATION:%.c=$(BUILD)/lwip_small/%.o)

$(lwip_tests): $(BUILD)/lwip_small/%: $(BUILD)/lwip_small/tests/lwip/%.o $(call lwip_objects,lwip_small)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka $(LIBS)

$(sim): $(BUILD)/sim/%: $(BUILD)/sim/tests/sim/%.o $(sim_framework:%.c=$(BUILD)/sim/%.o) $(SIM_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) $(SIM_WRAP_$(tls_built)) -o $@ $(sim_link) -lcmocka $(LIBS)

# What is left out: one program of the simulator, and the program itself for the end-to-end tests,
# each with objects of its own.
SIM_LEFT_OUT = sim_left_out
LESS = $(BUILD)/less
left_out = $(foreach f,BIND IDENT NAMES,$(call sim_size,$f,0))
sim_less = $(SIM_LEFT_OUT:%=$(BUILD)/sim/%)
sim_less_sources = $(CORE) $(TLS_SOURCES) $(PORT_SIM) $(sim_framework)

$(BUILD)/sim_less/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(SIM_FLAGS) $(left_out) -MMD -MP -c -o $@ $<

$(sim_less): $(BUILD)/sim/%: $(BUILD)/sim_less/tests/sim/%.o $(sim_less_sources:%.c=$(BUILD)/sim_less/%.o) $(TLS_ARCHIVE)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) $(SIM_WRAP_$(tls_built)) -o $@ $(filter %.o,$^) $(TLS_LIBS) -lcmocka $(LIBS)

$(LESS)/anklet: FORCE
	@$(MAKE) --no-print-directory BUILD=$(LESS) TLS=none CPPFLAGS='$(CPPFLAGS) $(left_out)' $@

-include $(sim_less_sources:%.c=$(BUILD)/sim_less/%.d) $(SIM_LEFT_OUT:%=$(BUILD)/sim_less/tests/sim/%.d)

# A fuzz target's corpus is an ordinary test: every octet string ever found interesting.
$(replay): $(BUILD)/replay/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o \
		$(BUILD)/posix/tests/fuzz/replay.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) $(LIBS)

# The program with the allocator wrapped: see tests/no_malloc.c. TLS may allocate (src/tls.h): the
# calls of the library, and of the files that stand for it, name what is behind the wrapping.
WRAPPED = malloc calloc realloc free
tls_unwrapped = $(if $(tls_built:none=),$(TLS_mbedtls:%.c=$(BUILD)/unwrapped/%.o) \
	$(TLS_ARCHIVE:$(tls_directory)/%=$(BUILD)/unwrapped/%))
unwrap = objcopy $(foreach f,$(WRAPPED),--redefine-sym $f=__real_$f) $< $@

$(BUILD)/unwrapped/%.o: $(BUILD)/posix/%.o
	@mkdir -p $(@D)
	@$(unwrap)

$(BUILD)/unwrapped/libmbedtls.a: $(TLS_ARCHIVE)
	@mkdir -p $(@D)
	@$(unwrap)

$(BUILD)/anklet_no_malloc: $(posix_program) $(BUILD)/posix/tests/no_malloc.o $(tls_unwrapped) $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -Wl,--wrap=port_wait -o $@ \
		$(posix_own) $(filter $(BUILD)/unwrapped/%.a,$^) $(system_tls) $(LIBS)

# ---- As a component: port/posix over lwIP's BSD sockets, with threads, as ESP-IDF has them ----
#
#   make check CHECKS=lwip_sockets    on this machine, with lwIP's own port to it; fetches lwIP
#   make check-component              the same, and the component as ESP-IDF would build it

# Of port/posix what is about sockets, and what stands for the rest.
PORT_LWIP_SOCKETS = \
	$(addprefix port/posix/,addresses.c datagrams.c move.c native_untold.c sockets.c stream.c wait_select.c) \
	port/log_lines.c \
	port/lwip/addresses_dual.c \
	port/lwip/zone.c \
	port/lwip_sockets/fdset_lwip.c \
	port/lwip_sockets/names.c \
	port/lwip_sockets/native_lwip.c \
	port/lwip_sockets/stack.c \
	port/lwip_sockets/system.c \
	port/names_known.c

LWIP_API = $(addprefix api/,api_lib.c api_msg.c err.c if_api.c netbuf.c netdb.c netifapi.c sockets.c tcpip.c)
LWIP_UNIX = $(LWIP)/contrib/ports/unix/port

# Two ends of some 200 sessions, and those of the sessions, are below the 1024 of an fd_set.
LWIP_SOCKETS_SIZES = $(SIM_SIZES) $(call sim_size,SESSIONS,210) $(call sim_size,SPARE_SOCKETS,4)
# lwIP defines ssize_t by itself where <limits.h> does not know it: all files shall have the same.
LWIP_SOCKETS_STACK = -D_DEFAULT_SOURCE -Iinclude -Iport/lwip_sockets/host -isystem $(LWIP_UNIX)/include -isystem $(LWIP)/src/include \
	$(LWIP_SOCKETS_SIZES)
LWIP_SOCKETS_FLAGS = -DCHECK_TELLS -Iport/lwip_sockets $(INCLUDES) -Iport/posix -Iport/lwip \
	-Iport/lwip_sockets/host/include $(LWIP_SOCKETS_STACK) -Itests/sim -Itests/lwip

lwip_sockets_objects = $(addprefix $(BUILD)/lwip_sockets/,$(patsubst %.c,%.o,$(lwip_core) $(PORT_LWIP_SOCKETS) \
	port/lwip_sockets/host/platform.c) $(patsubst %.c,stack/%.o,$(LWIP_CORE) $(LWIP_V4) $(LWIP_V6) $(LWIP_API) sys_arch.c))

$(BUILD)/lwip_sockets/%.o: %.c $(BUILD)/flags | $(LWIP)/.source
	@mkdir -p $(@D)
	$(call say,cc $<)$(CC) $(ALL_CFLAGS) $(LWIP_SOCKETS_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/lwip_sockets/stack/sys_arch.o: $(LWIP)/.source $(BUILD)/flags port/lwip_sockets/host/lwipopts.h
	@mkdir -p $(@D)
	$(call say,cc sys_arch.c)$(CC) $(ALL_CFLAGS) -w $(LWIP_SOCKETS_STACK) -c -o $@ $(LWIP_UNIX)/sys_arch.c

$(BUILD)/lwip_sockets/stack/%.o: $(LWIP)/.source $(BUILD)/flags port/lwip_sockets/host/lwipopts.h
	@mkdir -p $(@D)
	$(call say,cc $*.c)$(CC) $(ALL_CFLAGS) -w $(LWIP_SOCKETS_STACK) -c -o $@ $(LWIP)/src/$*.c

$(BUILD)/lwip_sockets_contract: $(CONTRACT:%.c=$(BUILD)/lwip_sockets/%.o) \
		$(BUILD)/lwip_sockets/tests/port_contract/harness_lwip_sockets.o $(lwip_sockets_objects)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka -pthread

$(BUILD)/lwip_sockets_proxy: $(BUILD)/lwip_sockets/tests/lwip_sockets/test_proxy.o \
		$(CONVERSATION:%.c=$(BUILD)/lwip_sockets/%.o) $(lwip_sockets_objects)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -lcmocka -pthread

needs_lwip_sockets = $(BUILD)/lwip_sockets_contract $(BUILD)/lwip_sockets_proxy
commands_lwip_sockets = $(foreach t,$(needs_lwip_sockets),'$(strip $(UNDER) $t)')

check-component: ## elsewhere: build and test the component of ESP-IDF, without the SDK
	@if CC='$(CC)' tools/need component; then $(MAKE) --no-print-directory run-check-component; else \
		echo 'check-component: skipped: needs what was named above'; echo '0 passed, 0 failed, 1 skipped'; fi

COMPONENT_TESTS ?= tests/component/test_esp_idf.py

run-check-component: export REPEAT = make check-component COMPONENT_TESTS=
run-check-component: $(needs_lwip_sockets)
	@LWIP=$(abspath $(LWIP)) PYTHONDONTWRITEBYTECODE=1 tests/run $(commands_lwip_sockets) \
		'$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(COMPONENT_TESTS)'

component_sources = $(filter port/lwip_sockets/%,$(PORT_LWIP_SOCKETS)) port/lwip_sockets/host/platform.c \
	tests/port_contract/harness_lwip_sockets.c tests/lwip_sockets/test_proxy.c
component_files = $(component_sources) $(wildcard port/esp-idf/*.[ch] examples/esp-idf/main/*.c \
	port/lwip_sockets/host/include/*.h port/lwip_sockets/host/include/*/*.h tests/component/esp_idf/*.c \
	tests/component/esp_idf/include/*.h tests/component/esp_idf/include/*/*.h)

lint: lint_component

lint_component: | $(LWIP)/.source
	clang-format --dry-run -Werror $(component_files)
	cppcheck $(CPPCHECK) $(LWIP_SOCKETS_FLAGS) $(component_sources)
	@printf '%s\n' $(component_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(LWIP_SOCKETS_FLAGS)

.PHONY: check-component run-check-component lint_component

needs_unit = $(unit)
needs_contract = $(contract)
needs_replay = $(replay)
needs_sim = $(sim) $(sim_less)
needs_lwip = $(BUILD)/lwip_contract $(lwip_tests)
needs_no_malloc = $(POSIX_LIBS) $(posix_program)
needs_e2e = $(BUILD)/anklet $(BUILD)/anklet_no_malloc $(LESS)/anklet $(BUILD)/examples/embed

commands_unit = $(foreach t,$(unit),'$(strip $(UNDER) $t)')
commands_contract = $(foreach t,$(contract),'$(strip $(UNDER) $t)')
commands_replay = $(foreach t,$(replay),'$(strip $(UNDER) $t tests/fuzz/corpus/$(notdir $t))')
commands_sim = $(foreach t,$(needs_sim),'$(strip $(UNDER) $t)')
commands_lwip = $(foreach t,$(needs_lwip),'$(strip $(UNDER) $t)')
commands_no_malloc = 'tests/no_malloc $(POSIX_LIBS) $(posix_program)'
# In two runs, for each has a limit. In either there is something to do also without TLS.
e2e_tls = $(filter %_tls_listen.py %_tls_route.py %_tls_relay.py %_starttls.py %_readme.py %_hop.py %_forward.py,$(E2E))
run_e2e = $(if $(1),'$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(1)')
commands_e2e = $(call run_e2e,$(filter-out $(e2e_tls),$(E2E))) $(call run_e2e,$(e2e_tls))

# What was said on the command line, for the commands that repeat a test.
said = $(foreach v,BUILD CC CONFIG CPPFLAGS CFLAGS LDFLAGS LTO NATIVE SANITIZE TLS TLS_CONFIG,$(if $(filter \
	command,$(origin $v)),$v=$(if $(word 2,$($v)),'$($v)',$($v))))

check: export REPEAT = make $(strip $(said) check) CHECKS=e2e E2E=
check: $(foreach c,$(CHECKS),$(needs_$c)) ## test: build it and run the program's tests; CHECKS='unit lwip' E2E=FILES UNDER=valgrind
	@ANKLET=$(abspath $(BUILD)/anklet) ANKLET_NO_MALLOC=$(abspath $(BUILD)/anklet_no_malloc) \
		ANKLET_LESS=$(abspath $(LESS)/anklet) EMBED=$(abspath $(BUILD)/examples/embed) \
		PYTHONDONTWRITEBYTECODE=1 tests/run $(foreach c,$(CHECKS),$(commands_$c))

test: ## test: first get what is missing, then check
	@CC='$(CC)' tools/need test
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory check

# The tests of the tools themselves.
check-tools: ## test: that the tools tell the truth: tests/run, size, cover
	@REPEAT='$(PYTHON) -m pytest -p no:cacheprovider ' PYTHONDONTWRITEBYTECODE=1 tests/run \
		'$(PYTHON) -m pytest -p no:cacheprovider tests/tools'

.PHONY: check-tools

# Every configuration that has a name, and RANDOM_CONFIGS=24 by chance, from FIRST_SEED on if that is given;
# CONFIGS='NAME SEED ...' are only these.
CONFIGS ?=
check-configs: ## test: build and test every configuration, and some by chance; CONFIGS= RANDOM_CONFIGS=
	@tools/need check-configs
	@BUILD=$(BUILD) CC='$(CC)' CROSS=$(CROSS) tests/configs $(CONFIGS)

.PHONY: check-configs

# ---- Fuzzing: FUZZ_SECONDS for each target, all at the same time ----

FUZZ_SECONDS ?= 60
fuzz_programs = $(FUZZ:fuzz_%=$(BUILD)/fuzz/%)

$(fuzz_programs): $(BUILD)/fuzz/%: $(BUILD)/posix/tests/fuzz/fuzz_%.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -fsanitize=fuzzer -o $@ $(posix_link) $(LIBS)

fuzz_programs: $(fuzz_programs)

fuzz: ## test: the readers of foreign bytes, with clang; FUZZ_SECONDS=60
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzing CC=clang \
		SANITIZE=fuzzer-no-link,address,undefined fuzz_programs
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ:fuzz_%=$(BUILD)/fuzzing/fuzz/%)

# ---- Reading the source ----

posix_sources = $(CORE) $(TLS_none) $(if $(tls_built:none=),$(TLS_mbedtls) $(UNIT_TLS:%=tests/unit/%.c)) \
	$(PORT_POSIX) $(PROGRAM) $(UNIT:%=tests/unit/%.c) $(FUZZ:%=tests/fuzz/%.c) \
	tests/fuzz/replay.c tests/no_malloc.c $(CONTRACT) tests/port_contract/harness_posix.c examples/embed/embed.c
sim_sources = $(PORT_SIM) $(SIM_FRAMEWORK) $(SIM_LIBRARY_none) $(if $(tls_built:none=),$(SIM_LIBRARY_mbedtls)) $(SIM:%=tests/sim/%.c) tests/port_contract/harness_sim.c
sim_less_own = $(SIM_LEFT_OUT:%=tests/sim/%.c)
lwip_sources = $(PORT_LWIP) $(PORT_LWIP_DUAL) port/lwip/host/board.c tests/port_contract/harness_lwip.c \
	$(TESTS_LWIP:%=tests/lwip/%.c) $(CONVERSATION)
headers = $(wildcard include/*.h src/*.h port/*.h port/*/*.h port/*/*/*.h port/*/*/*/*.h tests/*/*.h)
scripts = tests/tls/make_certificates tools/need tools/get_source tools/find_tls tools/fuzz tests/no_malloc tests/hardened .ci/run

lint: lint_format lint_cppcheck lint_tidy lint_scripts lint_man ## test: clang-format, cppcheck, clang-tidy, shellcheck and mandoc

lint_format:
	clang-format --dry-run -Werror $(posix_sources) $(sim_sources) $(sim_less_own) $(lwip_sources) $(PORT_LWIP_V4) $(headers)

lint_cppcheck:
	cppcheck $(CPPCHECK) $(POSIX_FLAGS) $(posix_sources)
	cppcheck $(CPPCHECK) $(SIM_FLAGS) $(sim_sources)
	cppcheck $(CPPCHECK) $(SIM_FLAGS) $(left_out) $(sim_less_own)
	cppcheck $(CPPCHECK) $(LWIP_FLAGS) $(lwip_sources)

CPPCHECK = --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability \
	--inline-suppr --suppressions-list=tools/cppcheck.suppressions -j 2

lint_tidy: | $(LWIP)/.source
	@printf '%s\n' $(posix_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(POSIX_FLAGS)
	@printf '%s\n' $(sim_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(SIM_FLAGS)
	@clang-tidy --quiet $(sim_less_own) -- -std=c11 $(SIM_FLAGS) $(left_out)
	@printf '%s\n' $(lwip_sources) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 $(LWIP_FLAGS)

lint_scripts:
	shellcheck $(scripts)

lint_man:
	mandoc -Tlint -W warning docs/anklet.8 docs/anklet.conf.5

format: ## test: put the C source into the form that lint asks for
	clang-format -i $(posix_sources) $(sim_sources) $(sim_less_own) $(lwip_sources) $(PORT_LWIP_V4) $(headers)

# ---- Housekeeping ----

objects = $(posix_core) $(posix_port) $(posix_program) $(sim_core) $(sim_port) \
	$(posix_sources:%.c=$(BUILD)/posix/%.o) $(sim_sources:%.c=$(BUILD)/sim/%.o) \
	$(CONTRACT:%.c=$(BUILD)/sim/%.o) \
	$(foreach v,lwip lwip_small,$(CORE:%.c=$(BUILD)/$v/%.o) $(lwip_sources:%.c=$(BUILD)/$v/%.o)) \
	$(filter-out %/sys_arch.o $(BUILD)/lwip_sockets/stack/%,$(lwip_sockets_objects)) \
	$(component_sources:%.c=$(BUILD)/lwip_sockets/%.o) $(CONVERSATION:%.c=$(BUILD)/lwip_sockets/%.o) \
	$(CONTRACT:%.c=$(BUILD)/lwip_sockets/%.o)

-include $(sort $(objects:.o=.d))

clean: ## use: remove BUILD
	rm -rf $(BUILD)

FORCE:

.PHONY: all deps tls_source tls_found tls_library run install test check fuzz fuzz_programs format clean FORCE
.PHONY: lint lint_format lint_cppcheck lint_tidy lint_scripts lint_man
.SECONDARY:

# ---- Firmware: anklet on a microcontroller, with lwIP and no operating system ----
#
#   make firmware BOARD=lm3s6965evb    gets what is missing, then builds build/BOARD/anklet.elf, .bin, .hex
#   make run-firmware BOARD=...        the same, and starts it under QEMU
#   make test-firmware                 the same for every board, and tests them under QEMU

BOARD ?= $(or $(filter-out other,$(config_board)),lm3s6965evb)
BOARDS = lm3s6965evb lm3s6965evb-tls mps2-an385
CROSS ?= arm-none-eabi-

# A board's folder says what the image is; the hardware's own files may stand in another one.
CHIP_lm3s6965evb-tls = lm3s6965evb
CHIP = $(or $(CHIP_$(BOARD)),$(BOARD))

# The configuration of that board which was asked for, or else the committed one.
board_header := $(if $(filter $(BOARD),$(config_board)),$(config_header),$(wildcard configs/$(BOARD).h))
# With TLS the board's folder has the library's configuration too.
FIRMWARE_TLS := $(if $(shell grep -sx '.define CONFIG_ANKLET_TLS 1' $(or $(board_header),/dev/null)),mbedtls,none)

BOARD_COMMON = $(addprefix port/lwip/boards/common/,checksum.c clock.c console.c ethernet.c fault.c \
	files.c network.c seed.c settings.c startup.c watchdog.c)
BOARD_OWN = chip.c nic.c

FIRMWARE = \
	port/lwip/firmware/figures.c \
	port/lwip/firmware/main.c \
	$(FIRMWARE_HEAP_$(FIRMWARE_TLS))
FIRMWARE_HEAP_none = port/lwip/firmware/tls_heap_none.c
FIRMWARE_HEAP_mbedtls = port/lwip/firmware/tls_heap.c

# The same board and stack without anklet, to compare with.
ECHO = \
	port/lwip/boards/common/echo.c \
	port/lwip/chacha20.c \
	port/lwip/random.c \
	src/address.c \
	src/text.c

LWIP_ETHERNET = core/ipv4/dhcp.c core/ipv4/etharp.c netif/ethernet.c

# Of Mbed TLS itself, below its library/. What a board's configuration leaves out is an empty object.
MBEDTLS_LIBRARY = aes.c asn1parse.c asn1write.c base64.c bignum.c bignum_core.c bignum_mod.c \
	bignum_mod_raw.c block_cipher.c chacha20.c chachapoly.c cipher.c cipher_wrap.c constant_time.c \
	ecdh.c ecdsa.c ecp.c ecp_curves.c gcm.c hkdf.c md.c oid.c pem.c pk.c pk_ecc.c \
	pk_wrap.c pkparse.c platform.c platform_util.c poly1305.c psa_crypto.c psa_crypto_aead.c \
	psa_crypto_cipher.c psa_crypto_client.c psa_crypto_driver_wrappers_no_static.c psa_crypto_ecp.c \
	psa_crypto_hash.c psa_crypto_mac.c psa_crypto_rsa.c psa_crypto_slot_management.c psa_util.c rsa.c \
	rsa_alt_helpers.c sha256.c sha512.c ssl_ciphersuites.c ssl_client.c ssl_msg.c ssl_ticket.c ssl_tls.c \
	ssl_tls12_client.c ssl_tls12_server.c ssl_tls13_client.c ssl_tls13_generic.c ssl_tls13_keys.c \
	ssl_tls13_server.c x509.c x509_crt.c

$(MBEDTLS)/.source:
	tools/get_source mbedtls $(MBEDTLS)

image = $(BUILD)/$(BOARD)
board = port/lwip/boards/$(BOARD)
chip = port/lwip/boards/$(CHIP)
FIRMWARE_CPU = -mcpu=cortex-m3 -mthumb
FIRMWARE_FLAGS = -std=c11 -Os -g $(FIRMWARE_CPU) -ffreestanding -ffunction-sections -fdata-sections \
	-fno-common -include $(board_header) -I$(board) -I$(chip) -Iport/lwip/boards/common -Iport/lwip \
	$(INCLUDES) -isystem $(LWIP)/src/include $(FIRMWARE_FLAGS_$(FIRMWARE_TLS))
FIRMWARE_FLAGS_mbedtls = -isystem $(MBEDTLS)/include '-DMBEDTLS_CONFIG_FILE=<mbedtls_config.h>'
FIRMWARE_LINK = $(FIRMWARE_CPU) -nostartfiles --specs=nano.specs --specs=nosys.specs \
	-L$(board) -L$(chip) -T port/lwip/boards/common/cortex_m3.ld -Wl,--gc-sections,--no-warn-rwx-segments

firmware_sources = $(FIRMWARE) $(CORE) $(TLS_$(FIRMWARE_TLS)) $(PORT_LWIP)
board_sources = $(BOARD_COMMON) $(BOARD_OWN:%=$(chip)/%) $(PORT_LWIP_V4)
firmware_lwip = $(LWIP_CORE) $(LWIP_V4) $(LWIP_ETHERNET)
stack_objects = $(firmware_lwip:%.c=$(image)/stack/%.o)
board_objects = $(board_sources:%.c=$(image)/%.o) $(image)/built_in.o $(stack_objects)
library_objects = $(if $(filter mbedtls,$(FIRMWARE_TLS)),$(MBEDTLS_LIBRARY:%.c=$(image)/mbedtls/%.o))
firmware_objects = $(firmware_sources:%.c=$(image)/%.o) $(board_objects) $(library_objects)
echo_objects = $(ECHO:%.c=$(image)/%.o) $(board_objects)
linker_scripts = port/lwip/boards/common/cortex_m3.ld $(board)/memory.ld
libraries = $(LWIP)/.source $(if $(library_objects),$(MBEDTLS)/.source)

$(image)/%.o: %.c $(image)/flags | $(libraries)
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $<)$(CROSS)gcc $(FIRMWARE_FLAGS) $(WARN) $(WERROR:1=-Werror) -MD -MP -c -o $@ $<

$(stack_objects): $(image)/stack/%.o: $(LWIP)/.source $(image)/flags
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $*.c)$(CROSS)gcc $(FIRMWARE_FLAGS) -w -MD -MP -c -o $@ $(LWIP)/src/$*.c

# For speed: a handshake's longest step is how long all others wait. Hosted, for the library moves words by
# memcpy(), which is then no call but an instruction.
$(library_objects): $(image)/mbedtls/%.o: $(MBEDTLS)/.source $(image)/flags
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $*.c)$(CROSS)gcc $(FIRMWARE_FLAGS) -O2 -fhosted -I$(MBEDTLS)/library -w -MD -MP -c -o $@ $(MBEDTLS)/library/$*.c

$(image)/built_in.o: port/lwip/boards/common/built_in.S $(board)/anklet.conf $(board)/network.conf $(image)/flags
	@mkdir -p $(@D)
	$(call say,as $(BOARD) $<)$(CROSS)gcc $(FIRMWARE_CPU) -DNETWORK_FILE='"$(board)/network.conf"' \
		-DCONFIG_FILE='"$(board)/anklet.conf"' -c -o $@ $<

$(image)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$(CROSS) $(FIRMWARE_FLAGS) $(FIRMWARE_LINK)" | cmp -s - $@ || \
		echo "$(CROSS) $(FIRMWARE_FLAGS) $(FIRMWARE_LINK)" >$@

$(image)/anklet.elf: $(firmware_objects) $(linker_scripts)
	$(call say,link $@)$(CROSS)gcc $(FIRMWARE_LINK) -Wl,-Map,$(@:.elf=.map) -o $@ $(filter %.o,$^)

$(image)/echo.elf: $(echo_objects) $(linker_scripts)
	$(call say,link $@)$(CROSS)gcc $(FIRMWARE_LINK) -Wl,-Map,$(@:.elf=.map) -o $@ $(filter %.o,$^)

$(image)/%.bin: $(image)/%.elf
	$(call say,copy $@)$(CROSS)objcopy -O binary $< $@

$(image)/%.hex: $(image)/%.elf
	$(call say,copy $@)$(CROSS)objcopy -O ihex $< $@

# What is compiled of an image but the libraries, with what checks the stack's sizes: for those that need not fit.
image_objects: $(firmware_sources:%.c=$(image)/%.o) $(board_sources:%.c=$(image)/%.o) \
	$(image)/stack/core/init.o $(image)/stack/core/memp.o

images: $(image)/anklet.elf $(image)/anklet.bin $(image)/anklet.hex $(image)/echo.elf
	@tools/size parts $(image)/anklet.elf $(HOLD)

firmware: ## elsewhere: get what is missing and build the image for a microcontroller; BOARD=NAME
	@tools/need firmware
	@$(MAKE) --no-print-directory images

run-firmware: firmware ## elsewhere: get what is missing, build the image and start it under QEMU; BOARD=NAME
	@tools/need run-firmware
	@tools/run_firmware $(BOARD) $(image)

FIRMWARE_TESTS ?= tests/firmware

check-firmware: export REPEAT = make check-firmware FIRMWARE_TESTS=
check-firmware: ## elsewhere: build every board and test it under QEMU; FIRMWARE_TESTS=FILES
	@for b in $(BOARDS); do $(MAKE) --no-print-directory BOARD=$$b HOLD=--hold images || exit 1; done
	@IMAGES=$(abspath $(BUILD)) PYTHONDONTWRITEBYTECODE=1 TEST_SECONDS=1200 tests/run \
		'$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(FIRMWARE_TESTS)'

test-firmware: ## elsewhere: first get what is missing, then check-firmware
	@tools/need test-firmware
	@$(MAKE) --no-print-directory check-firmware

# The boards' own files; those of anklet and port/lwip are read above.
firmware_own = $(sort $(FIRMWARE) $(FIRMWARE_HEAP_none) $(FIRMWARE_HEAP_mbedtls)) $(BOARD_COMMON) port/lwip/boards/common/echo.c $(foreach b,$(BOARDS), \
	$(wildcard $(BOARD_OWN:%=port/lwip/boards/$b/%))) \
	$(wildcard port/lwip/firmware/*.h port/lwip/boards/*/*.h port/lwip/boards/common/arch/*.h)

lint: lint_firmware

lint_firmware:
	clang-format --dry-run -Werror $(firmware_own)
	shellcheck tools/run_firmware

-include $(sort $(patsubst %.o,%.d,$(firmware_objects) $(echo_objects)))

.PHONY: lint_firmware images image_objects firmware run-firmware check-firmware test-firmware

# ---- OpenWrt: the package in port/openwrt, checked without the SDK ----
#
#   make check-openwrt      what of it can be checked here; installs nothing
#   make test-openwrt       the same, and first gets what is missing

$(BUILD)/openwrt_keywords: $(BUILD)/posix/tests/openwrt/keywords.o $(POSIX_LIBS)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -o $@ $(posix_link) $(LIBS)

check-openwrt: $(BUILD)/openwrt_keywords $(TLS_ARCHIVE) ## elsewhere: build and test the package for OpenWrt, without the SDK
	@KEYWORDS=$(abspath $(BUILD)/openwrt_keywords) TLS_BUILT=$(tls_built) \
		TLS_ARCHIVE=$(abspath $(TLS_ARCHIVE)) MBEDTLS=$(abspath $(MBEDTLS)) \
		tests/openwrt/check $(BUILD)/openwrt

test-openwrt: ## elsewhere: first get what is missing, then check-openwrt
	@CC='$(CC)' tools/need openwrt
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory check-openwrt

lint: lint_openwrt

# What rc_common and network.sh define is called by the init script.
lint_openwrt:
	clang-format --dry-run -Werror tests/openwrt/keywords.c
	shellcheck tests/openwrt/check
	shellcheck -s dash -e SC1090,SC2317 tests/openwrt/rc_common tests/openwrt/network.sh
	shellcheck -s dash -e SC3043,SC2034 port/openwrt/files/anklet.init

-include $(BUILD)/posix/tests/openwrt/keywords.d

.PHONY: check-openwrt test-openwrt lint_openwrt
.PHONY: lint_firmware images firmware run-firmware check-firmware test-firmware
# ---- Other processors, libcs and compilers (docs/platforms.md) ----
#
#   make check-cross                       gets what is missing, builds anklet and its tests for each of ARCHS
#                                          into build/cross/ARCH, and runs them, under qemu-user where need be
#   make check-cross ARCHS='mips riscv64'  for these
#   make check-cross CROSS_CHECKS=e2e      one kind of test; those of CHECKS
#   make size-cross                        what each of them takes, which ends check-cross too

ALL_ARCHS = mipsel mipsel-tls mips armhf aarch64 riscv64 i386 i386-glibc musl musl-clang glibc glibc-clang
ARCHS ?= $(ALL_ARCHS)
CROSS_CHECKS ?= unit contract replay sim e2e
# An emulator is slow, and what the processor changes shows in the first runs.
CROSS_SEEDS ?= 10

MUSL = $(DEPS)/musl
CMOCKA = $(DEPS)/cmocka

TRIPLE_mipsel = mipsel-linux-gnu
TRIPLE_mipsel-tls = mipsel-linux-gnu
TRIPLE_mips = mips-linux-gnu
TRIPLE_armhf = arm-linux-gnueabihf
TRIPLE_aarch64 = aarch64-linux-gnu
TRIPLE_riscv64 = riscv64-linux-gnu
TRIPLE_i386 = i686-linux-gnu
TRIPLE_i386-glibc = i686-linux-gnu
triple = $(or $(TRIPLE_$1),$(shell gcc -dumpmachine 2>/dev/null))

# Its own select() has the sets of its libc, of 1024 descriptors, and ends the program that has more.
EMULATOR_mipsel = qemu-mipsel-static
EMULATOR_mipsel-tls = qemu-mipsel-static
EMULATOR_mips = qemu-mips-static
EMULATOR_armhf = qemu-arm-static
EMULATOR_aarch64 = qemu-aarch64-static
EMULATOR_riscv64 = qemu-riscv64-static

# gcc's own search for libc is turned to musl's; with -static it links libgcc and libc as a group.
has_musl = $(if $(findstring glibc,$1),,yes)
musl = $(DEPS)/built/musl-$(call triple,$1)
cross_compiler = $(if $(findstring clang,$1),clang,$(call triple,$1)-gcc)
own_headers = $(if $(findstring clang,$1),$(shell clang -print-resource-dir)/include,$(shell \
	$(call cross_compiler,$1) -print-file-name=include))
cross_cc = $(call cross_compiler,$1)$(if $(call has_musl,$1), -B$(call musl,$1)/lib -nostdinc \
	-isystem $(call musl,$1)/include -isystem $(call own_headers,$1))

# Position-independent and static where that is cheap. On mips it costs 15 KB, and mips16 code cannot be.
mips_code = -fno-pie -mplt -mno-shared -fstack-protector-strong
# Not every processor's linker knows all that x86's does.
comma = ,
cross_flags = $(if $(findstring mips,$1),HARDEN='$(mips_code)' PIE='-no-pie -static',$(if $(call \
	has_musl,$1),PIE=-static-pie)) LINK_Linux='$(subst -z$(comma)nodynamic-undefined-weak$(comma),,$(LINK_Linux))'
# A router on mips has pages of 4 KiB. And gcc for arm and riscv names a loader in what is static-pie too.
cross_link = -L$(BUILD)/cross/$1 $(if $(call has_musl,$1),-L$(call musl,$1)/lib) \
	$(if $(findstring mips,$1),-Wl$(comma)-z$(comma)max-page-size=4096,$(if $(call has_musl,$1),-Wl$(comma)--no-dynamic-linker)) $(LINK_$1)
# Debian's libc for a foreign processor is not where such a system has it.
LINK_i386-glibc = -Wl,-dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2,-rpath=/usr/i686-linux-gnu/lib

# On mips the port's contract is that of the simulator: qemu-user gives SO_ERROR by the host's numbers there.
# With TLS there is one file of tests: the library for a router, and a handshake.
cross_scope = $(if $(filter %-tls,$1),TLS=mbedtls TLS_CONFIG=small CROSS_CHECKS=e2e \
	E2E=tests/e2e/test_tls_listen.py,TLS=none SIM='$(filter-out sim_tls% sim_starttls,$(SIM))' \
	E2E='$(filter-out %_starttls.py $(wildcard tests/e2e/test_tls_*.py),$(E2E))' \
	$(if $(findstring mips,$1),contract=$(BUILD)/cross/$1/sim_contract))

# musl's headers do not say so in a way that cmocka's would understand. mips16 is for our own code: a
# library may have assembler of the other kind in it.
cross_cppflags = -isystem $(CMOCKA)/include -D_UINTPTR_T_DEFINED $(if $(findstring mips,$1),-mips16)

cross_make = $(MAKE) --no-print-directory BUILD=$(BUILD)/cross/$1 CC='$(call cross_cc,$1)' \
	AR=$(if $(findstring clang,$1),ar,$(call triple,$1)-gcc-ar) CPPFLAGS='$(cross_cppflags)' \
	LDFLAGS='$(call cross_link,$1)' UNDER='$(if $(EMULATOR_$1),prlimit --nofile=1000 $(EMULATOR_$1))' EMULATOR=$(EMULATOR_$1) CROSS_CMOCKA=$(BUILD)/cross/$1/libcmocka.a \
	CROSS_LIBC=$(if $(call has_musl,$1),$(call musl,$1)/lib/libc.a) \
	$(call cross_flags,$1) $(call cross_scope,$1)

$(MUSL)/.source:
	tools/get_source musl $(MUSL)

$(CMOCKA)/.source:
	tools/get_source cmocka $(CMOCKA)

$(DEPS)/built/musl-%/lib/libc.a: $(MUSL)/.source tools/build_musl
	$(call say,musl for $*)tools/build_musl $* $(MUSL) $(DEPS)/built/musl-$*

$(BUILD)/libcmocka.a: $(CMOCKA)/.source $(BUILD)/flags
	$(call say,cc cmocka.c)$(CC) $(HARDEN) $(CPPFLAGS) -Os -w $(addprefix -DHAVE_,MALLOC_H INTTYPES_H SIGNAL_H STRINGS_H \
		CLOCK_REALTIME SIGLONGJMP STRSIGNAL STRUCT_TIMESPEC GCC_THREAD_LOCAL_STORAGE) \
		-c -o $(@:.a=.o) $(CMOCKA)/src/cmocka.c
	@rm -f $@; $(AR) rcs $@ $(@:.a=.o)

# The programs need no library for a foreign processor but musl and, in tests, cmocka.
$(BUILD)/anklet $(replay): $(CROSS_LIBC)
$(unit) $(contract) $(sim): $(CROSS_LIBC) $(CROSS_CMOCKA)

$(BUILD)/run: $(BUILD)/anklet
	@printf '#!/bin/sh\nexec %s "$$@"\n' '$(EMULATOR) $(abspath $<)' >$@ && chmod 755 $@

cross_programs: $(foreach c,$(filter-out e2e,$(CROSS_CHECKS)),$(needs_$c)) $(BUILD)/run

cross_tests: export REPEAT = make check-cross ARCHS=$(notdir $(BUILD)) CROSS_CHECKS=e2e E2E=
cross_tests:
	@ANKLET=$(abspath $(BUILD)/$(if $(EMULATOR),run,anklet)) ANKLET_EMULATOR=$(EMULATOR) SIM_SEEDS=$(CROSS_SEEDS) \
		PYTHONDONTWRITEBYTECODE=1 tests/run $(foreach c,$(CROSS_CHECKS),$(commands_$c))

cross_musls = $(foreach a,$(ARCHS),$(if $(call has_musl,$a),$(call musl,$a)/lib/libc.a))
cross_libraries: $(CMOCKA)/.source $(sort $(cross_musls)) $(if $(filter %-tls,$(ARCHS)),$(MBEDTLS)/.source)

$(ARCHS:%=cross_build_%): cross_build_%:
	@echo '---- $*'
	+@$(call cross_make,$*) cross_programs

$(ARCHS:%=cross_test_%): cross_test_%:
	+@$(call cross_make,$*) cross_tests

lint: lint_cross

lint_cross:
	shellcheck tools/build_musl

check-cross: ## elsewhere: build and test for other processors and libcs; ARCHS='mips musl' CROSS_CHECKS=e2e
	$(foreach a,$(filter-out $(ALL_ARCHS),$(ARCHS)),$(error ARCHS: '$a' is none of $(ALL_ARCHS)))
	@for a in $(ARCHS); do tools/need cross-$$a || exit 1; done
	@$(MAKE) --no-print-directory cross_libraries
	@$(MAKE) --no-print-directory $(ARCHS:%=cross_build_%)
	@$(MAKE) --no-print-directory size-cross
	@TEST_SECONDS=3600 tests/run $(ARCHS:%='$(MAKE) --no-print-directory cross_test_%')

.PHONY: check-cross lint_cross cross_libraries cross_programs cross_tests \
	$(ARCHS:%=cross_build_%) $(ARCHS:%=cross_test_%)

# ---- Zephyr: port/zephyr ----
#
#   make check-zephyr    what can be known of the module without Zephyr: its README says what that is
#
# It runs here, over this host's sockets; tests/component/zephyr stands in for Zephyr.

PORT_ZEPHYR = \
	port/log_lines.c \
	port/lwip_sockets/system.c \
	port/names_known.c \
	port/posix/addresses.c \
	port/posix/datagrams.c \
	port/posix/fdset_posix.c \
	port/posix/move.c \
	port/posix/native_untold.c \
	port/posix/sockets.c \
	port/posix/stream.c \
	port/posix/wait_select.c \
	port/zephyr/names.c \
	port/zephyr/native_zephyr.c \
	port/zephyr/platform_zephyr.c

zephyr_stand_in = tests/component/zephyr
zephyr_tests = $(BUILD)/zephyr/contract $(BUILD)/zephyr/test_port
zephyr_core = $(CORE) $(TLS_none) $(PORT_ZEPHYR) $(zephyr_stand_in)/host.c
zephyr_own = $(filter port/zephyr/%,$(PORT_ZEPHYR)) port/zephyr/sample/src/main.c \
	$(zephyr_stand_in)/host.c $(zephyr_stand_in)/harness.c $(zephyr_stand_in)/test_port.c
ZEPHYR_FLAGS = -DCHECK_TELLS -Iinclude -Isrc -Iport -Iport/zephyr -Iport/posix \
	-I$(zephyr_stand_in)/include -I$(zephyr_stand_in) -Itests/port_contract
zephyr_configure = $(zephyr_stand_in)/configure $@ port/zephyr/sample/prj.conf

$(BUILD)/zephyr/host.h: Kconfig port/zephyr/Kconfig port/zephyr/sample/prj.conf $(wildcard $(zephyr_stand_in)/*onf*)
	@mkdir -p $(@D)
	$(call say,configure $@)$(zephyr_configure) $(zephyr_stand_in)/host.conf

$(BUILD)/zephyr/sample.h: Kconfig port/zephyr/Kconfig port/zephyr/sample/prj.conf $(wildcard $(zephyr_stand_in)/*onf*)
	@mkdir -p $(@D)
	$(call say,configure $@)$(zephyr_configure)

$(BUILD)/zephyr/host/%.o: %.c $(BUILD)/zephyr/host.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc zephyr $<)$(CC) $(ALL_CFLAGS) -include $(BUILD)/zephyr/host.h $(ZEPHYR_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/zephyr/sample/%.o: %.c $(BUILD)/zephyr/sample.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc zephyr $<)$(CC) $(ALL_CFLAGS) -include $(BUILD)/zephyr/sample.h $(ZEPHYR_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/zephyr/contract: $(CONTRACT:%.c=$(BUILD)/zephyr/host/%.o) \
		$(BUILD)/zephyr/host/$(zephyr_stand_in)/harness.o $(zephyr_core:%.c=$(BUILD)/zephyr/host/%.o)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -pthread -o $@ $(filter %.o,$^) -lcmocka

$(BUILD)/zephyr/test_port: $(BUILD)/zephyr/host/$(zephyr_stand_in)/test_port.o $(zephyr_core:%.c=$(BUILD)/zephyr/host/%.o)
	$(call say,link $@)$(CC) $(TEST_LDFLAGS) -Wl,--wrap=recv,--wrap=shutdown -pthread -o $@ $(filter %.o,$^) -lcmocka

# The sample, with its own sizes: it is linked as an ordinary program.
$(BUILD)/zephyr/sample/sample: $(BUILD)/zephyr/sample/port/zephyr/sample/src/main.o \
		$(zephyr_core:%.c=$(BUILD)/zephyr/sample/%.o)
	$(call say,link $@)$(CC) $(ALL_LDFLAGS) -pthread -o $@ $(filter %.o,$^)

# What the Makefile takes for the module, for the test that holds CMakeLists.txt against it.
zephyr-sources:
	@echo $(sort $(CORE) $(PORT_ZEPHYR)) : $(TLS_none) : $(TLS_mbedtls)

check-zephyr: ## elsewhere: build and test the module for Zephyr, without Zephyr
	@if CC='$(CC)' tools/need check-zephyr; then $(MAKE) --no-print-directory run-check-zephyr; else \
		echo 'check-zephyr: skipped: needs what was named above'; echo '0 passed, 0 failed, 1 skipped'; fi

ZEPHYR_TESTS ?= tests/component/test_zephyr.py

run-check-zephyr: export REPEAT = make check-zephyr ZEPHYR_TESTS=
run-check-zephyr: $(zephyr_tests) $(BUILD)/zephyr/sample/sample
	@BUILD=$(abspath $(BUILD)/zephyr) PYTHONDONTWRITEBYTECODE=1 tests/run $(foreach t,$(zephyr_tests),'$t') \
		'$(PYTHON) -m pytest -p no:cacheprovider -rfEsxX $(ZEPHYR_TESTS)'

-include $(patsubst %.c,$(BUILD)/zephyr/host/%.d,$(zephyr_core) $(CONTRACT) $(zephyr_own)) \
	$(patsubst %.c,$(BUILD)/zephyr/sample/%.d,$(zephyr_core) $(zephyr_own))

lint: lint_zephyr

lint_zephyr: $(BUILD)/zephyr/host.h
	clang-format --dry-run -Werror $(zephyr_own) $(wildcard port/zephyr/*.h $(zephyr_stand_in)/*.h \
		$(zephyr_stand_in)/include/zephyr/*.h $(zephyr_stand_in)/include/zephyr/*/*.h)
	cppcheck $(CPPCHECK) -include $(BUILD)/zephyr/host.h $(ZEPHYR_FLAGS) $(zephyr_own)
	@printf '%s\n' $(zephyr_own) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- \
		-std=c11 -include $(BUILD)/zephyr/host.h $(ZEPHYR_FLAGS)

.PHONY: zephyr-sources check-zephyr run-check-zephyr lint_zephyr

# ---- The project's own tools, one fragment each ----

include mk/bench.mk mk/size.mk mk/cover.mk mk/release.mk mk/fresh.mk mk/nightly.mk

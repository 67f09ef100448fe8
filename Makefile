# anklet. 'make' builds the program; 'make run' and 'make test' first install what is missing.
#
#   make                    build/anklet, with a C compiler and libc only
#   make run ARGS='...'     build and start it
#   make test               build and run every test
#   make install            PREFIX=/usr/local, DESTDIR= as usual
#   make size               text, static RAM and octets a session
#   make lint, make fuzz    what CI runs besides the tests
#
# Variants do not disturb each other: make BUILD=build/clang CC=clang SANITIZE=address,undefined check

BUILD ?= build
CC ?= cc
AR ?= ar
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
SANITIZE ?=
SYSTEM := $(shell uname -s)

CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wswitch-enum -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
HARDEN = -fPIE -fstack-protector-strong
GC = -ffunction-sections -fdata-sections
ALL_CFLAGS = -std=c11 $(WARN) $(HARDEN) $(GC) $(SANITIZER) $(CFLAGS) -MMD -MP
ALL_LDFLAGS = -pie $(LINK_$(SYSTEM)) $(SANITIZER) $(LDFLAGS)
LINK_Linux = -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--as-needed
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
	src/session_log.c \
	src/relay.c \
	src/rules.c \
	src/rules_print.c \
	src/session.c \
	src/session_bind.c \
	src/session_connect.c \
	src/session_request.c \
	src/socks4.c \
	src/string_table.c \
	src/text.c

PORT_POSIX = \
	port/posix/addresses.c \
	port/posix/dns.c \
	port/posix/name_files.c \
	port/posix/resolve.c \
	port/posix/sockets.c \
	port/posix/system.c \
	port/posix/wait_select.c

PROGRAM = \
	port/posix/holder.c \
	port/posix/main.c \
	port/posix/options.c

PORT_SIM = \
	port/sim/sim.c

UNIT = \
	test_address \
	test_config \
	test_config_errors \
	test_config_print \
	test_config_report \
	test_endpoint \
	test_rules \
	test_rules_guard \
	test_text

CONTRACT = \
	tests/port_contract/contract.c

SIM = \
	sim_connect

FUZZ = \
	fuzz_config

# ---- The program ----

all: $(BUILD)/anklet

posix_core = $(CORE:%.c=$(BUILD)/posix/%.o)
posix_port = $(PORT_POSIX:%.c=$(BUILD)/posix/%.o)
sim_core = $(CORE:%.c=$(BUILD)/sim/%.o)
sim_port = $(PORT_SIM:%.c=$(BUILD)/sim/%.o)

INCLUDES = -Iinclude -Isrc -Iport

$(BUILD)/posix/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INCLUDES) -Iport/posix -Itests/unit -c -o $@ $<

$(BUILD)/sim/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INCLUDES) -Iport/sim -Itests/sim -c -o $@ $<

$(BUILD)/posix/libanklet.a: $(posix_core)
	rm -f $@; $(AR) rcs $@ $^

$(BUILD)/posix/libport.a: $(posix_port)
	rm -f $@; $(AR) rcs $@ $^

$(BUILD)/sim/libanklet.a: $(sim_core)
	rm -f $@; $(AR) rcs $@ $^

$(BUILD)/sim/libport.a: $(sim_port)
	rm -f $@; $(AR) rcs $@ $^

POSIX_LIBS = $(BUILD)/posix/libanklet.a $(BUILD)/posix/libport.a
SIM_LIBS = $(BUILD)/sim/libanklet.a $(BUILD)/sim/libport.a

$(BUILD)/anklet: $(PROGRAM:%.c=$(BUILD)/posix/%.o) $(POSIX_LIBS)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(POSIX_LIBS) $(LIBS)

# ---- Tests ----

unit = $(UNIT:%=$(BUILD)/unit/%)
sim = $(SIM:%=$(BUILD)/sim/%)

$(BUILD)/unit/%: $(BUILD)/posix/tests/unit/%.o $(POSIX_LIBS)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(POSIX_LIBS) -lcmocka $(LIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)

.PHONY: all clean run test check install size lint fuzz
.SECONDARY:

# anklet. 'make' builds the program; 'make run' and 'make test' first install what is missing; 'make help' has the rest.
#
## any: BUILD=build/asan: a directory of its own for each variant, so that none disturbs another
## any: CC=clang: another compiler; SANITIZE=address,undefined WERROR=1 CFLAGS= CPPFLAGS= LDFLAGS=
## any: V=1: each command in full
#
# anklet.mk says what there is; mk/build.mk how a file becomes an object and objects a program. Every other fragment
# is about what its name says, and begins with what it is for.

BUILD ?= build
DEPS ?= build/deps
CC ?= cc
AR ?= ar
PYTHON ?= /usr/bin/python3
PREFIX ?= /usr/local
DESTDIR ?=
ARGS ?=
SANITIZE ?=
WERROR ?=
SYSTEM := $(shell uname -s)
comma = ,

default: all

include anklet.mk mk/config.mk mk/compiler.mk mk/tls.mk mk/build.mk

# The program, or the image of the board that was chosen.
all: $(if $(call chosen,PORT_LWIP),board_$(or $(filter-out other,$(config_board)),none),$(BUILD)/anklet $(completion)) ## use: build BUILD/anklet; TLS=none|mbedtls TLS_CONFIG=small|default

run: ## use: get what is missing, build it and start it; ARGS='--log debug'
	@CC='$(CC)' tools/need build
	@$(MAKE) --no-print-directory tls_source or_without=yes
	@$(MAKE) --no-print-directory all
	@exec $(BUILD)/anklet $(ARGS)

clean: ## use: remove BUILD
	rm -rf $(BUILD)

include mk/embed.mk mk/tests.mk mk/sockets.mk mk/firmware.mk mk/openwrt.mk mk/cross.mk mk/lint.mk
include mk/bench.mk mk/size.mk mk/cover.mk mk/release.mk mk/fresh.mk mk/nightly.mk

# What each object was made from.
-include $(shell find $(VARIANTS:%=$(BUILD)/%) -name '*.d' 2>/dev/null)

FORCE:

.PHONY: default all run clean FORCE
.SECONDARY:

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
export PYTHONDONTWRITEBYTECODE = 1
SYSTEM := $(shell uname -s)
MAKEFLAGS += --no-print-directory
comma = ,
.DEFAULT_GOAL = all

# say WHAT: one short line instead of the command, unless V is set; and the target's directory.
say = $(if $(V),,@echo '  $(1)'; )mkdir -p $(@D) &&

# get GROUP,TARGETS: what tools/need knows by that name; then each target by a make of its own, which sees it.
define get
@CC='$(CC)' tools/need $(1)
$(foreach t,$(2),+@$(MAKE) $t
)
endef

include anklet.mk mk/config.mk mk/compiler.mk mk/tls.mk mk/build.mk

# The program, or the image of the board that was chosen.
all: $(if $(call chosen,PORT_LWIP),$(if $(config_board),images,no_board),$(BUILD)/anklet $(completion)) ## use: build BUILD/anklet; TLS=none|mbedtls TLS_CONFIG=small|default

run: export or_without = yes
run: ## use: get what is missing, build it and start it; ARGS='--log debug'
	$(call get,build,tls_source all)
	@exec $(BUILD)/anklet $(ARGS)

clean: ## use: remove BUILD
	rm -rf $(BUILD)

include mk/embed.mk mk/lwip.mk mk/tests.mk mk/sockets.mk mk/firmware.mk mk/openwrt.mk mk/cross.mk mk/lint.mk
include mk/bench.mk mk/size.mk mk/cover.mk mk/release.mk mk/nightly.mk

# What each object was made from, as the compiler has written it: nothing else makes it.
%.d: ;
-include $(shell find $(VARIANTS:%=$(BUILD)/%) -name '*.d' 2>/dev/null)

# No file has a name without a slash that is a target's, whatever lies about in this directory.
.PHONY: $(shell sed -n 's/^\([a-z][a-z_-]*\):.*/\1/p' Makefile mk/*.mk) FORCE
.SECONDARY:

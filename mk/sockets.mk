# ---- port/bsd on small systems: ESP-IDF's and Zephyr's sockets, without either SDK ----
#
# ESP-IDF has lwIP's sockets, with threads: they run here on lwIP's own unix port, with IPv6 and without. Zephyr's are
# this host's, with tests/component/zephyr to stand in for the rest: port/zephyr/README.md says what that shows.

# check_or_skip GROUP: gets what tools/need knows by that name, and makes run-TARGET; what cannot be had is a skip.
check_or_skip = +@if CC='$(CC)' tools/need $(1); then $(MAKE) --no-print-directory run-$@; else \
	echo 'skipped: $@ (needs what was named above)'; echo '0 passed, 0 failed, 1 skipped'; fi

# ---- lwIP's: CHECKS='lwip_sockets lwip_sockets4' ----

lwip_sockets = tests/component/lwip
LWIP_UNIX = ../contrib/ports/unix/port
# Two ends of some 200 sessions, and those of the sessions, are below the 1024 of an fd_set. And lwIP defines ssize_t
# by itself where <limits.h> does not know it: all files shall have the same.
lwip_sockets_STACK = -D_DEFAULT_SOURCE -Iinclude -I$(lwip_sockets) -isystem $(LWIP)/src/$(LWIP_UNIX)/include \
	-isystem $(LWIP)/src/include $(SIM_SIZES) $(call sized,SESSIONS,210)
lwip_sockets_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=lwip $(INCLUDES) -Iport/bsd $(lwip_sockets_STACK) \
	-I$(contract) -Itests/sim -Itests/lwip
lwip_sockets4_STACK = $(lwip_sockets_STACK) -DLWIP_IPV6=0
lwip_sockets4_FLAGS = $(lwip_sockets_FLAGS) -DLWIP_IPV6=0
lwip_sockets_core = $(lwip_core) $(PORT_BSD) $(BSD_SMALL) $(BSD_LOOKUPS) $(BSD_LWIP) $(BSD_LWIP_NAMES) \
	$(lwip_sockets)/platform.c $(contract)/host.c

# lwip_sockets_on NAME,FILES,OF LWIP: with NAME_FLAGS and NAME_STACK, what depends on the families of addresses.
define lwip_sockets_on
$(call variant,$(1),$(1)_FLAGS,| $(LWIP)/.source)
$(call stack,$(1),$(1)_STACK,$(lwip_sockets)/lwipopts.h)
needs_$(1) = $(BUILD)/$(1)_contract $(BUILD)/$(1)_proxy
commands_$(1) = $$(call commands,$$(needs_$(1)))
$(BUILD)/$(1)_contract: $(call of,$(1),$(CONTRACT) $(HARNESS_BSD) $(HARNESS_HOST) $(contract)/harness_bsd_lwip.c)
$(BUILD)/$(1)_proxy: $(call of,$(1),$(lwip_sockets)/test_proxy.c $(CONVERSATION))
$(call program,$$(needs_$(1)): $(call of,$(1),$(lwip_sockets_core) $(2)) $(call of,$(1)/stack,$(LWIP_CORE) $(LWIP_V4) \
	$(3) $(LWIP_API) $(LWIP_UNIX)/sys_arch.c),$$(ALL_LDFLAGS),-lcmocka -pthread)
endef

$(eval $(call lwip_sockets_on,lwip_sockets,$(BSD_INET6) $(PORT_LWIP_DUAL),$(LWIP_V6)))
$(eval $(call lwip_sockets_on,lwip_sockets4,$(BSD_INET4) $(PORT_LWIP_V4)))

COMPONENT_TESTS ?= tests/component/test_esp_idf.py

check-component: ## elsewhere: build and test the component of ESP-IDF, without the SDK
	$(call check_or_skip,component)

run-check-component: export REPEAT = make check-component COMPONENT_TESTS=
run-check-component: $(needs_lwip_sockets) $(needs_lwip_sockets4)
	@LWIP=$(abspath $(LWIP)) $(run_tests) $(commands_lwip_sockets) $(commands_lwip_sockets4) \
		'$(PYTEST) $(COMPONENT_TESTS)'

# ---- Zephyr's ----

zephyr = tests/component/zephyr
zephyr_core = $(CORE) $(PORT_BSD) $(BSD_SMALL) $(BSD_LOOKUPS) $(BSD_ZEPHYR) $(BSD_ZEPHYR_NAMES) $(zephyr)/host.c \
	$(contract)/host.c
zephyr_tests = $(patsubst %,$(BUILD)/zephyr/%,contract contract4 test_port)
ZEPHYR_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=zephyr -Iinclude -Isrc -Iport -Iport/bsd -Iport/zephyr \
	-I$(zephyr)/include -I$(zephyr) -I$(contract)

# zephyr_on NAME,CONFIGURATIONS: as configured by them one on top of the other.
define zephyr_on
$(BUILD)/zephyr/$(1).h: Kconfig port/zephyr/Kconfig $(zephyr)/Kconfig $(zephyr)/configure $(2)
	@mkdir -p $$(@D)
	$$(call say,configure $$@)$(zephyr)/configure $$@ $(2)

ZEPHYR_FLAGS_$(1) = -include $(BUILD)/zephyr/$(1).h $$(ZEPHYR_FLAGS)
$(call variant,zephyr/$(1),ZEPHYR_FLAGS_$(1),$(BUILD)/zephyr/$(1).h)
zephyr_$(1) = $(call of,zephyr/$(1),$(zephyr_core) $(TLS_none) $(if $(filter %4,$(1)),$(BSD_INET4),$(BSD_INET6)))
endef

# zephyr_program NAME,VARIANT,FILES,LINK
zephyr_program = $(call program,$(BUILD)/zephyr/$(1): $(call of,zephyr/$(2),$(3)) $(zephyr_$(2)),\
	$$(TEST_LDFLAGS) $(4) -pthread,-lcmocka)
zephyr_contract = $(CONTRACT) $(HARNESS_BSD) $(patsubst %,$(contract)/harness_%.c,process host_files bsd_zephyr)
sample_conf = port/zephyr/sample/prj.conf

$(eval $(call zephyr_on,sample,$(sample_conf)))
$(eval $(call zephyr_on,host,$(sample_conf) $(zephyr)/host.conf))
$(eval $(call zephyr_on,host4,$(sample_conf) $(zephyr)/host.conf $(zephyr)/host4.conf))
$(eval $(call zephyr_program,contract,host,$(zephyr_contract)))
$(eval $(call zephyr_program,contract4,host4,$(zephyr_contract)))
$(eval $(call zephyr_program,test_port,host,$(zephyr)/test_port.c,-Wl$(comma)--wrap=recv$(comma)--wrap=shutdown))
$(eval $(call zephyr_program,sample/sample,sample,port/zephyr/sample/src/main.c))

ZEPHYR_TESTS ?= tests/component/test_zephyr.py

check-zephyr: ## elsewhere: build and test the module for Zephyr, without Zephyr
	$(call check_or_skip,check-zephyr)

run-check-zephyr: export REPEAT = make check-zephyr ZEPHYR_TESTS=
run-check-zephyr: $(zephyr_tests) $(BUILD)/zephyr/sample/sample
	@BUILD=$(abspath $(BUILD)/zephyr) $(run_tests) $(zephyr_tests:%='%') '$(PYTEST) $(ZEPHYR_TESTS)'

.PHONY: check-component run-check-component check-zephyr run-check-zephyr

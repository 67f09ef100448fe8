# ---- As a component: files of port/bsd over the BSD sockets of ESP-IDF and of Zephyr, without either SDK ----
#
# ESP-IDF has lwIP's sockets, with threads: they run here on lwIP's own unix port (CHECKS=lwip_sockets). Zephyr's are
# this host's, with tests/component/zephyr to stand in for the rest: port/zephyr/README.md says what that shows.

# check_or_skip GROUP: gets what tools/need knows by that name, and makes run-TARGET; what cannot be had is a skip.
check_or_skip = +@if CC='$(CC)' tools/need $(1); then $(MAKE) --no-print-directory run-$@; else \
	echo 'skipped: $@ (needs what was named above)'; echo '0 passed, 0 failed, 1 skipped'; fi

# ---- lwIP's ----

LWIP_UNIX = $(LWIP)/contrib/ports/unix/port
# Two ends of some 200 sessions, and those of the sessions, are below the 1024 of an fd_set. And lwIP defines ssize_t
# by itself where <limits.h> does not know it: all files shall have the same.
LWIP_SOCKETS_STACK = -D_DEFAULT_SOURCE -Iinclude -Itests/component/lwip -isystem $(LWIP_UNIX)/include \
	-isystem $(LWIP)/src/include $(SIM_SIZES) $(call sized,SESSIONS,210)
LWIP_SOCKETS_FLAGS = -DCHECK_TELLS -Iport/lwip_sockets $(INCLUDES) -Iport/bsd -Itests/port_contract -Iport/lwip \
	-Itests/component/lwip/include $(LWIP_SOCKETS_STACK) -Itests/sim -Itests/lwip
lwip_sockets_objects = $(call of,lwip_sockets,$(lwip_core) $(PORT_LWIP_SOCKETS) tests/component/lwip/platform.c) \
	$(call of,lwip_sockets/stack,$(LWIP_CORE) $(LWIP_V4) $(LWIP_V6) $(LWIP_API)) $(BUILD)/lwip_sockets/sys_arch.o

$(eval $(call variant,lwip_sockets,LWIP_SOCKETS_FLAGS,| $(LWIP)/.source))
$(eval $(call stack,lwip_sockets,LWIP_SOCKETS_STACK,tests/component/lwip/lwipopts.h))
$(BUILD)/lwip_sockets/sys_arch.o: $(LWIP)/.source $(BUILD)/flags tests/component/lwip/lwipopts.h
	@mkdir -p $(@D)
	$(call say,cc sys_arch.c)$(CC) $(ALL_CFLAGS) -w $(LWIP_SOCKETS_STACK) -c -o $@ $(LWIP_UNIX)/sys_arch.c

$(eval $(call program,$(BUILD)/lwip_sockets_contract: $(call of,lwip_sockets,$(CONTRACT) \
	tests/component/lwip/harness.c) $(lwip_sockets_objects),$$(ALL_LDFLAGS),-lcmocka -pthread))
$(eval $(call program,$(BUILD)/lwip_sockets_proxy: $(call of,lwip_sockets,tests/component/lwip/test_proxy.c $(CONVERSATION)) \
	$(lwip_sockets_objects),$$(ALL_LDFLAGS),-lcmocka -pthread))

needs_lwip_sockets = $(BUILD)/lwip_sockets_contract $(BUILD)/lwip_sockets_proxy
commands_lwip_sockets = $(call commands,$(needs_lwip_sockets))
COMPONENT_TESTS ?= tests/component/test_esp_idf.py

check-component: ## elsewhere: build and test the component of ESP-IDF, without the SDK
	$(call check_or_skip,component)

run-check-component: export REPEAT = make check-component COMPONENT_TESTS=
run-check-component: $(needs_lwip_sockets)
	@LWIP=$(abspath $(LWIP)) $(run_tests) $(commands_lwip_sockets) '$(PYTEST) $(COMPONENT_TESTS)'

# ---- Zephyr's ----

zephyr = tests/component/zephyr
zephyr_core = $(CORE) $(TLS_none) $(PORT_ZEPHYR) $(ZEPHYR_NAMES) $(zephyr)/host.c
zephyr_tests = $(BUILD)/zephyr/contract $(BUILD)/zephyr/test_port
ZEPHYR_FLAGS = -DCHECK_TELLS -Iinclude -Isrc -Iport -Iport/zephyr -Iport/bsd -I$(zephyr)/include -I$(zephyr) \
	-Itests/port_contract
ZEPHYR_HOST_FLAGS = -include $(BUILD)/zephyr/host.h $(ZEPHYR_FLAGS)
ZEPHYR_SAMPLE_FLAGS = -include $(BUILD)/zephyr/sample.h $(ZEPHYR_FLAGS)
zephyr_configured = Kconfig port/zephyr/Kconfig port/zephyr/sample/prj.conf $(wildcard $(zephyr)/*onf*)

# The sample's configuration as it is, and with what the tests want.
$(BUILD)/zephyr/host.h $(BUILD)/zephyr/sample.h: $(BUILD)/zephyr/%.h: $(zephyr_configured)
	@mkdir -p $(@D)
	$(call say,configure $@)$(zephyr)/configure $@ port/zephyr/sample/prj.conf $(wildcard $(zephyr)/$*.conf)

$(eval $(call variant,zephyr/host,ZEPHYR_HOST_FLAGS,$(BUILD)/zephyr/host.h))
$(eval $(call variant,zephyr/sample,ZEPHYR_SAMPLE_FLAGS,$(BUILD)/zephyr/sample.h))
$(eval $(call program,$(BUILD)/zephyr/contract: $(call of,zephyr/host,$(CONTRACT) $(zephyr)/harness.c $(zephyr_core)),\
	$$(ALL_LDFLAGS) -pthread,-lcmocka))
$(eval $(call program,$(BUILD)/zephyr/test_port: $(call of,zephyr/host,$(zephyr)/test_port.c $(zephyr_core)),\
	$$(TEST_LDFLAGS) -Wl$(comma)--wrap=recv$(comma)--wrap=shutdown -pthread,-lcmocka))
$(eval $(call program,$(BUILD)/zephyr/sample/sample: $(call of,zephyr/sample,port/zephyr/sample/src/main.c $(zephyr_core)),\
	$$(ALL_LDFLAGS) -pthread))

ZEPHYR_TESTS ?= tests/component/test_zephyr.py

check-zephyr: ## elsewhere: build and test the module for Zephyr, without Zephyr
	$(call check_or_skip,check-zephyr)

run-check-zephyr: export REPEAT = make check-zephyr ZEPHYR_TESTS=
run-check-zephyr: $(zephyr_tests) $(BUILD)/zephyr/sample/sample
	@BUILD=$(abspath $(BUILD)/zephyr) $(run_tests) $(zephyr_tests:%='%') '$(PYTEST) $(ZEPHYR_TESTS)'

.PHONY: check-component run-check-component check-zephyr run-check-zephyr

# ---- port/bsd on small systems: ESP-IDF's and Zephyr's sockets, without either SDK ----
#
# ESP-IDF has lwIP's sockets, with threads: they run here on lwIP's own unix port, with IPv6 and without. Zephyr's are
# this host's, with tests/component/zephyr to stand in for the rest: port/zephyr/README.md says what that shows.

# check_or_skip GROUP: gets what tools/need knows by that name, and makes run-TARGET; what cannot be had is a skip.
check_or_skip = +@if CC='$(CC)' tools/need $(1); then $(MAKE) --no-print-directory run-$@; else \
	echo 'skipped: $@ (needs what was named above)'; echo '0 passed, 0 failed, 1 skipped'; fi

# ---- lwIP's: CHECKS='lwip_sockets lwip_sockets4' ----

LWIP_UNIX = $(LWIP)/contrib/ports/unix/port
lwip_sockets = tests/component/lwip
# Two ends of some 200 sessions, and those of the sessions, are below the 1024 of an fd_set. And lwIP defines ssize_t
# by itself where <limits.h> does not know it: all files shall have the same.
lwip_sockets_STACK = -D_DEFAULT_SOURCE -Iinclude -I$(lwip_sockets) -isystem $(LWIP_UNIX)/include \
	-isystem $(LWIP)/src/include $(SIM_SIZES) $(call sized,SESSIONS,210)
lwip_sockets_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=lwip $(INCLUDES) -Iport/bsd $(lwip_sockets_STACK) \
	-Itests/port_contract -Itests/sim -Itests/lwip
lwip_sockets4_STACK = $(lwip_sockets_STACK) -DLWIP_IPV6=0
lwip_sockets4_FLAGS = $(lwip_sockets_FLAGS) -DLWIP_IPV6=0
lwip_sockets_FAMILY = $(BSD_INET6) $(PORT_LWIP_DUAL)
lwip_sockets4_FAMILY = $(BSD_INET4) $(PORT_LWIP_V4)
lwip_sockets_core = $(lwip_core) $(PORT_BSD) $(BSD_SMALL) $(BSD_LOOKUPS) $(BSD_LWIP) $(BSD_LWIP_NAMES) \
	$(lwip_sockets)/platform.c $(contract)/host.c
lwip_sockets_objects = $(call of,$(1),$(lwip_sockets_core) $($(1)_FAMILY)) $(call of,$(1)/stack,$(LWIP_CORE) \
	$(LWIP_V4) $(if $(filter %4,$(1)),,$(LWIP_V6)) $(LWIP_API)) $(BUILD)/$(1)/sys_arch.o

# lwip_sockets NAME: with NAME_FLAGS, NAME_STACK and the files of NAME_FAMILY.
define lwip_sockets_on
$(call variant,$(1),$(1)_FLAGS,| $(LWIP)/.source)
$(call stack,$(1),$(1)_STACK,$(lwip_sockets)/lwipopts.h)
$(BUILD)/$(1)/sys_arch.o: $(LWIP)/.source $(BUILD)/flags $(lwip_sockets)/lwipopts.h
	@mkdir -p $$(@D)
	$$(call say,cc sys_arch.c)$$(CC) $$(ALL_CFLAGS) -w $$($(1)_STACK) -c -o $$@ $$(LWIP_UNIX)/sys_arch.c

$(call program,$(BUILD)/$(1)_contract: $(call of,$(1),$(CONTRACT) $(HARNESS_LWIP_SOCKETS)) \
	$(call lwip_sockets_objects,$(1)),$$(ALL_LDFLAGS),-lcmocka -pthread)
$(call program,$(BUILD)/$(1)_proxy: $(call of,$(1),$(lwip_sockets)/test_proxy.c $(CONVERSATION)) \
	$(call lwip_sockets_objects,$(1)),$$(ALL_LDFLAGS),-lcmocka -pthread)
needs_$(1) = $(BUILD)/$(1)_contract $(BUILD)/$(1)_proxy
commands_$(1) = $$(call commands,$$(needs_$(1)))
endef

HARNESS_LWIP_SOCKETS = $(HARNESS_BSD) $(HARNESS_HOST) $(contract)/harness_bsd_lwip.c
$(foreach v,lwip_sockets lwip_sockets4,$(eval $(call lwip_sockets_on,$v)))

COMPONENT_TESTS ?= tests/component/test_esp_idf.py

check-component: ## elsewhere: build and test the component of ESP-IDF, without the SDK
	$(call check_or_skip,component)

run-check-component: export REPEAT = make check-component COMPONENT_TESTS=
run-check-component: $(needs_lwip_sockets) $(needs_lwip_sockets4)
	@LWIP=$(abspath $(LWIP)) $(run_tests) $(commands_lwip_sockets) $(commands_lwip_sockets4) \
		'$(PYTEST) $(COMPONENT_TESTS)'

# ---- Zephyr's ----

zephyr = tests/component/zephyr
zephyr_core = $(CORE) $(PORT_BSD) $(BSD_SMALL) $(BSD_LOOKUPS) $(BSD_ZEPHYR) \
	$(BSD_ZEPHYR_NAMES) $(zephyr)/host.c $(contract)/host.c
HARNESS_ZEPHYR = $(HARNESS_BSD) $(contract)/harness_process.c $(contract)/harness_host_files.c \
	$(contract)/harness_bsd_zephyr.c
zephyr_tests = $(patsubst %,$(BUILD)/zephyr/%,contract contract4 test_port)
ZEPHYR_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=zephyr -Iinclude -Isrc -Iport -Iport/bsd -Iport/zephyr -I$(zephyr)/include -I$(zephyr) \
	-Itests/port_contract
zephyr_configured = Kconfig port/zephyr/Kconfig port/zephyr/sample/prj.conf $(wildcard $(zephyr)/*onf*)

# The sample's configuration as it is; with what the tests want; and that without IPv6.
zephyr_confs_sample = port/zephyr/sample/prj.conf
zephyr_confs_host = $(zephyr_confs_sample) $(zephyr)/host.conf
zephyr_confs_host4 = $(zephyr_confs_host) $(zephyr)/host4.conf
zephyr_six = $(if $(filter %4,$(1)),$(BSD_INET4),$(BSD_INET6))

$(BUILD)/zephyr/host.h $(BUILD)/zephyr/host4.h $(BUILD)/zephyr/sample.h: $(BUILD)/zephyr/%.h: $(zephyr_configured)
	@mkdir -p $(@D)
	$(call say,configure $@)$(zephyr)/configure $@ $(zephyr_confs_$*)

# zephyr_on NAME: with $(BUILD)/zephyr/NAME.h.
define zephyr_on
ZEPHYR_FLAGS_$(1) = -include $(BUILD)/zephyr/$(1).h $$(ZEPHYR_FLAGS)
$(call variant,zephyr/$(1),ZEPHYR_FLAGS_$(1),$(BUILD)/zephyr/$(1).h)
endef

$(foreach v,host host4 sample,$(eval $(call zephyr_on,$v)))
zephyr_objects = $(call of,zephyr/$(1),$(2) $(zephyr_core) $(zephyr_six) $(TLS_none))

$(eval $(call program,$(BUILD)/zephyr/contract: $(call zephyr_objects,host,$(CONTRACT) $(HARNESS_ZEPHYR)),\
	$$(ALL_LDFLAGS) -pthread,-lcmocka))
$(eval $(call program,$(BUILD)/zephyr/contract4: $(call zephyr_objects,host4,$(CONTRACT) $(HARNESS_ZEPHYR)),\
	$$(ALL_LDFLAGS) -pthread,-lcmocka))
$(eval $(call program,$(BUILD)/zephyr/test_port: $(call zephyr_objects,host,$(zephyr)/test_port.c),\
	$$(TEST_LDFLAGS) -Wl$(comma)--wrap=recv$(comma)--wrap=shutdown -pthread,-lcmocka))
$(eval $(call program,$(BUILD)/zephyr/sample/sample: $(call zephyr_objects,sample,port/zephyr/sample/src/main.c),\
	$$(ALL_LDFLAGS) -pthread))

ZEPHYR_TESTS ?= tests/component/test_zephyr.py

check-zephyr: ## elsewhere: build and test the module for Zephyr, without Zephyr
	$(call check_or_skip,check-zephyr)

run-check-zephyr: export REPEAT = make check-zephyr ZEPHYR_TESTS=
run-check-zephyr: $(zephyr_tests) $(BUILD)/zephyr/sample/sample
	@BUILD=$(abspath $(BUILD)/zephyr) $(run_tests) $(zephyr_tests:%='%') '$(PYTEST) $(ZEPHYR_TESTS)'

.PHONY: check-component run-check-component check-zephyr run-check-zephyr

# ---- port/bsd on small systems: ESP-IDF's and Zephyr's sockets, without either SDK ----
#
# ESP-IDF has lwIP's sockets, with threads: they run here on lwIP's own unix port, with IPv6 and without. Zephyr's are
# this host's, with tests/component/zephyr to stand in for the rest: port/zephyr/README.md says what that shows.

# ---- lwIP's: CHECKS='lwip_sockets lwip_sockets4' ----

lwip_sockets = tests/component/lwip
LWIP_UNIX = ../contrib/ports/unix/port
# Two ends of some 200 sessions, and those of the sessions, are below the 1024 of an fd_set. And lwIP defines ssize_t
# by itself where <limits.h> does not know it: all files shall have the same.
lwip_sockets_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=lwip -D_DEFAULT_SOURCE $(INCLUDES) -Iport/bsd -I$(lwip_sockets) \
	-isystem $(LWIP)/src/$(LWIP_UNIX)/include -isystem $(LWIP)/src/include $(SIM_SIZES) $(call sized,SESSIONS=210) \
	-I$(contract) -Itests/sim -Itests/lwip
lwip_sockets4_FLAGS = $(lwip_sockets_FLAGS) -DLWIP_IPV6=0
lwip_sockets_port = $(PORT_BSD) $(BSD_SMALL) $(BSD_LWIP) \
	$(lwip_sockets)/platform.c $(contract)/host.c

# lwip_sockets_on NAME,FILES,OF LWIP: what depends on the families of addresses.
define lwip_sockets_on
$(call libraries,$(1),$(lwip_sockets_port) $(2),$(LWIP_CORE) $(LWIP_V4) $(3) $(LWIP_API) $(LWIP_UNIX)/sys_arch.c)
$(call tested,$(1),$(BUILD)/$(1)_proxy,$(lwip_sockets)/test_proxy.c $(CONVERSATION),-pthread)
$(call tested,$(1),$(BUILD)/$(1)_contract,$(CONTRACT) $(HARNESS_BSD) $(HARNESS_HOST) \
	$(contract)/harness_bsd_lwip.c,-pthread)
needs_$(1) = $(BUILD)/$(1)_contract $(BUILD)/$(1)_proxy
endef

$(eval $(call lwip_sockets_on,lwip_sockets,$(BSD_INET6) $(PORT_LWIP_DUAL),$(LWIP_V6)))
$(eval $(call lwip_sockets_on,lwip_sockets4,$(BSD_INET4) $(PORT_LWIP_V4)))

check-component: ## elsewhere: build and test the component of ESP-IDF, without the SDK, and programs with lwIP
	$(call get,component,run_component)

run_component: $(needs_lwip_sockets) $(needs_lwip_sockets4) $(lwip_programs)
	@LWIP=$(abspath $(LWIP)) PROGRAMS=$(abspath $(BUILD)/lwip-programs) $(call run_pytest,check-component,\
		tests/component/test_esp_idf.py tests/component/test_lwip_programs.py,\
		$(commands_lwip_sockets) $(commands_lwip_sockets4))

# ---- Zephyr's ----

zephyr = tests/component/zephyr
zephyr_port = $(PORT_BSD) $(BSD_SMALL) $(BSD_ZEPHYR) \
	$(zephyr)/host.c $(contract)/host.c
ZEPHYR_FLAGS = -DCHECK_TELLS -DANKLET_SYSTEM=zephyr $(INCLUDES) $(addprefix -I,port/bsd port/zephyr $(zephyr)/include \
	$(zephyr) $(contract))

# zephyr_on NAME,FILES,CONFIGURATIONS: as configured by them, one on top of the other, all on the sample's.
define zephyr_on
$(BUILD)/zephyr/$(1).h: Kconfig port/zephyr/Kconfig $(zephyr)/Kconfig $(zephyr)/configure \
		port/zephyr/sample/prj.conf $(3)
	$$(call say,configure $$@) $(zephyr)/configure $$@ port/zephyr/sample/prj.conf $(3)
$(eval zephyr/$(1)_FLAGS = -include $(BUILD)/zephyr/$(1).h $(ZEPHYR_FLAGS))
$(call libraries,zephyr/$(1),$(zephyr_port) $(2))
endef

zephyr_test = $(eval $(call tested,zephyr/$(1),$(BUILD)/zephyr/$(2),$(3),-pthread $(4)))
zephyr_contract = $(CONTRACT) $(HARNESS_BSD) $(patsubst %,$(contract)/harness_%.c,process host_files bsd_zephyr)
zephyr_tests = $(patsubst %,$(BUILD)/zephyr/%,contract contract4 test_port)

$(eval $(call zephyr_on,sample,$(BSD_INET6)))
$(eval $(call zephyr_on,host,$(BSD_INET6),$(zephyr)/host.conf))
$(eval $(call zephyr_on,host4,$(BSD_INET4),$(zephyr)/host.conf $(zephyr)/host4.conf))
$(call zephyr_test,host,contract,$(zephyr_contract))
$(call zephyr_test,host4,contract4,$(zephyr_contract))
$(call zephyr_test,host,test_port,$(zephyr)/test_port.c,-Wl$(comma)--wrap=recv$(comma)--wrap=shutdown)
$(call zephyr_test,sample,sample/sample,port/zephyr/sample/src/main.c)

check-zephyr: ## elsewhere: build and test the module for Zephyr, without Zephyr
	$(call get,check-zephyr,run_zephyr)

run_zephyr: $(zephyr_tests) $(BUILD)/zephyr/sample/sample
	@BUILD=$(abspath $(BUILD)/zephyr) $(call run_pytest,check-zephyr,tests/component/test_zephyr.py,$(zephyr_tests:%='%'))

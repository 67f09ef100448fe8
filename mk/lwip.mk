# ---- In an lwIP program of yours: examples/lwip-bare and lwip-threads ----
#
# Each is built by a Makefile of its own, as such a program's is, which takes the lists of files from anklet.mk.

lwip_programs = $(foreach p,lwip-bare lwip-threads,$(BUILD)/lwip-programs/$p/$p)

lwip-programs: ## elsewhere: get what is missing and build examples/lwip-bare and lwip-threads
	$(call get,source,$(lwip_programs))

$(lwip_programs): FORCE | $(LWIP)/.source
	+@$(MAKE) $(if $(V),,-s) -C examples/$(@F) BUILD=$(abspath $(@D)) LWIP=$(abspath $(LWIP)) \
		CFLAGS='$(WARN) $(SANITIZER) $(CFLAGS)'

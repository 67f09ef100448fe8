# ---- OpenWrt: the package in port/openwrt, checked without the SDK ----

check-openwrt: $(TLS_ARCHIVE) ## elsewhere: build and test the package for OpenWrt, without the SDK
	@TLS_BUILT=$(tls_built) \
		TLS_ARCHIVE=$(abspath $(TLS_ARCHIVE)) MBEDTLS=$(abspath $(MBEDTLS)) \
		tests/openwrt/check $(BUILD)/openwrt

test-openwrt: ## elsewhere: first get what is missing, then check-openwrt
	@CC='$(CC)' tools/need openwrt
	@$(MAKE) --no-print-directory tls_source
	@$(MAKE) --no-print-directory check-openwrt

.PHONY: check-openwrt test-openwrt

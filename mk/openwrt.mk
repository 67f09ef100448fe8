# ---- OpenWrt: the package in port/openwrt, checked without the SDK ----

check-openwrt: $(TLS_ARCHIVE) ## elsewhere: build and test the package for OpenWrt, without the SDK
	@TLS_BUILT=$(tls_built) TLS_ARCHIVE=$(abspath $(TLS_ARCHIVE)) MBEDTLS=$(abspath $(MBEDTLS)) \
		tests/openwrt/check $(BUILD)/openwrt

test-openwrt: ## elsewhere: first get what is missing, then check-openwrt
	$(call get,openwrt,tls_source check-openwrt)

# Stands in for OpenWrt's package.mk: unpacks, builds and stages the packages of one BUILD_VARIANT.
#
#   make ... packages BUILD_VARIANT=plain    $(OUT)/root/NAME, and $(OUT)/NAME.conffiles
#   make ... fields                          what each package says of itself, a field a line
#   make ... depends                         what of the configuration builds them anew

PKG_BUILD_DIR ?= $(BUILD_DIR)/$(PKG_NAME)-$(BUILD_VARIANT)/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR ?= $(PKG_BUILD_DIR)/ipkg-install

ifneq ($(filter gc-sections,$(PKG_BUILD_FLAGS)),)
TARGET_CFLAGS += -ffunction-sections -fdata-sections
TARGET_LDFLAGS += -Wl,--gc-sections
endif
ifneq ($(filter lto,$(PKG_BUILD_FLAGS)),)
TARGET_CFLAGS += -flto=auto -fno-fat-lto-objects
TARGET_LDFLAGS += -flto=auto -fuse-linker-plugin
endif

# As there: the flags come by the environment, the tools as variables of make.
MAKE_VARS = CFLAGS="$(TARGET_CFLAGS) $(TARGET_CPPFLAGS)" LDFLAGS="$(TARGET_LDFLAGS)"
MAKE_FLAGS = CC="$(TARGET_CC)" AR="$(TARGET_AR)" STRIP="$(TARGET_CROSS)strip" CROSS="$(TARGET_CROSS)" ARCH="$(ARCH)"

define Build/Prepare
	mkdir -p $(PKG_BUILD_DIR)
	tar -C $(PKG_BUILD_DIR)/.. -xf $(DL_DIR)/$(PKG_SOURCE)
endef

define Build/Compile
	$(MAKE_VARS) $(MAKE) $(PKG_JOBS) -C $(PKG_BUILD_DIR) $(MAKE_FLAGS)
endef

define Build/Install
	$(MAKE_VARS) $(MAKE) -C $(PKG_BUILD_DIR) $(MAKE_FLAGS) DESTDIR="$(PKG_INSTALL_DIR)" install
endef

built:
	rm -rf $(PKG_BUILD_DIR)
	$(Build/Prepare)
	$(Build/Compile)
	$(if $(PKG_INSTALL),$(Build/Install))

FIELDS = SECTION CATEGORY SUBMENU TITLE URL USERID DEPENDS VARIANT DEFAULT_VARIANT PROVIDES CONFLICTS

# The fields are those of the package that was asked about last.
define BuildPackage
$(foreach f,$(FIELDS),$(eval $f :=))$(eval $(Package/$(1)))
fields_$(1) := $(foreach f,$(FIELDS),'$(1) $f=$(strip $($f))')
fields: fields-$(1)
fields-$(1):
	@printf '%s\n' $$(fields_$(1))
$(if $(filter $(BUILD_VARIANT),$(VARIANT)),packages: package-$(1))
package-$(1): built
	rm -rf $(OUT)/root/$(1)
	$(call Package/$(1)/install,$(OUT)/root/$(1))
	$$(file >$(OUT)/$(1).conffiles,$$(Package/$(1)/conffiles))
endef

depends:
	@echo $(PKG_CONFIG_DEPENDS)

.PHONY: built fields depends packages

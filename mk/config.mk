# ---- Configuration: sizes and features ----
#
# CONFIG=NAME takes configs/NAME.h. Else 'make NAME_defconfig' and 'make menuconfig' leave a .config and its header
# in $(BUILD), from which every make with that BUILD takes sizes, features, port, board and library. Else there is
# no header, and anklet_config.h has the desktop's values. Only what writes a header needs python3 and kconfiglib.

## use: CONFIG=NAME: other sizes and features: configs/NAME.h, docs/configuring.md
configurations := $(patsubst configs/%_defconfig,%,$(wildcard configs/*_defconfig))

ifneq ($(CONFIG),)
config_header := $(or $(wildcard configs/$(CONFIG).h),$(error \
	there is no configuration '$(CONFIG)'; there are $(configurations)))
else ifneq ($(if $(filter menuconfig %_defconfig clean,$(MAKECMDGOALS)),,$(wildcard $(BUILD)/.config)),)
config_header := $(BUILD)/configuration.h
# Somebody may have edited it by hand.
$(if $(shell ! [ $(BUILD)/.config -nt $(config_header) ] || tools/kconfig header $(BUILD) || echo failed),$(error \
	$(BUILD)/.config is not usable))
endif

# Of the header the names, below CONFIG_ANKLET_, of what is 1.
config_chosen := $(if $(config_header),$(shell sed -n 's/^.define CONFIG_ANKLET_\(.*\) 1$$/\1/p' $(config_header)))
chosen = $(filter $(1),$(config_chosen))
config_board := $(filter-out other,$(shell echo $(patsubst BOARD_%,%,$(call chosen,BOARD_%)) | tr A-Z_ a-z-))
CONFIG_FLAGS := $(if $(config_header),-include $(config_header))

# sized NAME=VALUE...: options for the compiler that decide them, whatever the configuration says.
sized = $(foreach s,$(1),-UCONFIG_ANKLET_$(firstword $(subst =, ,$s)) -DCONFIG_ANKLET_$s)

no_board:
	@echo 'make: this configuration names no board of port/lwip/boards: nothing to build' >&2; exit 1

%_defconfig: ## use: sizes and features by Kconfig, for every later make with this BUILD
	@tools/kconfig defconfig $* $(BUILD)

menuconfig: ## use: sizes and features from a menu, as well
	$(call get,config)
	@tools/kconfig menuconfig $(BUILD)

savedefconfig: ## use: write what was chosen to BUILD/defconfig, or as a configuration: NAME=
	@tools/kconfig save $(BUILD) $(if $(NAME),configs/$(NAME)_defconfig,$(BUILD)/defconfig)
	@$(if $(NAME),tools/kconfig committed)

configs: ## use: write the headers of configs/ from what they are made of
	@tools/kconfig committed

# ---- Firmware: anklet on a microcontroller, with lwIP and no operating system: docs/firmware.md ----
#
# A board is a folder: BOARD=NAME is port/lwip/boards/NAME, with configs/NAME.h; BOARD_DIR=DIR is one outside this tree
# (docs/porting.md), with configuration.h in it. board.mk there may name another folder for the hardware's own files.

BOARD ?= $(or $(if $(BOARD_DIR),$(notdir $(abspath $(BOARD_DIR)))),$(filter-out other,$(config_board)),lm3s6965evb)
BOARDS = lm3s6965evb lm3s6965evb-tls mps2-an385
CROSS ?= arm-none-eabi-

board := $(if $(BOARD_DIR),$(abspath $(BOARD_DIR)),port/lwip/boards/$(BOARD))
CHIP_DIR = $(board)
-include $(board)/board.mk
image = $(BUILD)/$(BOARD)

# The configuration of that board which was asked for, or else the board's own.
board_header := $(if $(filter $(BOARD),$(config_board)),$(config_header),$(wildcard \
	$(if $(BOARD_DIR),$(board)/configuration.h,configs/$(BOARD).h)))
no_header = $(error board $(BOARD) has no configuration: $(if $(BOARD_DIR),$(board)/configuration.h,configs/$(BOARD).h))
# With TLS the board's folder has the library's configuration too.
FIRMWARE_TLS := $(if $(shell grep -sx '.define CONFIG_ANKLET_TLS 1' $(or $(board_header),/dev/null)),mbedtls,none)

FIRMWARE_CPU ?= -mcpu=cortex-m3 -mthumb
FIRMWARE_FLAGS = -std=c11 -Os -g $(FIRMWARE_CPU) -ffreestanding -ffunction-sections -fdata-sections \
	-fno-common -include $(or $(board_header),$(no_header)) -I$(board) -I$(CHIP_DIR) -Iport/lwip/boards/common -Iport/lwip \
	$(INCLUDES) -isystem $(LWIP)/src/include $(FIRMWARE_FLAGS_$(FIRMWARE_TLS))
FIRMWARE_FLAGS_mbedtls = -isystem $(MBEDTLS)/include '-DMBEDTLS_CONFIG_FILE=<mbedtls_config.h>'
FIRMWARE_LINK = $(FIRMWARE_CPU) -nostartfiles --specs=nano.specs --specs=nosys.specs \
	-L$(board) -L$(CHIP_DIR) -T port/lwip/boards/common/cortex_m3.ld -Wl,--gc-sections,--no-warn-rwx-segments

on_board = $(patsubst %.c,$(image)/%.o,$(1))
stack_objects = $(patsubst %.c,$(image)/stack/%.o,$(LWIP_CORE) $(LWIP_V4) $(LWIP_ETHERNET))
library_objects = $(if $(filter mbedtls,$(FIRMWARE_TLS)),$(MBEDTLS_LIBRARY:%.c=$(image)/mbedtls/%.o))
board_sources = $(BOARD_COMMON) $(CHIP_DIR)/chip.c $(CHIP_DIR)/nic.c $(PORT_LWIP_V4)
board_objects = $(call on_board,$(board_sources)) $(image)/built_in.o $(stack_objects)
own_objects = $(call on_board,$(FIRMWARE) $(FIRMWARE_$(FIRMWARE_TLS)) $(CORE) $(TLS_$(FIRMWARE_TLS)) $(PORT_LWIP))
linker_scripts = port/lwip/boards/common/cortex_m3.ld $(board)/memory.ld
board_cc = $(CROSS)gcc $(FIRMWARE_FLAGS) -MD -MP -c -o $@

$(image)/%.o: %.c $(image)/flags | $(LWIP)/.source $(if $(library_objects),$(MBEDTLS)/.source)
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $<)$(board_cc) $(WARN) $(WERROR:1=-Werror) $<

$(stack_objects): $(image)/stack/%.o: $(LWIP)/.source $(image)/flags
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $*.c)$(board_cc) -w $(LWIP)/src/$*.c

# For speed: a handshake's longest step is how long all others wait. Hosted, for the library moves words by
# memcpy(), which is then no call but an instruction.
$(library_objects): $(image)/mbedtls/%.o: $(MBEDTLS)/.source $(image)/flags
	@mkdir -p $(@D)
	$(call say,cc $(BOARD) $*.c)$(board_cc) -O2 -fhosted -I$(MBEDTLS)/library -w $(MBEDTLS)/library/$*.c

$(image)/built_in.o: port/lwip/boards/common/built_in.S $(board)/anklet.conf $(board)/network.conf $(image)/flags
	@mkdir -p $(@D)
	$(call say,as $(BOARD) $<)$(CROSS)gcc $(FIRMWARE_CPU) -DNETWORK_FILE='"$(board)/network.conf"' \
		-DCONFIG_FILE='"$(board)/anklet.conf"' -c -o $@ $<

$(image)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$(CROSS) $(FIRMWARE_FLAGS) $(FIRMWARE_LINK)" | cmp -s - $@ || \
		echo "$(CROSS) $(FIRMWARE_FLAGS) $(FIRMWARE_LINK)" >$@

# And the same board and stack without anklet, to compare with.
$(image)/anklet.elf: $(own_objects) $(board_objects) $(library_objects) $(linker_scripts)
$(image)/echo.elf: $(call on_board,$(ECHO)) $(board_objects) $(linker_scripts)
$(image)/anklet.elf $(image)/echo.elf:
	$(call say,link $@)$(CROSS)gcc $(FIRMWARE_LINK) -Wl,-Map,$(@:.elf=.map) -o $@ $(filter %.o,$^)

$(image)/%.bin: $(image)/%.elf
	$(call say,copy $@)$(CROSS)objcopy -O binary $< $@

$(image)/%.hex: $(image)/%.elf
	$(call say,copy $@)$(CROSS)objcopy -O ihex $< $@

# What is compiled of an image but the libraries, with what checks the stack's sizes: for those that need not fit.
image_objects: $(own_objects) $(call on_board,$(board_sources)) $(image)/stack/core/init.o $(image)/stack/core/memp.o

$(filter board_%,board_$(config_board)): images

images: $(image)/anklet.elf $(image)/anklet.bin $(image)/anklet.hex $(image)/echo.elf
	@tools/size parts $(image)/anklet.elf $(HOLD)

firmware: ## elsewhere: get what is missing and build the image for a board; BOARD=NAME, BOARD_DIR=DIR
	@tools/need firmware
	@$(MAKE) --no-print-directory images

run-firmware: firmware ## elsewhere: get what is missing, build the image and start it under QEMU; BOARD=NAME
	@tools/need run-firmware
	@tools/run_firmware $(BOARD) $(image)

FIRMWARE_TESTS ?= tests/firmware

check-firmware: export REPEAT = make check-firmware FIRMWARE_TESTS=
check-firmware: ## elsewhere: build every board and test it under QEMU; FIRMWARE_TESTS=FILES
	@for b in $(BOARDS); do $(MAKE) --no-print-directory BOARD=$$b HOLD=--hold images || exit 1; done
	@IMAGES=$(abspath $(BUILD)) TEST_SECONDS=1200 $(run_tests) '$(PYTEST) $(FIRMWARE_TESTS)'

test-firmware: ## elsewhere: first get what is missing, then check-firmware
	@tools/need test-firmware
	@$(MAKE) --no-print-directory check-firmware

-include $(shell find $(image) -name '*.d' 2>/dev/null)

.PHONY: image_objects images firmware run-firmware check-firmware test-firmware

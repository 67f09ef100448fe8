# ---- Firmware: anklet on a microcontroller, with lwIP and no operating system: docs/firmware.md ----
#
# A board is a folder: BOARD=NAME is port/lwip/boards/NAME, with configs/NAME.h; BOARD_DIR=DIR is one outside this tree
# (docs/porting.md), with configuration.h in it. board.mk there may name another folder for the hardware's own files,
# the processor (FIRMWARE_CPU), and what QEMU calls the board (QEMU_MACHINE).

BOARD ?= $(or $(if $(BOARD_DIR),$(notdir $(abspath $(BOARD_DIR)))),$(config_board),lm3s6965evb)
BOARDS = lm3s6965evb lm3s6965evb-many lm3s6965evb-tls mps2-an385
CROSS ?= arm-none-eabi-

# SETTINGS_DIR has the two texts. SETTINGS=compiled: they are read here, and the image has no reader for others.
SETTINGS_DIR ?= $(board)

board := $(if $(BOARD_DIR),$(abspath $(BOARD_DIR)),port/lwip/boards/$(BOARD))
CHIP_DIR = $(board)
QEMU_MACHINE = $(notdir $(CHIP_DIR))
-include $(board)/board.mk

# The configuration of that board which was asked for, or else the board's own.
board_header := $(if $(filter $(BOARD),$(config_board)),$(config_header),$(wildcard \
	$(if $(BOARD_DIR),$(board)/configuration.h,configs/$(BOARD).h)))
no_header = $(error board $(BOARD) has no configuration: $(if $(BOARD_DIR),$(board)/configuration.h,configs/$(BOARD).h))
# With TLS the board's folder has the library's configuration too.
FIRMWARE_TLS := $(if $(shell grep -sx '.define CONFIG_ANKLET_TLS 1' $(or $(board_header),/dev/null)),mbedtls,none)

is_compiled := $(if $(filter compiled,$(SETTINGS)),compiled)
# Of some boards every image is, by their configuration.
always_compiled := $(shell grep -sx '.define CONFIG_ANKLET_CONFIG_READER 0' $(or $(board_header),/dev/null))
image_name := $(BOARD)$(if $(always_compiled),,$(is_compiled:%=-%))
is_compiled := $(or $(is_compiled),$(if $(always_compiled),compiled))
image = $(BUILD)/$(image_name)

FIRMWARE_CPU ?= -mcpu=cortex-m3 -mthumb
# It knows what memcpy() and its like do: a few bytes are then copied by instructions, which are shorter than the call.
board_sections = -ffreestanding -fbuiltin -ffunction-sections -fdata-sections -fno-common
$(image_name)_FLAGS = $(board_sections) \
	$(call sized,CONFIG_READER=$(if $(is_compiled),0,1)) $(if $(is_compiled),-include $(image)/sizes.h) \
	-include $(or $(board_header),$(no_header)) -I$(board) -I$(CHIP_DIR) -Iport/lwip/boards/common -Iport/lwip \
	$(INCLUDES) -isystem $(LWIP)/src/include $(board_flags_$(FIRMWARE_TLS))
board_flags_mbedtls = -isystem $(MBEDTLS)/include -DMBEDTLS_CONFIG_FILE=\<mbedtls_config.h\>
FIRMWARE_LINK = -nostartfiles --specs=nano.specs --specs=nosys.specs \
	-L$(board) -L$(CHIP_DIR) -T port/lwip/boards/common/cortex_m3.ld -Wl,--gc-sections,--no-warn-rwx-segments

# The image is one more variant, by a compiler of its own, and like the program it is optimized as a whole: again with
# those options that this compiler knows; but Thumb's calls and jump tables cost other things than this machine's.
# The compiler is asked when the first image is built, once.
FIRMWARE_LTO ?= $(eval FIRMWARE_LTO := $$(shell tools/known '$(CROSS)gcc' -flto -flto-partition=none))$(FIRMWARE_LTO)
FIRMWARE_SMALLER = -fno-tree-forwprop -fno-schedule-insns2 -fno-if-conversion
FIRMWARE_SMALLEST = $(eval FIRMWARE_SMALLEST := -Os $$(shell tools/known '$(CROSS)gcc' \
	$(filter-out -fno-inline-small-functions -fno-jump-tables,$(SMALLEST_OPTIONS)) $(FIRMWARE_SMALLER)))$(FIRMWARE_SMALLEST)
$(image_name)_CC = $(CROSS)gcc -std=c11 $(FIRMWARE_SMALLEST) -g $(FIRMWARE_LTO) $(FIRMWARE_CPU) $(WARN)
board_flags = $($(image_name)_CC) $($(image_name)_FLAGS) $(FIRMWARE_LINK)

firmware_own = $(FIRMWARE) $(FIRMWARE_$(FIRMWARE_TLS))
own_objects = $(call of,$(image_name),$(firmware_own) $(CORE) $(TLS_$(FIRMWARE_TLS)) $(PORT_LWIP))
# All of a board's own .c files belong to its image. One that has the name of a file of boards/common, or of CHIP_DIR,
# stands in for that.
but_for = $(foreach file,$(1),$(if $(filter $(notdir $(file)),$(notdir $(2))),,$(file)))
board_files := $(wildcard $(board)/*.c)
board_files += $(call but_for,$(sort $(wildcard $(CHIP_DIR)/*.c) $(CHIP_DIR)/chip.c $(CHIP_DIR)/nic.c),$(board_files))
board_own = $(call of,$(image_name),$(call but_for,$(BOARD_COMMON),$(board_files)) $(board_files) $(PORT_LWIP_V4))
board_objects = $(board_own) $(image)/built_in.o $(call of,$(image_name)/stack,$(LWIP_CORE) $(LWIP_V4) $(LWIP_ETHERNET))
library_objects = $(if $(filter mbedtls,$(FIRMWARE_TLS)),$(call of,$(image_name)/mbedtls,$(MBEDTLS_LIBRARY)))

$(eval $(call noted,$(image)/flags,board_flags))
$(eval $(call variant,$(image_name)))
# For speed: a handshake's longest step is how long all others wait. Hosted, for the library moves words by
# memcpy(), which is then no call but an instruction. Of the options for the smallest code only the one stays without
# which -O2 would take 6 KB more.
MBEDTLS_FAST = -fno-inline-small-functions $(patsubst -fno-%,-f%,$(filter -fno-%,$(FIRMWARE_SMALLEST)))
$(eval $(call compiled,$(image_name),$(image)/mbedtls/%.o: $(MBEDTLS)/.source,$(MBEDTLS)/library/$$*.c,\
	-O2 $(MBEDTLS_FAST) -fhosted -I$(MBEDTLS)/library -w))

# Other texts are newer than what was made of these, or not.
$(eval $(call noted,$(image)/settings_from,SETTINGS_DIR))
texts = $(SETTINGS_DIR)/anklet.conf $(SETTINGS_DIR)/network.conf

$(image)/built_in.o: port/lwip/boards/common/built_in.S $(texts) $(image)/settings_from $(image)/flags
	$(call say,as $(BOARD) $<) $(CROSS)gcc $(FIRMWARE_CPU) -DNETWORK_FILE='"$(SETTINGS_DIR)/network.conf"' \
		-DCONFIG_FILE='"$(SETTINGS_DIR)/anklet.conf"' -c -o $@ $<

# The reader, built for the host with the board's sizes, and what it makes of them.
host_name := $(BOARD)-host
$(host_name)_CC = $(CC) -std=c11 -O1 -g $(WARN)
$(host_name)_FLAGS = $(call sized,CONFIG_READER=1 CONFIG_PRINTER=1 HINTS=1) -include $(or $(board_header),$(no_header)) \
	-Iport/lwip/boards/common -Iport/sim $(INCLUDES)
host_flags = $($(host_name)_CC) $($(host_name)_FLAGS)

$(eval $(call noted,$(BUILD)/$(host_name)/flags,host_flags))
$(eval $(call variant,$(host_name)))
$(eval $(call program,$(BUILD)/$(host_name)/compile_settings: $(call of,$(host_name),$(COMPILE_SETTINGS)),-g))
$(image)/settings.c $(image)/sizes.h: $(BUILD)/$(host_name)/compile_settings $(texts) $(image)/settings_from
	$(call say,settings $@) $< $(texts) $(patsubst %.h,%,$(filter %.h,$(@F))) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$(eval $(call compiled,$(image_name),$(image)/settings.o: $(image)/settings.c,$$<))

# For a test: that, compiled for the host, beside what the reader makes of the same texts.
$(eval $(call compiled,$(host_name),$(BUILD)/$(host_name)/settings.o: $(image)/settings.c,$$<))
$(eval $(call program,$(BUILD)/$(host_name)/compare_settings: $(BUILD)/$(host_name)/settings.o \
	$(call of,$(host_name),tests/firmware/compare_settings.c $(filter src/% %/network_read.c,$(COMPILE_SETTINGS))),-g))

# And the same board and stack without anklet, to compare with.
$(image)/anklet.elf: $(own_objects) $(board_objects) $(library_objects) $(if $(is_compiled),$(image)/settings.o)
$(image)/echo.elf: $(call of,$(image_name),$(ECHO)) $(board_objects)
$(image)/anklet.elf $(image)/echo.elf: port/lwip/boards/common/cortex_m3.ld $(board)/memory.ld anklet.mk
	$(call say,link $@) $($(image_name)_CC) $(board_sections) $(FIRMWARE_LINK) -Wl,-Map,$(@:.elf=.map) -o $@ $(filter %.o,$^)
	@$(CROSS)objcopy -O binary $@ $(@:.elf=.bin) && $(CROSS)objcopy -O ihex $@ $(@:.elf=.hex)

# What is compiled of an image but the libraries, with what checks the stack's sizes: for those that need not fit.
image_objects: $(own_objects) $(board_own) $(image)/stack/core/init.o $(image)/stack/core/memp.o

# And what does not know the board, for whichever processor CROSS and FIRMWARE_CPU name.
portable = $(own_objects) $(call of,$(BOARD),$(PORT_LWIP_V4)) $(image)/stack/core/init.o $(image)/stack/core/memp.o
portable_objects: $(portable) ## elsewhere: compile what knows no board, for any processor; FIRMWARE_CPU= CROSS=

images: $(image)/anklet.elf $(image)/echo.elf
	@tools/size parts $(image)/anklet.elf $(HOLD)

firmware: ## elsewhere: get what is missing, build an image; BOARD= BOARD_DIR= SETTINGS= SETTINGS_DIR=
	$(if $(is_compiled),@CC='$(CC)' tools/need build)
	$(call get,firmware,images)

run-firmware: firmware ## elsewhere: get what is missing, build the image and start it under QEMU; BOARD= BOARD_DIR=
	$(call get,run-firmware)
	@$(if $(is_compiled),SETTINGS= )tools/run_firmware $(QEMU_MACHINE) $(image)

check-firmware: ## elsewhere: build every board and test it under QEMU; TESTS=FILES
	@for b in $(BOARDS); do $(MAKE) BOARD=$$b HOLD=--hold images || exit 1; done
	@$(MAKE) BOARD=lm3s6965evb SETTINGS=compiled HOLD=--hold images
	@BUILD=$(BUILD) IMAGES=$(abspath $(BUILD)) TEST_SECONDS=1200 $(call run_pytest,$@,tests/firmware)

test-firmware: ## elsewhere: first get what is missing, then check-firmware
	$(call get,test-firmware,check-firmware)

/*
 * What the linker script (cortex_m3.ld) says of the memory.
 */
#ifndef BOARD_LINKED_H
#define BOARD_LINKED_H

#include <stdint.h>

/*
 * The stack comes first in RAM: one that grows too long leaves RAM and is a
 * fault, instead of quietly writing over data.
 */
extern uint32_t linked_stack_bottom[], linked_stack_top[];

extern const uint32_t linked_data_source[];
extern uint32_t linked_data_start[], linked_data_end[];
extern uint32_t linked_bss_start[], linked_bss_end[];

/* What a reset leaves alone: the seed. */
extern uint8_t linked_noinit[];

/* Parts of the flash that can be written by themselves: the settings, and the files. */
extern const uint8_t linked_settings[], linked_settings_end[];
extern const uint8_t linked_files[], linked_files_end[];

#endif

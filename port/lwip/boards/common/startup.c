/*
 * From reset to main(): the vector table, and memory as C expects it.
 */
#include "board_parts.h"
#include "chip.h"
#include "linked.h"
#include "register.h"

#include <stddef.h>

int main(void);
void startup_reset(void);

typedef void vector(void);

/* What is not named here is never enabled. */
__attribute__((section(".vectors"), used)) static vector *const vectors[16 + CHIP_IRQS] = {
	[0] = (vector *)linked_stack_top,
	[1] = startup_reset,
	[2] = fault_entry, /* NMI */
	[3] = fault_entry, /* HardFault; the other faults become it, for none has a handler of its own */
	[4] = fault_entry,
	[5] = fault_entry,
	[6] = fault_entry,
	[15] = clock_tick,
	[16 + CHIP_NIC_IRQ] = nic_interrupt,
	[16 + CHIP_WATCHDOG_IRQ] = fault_entry,
};

/* The pattern shows later how far down the stack has been. Not inlined: it must not reach its caller's frame. */
__attribute__((noinline)) static void paint_stack(void)
{
	uint32_t *end = (uint32_t *)__builtin_frame_address(0) - 16;

	for (volatile uint32_t *p = linked_stack_bottom; p < end; p++)
		*p = STACK_PAINT;
}

__attribute__((noreturn)) void startup_reset(void)
{
	const uint32_t *from = linked_data_source;

	/* Volatile, or these loops become calls of functions that may want memory set up already. */
	for (volatile uint32_t *to = linked_data_start; to < linked_data_end; to++)
		*to = *from++;
	for (volatile uint32_t *to = linked_bss_start; to < linked_bss_end; to++)
		*to = 0;
	paint_stack();
	chip_init();
	clock_init();
	interrupts_on();
	main();
	fault_restart();
}

size_t stack_size(void)
{
	return (size_t)(linked_stack_top - linked_stack_bottom) * sizeof(uint32_t);
}

size_t stack_used(void)
{
	const volatile uint32_t *p = linked_stack_bottom;

	while (p < linked_stack_top && *p == STACK_PAINT)
		p++;
	return (size_t)(linked_stack_top - p) * sizeof(uint32_t);
}

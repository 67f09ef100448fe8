/*
 * Faults, failed assertions and a watchdog nobody fed: says where it happened, then starts anew.
 *
 * An assertion (assert.h) is an undefined instruction: its place is in 'pc', and
 * 'arm-none-eabi-addr2line -e IMAGE PC' names the line.
 */
#include "board.h"
#include "board_parts.h"
#include "linked.h"
#include "register.h"

#include <string.h>

__attribute__((used)) void fault_report(const uint32_t *frame);

static void put_str(const char *s)
{
	board_put(s, strlen(s));
	console_flush();
}

static void put_hex(const char *name, uint32_t n)
{
	char digits[8];

	for (int i = 7; i >= 0; i--, n >>= 4)
		digits[i] = "0123456789abcdef"[n & 15];
	put_str(name);
	board_put(digits, sizeof digits);
	console_flush();
}

static const char *kind(uint32_t exception)
{
	if (exception == 2 || exception >= 16)
		return "\nfault: the watchdog was not fed";
	return "\nfault";
}

/* frame: what the processor has put on the stack, the registers of the place where it happened. */
void fault_report(const uint32_t *frame)
{
	static const char *const names[] = {
		"\n  r0 ", " r1 ", " r2 ", " r3 ", " r12 ", "\n  lr ", " pc ", " psr "};
	uint32_t exception = SCB_STATE & 0x1ff;

	put_str(kind(exception));
	put_hex(" exception ", exception);
	put_hex(" cfsr ", SCB_FAULT);
	put_hex(" hfsr ", SCB_FAULT_CAUSE);
	put_hex(" bfar ", SCB_BUS_ADDRESS);
	put_hex(" sp ", (uint32_t)(uintptr_t)frame);
	if (frame < linked_stack_bottom)
		put_str("\n  the stack was too small");
	for (unsigned i = 0; i < 8 && frame >= linked_stack_bottom && frame + 8 <= linked_stack_top;
		i++)
		put_hex(names[i], frame[i]);
	put_str("\n");
	fault_restart();
}

/*
 * Of the old stack only the frame is still of use, and it may have no room left. The two addresses lie here, within
 * reach: optimized as a whole, this is in the middle of a section that is all of the image.
 */
__attribute__((naked)) void fault_entry(void)
{
	__asm volatile("mrs r0, msp\n\t"
		       "ldr r1, =linked_stack_top\n\t"
		       "ldr r2, =linked_stack_bottom + 1024\n\t"
		       "cmp r0, r2\n\t"
		       "it lo\n\t"
		       "msrlo msp, r1\n\t"
		       "b fault_report\n\t"
		       ".ltorg");
}

void fault_restart(void)
{
	SCB_RESET = SCB_RESET_NOW;
	for (;;)
		;
}

/*
 * The serial line of the MPS2 board.
 */
#include "chip.h"

void chip_init(void)
{
	UART_DIVISOR = CHIP_CLOCK_HZ / 115200;
	UART_CONTROL = UART_CONTROL_SEND;
}

bool chip_put(char c)
{
	if (UART_STATE & UART_FULL)
		return false;
	UART_DATA = (uint8_t)c;
	return true;
}

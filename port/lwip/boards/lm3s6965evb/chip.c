/*
 * The LM3S6965's clock and serial line.
 */
#include "chip.h"

/*
 * 50 MHz from the board's 8 MHz crystal: first around the PLL, then through it,
 * by 4. The bits: BYPASS 11, PWRDN 13, USESYSDIV 22, SYSDIV from 23 on, XTAL
 * from 6 on, and 0 in OSCSRC is the crystal.
 */
#define CLOCK_AROUND 0x07802B81u
#define CLOCK_POWERED 0x07800B81u
#define CLOCK_DIVIDED 0x01C00B81u
#define CLOCK_LOCKED 0x01C00381u

static void clock_start(void)
{
	SYSTEM_CLOCK = CLOCK_AROUND;
	SYSTEM_CLOCK = CLOCK_POWERED;
	SYSTEM_CLOCK = CLOCK_DIVIDED;
	for (unsigned i = 0; i < 100000 && !(SYSTEM_STATUS & SYSTEM_STATUS_LOCKED); i++)
		;
	SYSTEM_CLOCK = CLOCK_LOCKED;
}

void chip_init(void)
{
	clock_start();
	SYSTEM_POWER_0 |= POWER_0_WATCHDOG;
	SYSTEM_POWER_1 |= POWER_1_UART;
	SYSTEM_POWER_2 |= POWER_2_ETHERNET | POWER_2_PORTS;
	/* A peripheral is there three cycles after it got its clock: reading it back takes longer. */
	(void)SYSTEM_POWER_2;
	PORT_FUNCTION(PORT_A) = 0x03;
	PORT_DIGITAL(PORT_A) = 0x03;
	PORT_FUNCTION(PORT_F) = 0x0C;
	PORT_DIGITAL(PORT_F) = 0x0C;
	/* 50 MHz / (16 * 115200) = 27 + 8/64 */
	UART_DIVISOR = 27;
	UART_FRACTION = 8;
	UART_LINE = UART_LINE_8N1_FIFO;
	UART_CONTROL = UART_CONTROL_ON;
}

bool chip_put(char c)
{
	if (UART_FLAGS & UART_FULL)
		return false;
	UART_DATA = (uint8_t)c;
	return true;
}

/*
 * The watchdog: on both boards it is ARM's (CMSDK, DDI 0479, section 4.3).
 */
#include "board_parts.h"
#include "chip.h"
#include "register.h"

#define WATCHDOG_LOAD REGISTER(CHIP_WATCHDOG + 0x000)
#define WATCHDOG_CONTROL REGISTER(CHIP_WATCHDOG + 0x008)
#define WATCHDOG_CONTROL_ON 3u /* interrupts at the first zero, resets at the second */

_Static_assert(CHIP_CLOCK_HZ <= UINT32_MAX / (WATCHDOG_S / 2), "the watchdog counts 32 bits");

void watchdog_feed(void)
{
	WATCHDOG_LOAD = CHIP_CLOCK_HZ * (WATCHDOG_S / 2);
	if (WATCHDOG_CONTROL == WATCHDOG_CONTROL_ON)
		return;
	WATCHDOG_CONTROL = WATCHDOG_CONTROL_ON;
	NVIC_ENABLE(CHIP_WATCHDOG_IRQ) = NVIC_BIT(CHIP_WATCHDOG_IRQ);
}

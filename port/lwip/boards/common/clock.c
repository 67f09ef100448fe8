/*
 * Time, and sleeping through it: SysTick interrupts a hundred times a second, and is read for what
 * lies between.
 *
 * So the longest sleep is 10 ms, and no timer has to be set for what is due.
 */
#include "board.h"
#include "board_parts.h"
#include "chip.h"
#include "register.h"

#include "lwip/sys.h"

#define TICK_MS 10u
#define FRAMES_AT_ONCE 8 /* handed on before the program goes on */
#define CYCLES_PER_MS (CHIP_CLOCK_HZ / 1000u)
#define CYCLES_PER_TICK (CYCLES_PER_MS * TICK_MS)

_Static_assert(CYCLES_PER_TICK <= 1u << 24, "SysTick counts 24 bits");

static volatile uint32_t ticks;
static uint32_t slept_cycles, slept_ms; /* cycles are below one millisecond's */
static uint32_t looked_us;              /* when board_wait() returned last */
static int32_t pause_us;                /* the longest time from there to its next call */

void clock_init(void)
{
	SYSTICK_RELOAD = CYCLES_PER_TICK - 1;
	SYSTICK_VALUE = 0;
	SYSTICK_CONTROL = SYSTICK_ON;
}

void clock_tick(void)
{
	ticks++;
}

/* Microseconds since the start. With interrupts on: a tick that is due is then counted. */
static uint32_t now_us(void)
{
	uint32_t before, cycles;

	do {
		before = ticks;
		cycles = CYCLES_PER_TICK - 1 - SYSTICK_VALUE;
	} while (before != ticks);
	return before * (TICK_MS * 1000u) + cycles / (CYCLES_PER_MS / 1000u);
}

u32_t sys_now(void)
{
	static uint32_t last;
	uint32_t before, now;

	do {
		before = ticks;
		now = before * TICK_MS + (CYCLES_PER_TICK - 1 - SYSTICK_VALUE) / CYCLES_PER_MS;
	} while (before != ticks);
	/* The counter may have started anew an instruction before the tick is counted. */
	if ((int32_t)(now - last) > 0)
		last = now;
	return last;
}

uint32_t clock_awake_us(void)
{
	return now_us() - slept_ms * 1000u - slept_cycles / (CYCLES_PER_MS / 1000u);
}

/* With interrupts off. The next tick ends it at the latest, so the counter starts anew once at most. */
static void sleep(void)
{
	uint32_t before = SYSTICK_VALUE, after;

	wait_for_interrupt();
	after = SYSTICK_VALUE;
	slept_cycles += after <= before ? before - after : before + CYCLES_PER_TICK - after;
	while (slept_cycles >= CYCLES_PER_MS) {
		slept_cycles -= CYCLES_PER_MS;
		slept_ms++;
	}
}

static void idle(void)
{
	/* While characters wait for the serial line nothing would wake us when it takes them. */
	if (console_drain())
		return;
	interrupts_off();
	nic_arm();
	/* What came before that is seen here, and what comes after it wakes. */
	if (!nic_pending())
		sleep();
	interrupts_on();
}

uint32_t clock_pause_us(void)
{
	int32_t longest = pause_us;

	pause_us = 0;
	return (uint32_t)longest;
}

static void look(uint32_t ms)
{
	unsigned frames = 0;

	while (frames < FRAMES_AT_ONCE && ethernet_poll())
		frames++;
	if (frames > 0 || ms == 0) {
		console_drain();
		return;
	}
	idle();
	ethernet_poll();
}

void board_wait(uint32_t ms)
{
	/* Negative when the counter started anew a moment before the tick was counted. */
	int32_t pause = (int32_t)(now_us() - looked_us);

	if (pause > pause_us)
		pause_us = pause;
	look(ms);
	looked_us = now_us();
}

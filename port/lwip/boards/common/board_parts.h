/*
 * What the boards' common files offer each other and the image's main().
 */
#ifndef BOARD_PARTS_H
#define BOARD_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- startup.c ---- */

#define STACK_PAINT 0xA5A5A5A5u

/* The stack's bytes, and how many have ever been in use. */
size_t stack_size(void);
size_t stack_used(void);

/* ---- clock.c ---- */

void clock_init(void);
void clock_tick(void);

/* Microseconds that the processor was not asleep, since the start; wraps. */
uint32_t clock_awake_us(void);

/*
 * The longest time, in microseconds, that the network waited for board_wait() since this was
 * asked last: the pause that one session's work was for all others.
 */
uint32_t clock_pause_us(void);

/* ---- console.c ---- */

/* Passes on what the serial line takes now: is something left? */
bool console_drain(void);

/* Waits until all of it has gone. */
void console_flush(void);

/* ---- fault.c ---- */

/* The handler of every fault: prints the registers and restarts. */
void fault_entry(void);

/* Restarts the processor. */
void fault_restart(void) __attribute__((noreturn));

/* ---- watchdog.c ---- */

/*
 * From the first call on, the board restarts when the next one does not come
 * within WATCHDOG_S: half of it later it prints the registers as fault_entry().
 */
#define WATCHDOG_S 8
void watchdog_feed(void);

/* ---- ethernet.c ---- */

struct netif;

/* Makes the board's only interface, with that hardware address. Once. */
struct netif *ethernet_init(const uint8_t mac[6]);

/* Hands the next frame to lwIP, and now and then what has become of the link. False when no frame was waiting. */
bool ethernet_poll(void);

/* ---- checksum.c ---- */

/* The CRC-32 of Ethernet, zip and many others (ISO/IEC/IEEE 8802-3, 3.2.9). */
uint32_t checksum_crc32(const void *data, size_t len);

/* ---- settings.c ---- */

struct board_settings {
	const char *network, *config; /* texts, without a NUL at their end */
	size_t network_len, config_len;
	bool built_in;   /* from the image, and not from the flash's own part */
	const char *why; /* why those there are not used; NULL when there are none, or they are */
};

void settings_find(struct board_settings *settings);

/* Those that were built in, and why not the others. */
void settings_built_in(struct board_settings *settings, const char *why);

#endif

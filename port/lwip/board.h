/*
 * What a board gives to the port: five functions.
 *
 * boards/ implements them for those that are emulated by QEMU; docs/porting.md
 * tells how to bring another one.
 */
#ifndef ANKLET_BOARD_H
#define ANKLET_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Milliseconds of a clock that never jumps and never goes back; it wraps at 2^32. */
uint32_t board_now(void);

/* Hands the next frame that has arrived to lwIP. False when there was none. */
bool board_poll(void);

/*
 * Sleeps until a frame arrives, at most ms milliseconds. It may return earlier
 * for no reason, and does so at once when a frame is waiting.
 */
void board_idle(uint32_t ms);

/* Puts text where the log goes. Never waits: false, and nothing is put, when there is no room for all of it. */
bool board_put(const char *text, size_t len);

/*
 * Gives 32 octets that nobody can guess and nobody is given twice. False when
 * there are none: the board was not given a seed, and has no source of its own.
 */
bool board_seed(uint8_t seed[32]);

#endif

/*
 * What a board gives: four functions, lwIP's clock, and a network stack that has been brought up.
 *
 * Before anklet_start() the board calls lwip_init(), adds its netif, and gives it
 * an address or starts DHCP. It compiles lwIP with an lwipopts.h of its own, which
 * ends with anklet_lwipopts.h; host/lwipopts.h is an example. lwIP's sys_now() is
 * the port's clock too: milliseconds that never jump and wrap at 2^32.
 *
 * The netif's linkoutput must be done with a frame when it returns (copy it into
 * the controller's memory): a frame kept longer shows bytes of a ring that may
 * meanwhile belong to another connection.
 */
#ifndef ANKLET_LWIP_BOARD_H
#define ANKLET_LWIP_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_SEED 32 /* bytes of a seed */

/*
 * Hands the frames that have arrived to the stack, a bounded number of them. If
 * there was none, sleeps until one arrives or ms milliseconds have passed, and
 * may return earlier for any other reason. 0 only looks. lwIP is never entered
 * from an interrupt.
 */
void board_wait(uint32_t ms);

/* Takes a piece of the log, lines ended by '\n', whole or not at all: false. Never blocks. */
bool board_put(const char *text, size_t len);

/*
 * Gives a seed that nobody can guess and that no earlier start of this board has
 * had. False, or all bytes zero: there is none.
 */
bool board_seed(uint8_t seed[BOARD_SEED]);

enum board_file { BOARD_FILE_FOUND, BOARD_FILE_NONE, BOARD_FILES_DAMAGED };

/*
 * Finds a stored file (a certificate, a key): *data with *len bytes and a NUL after
 * them, which stay where they are. Or there is none of that name, or what should
 * hold the files is damaged.
 */
enum board_file board_file(const char *name, const uint8_t **data, size_t *len);

#endif

/*
 * A board that is a process: the loopback interface, a clock that only waiting moves, a log in memory.
 */
#ifndef ANKLET_LWIP_HOST_H
#define ANKLET_LWIP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_LOG_SIZE (1 << 20)

#define HOST_FILES 4

/* A stored file. */
struct host_file {
	const char *name;
	uint8_t *data; /* with a NUL behind */
	size_t len;
};

/* What the board does. All zero is a board that works. */
struct host {
	bool no_seed;     /* board_seed() has none */
	bool log_stalled; /* board_put() takes nothing */
	unsigned files;
	struct host_file file[HOST_FILES];
	size_t log_len;
	char log[HOST_LOG_SIZE]; /* what was logged; the rest is dropped when it is full */
};

extern struct host host;

/* Brings the stack up, once in a process. */
void host_start(void);

#endif

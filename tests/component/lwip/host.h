/*
 * A system that is a process: lwIP's loopback interface, a log in memory, files that a test gives.
 */
#ifndef ANKLET_LWIP_SOCKETS_HOST_H
#define ANKLET_LWIP_SOCKETS_HOST_H

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

/* What the system does. All zero is one that works. */
struct host {
	bool no_random;   /* platform_random() has none */
	bool log_stalled; /* platform_log() takes nothing */
	unsigned files;
	struct host_file file[HOST_FILES];
	size_t log_len;
	char log[HOST_LOG_SIZE]; /* what was logged; the rest is dropped when it is full */
};

extern struct host host;

/* Brings the stack up, once in a process. */
void host_start(void);

#endif

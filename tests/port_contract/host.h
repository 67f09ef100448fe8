/*
 * A small system that is a process: a log in memory, files that a test gives, and random numbers
 * that can be stopped. What stands in for a board, for ESP-IDF and for Zephyr has it in common.
 */
#ifndef ANKLET_PORT_CONTRACT_HOST_H
#define ANKLET_PORT_CONTRACT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_LOG_SIZE (1 << 20)
#define HOST_FILES 4

/* A stored file. */
struct host_file {
	const char *name;
	uint8_t *data; /* with a NUL after it */
	size_t len;
};

/* What the system does. All zero is one that works. */
struct host {
	bool no_random;   /* there are no random numbers */
	bool log_stalled; /* nothing is logged */
	unsigned files;
	struct host_file file[HOST_FILES];
	size_t log_len;
	char log[HOST_LOG_SIZE]; /* what was logged; the rest is dropped when it is full */
};

extern struct host host;

/* Makes it one that works, without files and with an empty log. */
void host_clear(void);

/* Appends to the log, whole or not at all: false. */
bool host_put(const char *text, size_t len);

/* The log so far, with a NUL after it. */
const char *host_log_text(void);

/* The file of that name, or NULL. */
const struct host_file *host_find(const char *name);

/* ---- The stand-in's own ---- */

/* A file was added, or there are none any more. */
void host_files_changed(void);

/* Brings the network stack up, once in a process, where that is to be done. */
void host_start(void);

#endif

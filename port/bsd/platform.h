/*
 * What a program or an SDK brings on a small system, where neither lwIP nor Zephyr has it: three
 * functions. port/esp-idf and port/zephyr have theirs.
 */
#ifndef ANKLET_BSD_PLATFORM_H
#define ANKLET_BSD_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* Takes a log line (no line end, printable ASCII), whole or not at all: false. */
bool platform_log(enum port_level level, const char *line, size_t len);

/* Fills buf with random bytes fit for keys. False: there are none. */
bool platform_random(void *buf, size_t len);

/*
 * Finds a stored file (a certificate, a key): *data with *len bytes and a NUL after
 * them, which stay where they are. False: there is none of that name.
 */
bool platform_file(const char *name, const uint8_t **data, size_t *len);

#endif

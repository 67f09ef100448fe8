/*
 * What a system gives besides lwIP: three functions. port/esp-idf has those of ESP-IDF, and host/
 * those of a development machine.
 */
#ifndef ANKLET_LWIP_SOCKETS_PLATFORM_H
#define ANKLET_LWIP_SOCKETS_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/* Takes a log line (no line end, printable ASCII), whole or not at all: false. */
bool platform_log(enum port_level level, const char *line, size_t len);

/* Fills buf with random octets fit for keys. False: there are none. */
bool platform_random(void *buf, size_t len);

/*
 * Finds a stored file (a certificate, a key): *data with *len octets and a NUL behind
 * them, which stay where they are. False: there is none of that name.
 */
bool platform_file(const char *name, const uint8_t **data, size_t *len);

#endif

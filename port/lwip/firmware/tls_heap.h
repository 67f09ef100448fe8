/*
 * The memory of the TLS library: one static block, CONFIG_ANKLET_TLS_HEAP octets.
 */
#ifndef FIRMWARE_TLS_HEAP_H
#define FIRMWARE_TLS_HEAP_H

#include <stddef.h>

/* Gives the library its block: before anklet_start(). */
void tls_heap_init(void);

/* Octets in use now, those that ever were, and all of them; 0, 0, 0 without a library. */
struct tls_heap_use {
	size_t now, most, all;
};

struct tls_heap_use tls_heap_use(void);

#endif

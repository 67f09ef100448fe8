/*
 * The memory of the TLS library: one static block, CONFIG_ANKLET_TLS_HEAP bytes, and none of anybody else.
 *
 * The library's configuration names these two in the place of calloc() and free()
 * (mbedtls_common.h).
 */
#ifndef FIRMWARE_TLS_HEAP_H
#define FIRMWARE_TLS_HEAP_H

#include <stddef.h>

/* Makes the block ready: before anklet_start(). */
void tls_heap_init(void);

/* As calloc() and free() of C. */
void *tls_heap_calloc(size_t count, size_t size);
void tls_heap_free(void *memory);

/* Bytes in use now, the most that ever were, and all of them; 0, 0, 0 where no library is built in. */
struct tls_heap_use {
	size_t now, most, all;
};

struct tls_heap_use tls_heap_use(void);

#endif

/*
 * The memory of Mbed TLS. See tls_heap.h.
 */
#include "tls_heap.h"

#include <stdalign.h>

#include "anklet_config.h"

#include <mbedtls/memory_buffer_alloc.h>

#define BLOCK_HEADER (8 * sizeof(void *)) /* what the library's allocator puts before each block */

static alignas(max_align_t) unsigned char tls_heap[CONFIG_ANKLET_TLS_HEAP];

void tls_heap_init(void)
{
	mbedtls_memory_buffer_alloc_init(tls_heap, sizeof tls_heap);
}

struct tls_heap_use tls_heap_use(void)
{
	struct tls_heap_use use = {.all = sizeof tls_heap};
	size_t blocks;

	mbedtls_memory_buffer_alloc_cur_get(&use.now, &blocks);
	use.now += blocks * BLOCK_HEADER;
	mbedtls_memory_buffer_alloc_max_get(&use.most, &blocks);
	use.most += blocks * BLOCK_HEADER;
	return use;
}

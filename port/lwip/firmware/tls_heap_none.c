/*
 * No memory for a TLS library where none is built in. See tls_heap.h.
 */
#include "tls_heap.h"

void tls_heap_init(void)
{
}

struct tls_heap_use tls_heap_use(void)
{
	return (struct tls_heap_use){0};
}

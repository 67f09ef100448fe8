/*
 * What lwIP asks about the compiler and the machine: here a hosted one with a C library.
 */
#ifndef ANKLET_LWIP_HOST_CC_H
#define ANKLET_LWIP_HOST_CC_H

#include <stdio.h>
#include <stdlib.h>

#include "lwip_hooks.h"

#define LWIP_RAND() random_for_lwip()

#define LWIP_PLATFORM_DIAG(x) \
	do {                  \
		printf x;     \
	} while (0)

#define LWIP_PLATFORM_ASSERT(x)                                                 \
	do {                                                                    \
		fprintf(stderr, "lwIP: %s, at %s:%d\n", x, __FILE__, __LINE__); \
		abort();                                                        \
	} while (0)

#endif

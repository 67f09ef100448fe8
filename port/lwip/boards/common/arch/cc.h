/*
 * lwIP's own settings of the compiler: little-endian, no text for failed assertions (see assert.h).
 */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <assert.h>
#include <stdint.h>

#include "lwip_hooks.h"

#define LWIP_NO_UNISTD_H 1
#define LWIP_RAND() random_for_lwip()
#define LWIP_PLATFORM_DIAG(message) ((void)0)
#define LWIP_PLATFORM_ASSERT(message) __builtin_trap()

#endif

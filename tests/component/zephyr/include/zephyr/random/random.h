/* Of Zephyr's random numbers what port/zephyr uses. */
#ifndef HOST_ZEPHYR_RANDOM_H
#define HOST_ZEPHYR_RANDOM_H

#include <stddef.h>

int sys_csrand_get(void *dst, size_t len);

#endif

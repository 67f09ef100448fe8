/*
 * Division of 64 bits.
 */
#ifndef ANKLET_DIVIDE_H
#define ANKLET_DIVIDE_H

#include <stdint.h>

/* Bit by bit. */
static inline uint64_t divided_slowly(uint64_t n, uint32_t by)
{
	uint64_t rest = 0;

	for (unsigned bit = 0; bit < 64; bit++) {
		rest = rest << 1 | n >> 63;
		n <<= 1;
		if (rest >= by) {
			rest -= by;
			n |= 1;
		}
	}
	return n;
}

/* For a 32-bit processor the compiler would add a kilobyte, and another one for a remainder. */
static inline uint64_t divided(uint64_t n, uint32_t by)
{
	return sizeof(void *) > sizeof n / 2 ? n / by : divided_slowly(n, by);
}

#endif

/*
 * ChaCha20's block function. See chacha20.h.
 */
#include "chacha20.h"

#define ROUNDS 20

static uint32_t load(const uint8_t byte[4])
{
	return byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 | (uint32_t)byte[3] << 24;
}

static void store(uint8_t byte[4], uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		byte[i] = (uint8_t)(word >> 8 * i);
}

static uint32_t rotate(uint32_t word, unsigned bits)
{
	return word << bits | word >> (32 - bits);
}

static void quarter_round(uint32_t x[16], unsigned a, unsigned b, unsigned c, unsigned d)
{
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate(x[b] ^ x[c], 7);
}

void chacha20_block(const uint8_t key[CHACHA20_KEY], const uint8_t input[CHACHA20_INPUT],
	uint8_t block[CHACHA20_BLOCK])
{
	uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint32_t x[16];

	for (unsigned i = 0; i < 8; i++)
		state[4 + i] = load(key + 4 * i);
	for (unsigned i = 0; i < 4; i++)
		state[12 + i] = load(input + 4 * i);
	for (unsigned i = 0; i < 16; i++)
		x[i] = state[i];
	for (unsigned i = 0; i < ROUNDS; i += 2) {
		for (unsigned column = 0; column < 4; column++)
			quarter_round(x, column, 4 + column, 8 + column, 12 + column);
		for (unsigned diagonal = 0; diagonal < 4; diagonal++)
			quarter_round(x, diagonal, 4 + (diagonal + 1) % 4, 8 + (diagonal + 2) % 4,
				12 + (diagonal + 3) % 4);
	}
	for (unsigned i = 0; i < 16; i++)
		store(block + 4 * i, x[i] + state[i]);
}

/*
 * The seed: 32 random bytes in RAM that a reset leaves alone, put there by whoever starts the board.
 *
 * tools/seed makes the blob: "SEED", the bytes, their CRC-32. RAM after power-on
 * holds anything, so without a right CRC there is no seed. What is given out is
 * made from it, and so is what takes its place: no reset brings it back.
 */
#include "board.h"
#include "board_parts.h"
#include "chacha20.h"
#include "linked.h"

#include <string.h>

#define SEED_MAGIC 0x44454553u

_Static_assert(
	BOARD_SEED == CHACHA20_KEY && CHACHA20_BLOCK == 2 * BOARD_SEED, "a block is two seeds");

struct seed_blob {
	uint32_t magic;
	uint8_t seed[BOARD_SEED];
	uint32_t crc;
};

static volatile struct seed_blob *place(void)
{
	return (volatile struct seed_blob *)(void *)linked_noinit;
}

/* Volatile, for nothing in this program tells the compiler that somebody reads what is written. */
static void copy_out(const struct seed_blob *from)
{
	volatile uint8_t *to = (volatile uint8_t *)place();

	for (size_t i = 0; i < sizeof *from; i++)
		to[i] = ((const uint8_t *)from)[i];
}

static void copy_in(struct seed_blob *to)
{
	const volatile uint8_t *from = (const volatile uint8_t *)place();

	for (size_t i = 0; i < sizeof *to; i++)
		((uint8_t *)to)[i] = from[i];
}

/* One block of ChaCha20 makes two seeds of one: the first is given out, the second kept for the next time. */
static void divide(struct seed_blob *blob, uint8_t seed[BOARD_SEED])
{
	static const uint8_t input[CHACHA20_INPUT] = "seeds";
	uint8_t block[CHACHA20_BLOCK];

	chacha20_block(blob->seed, input, block);
	memcpy(seed, block, BOARD_SEED);
	memcpy(blob->seed, block + BOARD_SEED, BOARD_SEED);
	blob->crc = checksum_crc32(blob->seed, BOARD_SEED);
	memset(block, 0, sizeof block);
}

bool board_seed(uint8_t seed[BOARD_SEED])
{
	static const uint8_t zero[BOARD_SEED];
	struct seed_blob blob;

	copy_in(&blob);
	if (blob.magic != SEED_MAGIC || memcmp(blob.seed, zero, sizeof zero) == 0 ||
		blob.crc != checksum_crc32(blob.seed, sizeof blob.seed))
		return false;
	divide(&blob, seed);
	copy_out(&blob);
	memset(&blob, 0, sizeof blob);
	return true;
}

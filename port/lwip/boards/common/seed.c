/*
 * The seed: 32 random octets in RAM that a reset leaves alone, put there by whoever starts the board.
 *
 * tools/seed makes the blob: "SEED", the octets, their CRC-32. RAM after power-on
 * holds anything, so without a right CRC there is no seed. One is used once.
 */
#include "board.h"
#include "board_parts.h"
#include "linked.h"

#include <string.h>

#define SEED_MAGIC 0x44454553u

struct seed_blob {
	uint32_t magic;
	uint8_t seed[32];
	uint32_t crc;
};

static volatile struct seed_blob *blob(void)
{
	return (volatile struct seed_blob *)(void *)linked_noinit;
}

/* Volatile, for nothing in this program tells the compiler that somebody reads what is written. */
static void copy_out(const struct seed_blob *from)
{
	volatile uint8_t *to = (volatile uint8_t *)blob();

	for (size_t i = 0; i < sizeof *from; i++)
		to[i] = ((const uint8_t *)from)[i];
}

static void copy_in(struct seed_blob *to)
{
	const volatile uint8_t *from = (const volatile uint8_t *)blob();

	for (size_t i = 0; i < sizeof *to; i++)
		((uint8_t *)to)[i] = from[i];
}

void seed_keep(const uint8_t seed[32])
{
	struct seed_blob made = {.magic = SEED_MAGIC};

	memcpy(made.seed, seed, sizeof made.seed);
	made.crc = checksum_crc32(made.seed, sizeof made.seed);
	copy_out(&made);
}

bool board_seed(uint8_t seed[32])
{
	static const uint8_t zero[32];
	static const struct seed_blob used;
	struct seed_blob found;

	copy_in(&found);
	copy_out(&used);
	if (found.magic != SEED_MAGIC || memcmp(found.seed, zero, sizeof zero) == 0 ||
		found.crc != checksum_crc32(found.seed, sizeof found.seed))
		return false;
	memcpy(seed, found.seed, sizeof found.seed);
	return true;
}

/*
 * Random numbers: ChaCha20, keyed by the board's seed, with a new key after every block.
 *
 * Half of each block becomes the next key and the other half is given out, so
 * what was given out cannot be computed from what is in memory later. Without a
 * seed port_random() fails; port_random_weak() and lwIP, which cannot be refused, are then given
 * numbers that can be guessed. The state belongs to the program, as lwIP's does.
 */
#include "internal.h"

#include <string.h>

#include "lwip/sys.h"

#include "lwip_hooks.h"

#include "board.h"
#include "chacha20.h"

#define SERVED (CHACHA20_BLOCK - CHACHA20_KEY) /* bytes given out for each block */
#define TICKS_PER_MS 250 /* sequence numbers go on by one every 4 us (RFC 6528) */

_Static_assert(BOARD_SEED == CHACHA20_KEY, "a seed is a key");

static struct {
	uint8_t key[CHACHA20_KEY];
	uint8_t sequence_key
		[CHACHA20_KEY]; /* for sequence numbers, set when the first one is asked for */
	bool asked;             /* the board was asked for a seed */
	bool seeded;            /* and had one */
	bool sequenced;         /* sequence_key is set */
} random_state;

static bool is_zero(const uint8_t *bytes, size_t len)
{
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= bytes[i];
	return any == 0;
}

/* The seed is mixed in: the same one given again does not give the same numbers again. */
bool random_seed(void)
{
	uint8_t seed[BOARD_SEED] = {0};
	uint32_t now = sys_now();

	random_state.seeded = board_seed(seed) && !is_zero(seed, sizeof seed);
	for (size_t i = 0; i < sizeof seed; i++)
		random_state.key[i] ^= seed[i];
	if (!random_state.seeded)
		for (size_t i = 0; i < sizeof now; i++)
			random_state.key[i] ^= (uint8_t)(now >> 8 * i);
	if (!random_state.asked || random_state.seeded)
		random_state.sequenced = false;
	random_state.asked = true;
	memset(seed, 0, sizeof seed);
	return random_state.seeded;
}

static void draw(uint8_t *buf, size_t len)
{
	static const uint8_t input[CHACHA20_INPUT];
	uint8_t block[CHACHA20_BLOCK];

	while (len > 0) {
		size_t n = len < SERVED ? len : SERVED;

		chacha20_block(random_state.key, input, block);
		memcpy(random_state.key, block, CHACHA20_KEY);
		memcpy(buf, block + CHACHA20_KEY, n);
		buf += n;
		len -= n;
	}
	memset(block, 0, sizeof block);
}

int port_random(struct port *p, void *buf, size_t len)
{
	(void)p;
	if (!random_state.asked)
		(void)random_seed();
	if (!random_state.seeded)
		return PORT_NO_RANDOM;
	draw(buf, len);
	return 0;
}

bool port_random_weak(struct port *p, void *buf, size_t len)
{
	(void)p;
	if (!random_state.asked) /* DHCP draws before port_init() */
		(void)random_seed();
	draw(buf, len);
	return random_state.seeded;
}

/* ---- For lwIP ---- */

uint32_t random_for_lwip(void)
{
	uint32_t n;

	(void)port_random_weak(NULL, &n, sizeof n);
	return n;
}

/*
 * RFC 6528: a clock, and a keyed function of the two ends, so that numbers of one
 * connection say nothing about those of another. The function is a chain of
 * blocks, each keyed by the one before: 36 bytes go in, 16 at a time.
 */
uint32_t random_sequence_number(
	const void *local_ip, uint16_t local_port, const void *remote_ip, uint16_t remote_port)
{
	uint8_t ends[3][CHACHA20_INPUT] = {{0}};
	uint8_t block[CHACHA20_BLOCK];
	struct address local, remote;
	uint32_t n = 0;

	if (!random_state.asked)
		(void)random_seed();
	if (!random_state.sequenced)
		draw(random_state.sequence_key, CHACHA20_KEY);
	random_state.sequenced = true;
	address_from_lwip(local_ip, local_port, &local);
	address_from_lwip(remote_ip, remote_port, &remote);
	memcpy(ends[0], local.ip.byte, IP_BYTES);
	memcpy(ends[1], remote.ip.byte, IP_BYTES);
	for (unsigned i = 0; i < 2; i++) {
		ends[2][i] = (uint8_t)(local_port >> 8 * i);
		ends[2][2 + i] = (uint8_t)(remote_port >> 8 * i);
	}
	memcpy(block, random_state.sequence_key, CHACHA20_KEY);
	for (unsigned i = 0; i < 3; i++)
		chacha20_block(block, ends[i], block);
	for (unsigned i = 0; i < sizeof n; i++)
		n |= (uint32_t)block[i] << 8 * i;
	return n + sys_now() * TICKS_PER_MS;
}

/*
 * The bytes that are sent. Word i of a stream is (seed + i) times an odd constant: no two words
 * of a run are the same, so whatever is lost, swapped, doubled or another stream's is seen.
 */
#include "load.h"

#include <string.h>
#include <sys/socket.h>

#define FACTOR 0x9e3779b97f4a7c15u

uint64_t pattern_seed(uint32_t run, uint16_t stream, bool down)
{
	return ((uint64_t)run << 8 | (uint64_t)stream << 1 | down) << 33;
}

static uint64_t word_at(uint64_t seed, uint64_t offset)
{
	return (seed + offset / 8) * FACTOR;
}

static unsigned char byte_at(uint64_t seed, uint64_t offset)
{
	return (unsigned char)(word_at(seed, offset) >> offset % 8 * 8);
}

void pattern_fill(unsigned char *to, size_t count, uint64_t seed, uint64_t offset)
{
	size_t at = 0;

	for (; at < count && (offset + at) % 8 != 0; at++)
		to[at] = byte_at(seed, offset + at);
	for (uint64_t word = word_at(seed, offset + at); count - at >= 8; at += 8, word += FACTOR)
		memcpy(to + at, &word, 8);
	for (; at < count; at++)
		to[at] = byte_at(seed, offset + at);
}

static size_t first_difference(const unsigned char *one, const unsigned char *other)
{
	size_t i = 0;

	while (one[i] == other[i])
		i++;
	return i;
}

int64_t pattern_check(const unsigned char *data, size_t count, uint64_t seed, uint64_t offset)
{
	unsigned char right[4096];

	for (size_t at = 0; at < count; at += sizeof right) {
		size_t some = count - at < sizeof right ? count - at : sizeof right;

		pattern_fill(right, some, seed, offset + at);
		if (memcmp(right, data + at, some) != 0)
			return (int64_t)(offset + at + first_difference(right, data + at));
	}
	return -1;
}

int64_t source_send(struct source *source, int fd, uint64_t most)
{
	if (source->taken == source->filled) {
		source->taken = 0;
		source->filled = sizeof source->block;
		if (source->verify)
			pattern_fill(source->block, source->filled, source->seed, source->sent);
	}
	size_t left = source->filled - source->taken;
	int64_t count = send(fd, source->block + source->taken, left < most ? left : most,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (count > 0) {
		source->taken += (size_t)count;
		source->sent += (uint64_t)count;
	}
	return count;
}

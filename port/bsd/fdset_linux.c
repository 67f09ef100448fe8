/*
 * Sets of descriptors on Linux. See fdset.h.
 *
 * A set is an array of unsigned long, bit i of which is bit i % BITS of word i /
 * BITS: that is how the kernel reads it (fs/select.c), at any length.
 */
#define _POSIX_C_SOURCE 200809L
#include "fdset.h"

#include <string.h>
#include <time.h>

static unsigned long bit_of(int fd)
{
	return 1ul << fd % FDSET_WORD_BITS;
}

int fdset_limit(void)
{
	return CONFIG_ANKLET_DESCRIPTORS;
}

void fdset_clear(struct fdset *set)
{
	memset(set->word, 0, sizeof set->word);
}

void fdset_add(struct fdset *set, int fd)
{
	set->word[fd / FDSET_WORD_BITS] |= bit_of(fd);
}

void fdset_remove(struct fdset *set, int fd)
{
	set->word[fd / FDSET_WORD_BITS] &= ~bit_of(fd);
}

bool fdset_has(const struct fdset *set, int fd)
{
	return (set->word[fd / FDSET_WORD_BITS] & bit_of(fd)) != 0;
}

int fdset_next(const struct fdset *set, int fd, int n)
{
	while (fd < n) {
		unsigned long rest = set->word[fd / FDSET_WORD_BITS] >> fd % FDSET_WORD_BITS;

		if (rest & 1)
			return fd;
		if (rest == 0)
			fd += FDSET_WORD_BITS - fd % FDSET_WORD_BITS;
		else
			fd += __builtin_ctzl(rest);
	}
	return -1;
}

static size_t octets_below(int n)
{
	return (size_t)((n + FDSET_WORD_BITS - 1) / FDSET_WORD_BITS) * sizeof(unsigned long);
}

void fdset_copy(struct fdset *to, const struct fdset *from, int n)
{
	memcpy(to->word, from->word, octets_below(n));
}

int fdset_wait(int n, struct fdset *rd, struct fdset *wr, int32_t ms, const sigset_t *mask)
{
	struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
	int ready = pselect(n, &rd->native, &wr->native, NULL, ms < 0 ? NULL : &limit, mask);

	if (ready > 0)
		return ready;
	memset(rd->word, 0, octets_below(n));
	memset(wr->word, 0, octets_below(n));
	return 0;
}

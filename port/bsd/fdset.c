/*
 * Sets of descriptors as bitmaps. See fdset.h.
 *
 * A set is an array of unsigned long, bit i of which is bit i % BITS of word i /
 * BITS: that is how Linux reads it (fs/select.c), at any length.
 */
#include "port.h"

#include <string.h>

static unsigned long bit_of(int fd)
{
	return 1ul << fd % FDSET_WORD_BITS;
}

int fdset_limit(void)
{
	return SYSTEM_DESCRIPTORS;
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

void fdset_copy(struct fdset *to, const struct fdset *from, int n)
{
	size_t words = (size_t)((n + FDSET_WORD_BITS - 1) / FDSET_WORD_BITS);

	memcpy(to->word, from->word, words * sizeof to->word[0]);
}

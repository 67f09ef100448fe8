/*
 * Sets of descriptors.
 *
 * fdset.c has bitmaps of its own. Linux's select() takes them as they are, at any length,
 * while fd_set ends at 1024 and FORTIFY aborts a program that reaches past it; lwIP and
 * Zephyr copy them for each wait (system_small.c). Where no more than POSIX is known a
 * set is an fd_set, and system_posix.c has these calls.
 */
#ifndef ANKLET_BSD_FDSET_H
#define ANKLET_BSD_FDSET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FDSET_WORD_BITS ((int)(sizeof(unsigned long) * CHAR_BIT))
#define FDSET_WORDS ((SYSTEM_DESCRIPTORS + FDSET_WORD_BITS - 1) / FDSET_WORD_BITS)

/* All zero, all of it, is the empty set. */
struct fdset {
	union {
		SYSTEM_FD_SET; /* fd_set native, for a program that calls select() itself */
		unsigned long word[FDSET_WORDS];
	};
};

/* Descriptors from 0 up to, not including, this one fit in a set. */
int fdset_limit(void);

/* Makes it the empty set. */
void fdset_clear(struct fdset *set);

/* fd must be below fdset_limit(). */
void fdset_add(struct fdset *set, int fd);
void fdset_remove(struct fdset *set, int fd);
bool fdset_has(const struct fdset *set, int fd);

/* The first member from fd on that is below n, or -1. */
int fdset_next(const struct fdset *set, int fd, int n);

/* Makes *to hold those members of *from that are below n; what it holds from n on is not defined. */
void fdset_copy(struct fdset *to, const struct fdset *from, int n);

#endif

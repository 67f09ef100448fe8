/*
 * Sets of descriptors for select(), and the one system call that waits on them.
 *
 * fdset_linux.c has bitmaps of its own: the kernel takes sets of any size, while
 * fd_set ends at 1024 and FORTIFY aborts a program that reaches past it.
 * fdset_posix.c uses fd_set as it is. The Makefile takes one of the two.
 */
#ifndef ANKLET_POSIX_FDSET_H
#define ANKLET_POSIX_FDSET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/select.h>

#include "anklet_config.h"

/* Names being looked up at once. Each takes up to two queries, A and AAAA. */
#ifndef CONFIG_ANKLET_POSIX_LOOKUPS
#define CONFIG_ANKLET_POSIX_LOOKUPS 32
#endif
#define POSIX_LOOKUPS (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_POSIX_LOOKUPS : 1)

/* The core's sockets, the resolver's queries, the standard streams and some inherited descriptors. */
#define FDSET_NEEDED (ANKLET_SOCKETS + 2 * POSIX_LOOKUPS + 64)

/* Descriptors a set can hold: from 0 to this, where the system lets us choose. At least twice what is needed. */
#ifndef CONFIG_ANKLET_DESCRIPTORS
#define CONFIG_ANKLET_DESCRIPTORS ((2 * FDSET_NEEDED + 1023) / 1024 * 1024)
#endif

#define FDSET_WORD_BITS ((int)(sizeof(unsigned long) * CHAR_BIT))
#define FDSET_WORDS ((CONFIG_ANKLET_DESCRIPTORS + FDSET_WORD_BITS - 1) / FDSET_WORD_BITS)

/* All zero, all of it, is the empty set. */
struct fdset {
	union {
		fd_set native; /* for a program that calls select() itself */
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

/*
 * pselect() on the descriptors below n; ms negative: no limit; mask NULL: signals
 * stay as they are. Returns how many members are left in the two sets; 0 for an
 * error or a signal, the sets below n then being empty.
 */
int fdset_wait(int n, struct fdset *rd, struct fdset *wr, int32_t ms, const sigset_t *mask);

#endif

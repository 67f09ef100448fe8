/*
 * Sets of descriptors where nothing more than POSIX is known. See fdset.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "fdset.h"

#include <string.h>
#include <time.h>

int fdset_limit(void)
{
	return FD_SETSIZE < CONFIG_ANKLET_DESCRIPTORS ? FD_SETSIZE : CONFIG_ANKLET_DESCRIPTORS;
}

void fdset_clear(struct fdset *set)
{
	FD_ZERO(&set->native);
}

void fdset_add(struct fdset *set, int fd)
{
	FD_SET((unsigned)fd, &set->native);
}

void fdset_remove(struct fdset *set, int fd)
{
	FD_CLR((unsigned)fd, &set->native);
}

bool fdset_has(const struct fdset *set, int fd)
{
	/* POSIX has it without const. */
	return FD_ISSET((unsigned)fd, (fd_set *)&set->native) != 0;
}

int fdset_next(const struct fdset *set, int fd, int n)
{
	for (; fd < n; fd++)
		if (fdset_has(set, fd))
			return fd;
	return -1;
}

void fdset_copy(struct fdset *to, const struct fdset *from, int n)
{
	(void)n;
	to->native = from->native;
}

int fdset_wait(int n, struct fdset *rd, struct fdset *wr, int32_t ms, const sigset_t *mask)
{
	struct timespec limit = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l};
	int ready = pselect(n, &rd->native, &wr->native, NULL, ms < 0 ? NULL : &limit, mask);

	if (ready > 0)
		return ready;
	FD_ZERO(&rd->native);
	FD_ZERO(&wr->native);
	return 0;
}

/*
 * Sets of descriptors for lwIP's select(). See ../posix/fdset.h.
 *
 * FD_SET and select() belong together: both come by the headers that lwIP is
 * built with. There are no signals to let in, and no pselect().
 */
#include "port.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

int fdset_limit(void)
{
	return CONFIG_ANKLET_DESCRIPTORS;
}

void fdset_clear(struct fdset *set)
{
	FD_ZERO(&set->native);
}

void fdset_add(struct fdset *set, int fd)
{
	FD_SET(fd, &set->native);
}

void fdset_remove(struct fdset *set, int fd)
{
	FD_CLR(fd, &set->native);
}

bool fdset_has(const struct fdset *set, int fd)
{
	return FD_ISSET(fd, &set->native) != 0;
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
	struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000l};
	int ready = select(n, &rd->native, &wr->native, NULL, ms < 0 ? NULL : &limit);

	(void)mask;
	if (ready > 0)
		return ready;
	FD_ZERO(&rd->native);
	FD_ZERO(&wr->native);
	return 0;
}

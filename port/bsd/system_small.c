/*
 * What lwIP and Zephyr do alike: nothing is held beside sockets, select() takes an fd_set and knows
 * no signals, and what is dropped goes into a buffer of its own. See system.h.
 */
#include "internal.h"

#include "system_small.h"

int system_start(struct port *p)
{
	(void)p;
	return 0;
}

void system_end(struct port *p)
{
	(void)p;
}

unsigned port_room(struct port *p)
{
	(void)p;
	return PORT_SOCKETS;
}

#define FIRST_PORT 1024 /* of those that are drawn: RFC 6056, section 3.2 */
#define DRAWS_MAX 32    /* ports that are drawn until one is free */

int small_bind_somewhere(int fd, const struct address *at)
{
	struct address drawn = *at;
	int bound = -1;

	errno = EADDRINUSE;
	for (unsigned draws = 0; bound != 0 && errno == EADDRINUSE && draws < DRAWS_MAX; draws++) {
		(void)port_random_weak(NULL, &drawn.port, sizeof drawn.port);
		if (drawn.port >= FIRST_PORT)
			bound = system_bind(fd, &drawn);
	}
	return bound;
}

static void copy_out(fd_set *to, const struct fdset *from, int n)
{
	FD_ZERO(to);
	for (int fd = fdset_next(from, 0, n); fd >= 0; fd = fdset_next(from, fd + 1, n))
		FD_SET(fd, to);
}

static void copy_back(struct fdset *to, fd_set *from, int n)
{
	for (int fd = fdset_next(to, 0, n); fd >= 0; fd = fdset_next(to, fd + 1, n))
		if (!FD_ISSET(fd, from))
			fdset_remove(to, fd);
}

int system_wait(struct port *p, int n, struct fdset *rd, struct fdset *wr, int32_t ms)
{
	struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000l};
	fd_set readable, writable;
	int ready;

	(void)p;
	copy_out(&readable, rd, n);
	copy_out(&writable, wr, n);
	ready = bsd_select(n, &readable, &writable, NULL, ms < 0 ? NULL : &limit);
	if (ready <= 0)
		return 0;
	copy_back(rd, &readable, n);
	copy_back(wr, &writable, n);
	return ready;
}

/* port_peek() still shows what is being dropped. */
bool system_drop(struct port *p, int fd, size_t n)
{
	while (n > 0) {
		size_t size = n < sizeof p->system.dropped ? n : sizeof p->system.dropped;
		ssize_t len = bsd_recv(fd, p->system.dropped, size, 0);

		if (len <= 0)
			return false;
		n -= (size_t)len;
	}
	return true;
}

bool system_bind_early(int fd)
{
	(void)fd;
	return false;
}

/*
 * What every system does alike that has sockets of its own. See native.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "system.h"

#include <errno.h>

#include "internal.h"

int native_bind(int fd, const struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = address_to_system(at, &local);

	return bind(fd, (struct sockaddr *)&local, len);
}

int native_join(int fd, const struct address *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_system(peer, &to);

	return connect(fd, (struct sockaddr *)&to, len);
}

/*
 * A peer's name is what a connection has and an attempt has not (ENOTCONN), and
 * asking for it takes nothing away; only then is the error asked for, which does.
 */
int native_attempt(int fd, int *error)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer, error_len = sizeof *error;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &error_len) != 0)
		*error = errno;
	return *error == 0 ? PORT_AGAIN : PORT_FAILED;
}

void native_turn_away(int listener)
{
	(void)listener;
}

void native_break(int fd)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int native_meaning(int error)
{
	return error;
}

bool native_shutdown(int fd)
{
	(void)shutdown(fd, SHUT_WR);
	return true;
}

const bool native_shows_all = true;

ssize_t native_show(struct port *p, int fd, size_t size)
{
	return recv(fd, p->scratch, size, MSG_PEEK);
}

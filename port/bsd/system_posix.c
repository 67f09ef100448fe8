/*
 * Where no more than POSIX is known. See system.h; the rest is in system_unix.c and no_pktinfo.c.
 *
 * An end in order that lies after unread bytes cannot be seen here: port_peer_closed()
 * sees it when they are consumed. A reset it sees.
 */
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#define __BSD_VISIBLE 1
#include "internal.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "system_unix.h"

/* ---- Sets, which are fd_set: see fdset.h ---- */

int fdset_limit(void)
{
	return FD_SETSIZE < SYSTEM_DESCRIPTORS ? FD_SETSIZE : SYSTEM_DESCRIPTORS;
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

/* ---- Sockets ---- */

int system_open_helper(void)
{
	return open("/dev/urandom", O_RDONLY | O_CLOEXEC);
}

static bool prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* fd prepared, or closed with errno kept. */
static int prepared(int fd)
{
	int error;

	if (fd < 0 || prepare(fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int system_socket(int family, int type)
{
	return prepared(socket(family, type, 0));
}

int system_accept(int listener, struct sockaddr *from, socklen_t *from_len)
{
	int fd = prepared(accept(listener, from, from_len));

	if (fd >= 0)
		socket_options(fd);
	return fd;
}

/* A buffer of its own: port_peek() still shows what is being dropped. */
bool system_drop(struct port *p, int fd, size_t n)
{
	char dropped[4096];

	(void)p;
	while (n > 0) {
		ssize_t len = recv(fd, dropped, n < sizeof dropped ? n : sizeof dropped, 0);

		if (len <= 0)
			return false;
		n -= (size_t)len;
	}
	return true;
}

const bool system_sees_end_after_data = false;

int system_peer(int fd, int *error)
{
	socklen_t len = sizeof *error;
	char byte;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) == 0 && *error != 0)
		return PORT_RESET;
	return recv(fd, &byte, 1, MSG_PEEK) == 0 ? PORT_EOF : 0;
}

/* ---- The rest ---- */

static bool is_ip(const struct sockaddr *in, const struct ip *ip)
{
	struct sockaddr_storage copy;
	struct address at;
	size_t len;

	if (in == NULL || (in->sa_family != AF_INET && in->sa_family != AF_INET6))
		return false;
	memset(&copy, 0, sizeof copy);
	len = in->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	memcpy(&copy, in, len);
	return address_from_system(&copy, &at) && ip_equal(&at.ip, ip);
}

/* Asked anew each time: the list is short, and cannot be out of date. libc allocates it. */
bool system_is_local(struct port *p, const struct ip *ip)
{
	struct ifaddrs *list;
	bool found = false;

	(void)p;
	if (getifaddrs(&list) != 0)
		return true;
	for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next)
		found = is_ip(i->ifa_addr, ip);
	freeifaddrs(list);
	return found;
}

uint32_t port_zone(const char *name)
{
	return if_nametoindex(name);
}

int port_random(struct port *p, void *buf, size_t len)
{
	uint8_t *to = buf;

	while (len > 0) {
		ssize_t n = read(p->system.helper, to, len);

		if (n <= 0)
			return PORT_NO_RANDOM;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

bool system_bind_early(int fd)
{
	(void)fd;
	return false;
}

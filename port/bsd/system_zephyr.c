/*
 * What Zephyr's sockets do otherwise than POSIX. See ../posix/native.h.
 *
 * - There are no half-closed connections: shutdown() of the sending side is not supported.
 * - recv() with MSG_PEEK puts each packet that it has shown behind the others, and stops in
 *   the middle where there is no more room: what is read next is then out of order (Zephyr's
 *   pull request 112061, of June 2026). So all that lies unread is shown, whatever is asked for.
 * - A peer has a name while a connection is still under way; poll() tells whether it stands.
 * - SO_ERROR is told again and again, and SO_LINGER is not known.
 * - recv() of a connection that was broken off may say ENOTCONN.
 * - It tells the address that a datagram was sent to only if it is built so, and takes none to
 *   send from: ../posix/native_untold.c.
 * - Without IPv4-mapped addresses IPV6_V6ONLY is not known either, and not needed.
 */
#define _POSIX_C_SOURCE 200809L
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <zephyr/net/net_if.h>
#include <zephyr/random/random.h>

#include "internal.h"

int native_open(void)
{
	return -1;
}

/* ---- Sockets ---- */

/* fd non-blocking, or closed with errno kept. */
static int prepared(int fd)
{
	int error;

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

int native_socket(int family, int type)
{
	return prepared(socket(family, type, 0));
}

int native_accept(int listener, struct sockaddr *from, socklen_t *from_len)
{
	int fd = prepared(accept(listener, from, from_len));

	if (fd >= 0)
		socket_options(fd);
	return fd;
}

/* That an address is not one of this host's is ENOENT in some versions. */
int native_bind(int fd, const struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = address_to_system(at, &local);
	int bound = bind(fd, (struct sockaddr *)&local, len);

	if (bound != 0 && errno == ENOENT)
		errno = EADDRNOTAVAIL;
	return bound;
}

int native_join(int fd, const struct address *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_system(peer, &to);

	return connect(fd, (struct sockaddr *)&to, len);
}

/* ---- Connections ---- */

static int told_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

int native_attempt(int fd, int *error)
{
	struct pollfd look = {.fd = fd, .events = POLLOUT};

	if (poll(&look, 1, 0) < 0)
		return PORT_AGAIN;
	if (look.revents & (POLLERR | POLLHUP | POLLNVAL)) {
		*error = told_error(fd);
		return *error != 0 ? PORT_FAILED
				   : 0; /* it stood, and the peer has ended it since */
	}
	return (look.revents & POLLOUT) != 0 ? 0 : PORT_AGAIN;
}

/* close() does it. */
void native_turn_away(int listener)
{
	(void)listener;
}

/* Where it is not known the connection ends in order. */
void native_break(int fd)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int native_meaning(int error)
{
	return error == ENOTCONN ? ECONNRESET : error;
}

bool native_shutdown(int fd)
{
	return shutdown(fd, SHUT_WR) == 0;
}

const bool native_sees_end_behind = false;

int native_peer(int fd, int *error)
{
	*error = native_meaning(told_error(fd));
	return *error != 0 ? PORT_RESET : 0;
}

const bool native_shows_all = true;

ssize_t native_show(struct port *p, int fd, size_t size)
{
	ssize_t n = recv(fd, p->scratch, sizeof p->scratch, MSG_PEEK);

	return n > (ssize_t)size ? (ssize_t)size : n;
}

/* Into a buffer of its own: port_peek() still shows what is being dropped. */
bool native_drop(struct port *p, int fd, size_t n)
{
	while (n > 0) {
		size_t size = n < sizeof p->dropped ? n : sizeof p->dropped;
		ssize_t len = recv(fd, p->dropped, size, 0);

		if (len <= 0)
			return false;
		n -= (size_t)len;
	}
	return true;
}

/* ---- Addresses ---- */

static struct in_addr four_of(const struct ip *ip)
{
	struct in_addr four;

	memcpy(&four, ip->octet + 12, sizeof four);
	return four;
}

static struct in6_addr six_of(const struct ip *ip)
{
	struct in6_addr six;

	memcpy(&six, ip->octet, sizeof six);
	return six;
}

bool native_own(struct port *p, const struct ip *ip)
{
	struct net_if *interface = NULL;
	struct in_addr four = four_of(ip);
	struct in6_addr six = six_of(ip);

	(void)p;
	return ip_is_v4(ip) ? net_if_ipv4_addr_lookup(&four, &interface) != NULL
			    : net_if_ipv6_addr_lookup(&six, &interface) != NULL;
}

static bool facing_v4(const struct address *peer, struct address *at)
{
	struct in_addr to = four_of(&peer->ip);
	struct net_if *interface = net_if_ipv4_select_src_iface(&to);
	const struct in_addr *from =
		interface == NULL ? NULL : net_if_ipv4_select_src_addr(interface, &to);

	*at = (struct address){.ip = ip_v4(0, 0, 0, 0)};
	if (from != NULL)
		memcpy(at->ip.octet + 12, from, sizeof *from);
	return ip_class(&at->ip) != IP_UNSPECIFIED;
}

static bool facing_v6(const struct address *peer, struct address *at)
{
	struct in6_addr to = six_of(&peer->ip);
	struct net_if *interface = net_if_ipv6_select_src_iface(&to);
	const struct in6_addr *from =
		interface == NULL ? NULL : net_if_ipv6_select_src_addr(interface, &to);

	*at = (struct address){.port = 0};
	if (from != NULL)
		memcpy(at->ip.octet, from, sizeof *from);
	if (ip_class(&at->ip) == IP_LINK_LOCAL)
		at->scope = peer->scope;
	return ip_class(&at->ip) != IP_UNSPECIFIED;
}

int port_facing(struct port *p, const struct address *peer, struct address *at)
{
	bool found = ip_is_v4(&peer->ip) ? facing_v4(peer, at) : facing_v6(peer, at);

	(void)p;
	return found ? 0 : PORT_UNREACHABLE;
}

/* ---- Random numbers ---- */

int native_random(struct port *p, void *buf, size_t len)
{
	(void)p;
	return sys_csrand_get(buf, len) == 0 ? 0 : PORT_NO_RANDOM;
}

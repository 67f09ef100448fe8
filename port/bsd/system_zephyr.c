/*
 * What Zephyr's sockets do otherwise than POSIX. See system.h; the rest is in system_zephyr_names.c,
 * where names are looked up, system_small.c and platform.c.
 *
 * - There are no half-closed connections: shutdown() of the sending side is not supported.
 * - recv() with MSG_PEEK puts each packet that it has shown after the others, and stops in
 *   the middle where there is no more room: what is read next is then out of order (Zephyr's
 *   pull request 112061, of June 2026). So all that lies unread is shown, whatever is asked for.
 * - A peer has a name while a connection is still under way; poll() tells whether it is established.
 * - SO_ERROR is told again and again, and SO_LINGER is not known.
 * - recv() of a connection that was aborted may say ENOTCONN.
 * - It tells the address that a datagram was sent to only if it is built so, and takes none to
 *   send from: no_pktinfo.c.
 * - Without IPv4-mapped addresses IPV6_V6ONLY is not known either, and not needed.
 */
#include "internal.h"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/net_if.h>

#include "system_small.h"

#define HAS_IPV6 \
	IS_ENABLED(CONFIG_NET_IPV6) /* else what is asked of it is not there to be linked */

_Static_assert(PORT_SOCKETS <= CONFIG_ZVFS_POLL_MAX, "select() takes every entry");
_Static_assert(PORT_SOCKETS + 3 <= CONFIG_ZVFS_OPEN_MAX,
	"there are descriptors for every entry, and the standard streams");
_Static_assert(SYSTEM_DESCRIPTORS <= FD_SETSIZE, "an fd_set holds every descriptor");
_Static_assert(PORT_SOCKETS <= CONFIG_NET_MAX_CONTEXTS, "the stack has room for every socket");
_Static_assert(SYSTEM_SCRATCH > 0, "the receive window is not left to be computed");

uint32_t system_now_ms(void)
{
	return k_uptime_get_32();
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

/* That an address is not one of this host's is ENOENT in some versions. */
int system_bind(int fd, const struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = address_to_system(at, &local);
	int bound = bind(fd, (struct sockaddr *)&local, len);

	if (bound != 0 && errno == ENOENT)
		errno = EADDRNOTAVAIL;
	return bound;
}

int system_join(int fd, const struct address *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_system(peer, &to);
	struct address at;

	if (address_of(fd, &at) != 0)
		return -1;
	if (at.port == 0 && port_local_for(NULL, peer, &at) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	if (at.port == 0 && small_bind_somewhere(fd, &at) != 0)
		return -1;
	return connect(fd, (struct sockaddr *)&to, len);
}

/* ---- Connections ---- */

static int told_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

int system_connect_result(int fd, int *error)
{
	struct pollfd look = {.fd = fd, .events = POLLOUT};

	if (poll(&look, 1, 0) < 0)
		return PORT_AGAIN;
	if (look.revents & (POLLERR | POLLHUP | POLLNVAL)) {
		*error = told_error(fd);
		return *error != 0 ? PORT_FAILED
				   : 0; /* it was established, and the peer has ended it since */
	}
	return (look.revents & POLLOUT) != 0 ? 0 : PORT_AGAIN;
}

/* close() does it. */
void system_refuse_waiting(int listener)
{
	(void)listener;
}

/* Where it is not known the connection ends in order. */
void system_reset_at_close(int fd)
{
	static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

int system_meaning(int error)
{
	return error == ENOTCONN ? ECONNRESET : error;
}

bool system_shutdown(int fd)
{
	return shutdown(fd, SHUT_WR) == 0;
}

const bool system_sees_end_after_data = false;

int system_peer(int fd, int *error)
{
	*error = system_meaning(told_error(fd));
	return *error != 0 ? PORT_RESET : 0;
}

const bool system_shows_all = true;

ssize_t system_show(struct port *p, int fd, size_t size)
{
	ssize_t n = recv(fd, p->scratch, sizeof p->scratch, MSG_PEEK);

	return n > (ssize_t)size ? (ssize_t)size : n;
}

/* ---- Addresses ---- */

static struct in_addr four_of(const struct ip *ip)
{
	struct in_addr four;

	memcpy(&four, ip->byte + IP_V4_AT, sizeof four);
	return four;
}

static struct in6_addr six_of(const struct ip *ip)
{
	struct in6_addr six;

	memcpy(&six, ip->byte, sizeof six);
	return six;
}

bool system_is_local(struct port *p, const struct ip *ip)
{
	struct net_if *interface = NULL;
	struct in_addr four = four_of(ip);
	struct in6_addr six = six_of(ip);

	(void)p;
	if (ip_is_v4(ip))
		return net_if_ipv4_addr_lookup(&four, &interface) != NULL;
	return HAS_IPV6 && net_if_ipv6_addr_lookup(&six, &interface) != NULL;
}

static bool local_for_v4(const struct address *peer, struct address *at)
{
	struct in_addr to = four_of(&peer->ip);
	struct net_if *interface = net_if_ipv4_select_src_iface(&to);
	const struct in_addr *from =
		interface == NULL ? NULL : net_if_ipv4_select_src_addr(interface, &to);

	*at = (struct address){.ip = ip_v4(0, 0, 0, 0)};
	if (from != NULL)
		memcpy(at->ip.byte + IP_V4_AT, from, sizeof *from);
	return ip_class(&at->ip) != IP_UNSPECIFIED;
}

static bool local_for_v6(const struct address *peer, struct address *at)
{
	struct in6_addr to = six_of(&peer->ip);
	struct net_if *interface = net_if_ipv6_select_src_iface(&to);
	const struct in6_addr *from =
		interface == NULL ? NULL : net_if_ipv6_select_src_addr(interface, &to);

	*at = (struct address){.port = 0};
	if (from != NULL)
		memcpy(at->ip.byte, from, sizeof *from);
	if (ip_class(&at->ip) == IP_LINK_LOCAL)
		at->scope = peer->scope;
	return ip_class(&at->ip) != IP_UNSPECIFIED;
}

int port_local_for(struct port *p, const struct address *peer, struct address *at)
{
	bool found =
		ip_is_v4(&peer->ip) ? local_for_v4(peer, at) : HAS_IPV6 && local_for_v6(peer, at);

	(void)p;
	return found ? 0 : PORT_UNREACHABLE;
}

uint32_t port_zone(const char *name)
{
	return if_nametoindex(name);
}

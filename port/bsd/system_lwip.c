/*
 * What lwIP's BSD layer does otherwise than POSIX. See system.h; the rest is in system_lwip_stack.c,
 * system_small.c and platform.c.
 *
 * - A refusal is told as a reset, and a connection that timed out as aborted.
 * - A peer has a name while a connection is still under way: the control block's state tells more.
 * - bind() takes any address, and connect() of a socket for datagrams gives it none.
 * - SO_LINGER of 0 resets only where something is unsent or unacknowledged, and ends the rest in
 *   order; the option need not be built in.
 * - recv() tells the end in order once, and then ENOTCONN.
 * - MSG_PEEK shows one piece of what has arrived.
 * - accept() of a connection that was aborted meanwhile says ENOTCONN, and without a free socket
 *   it loses the connection.
 * - A listener that is closed while somebody waits ends the program by an assertion of lwIP's
 *   (netconn_drain(), with LWIP_NETCONN_FULLDUPLEX).
 * - It tells the address that an IPv4 datagram was sent to, of an IPv6 one it does not, and takes
 *   no address to send from: no_pktinfo.c.
 */
#include "internal.h"

#include "lwip/sys.h"

#include "system_lwip_stack.h"
#include "system_small.h"

#define WAITING_MAX 256 /* lwIP's limit on a backlog is a byte */

#define SPELLED(number) SPELLED_AS(number)
#define SPELLED_AS(number) #number
#define NETCONNS_ARE "LWIP_MAX_SOCKETS (MEMP_NUM_NETCONN of lwIP) is " SPELLED(MEMP_NUM_NETCONN)
#define SOCKETS_ARE "anklet may hold " SPELLED(PORT_SOCKETS)

_Static_assert(MEMP_NUM_NETCONN >= PORT_SOCKETS,
	NETCONNS_ARE ", and " SOCKETS_ARE ": raise it, or take fewer ANKLET_SESSIONS, of two each");
_Static_assert(LWIP_IPV4, "port/bsd has addresses of IPv4 at least");
_Static_assert(SO_REUSE, "a port is listened on again while old connections of it linger");
_Static_assert(TCP_LISTEN_BACKLOG, "clients wait to be accepted, and no more than were asked for");
_Static_assert(SYSTEM_DESCRIPTORS <= FD_SETSIZE, "an fd_set holds every descriptor of lwIP's");

uint32_t system_now_ms(void)
{
	return sys_now();
}

/* ---- Sockets ---- */

/* fd non-blocking, or closed with errno kept. */
static int prepared(int fd)
{
	int on = 1, error;

	if (fd < 0 || lwip_ioctl(fd, FIONBIO, &on) == 0)
		return fd;
	error = errno;
	(void)lwip_close(fd);
	errno = error;
	return -1;
}

int system_socket(int family, int type)
{
	return prepared(lwip_socket(family, type, 0));
}

int system_accept(int listener, struct sockaddr *from, socklen_t *from_len)
{
	int fd;

	if (!stack_has_room()) {
		errno = ENFILE;
		return -1;
	}
	fd = lwip_accept(listener, from, from_len);
	if (fd < 0 && errno == ENOTCONN)
		errno = ECONNABORTED;
	fd = prepared(fd);
	if (fd < 0)
		return -1;
	socket_options(fd);
	stack_guard(fd);
	return fd;
}

void system_refuse_waiting(int listener)
{
	stack_refuse_waiting(listener);
	for (int i = 0; i < WAITING_MAX; i++) {
		int fd = lwip_accept(listener, NULL, NULL);

		if (fd < 0 && errno == EWOULDBLOCK)
			break;
		if (fd < 0)
			continue;
		stack_abort(fd);
		(void)lwip_close(fd);
	}
}

int system_bind(int fd, const struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = address_to_system(at, &local);

	if (ip_class(&at->ip) != IP_UNSPECIFIED && !stack_is_local(&at->ip)) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	return lwip_bind(fd, (struct sockaddr *)&local, len);
}

int system_join(int fd, const struct address *peer)
{
	struct sockaddr_storage to;
	socklen_t len = address_to_system(peer, &to);
	struct address at;

	if (address_of(fd, &at) != 0)
		return -1;
	if (at.port == 0 && !stack_local_for(peer, &at)) {
		errno = EHOSTUNREACH;
		return -1;
	}
	if (at.port == 0 && small_bind_somewhere(fd, &at) != 0)
		return -1;
	return lwip_connect(fd, (struct sockaddr *)&to, len);
}

/* ---- Connections ---- */

/* One that was reset between its beginning and this call counts as refused, too. */
static int attempt_meaning(int error)
{
	switch (error) {
	case ECONNRESET:
		return ECONNREFUSED;
	case ECONNABORTED:
		return ETIMEDOUT;
	default:
		return error;
	}
}

int system_connect_result(int fd, int *error)
{
	enum tcp_state state = stack_state(fd, error);

	if (state == SYN_SENT || state == SYN_RCVD)
		return PORT_AGAIN;
	if (state == CLOSED) {
		*error = attempt_meaning(*error);
		return PORT_FAILED;
	}
	stack_guard(fd);
	return 0;
}

void system_reset_at_close(int fd)
{
	stack_abort(fd);
}

int system_meaning(int error)
{
	switch (error) {
	case ECONNABORTED:
		return ETIMEDOUT;
	case ENOTCONN: /* what had happened was told before */
		return ECONNRESET;
	default:
		return error;
	}
}

/* States from CLOSE_WAIT on are those in which the peer's FIN has come. */
_Static_assert(ESTABLISHED < CLOSE_WAIT && FIN_WAIT_2 < CLOSE_WAIT && CLOSE_WAIT < CLOSING &&
		       CLOSING < LAST_ACK && LAST_ACK < TIME_WAIT,
	"lwIP numbers the states of TCP as RFC 793 lists them");

const bool system_sees_end_after_data = true;

int system_peer(int fd, int *error)
{
	enum tcp_state state = stack_state(fd, error);

	if (state == CLOSED)
		return *error != 0 ? PORT_RESET : PORT_EOF;
	return state >= CLOSE_WAIT ? PORT_EOF : 0;
}

bool system_shutdown(int fd)
{
	(void)lwip_shutdown(fd, SHUT_WR);
	return true;
}

const bool system_shows_all = false;

ssize_t system_show(struct port *p, int fd, size_t size)
{
	return lwip_recv(fd, p->scratch, size, MSG_PEEK);
}

/* ---- Addresses ---- */

bool system_is_local(struct port *p, const struct ip *ip)
{
	(void)p;
	return stack_is_local(ip);
}

int port_local_for(struct port *p, const struct address *peer, struct address *at)
{
	(void)p;
	return stack_local_for(peer, at) ? 0 : PORT_UNREACHABLE;
}

/* ---- Names ---- */

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	(void)p;
	return stack_name_servers(servers, max);
}

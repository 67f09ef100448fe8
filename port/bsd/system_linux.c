/*
 * What Linux has beyond POSIX. See system.h; the rest is in system_unix.c.
 */
#define _GNU_SOURCE
#include "internal.h"

#include <net/if.h>
#include <string.h>
#include <sys/random.h>

#include "system_unix.h"

#define ROUTE_ANSWERS_MAX 8 /* messages read before an answer is given up */

/*
 * The part of rtnetlink(7) that is used, in host order. The kernel's headers are
 * not everywhere where its calls are: musl-gcc does without them.
 */
enum {
	NETLINK_ROUTE = 0,
	NLMSG_ERROR = 2,
	NLM_F_REQUEST = 1,
	RTM_NEWROUTE = 24,
	RTM_GETROUTE = 26,
	RTA_DST = 1,
	RTN_LOCAL = 2,
};

int system_open_helper(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
}

int system_socket(int family, int type)
{
	return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* What socket_options() sets comes from the listener. */
int system_accept(int listener, struct sockaddr *from, socklen_t *from_len)
{
	return accept4(listener, from, from_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/*
 * With MSG_TRUNC a stream's bytes are dropped and not copied (tcp(7)): scratch
 * stays as it is. More than one round is needed where recv() stops before
 * an urgent byte.
 */
bool system_drop(struct port *p, int fd, size_t n)
{
	while (n > 0) {
		ssize_t dropped = recv(fd, p->scratch, n, MSG_TRUNC);

		if (dropped <= 0)
			return false;
		n -= (size_t)dropped;
	}
	return true;
}

const bool system_sees_end_after_data = true;

int system_peer(int fd, int *error)
{
	uint8_t state; /* struct tcp_info begins with it */
	socklen_t len = sizeof state;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len) != 0)
		return 0;
	switch (state) {
	case TCP_CLOSE: /* aborted; without an error both sides have ended in order */
		len = sizeof *error;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) == 0 && *error != 0)
			return PORT_RESET;
		return PORT_EOF;
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
	case TCP_TIME_WAIT:
		return PORT_EOF;
	default:
		return 0;
	}
}

/* ---- The local address of datagrams: ip(7), ipv6(7) ---- */

_Static_assert(SYSTEM_BESIDE >= CMSG_SPACE(sizeof(struct in6_pktinfo)) &&
		       SYSTEM_BESIDE >= CMSG_SPACE(sizeof(struct in_pktinfo)),
	"there is room for what stands beside a datagram");

const bool system_tells_to = true;

int system_tell_to(int fd, bool v4)
{
	static const int on = 1;

	return v4 ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)
		  : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

/* Of an IPv4 broadcast or multicast datagram: the address of ours that took it. */
bool system_sent_to(struct msghdr *datagram, struct address *to)
{
	const struct cmsghdr *beside = CMSG_FIRSTHDR(datagram); /* nothing else was asked for */
	struct in_pktinfo four;
	struct in6_pktinfo six;

	if (beside == NULL)
		return false;
	if (beside->cmsg_level == IPPROTO_IP && beside->cmsg_type == IP_PKTINFO) {
		memcpy(&four, CMSG_DATA(beside), sizeof four);
		to->ip = ip_v4(0, 0, 0, 0);
		memcpy(to->ip.byte + IP_V4_AT, &four.ipi_spec_dst, 4);
		return true;
	}
	if (beside->cmsg_level != IPPROTO_IPV6 || beside->cmsg_type != IPV6_PKTINFO)
		return false;
	memcpy(&six, CMSG_DATA(beside), sizeof six);
	if (IN6_IS_ADDR_MULTICAST(&six.ipi6_addr))
		return false;
	memcpy(to->ip.byte, &six.ipi6_addr, 16);
	to->scope = ip_class(&to->ip) == IP_LINK_LOCAL ? six.ipi6_ifindex : 0;
	return true;
}

/* Writes the one that is beside the datagram. */
static void put_beside(struct msghdr *datagram, int level, int type, const void *info, size_t len)
{
	struct cmsghdr *c;

	datagram->msg_controllen = (socklen_t)CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(datagram);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = (socklen_t)CMSG_LEN(len);
	memcpy(CMSG_DATA(c), info, len);
}

void system_send_from(struct msghdr *datagram, const struct address *from)
{
	struct in_pktinfo four = {.ipi_ifindex = 0};
	struct in6_pktinfo six = {.ipi6_ifindex = from->scope};

	if (ip_is_v4(&from->ip)) {
		memcpy(&four.ipi_spec_dst, from->ip.byte + IP_V4_AT, 4);
		put_beside(datagram, IPPROTO_IP, IP_PKTINFO, &four, sizeof four);
	} else {
		memcpy(&six.ipi6_addr, from->ip.byte, 16);
		put_beside(datagram, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof six);
	}
}

/* ---- Addresses ---- */

struct netlink_head {
	uint32_t len;
	uint16_t type, flags;
	uint32_t number, port;
};

struct route {
	uint8_t family, dst_bits, src_bits, tos, table, protocol, scope, type;
	uint32_t flags;
};

struct route_question {
	struct netlink_head head;
	struct route route;
	uint16_t attribute_len, attribute;
	uint8_t dst[16];
};

struct route_answer {
	struct netlink_head head;
	union {
		struct route route;
		int32_t error; /* after NLMSG_ERROR: a negative errno */
	};
};

static bool ask_route(struct port *p, const struct ip *ip)
{
	bool v4 = ip_is_v4(ip);
	size_t bytes = v4 ? 4 : sizeof ip->byte;
	size_t len = offsetof(struct route_question, dst) + bytes;
	struct route_question q = {
		.head = {.len = (uint32_t)len,
			.type = RTM_GETROUTE,
			.flags = NLM_F_REQUEST,
			.number = ++p->system.questions},
		.route = {.family = v4 ? AF_INET : AF_INET6, .dst_bits = (uint8_t)(8 * bytes)},
		.attribute_len = (uint16_t)(4 + bytes),
		.attribute = RTA_DST,
	};

	memcpy(q.dst, ip->byte + sizeof ip->byte - bytes, bytes);
	return p->system.helper >= 0 && send(p->system.helper, &q, len, 0) == (ssize_t)len;
}

/* An error that says where packets to there would go: nowhere. */
static bool leads_nowhere(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EINVAL;
}

/*
 * The kernel is asked where it would send a packet for ip, and the answer is
 * there when send() returns. It knows every address of every interface at this
 * moment, however many there are. bind() would be simpler, but accepts any
 * address under ip_nonlocal_bind. Where netlink is not permitted the answer is
 * true, as port.h has it.
 */
bool system_is_local(struct port *p, const struct ip *ip)
{
	struct route_answer a;

	if (!ask_route(p, ip))
		return true;
	for (int i = 0; i < ROUTE_ANSWERS_MAX; i++) {
		ssize_t len = recv(p->system.helper, &a, sizeof a, 0);

		if (len < (ssize_t)(sizeof a.head + sizeof a.error))
			return true;
		if (a.head.number != p->system.questions)
			continue; /* to a question that was given up */
		if (a.head.type == NLMSG_ERROR)
			return !leads_nowhere(-a.error);
		return a.head.type != RTM_NEWROUTE || len < (ssize_t)sizeof a ||
		       a.route.type == RTN_LOCAL;
	}
	return true;
}

uint32_t port_zone(const char *name)
{
	return if_nametoindex(name);
}

/* ---- Random numbers ---- */

/* GRND_NONBLOCK: early after a router's start there are none yet, which is an answer and no reason to stop. */
int port_random(struct port *p, void *buf, size_t len)
{
	uint8_t *to = buf;

	(void)p;
	while (len > 0) {
		ssize_t n = getrandom(to, len, GRND_NONBLOCK);

		if (n <= 0)
			return PORT_NO_RANDOM;
		to += n;
		len -= (size_t)n;
	}
	return 0;
}

#define FREEBIND_V6 \
	78 /* IPV6_FREEBIND of the kernel's linux/in6.h, which older libcs do not name */

/* Of the two levels one is the socket's. */
bool system_bind_early(int fd)
{
	static const int on = 1;

	return setsockopt(fd, IPPROTO_IPV6, FREEBIND_V6, &on, sizeof on) == 0 ||
	       setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) == 0;
}

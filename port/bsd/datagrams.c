/*
 * Datagrams: sockets that anybody may write to, and those that have one peer.
 *
 * The kernel's queue holds what nobody has read. What ICMP says of a datagram is an
 * error that a connected socket tells once, at its next call, and then goes on.
 */
#include "internal.h"

#include <string.h>

#include "base/check.h"

#define DROP_MAX 16

/* What stands beside a datagram, aligned for its head. */
union beside {
	struct cmsghdr head;
	uint8_t byte[SYSTEM_BESIDE];
};

/* ---- Opening ---- */

static int open_at(const struct port *p, int fd, const struct address *at)
{
	if (socket_one_family(fd, at) != 0 || system_tell_to(fd, ip_is_v4(&at->ip)) != 0 ||
		socket_bind(p, fd, at) != 0)
		return socket_bind_answer(errno);
	return 0;
}

/* What came between bind() and connect() is not the peer's, which nobody has written to yet. */
static void drop_others(int fd)
{
	uint8_t byte;
	int rounds = 0;

	while (rounds < DROP_MAX && bsd_recv(fd, &byte, 1, 0) >= 0)
		rounds++;
}

static int connect_to(int fd, const struct address *peer)
{
	int answer = 0;

	if (system_join(fd, peer) != 0)
		answer = socket_connect_answer(errno, ip_is_v4(&peer->ip));
	else
		drop_others(fd);
	return answer == PORT_NO_NETWORK ? PORT_UNREACHABLE : answer;
}

int port_datagram(
	struct port *p, const struct address *at, const struct address *peer, port_sock *s)
{
	int fd, answer;

	*s = PORT_NONE;
	check(at != NULL || peer != NULL);
	if (at != NULL && peer != NULL && ip_is_v4(&at->ip) != ip_is_v4(&peer->ip))
		return PORT_UNREACHABLE;
	answer = socket_open(p, at != NULL ? at : peer, SOCK_DGRAM, &fd);
	if (answer != 0)
		return answer;
	if (at != NULL)
		answer = open_at(p, fd, at);
	if (answer == 0 && peer != NULL)
		answer = connect_to(fd, peer);
	if (answer != 0) {
		bsd_close(fd);
		return answer;
	}
	return socket_new_handle(p, ENTRY_DATAGRAMS, fd, s);
}

/* ---- Datagrams ---- */

static bool would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS ||
	       error == ENOMEM;
}

/* What an errno says of a datagram, this one or an earlier one. */
static int datagram_answer(int error)
{
	if (would_block(error))
		return PORT_AGAIN;
	switch (error) {
	case ECONNREFUSED:
		return PORT_REFUSED;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EACCES: /* prohibited on the way, or by a filter of our own */
	case EPERM:
	case EMSGSIZE: /* longer than some link takes, or than any datagram is */
	case EPROTO:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
	case EADDRNOTAVAIL: /* the address it was to leave from is no longer ours */
		return PORT_UNREACHABLE;
	default:
		return PORT_FAILED;
	}
}

/* Where a datagram went that came to fd: the socket's own address, as far as nothing better is known. */
static int find_to(struct port *p, port_sock s, struct msghdr *datagram, struct address *to)
{
	int answer = port_local(p, s, to);

	if (answer == 0)
		(void)system_sent_to(datagram, to);
	return answer;
}

int port_recvfrom(struct port *p, port_sock s, void *buf, size_t size, struct address *from,
	struct address *to)
{
	struct port_entry *e = socket_entry(p, s);
	struct sockaddr_storage sender = {.ss_family = AF_UNSPEC};
	struct iovec bytes = {.iov_base = buf, .iov_len = size};
	union beside beside;
	struct msghdr datagram = {
		.msg_name = &sender,
		.msg_namelen = sizeof sender,
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = &beside,
		.msg_controllen = sizeof beside,
	};
	ssize_t n;
	int answer;

	check(e->kind == ENTRY_DATAGRAMS);
	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	n = bsd_recvmsg(e->fd, &datagram, 0);
	if (n < 0) {
		answer = datagram_answer(errno);
		if (answer == PORT_AGAIN)
			socket_set_interests(p, s, INTEREST_READ);
		return answer;
	}
	if (!address_from_system(&sender, from) || find_to(p, s, &datagram, to) != 0)
		return PORT_FAILED;
	return (datagram.msg_flags & MSG_TRUNC) != 0 ? (int)size + 1 : (int)n;
}

static bool is_any(const struct ip *ip)
{
	static const struct ip any_v6;
	struct ip any_v4 = ip_v4(0, 0, 0, 0);

	return ip_equal(ip, &any_v6) || ip_equal(ip, &any_v4);
}

int port_sendto(struct port *p, port_sock s, const void *data, size_t len,
	const struct address *from, const struct address *to)
{
	struct port_entry *e = socket_entry(p, s);
	struct sockaddr_storage receiver;
	struct iovec bytes = {.iov_base = (void *)data, .iov_len = len};
	union beside beside;
	struct msghdr datagram = {.msg_iov = &bytes, .msg_iovlen = 1};

	check(e->kind == ENTRY_DATAGRAMS);
	if (to != NULL) {
		datagram.msg_name = &receiver;
		datagram.msg_namelen = address_to_system(to, &receiver);
		if (inet6_family == AF_UNSPEC && datagram.msg_namelen == 0)
			return PORT_UNREACHABLE;
	}
	if (from != NULL && !is_any(&from->ip)) {
		if (to != NULL && ip_is_v4(&from->ip) != ip_is_v4(&to->ip))
			return PORT_UNREACHABLE;
		memset(&beside, 0, sizeof beside);
		datagram.msg_control = &beside;
		datagram.msg_controllen = sizeof beside;
		system_send_from(&datagram, from);
	}
	return bsd_sendmsg(e->fd, &datagram, 0) >= 0 ? 0 : datagram_answer(errno);
}

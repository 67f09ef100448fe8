/*
 * BIND: a socket for the peer that the client announces, and two replies.
 *
 * The memo leaves much open, and so does RFC 1928; what is done here: it listens before the first reply
 * is sent, on the address from which the peer would be reached; the first
 * connection to arrive is the only one, and it is relayed only if it comes from
 * an address of the host that was named.
 */
#include "session/session.h"

#include <string.h>

#define PORTS_A_TICK 64

/* Opens the socket at 'at', whose port is set. 0, or why not. */
static int open_listener(struct sessions *all, struct session *s, const struct address *at)
{
	int r = port_listen(all->loop.port, at, 1, &s->aux);

	if (r == 0)
		session_own(all, s, s->aux);
	return r;
}

/*
 * Tries the ports of bind-ports in turn from a random one on, some each tick.
 * NEXT_STATE: one is open.
 */
static enum session_next open_in_range(struct sessions *all, struct session *s, struct address *at)
{
	uint32_t low = session_config(all, s)->bind_ports.low;
	uint32_t count = (uint32_t)session_config(all, s)->bind_ports.high - low + 1;

	if (s->ports_tried == 0 &&
		port_random(all->loop.port, &s->port_start, sizeof s->port_start) < 0)
		s->port_start =
			(uint16_t)s->number; /* it only spreads the load: need not be a secret */
	for (unsigned i = 0; i < PORTS_A_TICK && s->ports_tried < count; i++) {
		int r;

		at->port = (uint16_t)(low + (s->port_start + s->ports_tried++) % count);
		r = open_listener(all, s, at);
		if (r == 0)
			return NEXT_STATE;
		if (r != PORT_IN_USE && r != PORT_DENIED)
			return session_refuse(s, session_reason_of(r));
	}
	return s->ports_tried < count ? NEXT_TICK : session_refuse(s, REASON_NO_BIND_PORT);
}

static enum session_next open_anywhere(struct sessions *all, struct session *s, struct address *at)
{
	int r;

	if (session_config(all, s)->bind_ports.low != 0)
		return open_in_range(all, s, at);
	at->port = 0;
	r = open_listener(all, s, at);
	if (r < 0)
		return session_refuse(
			s, r == PORT_IN_USE ? REASON_NO_BIND_PORT : session_reason_of(r));
	return NEXT_STATE;
}

/*
 * Of the addresses of the host that was named one of the client's own family, if there is one: it is to be told ours.
 */
static unsigned peer_of(const struct session *s)
{
	unsigned i = 0;

	while (i < s->address_count && ip_is_v4(&s->addresses[i]) != ip_is_v4(&s->from.ip))
		i++;
	return i < s->address_count ? i : 0;
}

/* In a reply of SOCKS4 0.0.0.0 stands for the address at which the client has reached us; others are to be told it. */
static void tell_reached(struct sessions *all, const struct session *s, struct address *at)
{
	struct address local;

	if (reply_holds_ipv6(s->request.version) &&
		port_local(all->loop.port, s->client.sock, &local) == 0 &&
		ip_is_v4(&local.ip) == ip_is_v4(&at->ip))
		at->ip = local.ip;
}

enum session_next session_listen(struct sessions *all, struct session *s)
{
	struct address peer = {.ip = s->addresses[CONFIG_ANKLET_SOCKS5 ? peer_of(s) : 0]};
	struct address at = {.ip = ip_v4(0, 0, 0, 0)};
	enum session_next next;

	if (CONFIG_ANKLET_SOCKS5 && s->any_peer)
		at.ip = peer.ip; /* or '::' */
	if (!s->any_peer && port_local_for(all->loop.port, &peer, &at) < 0)
		return session_refuse(s, REASON_UNREACHABLE);
	next = open_anywhere(all, s, &at);
	if (next != NEXT_STATE)
		return next;
	if (port_local(all->loop.port, s->aux, &at) < 0)
		return session_refuse(s, REASON_SYSTEM);
	if (CONFIG_ANKLET_SOCKS5 && s->any_peer)
		tell_reached(all, s, &at);
	if (!ip_is_zero(&session_config(all, s)->bind_address) &&
		(!CONFIG_ANKLET_SOCKS5 || ip_is_v4(&at.ip)))
		at.ip = session_config(all, s)->bind_address;
	s->announced = at;
	return session_enter(all, s, SESSION_ANNOUNCE);
}

enum session_next session_announce(struct sessions *all, struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);
	int r = session_send_reply(all, s, VERDICT_GRANTED, &s->announced);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_broken(s, r, REASON_CLIENT_RESET);
	session_log_announced(all, s);
	if (hop == NULL)
		return session_enter(all, s, SESSION_WAIT_PEER);
	hop_begin_second(&s->hop, endpoint_socks(hop));
	return session_enter(all, s, SESSION_HOP_PEER);
}

/* Is it the host that was named? Where none was, the rules have their say now. */
static bool expected(struct sessions *all, struct session *s, const struct ip *ip)
{
	if (s->any_peer)
		return session_permits_peer(all, s, ip);
	s->reason = REASON_WRONG_PEER;
	for (unsigned i = 0; i < s->address_count; i++)
		if (ip_equal(&s->addresses[i], ip))
			return true;
	return false;
}

enum session_next session_wait_peer(struct sessions *all, struct session *s)
{
	int r;

	r = port_accept(all->loop.port, s->aux, &s->server.sock, &s->reached);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	session_close(all, &s->aux);
	if (r < 0)
		return session_refuse(s, session_reason_of(r));
	session_own(all, s, s->server.sock);
	if (!expected(all, s, &s->reached.ip))
		return NEXT_REFUSE;
	return session_enter(all, s, SESSION_GRANT);
}

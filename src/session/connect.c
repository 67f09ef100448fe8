/*
 * CONNECT: the addresses of the destination race, and the first to connect wins.
 *
 * RFC 8305, sections 4 and 5: the next one is tried when one fails, or after 250 ms
 * without an answer. At most two attempts are alive at once; with more addresses
 * left, the older one gives way after a while, so that every address is tried
 * within the limit on establishing. Without a spare socket they are tried one
 * after the other. Where names are left out there is one address, and no race.
 */
#include "proxy/instance.h"

#define NEXT_ATTEMPT_MS 250
#define ATTEMPT_MS 10000 /* an attempt's share while others wait for their turn */

enum session_reason session_reason_of(int answer)
{
	switch (answer) {
	case PORT_EOF:
	case PORT_RESET:
		return REASON_RESET;
	case PORT_REFUSED:
		return REASON_CONNECT_REFUSED;
	case PORT_UNREACHABLE:
	case PORT_NOT_LOCAL:
		return REASON_UNREACHABLE;
	case PORT_TIMEOUT:
		return REASON_TIMEOUT;
	case PORT_NO_RESOURCES:
		return REASON_NO_RESOURCES;
	case PORT_NO_NAME:
		return REASON_NO_NAME;
	case PORT_NAME_FAILED:
		return REASON_NAME_FAILED;
	case PORT_NO_RANDOM:
		return REASON_NO_RANDOM;
	case TLS_UNVERIFIED:
		return REASON_TLS_UNVERIFIED;
	case TLS_NO_MEMORY:
		return REASON_TLS_FULL;
	case TLS_FAILED:
	case TLS_TRUNCATED:
		return REASON_TLS_FAILED;
	default:
		return REASON_SYSTEM;
	}
}

static uint32_t age(struct anklet *a, uint32_t since)
{
	return port_now(a->port) - since;
}

/* The attempt that has waited longer is dropped, if its time is over and others wait. */
static void drop_old_attempt(struct anklet *a, struct session *s)
{
	if (s->address_next == s->address_count)
		return;
	if (s->server.sock != PORT_NONE && age(a, s->server_since) >= ATTEMPT_MS)
		session_close(a, &s->server.sock);
	else if (s->rival != PORT_NONE && age(a, s->rival_since) >= ATTEMPT_MS)
		session_close_rival(a, s);
}

/* Begins an attempt at the next address. False: it failed at once, and s->reason says why. */
static bool attempt(struct anklet *a, struct session *s, bool as_rival)
{
	const struct ip *ip = &s->addresses[s->address_next];
	const struct ip *source = config_source(&a->config, ip);
	const struct endpoint *hop = session_hop_endpoint(a, s);
	struct address to = {.ip = *ip, .port = hop != NULL ? hop->port : s->request.port};
	struct address from = {.ip = *source};
	port_sock *sock = as_rival ? &s->rival : &s->server.sock;
	int r;

	if (ip_class(ip) == IP_LINK_LOCAL && !ip_is_v4(ip))
		to.scope = s->scope;
	r = port_connect(a->port, ip_is_zero(source) ? NULL : &from, &to, sock);
	if (as_rival) {
		s->rival_address = s->address_next;
		s->rival_since = port_now(a->port);
	} else {
		s->server_address = s->address_next;
		s->server_since = port_now(a->port);
	}
	s->address_next++;
	if (r < 0) {
		s->reason = (uint8_t)session_reason_of(r);
		session_log_attempt(a, s, ip);
		return false;
	}
	session_own(a, s, *sock);
	if (as_rival)
		a->spare_sockets--;
	return true;
}

/* Begins what may be begun now: one attempt if none is alive, a second one if it is time. */
static void begin_attempts(struct anklet *a, struct session *s)
{
	while (s->address_next < s->address_count) {
		bool none = s->server.sock == PORT_NONE && s->rival == PORT_NONE;
		bool as_rival = ANKLET_ADDRESSES > 1 && s->server.sock != PORT_NONE;

		if (!none && !s->step_due)
			return;
		if (s->server.sock != PORT_NONE &&
			(s->rival != PORT_NONE || a->spare_sockets == 0)) {
			/* No room: look again when the older one's share is over. */
			session_set_step(a, s, NEXT_ATTEMPT_MS);
			return;
		}
		if (attempt(a, s, as_rival) && s->address_next < s->address_count)
			session_set_step(a, s, NEXT_ATTEMPT_MS);
	}
}

/* Asks one attempt how it is. True: it has won. A failed one is closed. */
static bool has_won(struct anklet *a, struct session *s, port_sock *sock)
{
	int r = PORT_AGAIN;

	if (*sock != PORT_NONE)
		r = port_connected(a->port, *sock);
	if (r == PORT_AGAIN)
		return false;
	if (r == 0)
		return true;
	s->reason = (uint8_t)session_reason_of(r);
	session_log_attempt(
		a, s, &s->addresses[sock == &s->rival ? s->rival_address : s->server_address]);
	s->step_due = true; /* the next one need not wait any longer */
	if (sock == &s->rival)
		session_close_rival(a, s);
	else
		session_close(a, sock);
	return false;
}

static enum session_next connected(struct anklet *a, struct session *s, uint8_t address)
{
	s->server_address = address;
	if (session_hop_endpoint(a, s) == NULL) {
		s->peer.ip = s->addresses[address];
		s->peer.port = s->request.port;
	}
	return session_arrive(a, s);
}

enum session_next session_connect(struct anklet *a, struct session *s)
{
	enum session_next left = session_client_left(a, s);

	if (left != NEXT_WAIT)
		return left;
	/* Each round uses up an attempt that failed, and there are at most so many. */
	for (;;) {
		uint8_t tried = s->address_next;

		if (has_won(a, s, &s->server.sock)) {
			session_close_rival(a, s);
			return connected(a, s, s->server_address);
		}
		if (ANKLET_ADDRESSES > 1 && has_won(a, s, &s->rival)) {
			session_close(a, &s->server.sock);
			s->server.sock = s->rival;
			s->rival = PORT_NONE;
			a->spare_sockets++;
			return connected(a, s, s->rival_address);
		}
		if (ANKLET_ADDRESSES > 1)
			drop_old_attempt(a, s);
		begin_attempts(a, s);
		if (s->server.sock == PORT_NONE && s->rival == PORT_NONE)
			return NEXT_REFUSE; /* the last failure noted the reason */
		if (s->address_next == tried)
			return NEXT_WAIT;
	}
}

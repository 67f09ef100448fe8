/*
 * CONNECT: the addresses of the destination race, and the first to connect wins.
 *
 * RFC 8305, sections 4 and 5: the next one is tried when one fails, or after 250 ms
 * without an answer. At most two attempts are alive at once; with more addresses
 * left, the older one is closed after a while, so that every address is tried
 * within the limit on establishing. Without a spare socket they are tried one
 * after the other. Where names are disabled there is one address, and no race.
 */
#include "session/session.h"

#define NEXT_ATTEMPT_MS 250
#define ATTEMPT_MS 10000 /* an attempt's share while other addresses wait for theirs */
#define ALONE_MS 500     /* the same where there is no socket for a second one beside it */

static uint32_t age(struct sessions *all, uint32_t since)
{
	return port_now(all->loop.port) - since;
}

static uint32_t attempt_ms(const struct sessions *all, const struct session *s)
{
	bool alone = s->second == PORT_NONE &&
		     !pool_has_place(&all->loop.clients, POOL_ATTEMPTS, s->holder);

	return alone ? ALONE_MS : ATTEMPT_MS;
}

/* The attempt that has waited longer is dropped, if its time is over and others wait. */
static void drop_old_attempt(struct sessions *all, struct session *s)
{
	if (s->address_next == s->address_count)
		return;
	if (s->server.sock != PORT_NONE && age(all, s->server_since) >= attempt_ms(all, s))
		session_close(all, &s->server.sock);
	else if (s->second != PORT_NONE && age(all, s->second_since) >= ATTEMPT_MS)
		session_close_second(all, s);
}

/* Which of several failures is the one to tell: the later here, the better. */
static int telling(uint8_t reason)
{
	static const uint8_t order[] = {REASON_NO_NETWORK, REASON_UNREACHABLE, REASON_TIMEOUT,
		REASON_RESET, REASON_CONNECT_REFUSED};
	int i = sizeof order;

	while (i > 0 && order[i - 1] != reason)
		i--;
	return i;
}

/* An attempt has failed: notes why, unless another one's failure says more. */
static void note_failure(struct sessions *all, struct session *s, int answer, const struct ip *ip)
{
	uint8_t before = s->reason;

	s->reason = (uint8_t)session_reason_of(answer);
	session_log_attempt(all, s, ip);
	if (CONFIG_ANKLET_SOCKS5 && telling(before) > telling(s->reason))
		s->reason = before;
}

/* Begins an attempt at the next address. False: it failed at once, and s->reason says why. */
static bool attempt(struct sessions *all, struct session *s, bool as_second)
{
	const struct ip *ip = &s->addresses[s->address_next];
	const struct ip *source = config_source(session_config(all, s), ip);
	const struct endpoint *hop = session_hop_endpoint(all, s);
	struct address to = {.ip = *ip, .port = hop != NULL ? hop->port : s->request.port};
	struct address from = {.ip = *source};
	port_sock *sock = as_second ? &s->second : &s->server.sock;
	int r;

	if (ip_class(ip) == IP_LINK_LOCAL && !ip_is_v4(ip))
		to.scope = s->scope;
	r = port_connect(all->loop.port, ip_is_zero(source) ? NULL : &from, &to, sock);
	if (as_second) {
		s->second_address = s->address_next;
		s->second_since = port_now(all->loop.port);
	} else {
		s->server_address = s->address_next;
		s->server_since = port_now(all->loop.port);
	}
	s->address_next++;
	if (r < 0) {
		if (as_second)
			pool_give(&all->loop.clients, POOL_ATTEMPTS, s->holder);
		note_failure(all, s, r, ip);
		return false;
	}
	session_own(all, s, *sock);
	return true;
}

/* Begins what may be begun now: one attempt if none is alive, a second one if it is time. */
static void begin_attempts(struct sessions *all, struct session *s)
{
	while (s->address_next < s->address_count) {
		bool none = s->server.sock == PORT_NONE && s->second == PORT_NONE;
		bool as_second = ANKLET_ADDRESSES > 1 && s->server.sock != PORT_NONE;

		if (!none && !s->step_due)
			return;
		if (s->server.sock != PORT_NONE &&
			(s->second != PORT_NONE ||
				!pool_take(&all->loop.clients, POOL_ATTEMPTS, s->holder))) {
			/* No room: look again when the older one's share is over. */
			session_set_step(all, s, TIMER_ATTEMPT, NEXT_ATTEMPT_MS);
			return;
		}
		if (attempt(all, s, as_second) && s->address_next < s->address_count)
			session_set_step(all, s, TIMER_ATTEMPT, NEXT_ATTEMPT_MS);
	}
}

/* Asks one attempt how it is. True: it has won. A failed one is closed. */
static bool has_won(struct sessions *all, struct session *s, port_sock *sock)
{
	int r = PORT_AGAIN;

	if (*sock != PORT_NONE)
		r = port_connected(all->loop.port, *sock);
	if (r == PORT_AGAIN)
		return false;
	if (r == 0)
		return true;
	note_failure(all, s, r,
		&s->addresses[sock == &s->second ? s->second_address : s->server_address]);
	s->step_due = true; /* the next one need not wait any longer */
	if (sock == &s->second)
		session_close_second(all, s);
	else
		session_close(all, sock);
	return false;
}

static enum session_next connected(struct sessions *all, struct session *s, uint8_t address)
{
	s->server_address = address;
	return session_outbound_ready(all, s);
}

enum session_next session_connect(struct sessions *all, struct session *s)
{
	/* Each round uses up an attempt that failed, and there are at most so many. */
	for (;;) {
		uint8_t tried = s->address_next;

		if (has_won(all, s, &s->server.sock)) {
			session_close_second(all, s);
			return connected(all, s, s->server_address);
		}
		if (ANKLET_ADDRESSES > 1 && has_won(all, s, &s->second)) {
			session_close(all, &s->server.sock);
			s->server.sock = s->second;
			s->second = PORT_NONE;
			pool_give(&all->loop.clients, POOL_ATTEMPTS, s->holder);
			return connected(all, s, s->second_address);
		}
		if (ANKLET_ADDRESSES > 1)
			drop_old_attempt(all, s);
		begin_attempts(all, s);
		if (s->server.sock == PORT_NONE && s->second == PORT_NONE)
			return NEXT_REFUSE; /* the last failure noted the reason */
		if (s->address_next == tried)
			return NEXT_WAIT;
	}
}

/*
 * A session's frame: its beginning, its steps, its end, and what all states share.
 */
#include "instance.h"

#include <string.h>

#include "check.h"

#define DRAIN_LIMIT_MS 2000
#define DRAIN_OCTETS 65536

/* ---- Sockets and times ---- */

void session_own(struct anklet *a, const struct session *s, port_sock sock)
{
	a->owner[sock] = (struct owner){
		.kind = OWNER_SESSION, .index = (uint16_t)((s - a->sessions) & 0x1fff)};
}

static void close_sock(struct anklet *a, port_sock *sock, bool reset)
{
	if (*sock == PORT_NONE)
		return;
	a->owner[*sock] = (struct owner){0};
	if (reset)
		port_reset(a->port, sock);
	else
		port_close(a->port, sock);
}

void session_close(struct anklet *a, port_sock *sock)
{
	close_sock(a, sock, false);
}

/* Everything but the client's connection. */
static void close_others(struct anklet *a, struct session *s, bool reset)
{
	close_sock(a, &s->side, reset);
	session_close_rival(a, s);
	close_sock(a, &s->server, reset);
}

void session_close_rival(struct anklet *a, struct session *s)
{
	if (s->rival == PORT_NONE)
		return;
	close_sock(a, &s->rival, false);
	a->spare_sockets++;
}

static void set_deadline(struct anklet *a, struct deadline *d, uint32_t ms)
{
	d->set = ms > 0;
	d->at = port_now(a->port) + ms;
	instance_deadline(a, d);
}

void session_set_limit(struct anklet *a, struct session *s, uint32_t ms)
{
	set_deadline(a, &s->limit, ms);
}

void session_set_step(struct anklet *a, struct session *s, uint32_t ms)
{
	set_deadline(a, &s->step, ms);
	s->step_due = false;
}

/* ---- States ---- */

enum session_next session_enter(struct session *s, enum session_state state)
{
	check(state > s->state);
	s->state = (uint8_t)state;
	s->step.set = false;
	s->step_due = false;
	return NEXT_STATE;
}

void session_begin(
	struct anklet *a, struct session *s, port_sock client, const struct address *from)
{
	s->client = client;
	s->server = s->rival = s->side = PORT_NONE;
	s->rule = -1;
	s->from = *from;
	s->number = ++a->session_number;
	s->accepted_at = port_now(a->port);
	session_own(a, s, client);
	session_enter(s, SESSION_REQUEST);
	session_set_limit(a, s, a->config.limit_handshake_ms);
	session_log_state(a, s);
	instance_queue(a, s); /* the request is often there already */
}

enum session_next session_refuse(struct session *s, enum session_reason reason)
{
	s->reason = (uint8_t)reason;
	return NEXT_REFUSE;
}

static enum session_next ended(struct session *s, enum session_reason reason, enum session_next how)
{
	s->reason = (uint8_t)reason;
	return how;
}

enum session_next session_client_left(struct anklet *a, struct session *s)
{
	int r = port_gone(a->port, s->client);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r == PORT_EOF)
		return session_refuse(s, REASON_CLIENT_LEFT);
	return ended(s, REASON_CLIENT_RESET, NEXT_RESET);
}

/* ---- Replies ---- */

void session_set_reply(struct session *s, enum socks4_code code, const struct address *at)
{
	socks4_reply(s->message, code, at);
	s->message_len = SOCKS4_REPLY_LEN;
	s->sent = 0;
}

int session_send(struct anklet *a, struct session *s, port_sock to)
{
	while (s->sent < s->message_len) {
		int n = port_send(
			a->port, to, s->message + s->sent, (size_t)(s->message_len - s->sent));

		if (n < 0)
			return n;
		s->sent = (uint8_t)(s->sent + n);
	}
	return 0;
}

enum session_next session_grant(struct anklet *a, struct session *s)
{
	int r = session_send(a, s, s->client);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return ended(s, REASON_CLIENT_RESET, NEXT_RESET);
	a->status.granted++;
	session_log_granted(a, s);
	session_set_limit(a, s, a->config.limit_idle_ms);
	return session_enter(s, SESSION_RELAY);
}

/* ---- The relay ---- */

static enum session_next relay(struct anklet *a, struct session *s)
{
	bool progress = false;
	port_sock culprit = PORT_NONE;
	enum relay_result r = relay_run(&s->relay, a->port, s->client, s->server,
		CONFIG_ANKLET_TURN_OCTETS, &progress, &culprit);
	bool half = s->relay.up.ended || s->relay.down.ended;

	if (r == RELAY_BROKEN)
		return ended(s, culprit == s->client ? REASON_CLIENT_RESET : REASON_SERVER_RESET,
			NEXT_RESET);
	if (r == RELAY_ENDED)
		return ended(s, REASON_ENDED, NEXT_CLOSE);
	if (progress)
		session_set_limit(
			a, s, half ? a->config.limit_half_closed_ms : a->config.limit_idle_ms);
	return r == RELAY_MORE ? NEXT_TURN : NEXT_WAIT;
}

/* ---- Refusals ---- */

/* Nobody is asked any more: only the client is left, to be told. */
static void begin_refusal(struct anklet *a, struct session *s)
{
	uint8_t code = session_reply_code((enum session_reason)s->reason);
	static const struct address nothing;

	a->status.refused++;
	close_others(a, s, false);
	session_set_reply(s, (enum socks4_code)code, &nothing);
	if (s->reason == REASON_IS_SOCKS5) {
		/* RFC 1928, section 3: no acceptable methods; so that the client can say why. */
		s->message[0] = 5;
		s->message[1] = 0xff;
		s->message_len = 2;
	} else if (code == 0) {
		s->message_len = 0;
	}
	session_log_end(a, s);
	session_enter(s, SESSION_REFUSE);
	session_set_limit(a, s, DRAIN_LIMIT_MS);
}

static enum session_next refuse(struct anklet *a, struct session *s)
{
	int r = session_send(a, s, s->client);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return NEXT_RESET;
	port_shutdown(a->port, s->client);
	a->draining++;
	return session_enter(s, SESSION_DRAIN);
}

/* Closing over unread input makes TCP send a reset, which can destroy the reply on its way. */
static enum session_next drain(struct anklet *a, struct session *s)
{
	const uint8_t *data;

	while (s->drained < DRAIN_OCTETS) {
		int n = port_peek(a->port, s->client, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n < 0)
			return NEXT_CLOSE;
		port_consume(a->port, s->client, (size_t)n);
		s->drained += (uint32_t)n;
	}
	return NEXT_CLOSE;
}

/* ---- Steps ---- */

static void end(struct anklet *a, struct session *s, bool reset)
{
	/* A refusal was logged when it began. */
	if (s->state < SESSION_REFUSE)
		session_log_end(a, s);
	if (s->state < SESSION_GRANT && s->reason != REASON_STOPPED)
		a->status.refused++;
	close_others(a, s, reset);
	close_sock(a, &s->client, reset);
	if (s->state == SESSION_DRAIN)
		a->draining--;
	instance_free(a, s);
}

void session_abort(struct anklet *a, struct session *s, enum session_reason reason)
{
	if (s->state < SESSION_REFUSE)
		s->reason = (uint8_t)reason;
	end(a, s, true);
}

/* A connection that is cut off while octets wait is not to look whole: it is reset. */
static enum session_next relay_over_limit(struct session *s)
{
	const struct relay_direction *up = &s->relay.up, *down = &s->relay.down;
	bool half = up->ended || down->ended;
	bool cut = up->blocked || down->blocked;

	return ended(s, half ? REASON_HALF_CLOSED : REASON_IDLE, cut ? NEXT_RESET : NEXT_CLOSE);
}

/* The limit of the phase has passed. */
static enum session_next over_limit(struct session *s)
{
	bool half_told = s->sent > 0 && s->sent < s->message_len;

	if (s->state == SESSION_REQUEST)
		return session_refuse(s, REASON_HANDSHAKE_LIMIT);
	if (s->state == SESSION_RELAY)
		return relay_over_limit(s);
	if (s->state > SESSION_RELAY)
		return NEXT_CLOSE;
	/* No reply can follow half of another one. */
	if ((s->state == SESSION_ANNOUNCE || s->state == SESSION_GRANT) && half_told)
		return ended(s, REASON_ESTABLISH_LIMIT, NEXT_RESET);
	return session_refuse(s, REASON_ESTABLISH_LIMIT);
}

static enum session_next run_state(struct anklet *a, struct session *s)
{
	switch ((enum session_state)s->state) {
	case SESSION_REQUEST:
		return session_request(a, s);
	case SESSION_IDENT:
		return session_ident(a, s);
	case SESSION_IDENT_ANSWER:
		return session_ident_answer(a, s);
	case SESSION_RESOLVE:
		return session_resolve(a, s);
	case SESSION_CONNECT:
		return session_connect(a, s);
	case SESSION_LISTEN:
		return session_listen(a, s);
	case SESSION_ANNOUNCE:
		return session_announce(a, s);
	case SESSION_WAIT_PEER:
		return session_wait_peer(a, s);
	case SESSION_GRANT:
		return session_grant(a, s);
	case SESSION_RELAY:
		return relay(a, s);
	case SESSION_REFUSE:
		return refuse(a, s);
	case SESSION_DRAIN:
		return drain(a, s);
	case SESSION_FREE:
		break;
	}
	check(s->state != SESSION_FREE); /* it has no step */
	return NEXT_CLOSE;
}

void session_step(struct anklet *a, struct session *s)
{
	bool over = deadline_passed(&s->limit, port_now(a->port));
	enum session_next next = over ? over_limit(s) : NEXT_STATE;

	/* States only advance, so this ends. */
	while (next == NEXT_STATE || next == NEXT_REFUSE) {
		if (next == NEXT_REFUSE)
			begin_refusal(a, s);
		next = run_state(a, s);
		if (next == NEXT_STATE)
			session_log_state(a, s);
	}
	if (next == NEXT_TURN)
		instance_queue(a, s);
	else if (next != NEXT_WAIT)
		end(a, s, next == NEXT_RESET);
}

/*
 * A session's frame: its beginning, its steps, its end, and what all states share.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/check.h"

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

void session_close_stream(struct anklet *a, struct stream *stream, bool reset)
{
	session_close_tls(a, stream);
	close_sock(a, &stream->sock, reset);
}

void session_close_others(struct anklet *a, struct session *s, bool reset)
{
	close_sock(a, &s->side, reset);
	session_close_rival(a, s);
	session_close_stream(a, &s->server, reset);
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

/* A client of a forward asks for nothing: what it is to have stands in the configuration. */
static void fill_request(struct anklet *a, struct session *s)
{
	const struct endpoint *target = &a->config.forward[s->forward].target;
	struct socks4_request *r = &s->request;

	r->cd = SOCKS4_CONNECT;
	r->port = target->port;
	if (target->host == ENDPOINT_NAME) {
		const char *name = string_table_at(&a->config.strings, target->name);

		r->name_len = (uint8_t)strlen(name);
		memcpy(r->name, name, r->name_len);
	}
}

void session_begin(struct anklet *a, struct session *s, const struct listener *l, port_sock client,
	const struct address *from)
{
	s->client.sock = client;
	s->server.sock = s->rival = s->side = PORT_NONE;
	s->rule = -1;
	s->route = ROUTES_NONE;
	s->forward = l->forward;
	s->from = *from;
	s->number = ++a->session_number;
	s->accepted_at = port_now(a->port);
	session_own(a, s, client);
	if (session_is_forwarded(s))
		fill_request(a, s);
	if (ANKLET_HAS_TLS && l->tls != NULL) {
		session_open_tls(a, &s->client, l->tls, "");
		session_enter(s, SESSION_TLS_ACCEPT);
	} else {
		session_enter(s, SESSION_REQUEST);
	}
	session_set_limit(a, s, a->config.limit_handshake_ms);
	session_log_state(a, s);
	instance_queue(a, s); /* the request is often there already */
}

enum session_next session_refuse(struct session *s, enum session_reason reason)
{
	s->reason = (uint8_t)reason;
	return NEXT_REFUSE;
}

enum session_next session_ended(
	struct session *s, enum session_reason reason, enum session_next how)
{
	s->reason = (uint8_t)reason;
	return how;
}

enum session_next session_client_left(struct anklet *a, struct session *s)
{
	int r = port_gone(a->port, s->client.sock);

	/* One that has said all it wants to say to a forward may still wait for the answer. */
	if (r == PORT_AGAIN || (r == PORT_EOF && session_is_forwarded(s)))
		return NEXT_WAIT;
	if (r == PORT_EOF)
		return session_refuse(s, REASON_CLIENT_LEFT);
	return session_ended(s, REASON_CLIENT_RESET, NEXT_RESET);
}

/* ---- Replies ---- */

void session_set_reply(struct session *s, enum socks4_code code, const struct address *at)
{
	socks4_reply(s->message, code, at);
	s->message_len = SOCKS4_REPLY_LEN;
	s->sent = 0;
}

int session_send_all(
	struct anklet *a, struct session *s, struct stream *to, const void *message, size_t len)
{
	while (s->sent < len) {
		int n = stream_send(a->port, to, (const uint8_t *)message + s->sent, len - s->sent);

		if (n < 0)
			return n;
		s->sent = (uint16_t)(s->sent + n);
	}
	return stream_flush(a->port, to);
}

int session_send(struct anklet *a, struct session *s, struct stream *to)
{
	return session_send_all(a, s, to, s->message, s->message_len);
}

enum session_next session_grant(struct anklet *a, struct session *s)
{
	int r = session_send(a, s, &s->client);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_ended(s, REASON_CLIENT_RESET, NEXT_RESET);
	a->status.granted++;
	session_log_granted(a, s);
	session_set_limit(a, s, a->config.limit_idle_ms);
	return session_enter(s, SESSION_RELAY);
}

/* ---- Steps ---- */

static void end(struct anklet *a, struct session *s, bool reset)
{
	/* A refusal was logged when it began, an end that lingers as well. */
	if (s->state < SESSION_LINGER)
		session_log_end(a, s);
	if (s->state < SESSION_GRANT && s->reason != REASON_STOPPED)
		a->status.refused++;
	session_close_others(a, s, reset);
	session_close_stream(a, &s->client, reset);
	if (s->state == SESSION_DRAIN)
		a->draining--;
	instance_free(a, s);
}

void session_abort(struct anklet *a, struct session *s, enum session_reason reason)
{
	if (s->state < SESSION_LINGER)
		s->reason = (uint8_t)reason;
	end(a, s, true);
}

/* A connection that is cut off while octets wait is not to look whole: it is reset. */
static enum session_next relay_over_limit(struct session *s)
{
	const struct relay_direction *up = &s->relay.up, *down = &s->relay.down;
	bool half = up->ended || down->ended;
	bool cut = up->blocked || down->blocked;

	return session_ended(
		s, half ? REASON_HALF_CLOSED : REASON_IDLE, cut ? NEXT_RESET : NEXT_CLOSE);
}

/* The limit of the phase has passed. */
static enum session_next over_limit(struct session *s)
{
	bool half_told = s->sent > 0; /* were it whole, the state would be another */

	if (s->state <= SESSION_REQUEST)
		return session_refuse(s, REASON_HANDSHAKE_LIMIT);
	if (s->state == SESSION_RELAY)
		return relay_over_limit(s);
	if (s->state > SESSION_RELAY)
		return NEXT_CLOSE;
	/* No reply can follow half of another one. */
	if ((s->state == SESSION_ANNOUNCE || s->state == SESSION_GRANT) && half_told)
		return session_ended(s, REASON_ESTABLISH_LIMIT, NEXT_RESET);
	return session_refuse(s, REASON_ESTABLISH_LIMIT);
}

/* The states that are never entered without TLS: left out, they take all that only they use with them. */
static enum session_next run_encrypted(struct anklet *a, struct session *s)
{
	check(ANKLET_HAS_TLS);
	if (!ANKLET_HAS_TLS)
		return NEXT_CLOSE;
	if (s->state == SESSION_TLS_ACCEPT)
		return session_tls_accept(a, s);
	if (s->state == SESSION_STARTTLS)
		return session_starttls(a, s);
	if (s->state == SESSION_TLS_CONNECT)
		return session_tls_connect(a, s);
	return session_linger(a, s);
}

/* The same of those on the way through a next hop. */
static enum session_next run_hop(struct anklet *a, struct session *s)
{
	check(ANKLET_HAS_ROUTES);
	if (!ANKLET_HAS_ROUTES)
		return NEXT_CLOSE;
	if (CONFIG_ANKLET_NAMES && s->state == SESSION_RESOLVE_HOP)
		return session_resolve_hop(a, s);
	if (CONFIG_ANKLET_BIND && s->state == SESSION_HOP_PEER)
		return session_hop_peer(a, s);
	return session_hop(a, s);
}

/* What is left out is never entered. */
static enum session_next run_state(struct anklet *a, struct session *s)
{
	switch ((enum session_state)s->state) {
	case SESSION_TLS_ACCEPT:
	case SESSION_STARTTLS:
	case SESSION_TLS_CONNECT:
	case SESSION_LINGER:
		return run_encrypted(a, s);
	case SESSION_RESOLVE_HOP:
	case SESSION_HOP:
	case SESSION_HOP_PEER:
		return run_hop(a, s);
	case SESSION_REQUEST:
		return session_request(a, s);
	case SESSION_IDENT:
		return CONFIG_ANKLET_IDENT ? session_ident(a, s) : NEXT_CLOSE;
	case SESSION_IDENT_ANSWER:
		return CONFIG_ANKLET_IDENT ? session_ident_answer(a, s) : NEXT_CLOSE;
	case SESSION_RESOLVE:
		return session_resolve(a, s);
	case SESSION_CONNECT:
		return session_connect(a, s);
	case SESSION_LISTEN:
		return CONFIG_ANKLET_BIND ? session_listen(a, s) : NEXT_CLOSE;
	case SESSION_ANNOUNCE:
		return CONFIG_ANKLET_BIND ? session_announce(a, s) : NEXT_CLOSE;
	case SESSION_WAIT_PEER:
		return CONFIG_ANKLET_BIND ? session_wait_peer(a, s) : NEXT_CLOSE;
	case SESSION_GRANT:
		return session_grant(a, s);
	case SESSION_RELAY:
		return session_relay(a, s);
	case SESSION_REFUSE:
		return session_send_refusal(a, s);
	case SESSION_DRAIN:
		return session_drain(a, s);
	case SESSION_FREE:
		break;
	}
	check(s->state != SESSION_FREE); /* it has no step */
	return NEXT_CLOSE;
}

/* What its state's handler answered may mean more than the handler knows. */
static enum session_next conclude(struct anklet *a, struct session *s, enum session_next next)
{
	/* No reply is sent to a client that speaks no SOCKS, and what never began has no ordinary end. */
	if (next == NEXT_REFUSE && session_is_forwarded(s))
		return NEXT_RESET;
	if (next == NEXT_REFUSE)
		return session_begin_refusal(a, s);
	if (ANKLET_HAS_TLS && next == NEXT_CLOSE && s->state == SESSION_RELAY &&
		session_speaks_tls(s))
		return session_begin_linger(a, s);
	return next;
}

void session_step(struct anklet *a, struct session *s)
{
	bool over = deadline_passed(&s->limit, port_now(a->port));
	enum session_next next = conclude(a, s, over ? over_limit(s) : NEXT_STATE);

	/* States only advance, so this ends. */
	while (next == NEXT_STATE) {
		next = conclude(a, s, run_state(a, s));
		if (next == NEXT_STATE)
			session_log_state(a, s);
	}
	if (next == NEXT_TURN)
		instance_queue(a, s);
	else if (next != NEXT_WAIT)
		end(a, s, next == NEXT_RESET);
}

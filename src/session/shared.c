/*
 * What the handlers of all states share: sockets, times, states, replies. See session.h.
 */
#include "session/session.h"

#include "base/check.h"

/* ---- Sockets and times ---- */

void session_own(struct sessions *all, const struct session *s, port_sock sock)
{
	loop_own(&all->loop, sock, OWNER_SESSION, s->index);
}

static void close_sock(struct sessions *all, port_sock *sock, bool reset)
{
	if (reset)
		loop_reset(&all->loop, sock);
	else
		loop_close(&all->loop, sock);
}

int session_open_tls(struct sessions *all, const struct session *s, struct stream *stream,
	struct tls_context *context, const char *name)
{
	int r;

	if (!pool_take(&all->loop.clients, POOL_TLS, s->holder))
		return TLS_NO_MEMORY;
	r = tls_open(&stream->tls, context, all->loop.port, stream->sock, name);
	if (r < 0)
		pool_give(&all->loop.clients, POOL_TLS, s->holder);
	return r;
}

void session_close_tls(struct sessions *all, const struct session *s, struct stream *stream)
{
	if (!stream_is_encrypted(stream))
		return;
	tls_close(&stream->tls);
	pool_give(&all->loop.clients, POOL_TLS, s->holder);
}

void session_close(struct sessions *all, port_sock *sock)
{
	loop_close(&all->loop, sock);
}

void session_close_stream(
	struct sessions *all, const struct session *s, struct stream *stream, bool reset)
{
	session_close_tls(all, s, stream);
	close_sock(all, &stream->sock, reset);
}

void session_close_others(struct sessions *all, struct session *s, bool reset)
{
	resolver_forget(&all->names, s->index);
	close_sock(all, &s->aux, reset);
	session_close_second(all, s);
	session_close_stream(all, s, &s->server, reset);
}

void session_close_second(struct sessions *all, struct session *s)
{
	if (s->second == PORT_NONE)
		return;
	loop_close(&all->loop, &s->second);
	pool_give(&all->loop.clients, POOL_ATTEMPTS, s->holder);
}

void session_set_limit(struct sessions *all, struct session *s, enum timer_kind kind, uint32_t ms)
{
	loop_set_timer(&all->loop, SESSION_LIMIT(s->index), kind, ms);
	s->limit_due = false;
}

void session_set_step(struct sessions *all, struct session *s, enum timer_kind kind, uint32_t ms)
{
	loop_set_timer(&all->loop, SESSION_STEP(s->index), kind, ms);
	s->step_due = false;
}

/* ---- Settings ---- */

void session_hold(struct sessions *all, struct session *s)
{
	if (s->held != NULL)
		return;
	s->held = all->settings;
	s->held->held++;
	if (CONFIG_ANKLET_RELOAD)
		s->generation = s->held->generation;
}

void session_release(struct session *s)
{
	if (s->held == NULL)
		return;
	check(s->held->held > 0);
	s->held->held--;
	s->held = NULL;
}

/* ---- States ---- */

static enum session_next set_state(
	struct sessions *all, struct session *s, enum session_state state)
{
	s->state = (uint8_t)state;
	s->sent = 0;
	timers_clear(&all->loop.timers, SESSION_STEP(s->index));
	s->step_due = false;
	return NEXT_STATE;
}

enum session_next session_enter(struct sessions *all, struct session *s, enum session_state state)
{
	check(state > s->state);
	return set_state(all, s, state);
}

enum session_next session_connect_again(struct sessions *all, struct session *s)
{
	check(s->state == SESSION_HOP);
	return set_state(all, s, SESSION_CONNECT);
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

enum session_next session_broken(struct session *s, int end, enum session_reason reason)
{
	return session_ended(s, end == PORT_NOT_LOCAL ? REASON_ADDRESS_LOST : reason, NEXT_RESET);
}

enum session_next session_left(struct session *s, int end)
{
	return session_ended(s, REASON_LEFT, end == PORT_EOF ? NEXT_CLOSE : NEXT_RESET);
}

enum session_reason session_reason_of(int answer)
{
	if (CONFIG_ANKLET_SOCKS5 && answer == PORT_NO_NETWORK)
		return REASON_NO_NETWORK;
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

/* ---- Replies ---- */

int session_send(
	struct sessions *all, struct session *s, struct stream *to, const void *message, size_t len)
{
	while (s->sent < len) {
		int n = stream_send(
			all->loop.port, to, (const uint8_t *)message + s->sent, len - s->sent);

		if (n < 0)
			return n;
		s->sent = (uint16_t)(s->sent + n);
	}
	return stream_flush(all->loop.port, to);
}

int session_send_reply(
	struct sessions *all, struct session *s, enum verdict verdict, const struct address *at)
{
	static const struct address nothing; /* the client ignores it, and it would leak ours */
	uint8_t buf[REPLY_ROOM];
	size_t len;
	const void *reply = reply_bytes(s->request.version, session_stage(s), verdict,
		at != NULL ? at : &nothing, buf, &len);

	return session_send(all, s, &s->client, reply, len);
}

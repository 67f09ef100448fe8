/*
 * How a session is over: the relay's ends, refusals, and the time that a good end takes.
 *
 * Closing over unread input makes TCP send a reset, which can destroy what is still
 * on its way to the peer: the reply that refuses, or the tail of an encrypted stream,
 * after which a session ticket or a close_notify of the peer's may lie unread.
 * So both are read to their end first, within limits.
 */
#include "session/session.h"

#define DRAIN_LIMIT_MS 2000
#define DRAIN_BYTES 65536

/* ---- The grant and the relay ---- */

void session_limit_relay(struct sessions *all, struct session *s)
{
	if (s->relay.up.ended || s->relay.down.ended)
		session_set_limit(
			all, s, TIMER_HALF_CLOSED, all->settings->config->limit_half_closed_ms);
	else
		session_set_limit(all, s, TIMER_IDLE, all->settings->config->limit_idle_ms);
}

enum session_next session_grant(struct sessions *all, struct session *s)
{
	int r = session_send_reply(
		all, s, VERDICT_GRANTED, session_is_bind(s) ? &s->reached : NULL);

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_broken(s, r, REASON_CLIENT_RESET);
	all->loop.status.granted++;
	if (CONFIG_ANKLET_STATUS)
		seen_granted(all, s);
	session_log_granted(all, s);
	session_limit_relay(all, s);
	session_add_connect(all, s);
	session_release(s); /* what it was granted it keeps, under the limits in force */
	return session_enter(all, s, SESSION_RELAY);
}

static enum session_reason broken_reason(const struct session *s, const struct relay_news *news)
{
	bool client = news->failed == &s->client;

	if (news->failure == TLS_TRUNCATED)
		return client ? REASON_CLIENT_TRUNCATED : REASON_SERVER_TRUNCATED;
	if (news->failure < PORT_ANSWER_LAST)
		return client ? REASON_CLIENT_TLS : REASON_SERVER_TLS;
	if (news->failure == PORT_TIMEOUT) /* nobody has reset it */
		return client ? REASON_CLIENT_LOST : REASON_SERVER_LOST;
	return client ? REASON_CLIENT_RESET : REASON_SERVER_RESET;
}

enum session_next session_relay(struct sessions *all, struct session *s)
{
	struct anklet_status *status = &all->loop.status;
	uint64_t up = s->relay.up.bytes, down = s->relay.down.bytes;
	bool paced = session_has_rates(all, s), paused = session_is_paused(s);
	struct relay_news news;
	enum relay_result r;

	if (paced)
		session_allow(all, s);
	r = relay_run(&s->relay, all->loop.port, &s->client, &s->server, all->slice, &news);
	status->bytes_up += s->relay.up.bytes - up;
	status->bytes_down += s->relay.down.bytes - down;
	if (paced)
		session_spend(all, s, s->relay.up.bytes - up, s->relay.down.bytes - down);
	if (r == RELAY_BROKEN)
		return session_broken(s, news.failure, broken_reason(s, &news));
	if (r == RELAY_ENDED)
		return session_ended(s, REASON_ENDED, NEXT_CLOSE);
	/* Whoever has to wait for its rate is not idle. */
	if (news.progress || paused || session_is_paused(s))
		session_limit_relay(all, s);
	return r == RELAY_MORE ? NEXT_TICK : NEXT_WAIT;
}

/* ---- Reading to the end ---- */

/* NEXT_WAIT: there may be more. NEXT_CLOSE: it has ended, or enough was read. */
static enum session_next read_and_drop(struct sessions *all, struct session *s, port_sock sock)
{
	const uint8_t *data;

	while (s->drained < DRAIN_BYTES) {
		int n = port_peek(all->loop.port, sock, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n < 0)
			return NEXT_CLOSE;
		port_consume(all->loop.port, sock, (size_t)n);
		s->drained += (uint32_t)n;
	}
	return NEXT_CLOSE;
}

/* Ends our direction for good, TLS first. 0, PORT_AGAIN, or a failure; what remains is a socket to be read. */
static int finish(struct sessions *all, const struct session *s, struct stream *stream)
{
	int r = stream_shutdown(all->loop.port, stream, false);

	if (r < 0 || !stream_is_encrypted(stream))
		return r;
	session_close_tls(all, s, stream);
	port_shutdown(all->loop.port, stream->sock);
	return 0;
}

/* ---- Streams that were encrypted ---- */

bool session_speaks_tls(const struct session *s)
{
	return stream_is_encrypted(&s->client) || stream_is_encrypted(&s->server);
}

enum session_next session_begin_linger(struct sessions *all, struct session *s)
{
	session_log_end(all, s);
	session_remove_connect(all, s);
	if (!stream_is_encrypted(&s->client))
		session_close_stream(all, s, &s->client, false);
	if (!stream_is_encrypted(&s->server))
		session_close_stream(all, s, &s->server, false);
	session_set_limit(all, s, TIMER_END, DRAIN_LIMIT_MS);
	return session_enter(all, s, SESSION_LINGER);
}

/* One of the two. True: it is over and closed. */
static bool linger(struct sessions *all, struct session *s, struct stream *stream)
{
	int r = 0;

	if (stream->sock == PORT_NONE)
		return true;
	if (stream_is_encrypted(stream))
		r = finish(all, s, stream);
	if (r == PORT_AGAIN)
		return false;
	if (r == 0 && read_and_drop(all, s, stream->sock) == NEXT_WAIT)
		return false;
	session_close_stream(all, s, stream, r < 0);
	return true;
}

enum session_next session_linger(struct sessions *all, struct session *s)
{
	bool client = linger(all, s, &s->client);
	bool server = linger(all, s, &s->server);

	return client && server ? NEXT_CLOSE : NEXT_WAIT;
}

/* ---- Refusals ---- */

/* Nobody is asked any more: only the client is left, to be told. */
enum session_next session_begin_refusal(struct sessions *all, struct session *s)
{
	all->loop.status.refused++;
	if (CONFIG_ANKLET_STATUS)
		seen_refused(all, s);
	session_log_end(all, s);
	if (ANKLET_HAS_ROUTES && session_concerns_hop(all, s))
		s->reason = REASON_HOP_ENDED; /* which the client is told of it */
	session_release(s);
	session_close_others(all, s, false);
	if (s->state <= SESSION_TLS_ACCEPT)
		session_close_tls(all, s, &s->client); /* it never was ready, and has said why */
	session_enter(all, s, SESSION_REFUSE);
	session_set_limit(all, s, TIMER_END, DRAIN_LIMIT_MS);
	return NEXT_STATE;
}

enum session_next session_send_refusal(struct sessions *all, struct session *s)
{
	unsigned limit = SESSION_LIMIT(s->index);
	int r = session_send_reply(all, s, session_verdict(all, s), NULL);

	if (r == 0)
		r = finish(all, s, &s->client);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return NEXT_RESET;
	all->draining++;
	/* The same limit, in the list of those that can be evicted. */
	timers_set(&all->loop.timers, limit, TIMER_DRAIN, timers_at(&all->loop.timers, limit));
	return session_enter(all, s, SESSION_DRAIN);
}

enum session_next session_drain(struct sessions *all, struct session *s)
{
	return read_and_drop(all, s, s->client.sock);
}

/*
 * IDENT: the client's own host is asked who the client is.
 */
#include "session/session.h"

#define IDENT_LIMIT_MS 15000

enum session_next session_authorized(struct sessions *all, struct session *s)
{
	if (s->by_name && !s->remote)
		return session_enter(all, s, SESSION_RESOLVE);
	return session_start_outbound(all, s);
}

enum session_next session_begin_ident(struct sessions *all, struct session *s)
{
	struct address from, to = {.ip = s->from.ip, .port = IDENT_PORT, .scope = s->from.scope};
	int r = port_local(all->loop.port, s->client.sock, &from);

	if (r < 0)
		return session_refuse(s, REASON_SYSTEM);
	s->ident =
		(struct ident_answer){.port_on_client = s->from.port, .port_on_proxy = from.port};
	from.port = 0;
	r = port_connect(all->loop.port, &from, &to, &s->aux);
	if (r < 0)
		return session_refuse(
			s, r == PORT_NO_RESOURCES ? REASON_NO_RESOURCES : REASON_NO_IDENTD);
	session_own(all, s, s->aux);
	session_enter(all, s, SESSION_IDENT);
	session_set_step(all, s, TIMER_IDENT, IDENT_LIMIT_MS);
	return NEXT_STATE;
}

enum session_next session_ident(struct sessions *all, struct session *s)
{
	unsigned step = SESSION_STEP(s->index);
	uint32_t step_at;
	int r;

	if (s->step_due)
		return session_refuse(s, REASON_IDENT_LIMIT);
	r = port_connected(all->loop.port, s->aux);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_NO_IDENTD);
	/* One limit for both halves. */
	step_at = timers_at(&all->loop.timers, step);
	session_enter(all, s, SESSION_IDENT_ANSWER);
	timers_set(&all->loop.timers, step, TIMER_IDENT, step_at);
	return NEXT_STATE;
}

static enum session_next ident_verdict(struct sessions *all, struct session *s)
{
	session_close(all, &s->aux);
	if (s->ident.verdict == IDENT_OTHER)
		return session_refuse(s, REASON_OTHER_USERID);
	if (s->ident.verdict == IDENT_ERROR)
		return session_refuse(s, REASON_IDENT_ERROR);
	s->identified = true;
	return session_authorized(all, s);
}

static enum session_next read_ident(struct sessions *all, struct session *s)
{
	const uint8_t *data;
	size_t used;

	/* An answer has at most IDENT_ANSWER_MAX bytes, and each round takes one. */
	for (;;) {
		enum parse parsed;
		int n = port_peek(all->loop.port, s->aux, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n < 0)
			return session_refuse(s, REASON_IDENT_ANSWER);
		parsed = ident_read(&s->ident, s->request.userid, s->request.userid_len, data,
			(size_t)n, &used);
		port_consume(all->loop.port, s->aux, used);
		if (parsed == PARSE_DONE)
			return ident_verdict(all, s);
		if (parsed == PARSE_MALFORMED)
			return session_refuse(s, REASON_IDENT_ANSWER);
	}
}

enum session_next session_ident_answer(struct sessions *all, struct session *s)
{
	char question[IDENT_QUERY_SIZE];
	size_t len;
	int r;

	if (s->step_due)
		return session_refuse(s, REASON_IDENT_LIMIT);
	len = ident_query(question, s->ident.port_on_client, s->ident.port_on_proxy);
	r = session_send(all, s, &(struct stream){.sock = s->aux}, question, len);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_IDENT_ANSWER);
	return read_ident(all, s);
}

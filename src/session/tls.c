/*
 * TLS in a session: with its client, and with the server or the next hop, from the first byte or
 * from the middle of the stream on.
 */
#include "session/session.h"

#include <string.h>

enum session_next session_tls_accept(struct sessions *all, struct session *s)
{
	const uint8_t *data;
	int r;

	/* It is not left to wait for nothing: it may not say a word before it is refused. */
	if (s->client.tls == NULL)
		return session_refuse(s, REASON_CLIENT_TLS_FULL);
	r = s->heard ? 1 : port_peek(all->loop.port, s->client.sock, &data);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_left(s, r);
	s->heard = true;
	r = tls_handshake(s->client.tls);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r == TLS_TICK)
		return NEXT_TICK;
	if (r < 0)
		return session_refuse(
			s, r == TLS_UNVERIFIED ? REASON_CLIENT_UNVERIFIED : REASON_CLIENT_TLS);
	return session_enter(all, s, session_is_forwarded(s) ? SESSION_REQUEST : SESSION_GREETING);
}

/* ---- With the server ---- */

/*
 * Whom the server is to be: as the configuration says, as the client named it, or
 * the address itself, which the certificate then has to bear.
 */
static void text_expected(struct text *t, const struct sessions *all, const struct session *s)
{
	const struct tls_options *options = session_tls_options(all, s);
	const struct endpoint *hop = session_hop_endpoint(all, s);

	if (options->name != STRING_NONE)
		text_str(t, string_table_at(&session_config(all, s)->strings, options->name));
	else if (hop != NULL && hop->host == ENDPOINT_NAME)
		text_str(t, string_table_at(&session_config(all, s)->strings, hop->name));
	else if (hop != NULL)
		text_ip(t, &hop->ip);
	else if (s->by_name)
		text_str(t, s->request.name);
	else
		text_ip(t, &s->addresses[s->server_address]);
}

/* 0, or the failure. There is a place for it from here on: nobody waits for one in mid-stream. */
static int open_server_tls(struct sessions *all, struct session *s)
{
	char name[CONFIG_ANKLET_NAME_MAX + 1];
	struct text t;

	if (s->server.tls != NULL)
		return 0;
	text_init(&t, name, sizeof name);
	text_expected(&t, all, s);
	return session_open_tls(all, s, &s->server, session_tls_context(all, s), name);
}

enum session_next session_tls_connect(struct sessions *all, struct session *s)
{
	int r = open_server_tls(all, s);

	if (r == 0)
		r = tls_handshake(s->server.tls);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r == TLS_TICK)
		return NEXT_TICK;
	if (r < 0)
		return session_refuse(s, session_reason_of(r));
	return session_outbound_ready(all, s);
}

/* ---- STARTTLS ---- */

#define PIECE \
	256 /* bytes of an answer looked at in one go, for a place is needed for what is kept */

static enum session_reason starttls_reason(const struct starttls *starttls)
{
	switch ((enum starttls_error)starttls->error) {
	case STARTTLS_NO_SUCH_SERVER:
		return REASON_STARTTLS_SERVER;
	case STARTTLS_BUSY:
		return REASON_STARTTLS_BUSY;
	case STARTTLS_TURNED_AWAY:
		return REASON_STARTTLS_AWAY;
	case STARTTLS_REFUSED:
		return REASON_STARTTLS_REFUSED;
	case STARTTLS_NOT_TEXT:
	case STARTTLS_OK:
		break;
	}
	return REASON_STARTTLS_ANSWER;
}

/* Sends the line that is due. 0: it was sent. */
static int send_line(struct sessions *all, struct session *s, const char *line)
{
	size_t len = strlen(line);

	while (s->sent < len) {
		int n = port_send(all->loop.port, s->server.sock, line + s->sent, len - s->sent);

		if (n < 0)
			return n;
		s->sent = (uint16_t)(s->sent + n);
	}
	s->sent = 0;
	starttls_sent(&s->starttls);
	return 0;
}

/* The server has ended, or could not be reached any more, before it had agreed. */
static enum session_next lost_server(struct session *s, int answer)
{
	return session_refuse(
		s, answer == PORT_EOF ? REASON_STARTTLS_ENDED : session_reason_of(answer));
}

/* Keeps the line that is being read, for the log: 'len' bytes were just taken. */
static void quote_line(struct session *s, const uint8_t *data, size_t len)
{
	size_t line = s->starttls.line_len, part = line < len ? line : len;

	tls_quote(s->server.tls, line <= len, data + len - part, part);
}

/* Reads a piece of an answer. NEXT_TICK: go on. */
static enum session_next read_piece(struct sessions *all, struct session *s)
{
	uint8_t keep[PIECE];
	const uint8_t *data;
	size_t used, kept = 0;
	enum parse parsed;
	int n = port_peek(all->loop.port, s->server.sock, &data);

	if (n == PORT_AGAIN)
		return NEXT_WAIT;
	if (n < 0)
		return lost_server(s, n);
	parsed = starttls_read(
		&s->starttls, data, n < PIECE ? (size_t)n : PIECE, &used, keep, &kept);
	quote_line(s, data, used);
	port_consume(all->loop.port, s->server.sock, used);
	if (parsed == PARSE_MALFORMED)
		return session_refuse(s, starttls_reason(&s->starttls));
	if (kept > 0 && !tls_preload(s->server.tls, keep, kept))
		return session_refuse(s, REASON_STARTTLS_ANSWER);
	if (parsed == PARSE_MORE)
		return NEXT_TICK;
	/* Bytes in the clear after the server's word would be taken for protected ones. */
	if (used < (size_t)n)
		return session_refuse(s, REASON_STARTTLS_INJECTION);
	return session_enter(all, s, SESSION_TLS_CONNECT);
}

static enum session_next begin_starttls(struct sessions *all, struct session *s)
{
	uint8_t protocol = 0;
	int r = open_server_tls(all, s);

	if (r < 0)
		return session_refuse(s, session_reason_of(r));
	memset(&s->starttls, 0, sizeof s->starttls);
	session_begins_in_clear(all, s, &protocol);
	s->starttls.protocol = protocol;
	s->sent = 0;
	return NEXT_TICK;
}

enum session_next session_starttls(struct sessions *all, struct session *s)
{
	enum session_next next = s->server.tls == NULL ? begin_starttls(all, s) : NEXT_TICK;

	/* Each round takes a byte or sends one; STARTTLS_ANSWER_MAX and the dialogue bound them. */
	while (next == NEXT_TICK) {
		const char *line = starttls_line(&s->starttls);
		int r = line != NULL ? send_line(all, s, line) : 0;

		if (r == PORT_AGAIN)
			return NEXT_WAIT;
		if (r < 0)
			return lost_server(s, r);
		next = line != NULL ? NEXT_TICK : read_piece(all, s);
	}
	return next;
}

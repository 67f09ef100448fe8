/*
 * A next hop: it is asked for what the client asked for, and its replies are passed on.
 */
#include "session/session.h"

#include <string.h>

#include "protocol/socks5.h"

/*
 * Bytes of a message made at a time: all of a request, and of a password, for some servers take what comes first for
 * the whole.
 */
#define PIECE (10 + CONFIG_ANKLET_USERID_MAX + CONFIG_ANKLET_NAME_MAX)
#define LITERAL_MAX 48 /* an IPv6 address in text */

/* What the hop is asked for. literal has room for an address that only 4A can say, in place of a name. */
static struct hop_request request_of(
	const struct sessions *all, const struct session *s, char literal[LITERAL_MAX])
{
	const char *user = session_settings(all, s)->hop_password[s->route];
	struct hop_request r = {.command = s->request.command,
		.to = {.ip = s->asked, .port = s->request.port},
		.userid = s->request.userid};
	struct text t;

	if (ANKLET_HAS_HOP_PASSWORDS && *user != '\0') {
		r.userid = user;
		r.password = user + strlen(user) + 1;
	}
	if (session_any_ip(&s->asked))
		r.to.ip = ip_v4(0, 0, 0, 0);
	if (s->remote) {
		r.name = s->request.name;
	} else if (s->hop.version == 4 && !ip_is_v4(&r.to.ip)) {
		text_init(&t, literal, LITERAL_MAX);
		text_ip(&t, &s->asked);
		r.name = literal;
	}
	return r;
}

/* Sends on in the message: 0 when all of it was taken, PORT_AGAIN, or the failure. */
static int send_message(struct sessions *all, struct session *s, const struct hop_request *request)
{
	uint8_t piece[PIECE];
	size_t len;

	while ((len = hop_message(&s->hop, request, s->sent, piece, sizeof piece)) > 0) {
		int n = stream_send(all->loop.port, &s->server, piece, len);

		if (n < 0)
			return n;
		s->sent = (uint16_t)(s->sent + n);
	}
	return stream_flush(all->loop.port, &s->server);
}

_Static_assert(REASON_HOP_NO_ADDRESS_TYPE - REASON_HOP_DENIED ==
		       (int)SOCKS5_NO_ADDRESS_TYPE - (int)SOCKS5_DENIED,
	"the reasons stand in the order of REP");

/* What the client is told of a refusal: SOCKS5's REP says more than SOCKS4's 91. */
static enum session_reason reason_of_refusal(const struct hop *hop)
{
	uint8_t code = hop_code(hop);

	if (!CONFIG_ANKLET_SOCKS5 || hop->version == 4 || code < SOCKS5_DENIED ||
		code > SOCKS5_NO_ADDRESS_TYPE)
		return REASON_HOP_REFUSED;
	return (enum session_reason)(REASON_HOP_DENIED + code - SOCKS5_DENIED);
}

static enum session_next refuse(struct session *s, enum hop_answer answer)
{
	if (CONFIG_ANKLET_SOCKS5 && answer == HOP_NO_METHOD)
		return session_refuse(s, REASON_HOP_NO_METHOD);
	if (CONFIG_ANKLET_SOCKS5 && answer == HOP_NO_PASSWORD)
		return session_refuse(s, REASON_HOP_NO_PASSWORD);
	return session_refuse(s, reason_of_refusal(&s->hop));
}

/* Reads on in a reply. NEXT_STATE: it is whole. */
static enum session_next read_reply(struct sessions *all, struct session *s)
{
	const uint8_t *data;
	enum parse parsed;
	size_t used;

	/* The longest reply has a name of 255 bytes, and each round takes at least one. */
	do {
		int n = stream_peek(all->loop.port, &s->server, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n == TLS_TICK)
			return NEXT_TICK;
		if (n < 0)
			return session_refuse(s, REASON_HOP_ENDED);
		parsed = hop_read(&s->hop, data, (size_t)n, &used);
		stream_consume(all->loop.port, &s->server, used);
	} while (parsed == PARSE_MORE);
	return parsed == PARSE_DONE ? NEXT_STATE : session_refuse(s, REASON_HOP_REPLY);
}

/* One message of the client's side, and the reply to it. NEXT_STATE: *answer is what that says. */
static enum session_next exchange(struct sessions *all, struct session *s, enum hop_answer *answer)
{
	char literal[LITERAL_MAX];
	struct hop_request request = request_of(all, s, literal);
	int r = send_message(all, s, &request);
	enum session_next next;

	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_HOP_ENDED);
	next = read_reply(all, s);
	if (next == NEXT_STATE) {
		s->sent = 0;
		*answer = hop_answer(&s->hop, &request);
	}
	return next;
}

/*
 * The first reply to a BIND says where the hop waits for the peer. 0.0.0.0 stands for
 * the hop's own address: the client would take ours.
 */
static enum session_next announce(struct sessions *all, struct session *s)
{
	struct address at = hop_address(&s->hop);
	struct ip any = ip_v4(0, 0, 0, 0);

	if (ip_equal(&at.ip, &any))
		at.ip = s->addresses[s->server_address];
	if (session_binds_ipv4(s) && !ip_is_v4(&at.ip))
		return session_refuse(s, REASON_HOP_IPV6);
	s->announced = at;
	return session_enter(all, s, SESSION_ANNOUNCE);
}

enum session_next session_hop(struct sessions *all, struct session *s)
{
	enum hop_answer answer = HOP_NEXT;

	/* Of at most three messages. */
	while (answer == HOP_NEXT) {
		enum session_next next = exchange(all, s, &answer);

		if (next != NEXT_STATE)
			return next;
	}
	if (answer == HOP_REFUSED && s->others > 0) {
		(void)session_refuse(s, reason_of_refusal(&s->hop));
		return session_ask_for_next(all, s);
	}
	if (answer != HOP_GRANTED)
		return refuse(s, answer);
	return CONFIG_ANKLET_BIND && session_is_bind(s) ? announce(all, s)
							: session_outbound_ready(all, s);
}

enum session_next session_hop_peer(struct sessions *all, struct session *s)
{
	enum session_next next = read_reply(all, s);

	if (next != NEXT_STATE)
		return next;
	if (hop_answer(&s->hop, NULL) != HOP_GRANTED)
		return session_refuse(s, reason_of_refusal(&s->hop));
	s->reached = hop_address(&s->hop);
	/* One that was named is the hop's to recognize; who any other is, is known only now. */
	if (s->any_peer && !session_permits_peer(all, s, &s->reached.ip))
		return NEXT_REFUSE;
	return session_enter(all, s, SESSION_GRANT);
}

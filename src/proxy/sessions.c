/*
 * Sessions one by one, for the program that runs the instance: see anklet.h. Those who ask for the status have
 * session/seen.c.
 */
#include "proxy/instance.h"

_Static_assert(sizeof(((struct anklet_session *)0)->client) >= ADDRESS_TEXT_SIZE &&
		       sizeof(((struct anklet_session *)0)->peer) >= ADDRESS_TEXT_SIZE,
	"an address fits");

static const char *command_of(const struct session *s)
{
	if (session_is_forwarded(s))
		return "forward";
	if (!s->request_whole)
		return "";
	return session_is_bind(s) ? "bind" : "connect";
}

static void text_asked(struct text *t, const struct request *r)
{
	struct address at = {.ip = r->ip, .port = r->port};

	if (r->name_len == 0) {
		text_address(t, &at);
		return;
	}
	text_escaped(t, r->name, r->name_len);
	text_str_num(t, ":", r->port);
}

bool anklet_session(struct anklet *a, uint32_t after, struct anklet_session *session)
{
	const struct session *s = seen_after(&a->sessions, after);
	struct text to, user, at;

	if (s == NULL)
		return false;
	*session = (struct anklet_session){
		.number = s->number,
		.state = session_state_name(s),
		.command = command_of(s),
		.by_tls = stream_is_encrypted(&s->client),
		.age_ms = loop_time(&a->sessions.loop) - s->accepted_at,
	};
	text_init(&at, session->client, sizeof session->client);
	text_address(&at, &s->from);
	text_init(&to, session->to, sizeof session->to);
	if (session->command[0] != '\0')
		text_asked(&to, &s->request);
	text_init(&user, session->user, sizeof session->user);
	text_escaped(&user, s->request.userid, s->request.userid_len);
	if (s->state >= SESSION_RELAY && s->state <= SESSION_LINGER) {
		session->bytes_up = s->relay.up.bytes;
		session->bytes_down = s->relay.down.bytes;
	}
	text_init(&at, session->peer, sizeof session->peer);
	if (s->state >= SESSION_GRANT && s->state <= SESSION_LINGER &&
		(!s->remote || session_is_bind(s)))
		text_address(&at, &s->reached);
	return true;
}

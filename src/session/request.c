/*
 * The request: read, or taken from the configuration, and held against the rules.
 */
#include "session/session.h"

#include <string.h>

#include "base/check.h"

/* The reasons stand in the order of the errors. */
#define REASON_OF(error) (REASON_NOT_SOCKS + ((error)-REQUEST_NOT_SOCKS))

_Static_assert(REASON_OF(REQUEST_IS_TLS) == REASON_IS_TLS &&
		       REASON_OF(REQUEST_BAD_COMMAND) == REASON_BAD_COMMAND &&
		       REASON_OF(REQUEST_LONG_USERID) == REASON_LONG_USERID &&
		       REASON_OF(REQUEST_EMPTY_NAME) == REASON_EMPTY_NAME &&
		       REASON_OF(REQUEST_BAD_NAME) == REASON_BAD_NAME,
	"an error is told by its reason");
_Static_assert(!CONFIG_ANKLET_SOCKS5 ||
		       (REASON_OF(REQUEST_BAD_VERSION) == REASON_BAD_VERSION &&
			       REASON_OF(REQUEST_BAD_ADDRESS_TYPE) == REASON_BAD_ADDRESS_TYPE),
	"those of SOCKS5 as well");
_Static_assert(!CONFIG_ANKLET_PASSWORDS || REASON_OF(REQUEST_LONG_PASSWORD) == REASON_LONG_PASSWORD,
	"and that of a password");

/* A NAME may be an address, in brackets or not: then nothing is looked up. */
static bool name_is_ip(const struct request *request, struct ip *ip)
{
	const char *name = request->name;
	size_t len = request->name_len;

	if (len > 2 && name[0] == '[' && name[len - 1] == ']')
		return ip_parse(name + 1, len - 2, ip);
	return ip_parse(name, len, ip);
}

/* A name: who looks it up is a matter of its route. */
static bool authorize_name(struct sessions *all, struct session *s, struct rules_answer *answer)
{
	s->route = (int8_t)session_find_route(all, s, NULL, false);
	s->remote = ANKLET_HAS_ROUTES && s->route >= 0 &&
		    route_is_remote(&session_config(all, s)->routes.route[s->route]);
	if (!session_permitted(all, s, NULL, answer))
		return false;
	return !s->remote || session_has_its_connect(all, s, NULL);
}

static bool authorize_ip(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (!session_usable(all, s, ip, answer))
		return false;
	s->route = (int8_t)session_find_route(all, s, ip, false);
	s->addresses[s->address_count++] = *ip;
	return true;
}

/* What is asked for by address. */
static bool asks_for_ip(const struct session *s, struct ip *ip)
{
	*ip = s->request.ip;
	return s->request.name_len == 0 || name_is_ip(&s->request, ip);
}

static enum session_next authorize(struct sessions *all, struct session *s)
{
	bool bind = session_is_bind(s);
	struct rules_answer answer;
	struct ip ip;

	s->request_whole = true;
	session_hold(all, s);
	session_set_limit(all, s, TIMER_ESTABLISH, session_config(all, s)->limit_establish_ms);
	if (!CONFIG_ANKLET_BIND && s->request.command == COMMAND_BIND)
		return session_refuse(s, REASON_BIND_ABSENT);
	if (!bind && s->request.port == 0)
		return session_refuse(s, REASON_PORT_ZERO);
	if (CONFIG_ANKLET_PASSWORDS)
		s->claimed = !s->proven && users_hold(SESSION_USERS(all), s->request.userid,
						   s->request.userid_len);
	if (CONFIG_ANKLET_PASSWORDS && s->proven && session_is_over_limit_user(all, s))
		return session_refuse(s, REASON_USER_LIMIT);
	s->by_name = !asks_for_ip(s, &ip);
	if (s->by_name && !session_is_forwarded(s) &&
		ip_may_be_meant(s->request.name, s->request.name_len))
		return session_refuse(s, REASON_NAME_OF_IP);
	s->any_peer = bind && !s->by_name && session_any_ip(&ip);
	if (s->by_name ? !authorize_name(all, s, &answer) : !authorize_ip(all, s, &ip, &answer))
		return NEXT_REFUSE;
	check(CONFIG_ANKLET_IDENT || !answer.ident); /* no rule can want it */
	if (CONFIG_ANKLET_IDENT &&
		(answer.ident || (s->any_peer && session_peer_wants_ident(all, s))))
		return session_begin_ident(all, s);
	return session_authorized(all, s);
}

/* ---- Reading ---- */

enum session_next session_request(struct sessions *all, struct session *s)
{
	enum stage stage = session_stage(s);
	const uint8_t *data;
	size_t used;
	bool begun;

	if (session_is_forwarded(s))
		return authorize(all, s);
	/* Each round takes at least one byte, and a message has an end. */
	for (;;) {
		enum parse parsed;
		int n = stream_peek(all->loop.port, &s->client, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n == TLS_TICK)
			return NEXT_TICK;
		begun = s->reader.field != 0 || s->reader.field_at != 0;
		if (n < 0 && !begun && (n >= PORT_ANSWER_LAST || n == TLS_TRUNCATED))
			return session_left(s, n);
		if (n == PORT_EOF)
			return session_refuse(s, REASON_EOF_IN_REQUEST);
		if (n < 0)
			return session_broken(s, n,
				n < PORT_ANSWER_LAST ? REASON_CLIENT_TLS : REASON_CLIENT_RESET);
		parsed = request_read(stage, &s->reader, &s->request, data, (size_t)n, &used);
		if (CONFIG_ANKLET_SOCKS5 && parsed == PARSE_DONE && used == 0) {
			/* There is no greeting: what came is the request. */
			(void)session_early(all, s, 0);
			stage = STAGE_REQUEST;
			parsed = request_read(
				stage, &s->reader, &s->request, data, (size_t)n, &used);
		}
		stream_consume(all->loop.port, &s->client, used);
		if (parsed == PARSE_DONE)
			return stage == STAGE_REQUEST ? authorize(all, s)
						      : session_early(all, s, used);
		if (parsed == PARSE_MALFORMED)
			return session_refuse(s, (enum session_reason)REASON_OF(s->reader.error));
	}
}

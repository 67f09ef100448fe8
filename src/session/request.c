/*
 * The request: read, or taken from the configuration, and held against the rules.
 */
#include "session/session.h"

#include <string.h>

#include "base/check.h"

static enum session_reason fault_reason(const struct socks4_request *request)
{
	switch ((enum socks4_fault)request->fault) {
	case SOCKS4_IS_SOCKS5:
		return REASON_IS_SOCKS5;
	case SOCKS4_BAD_COMMAND:
		return REASON_BAD_COMMAND;
	case SOCKS4_LONG_USERID:
		return REASON_LONG_USERID;
	case SOCKS4_EMPTY_NAME:
		return REASON_EMPTY_NAME;
	case SOCKS4_LONG_NAME:
		return REASON_LONG_NAME;
	case SOCKS4_BAD_NAME:
		return REASON_BAD_NAME;
	case SOCKS4_IS_HTTP:
		return REASON_IS_HTTP;
	case SOCKS4_IS_TLS:
		return REASON_IS_TLS;
	case SOCKS4_NOT_SOCKS:
	case SOCKS4_OK:
		break;
	}
	return REASON_NOT_SOCKS;
}

/* A NAME may be an address, in brackets or not: then nothing is looked up. */
static bool name_is_ip(const struct socks4_request *request, struct ip *ip)
{
	const char *name = request->name;
	size_t len = request->name_len;

	if (len > 2 && name[0] == '[' && name[len - 1] == ']')
		return ip_parse(name + 1, len - 2, ip);
	return ip_parse(name, len, ip);
}

/* A name: who looks it up is a matter of its route. */
static bool consider_name(struct sessions *all, struct session *s, struct rules_answer *answer)
{
	s->route = (int8_t)session_find_route(all, s, NULL, false);
	s->remote = ANKLET_HAS_ROUTES && s->route >= 0 &&
		    route_is_remote(&all->config->routes.route[s->route]);
	if (!session_permitted(all, s, NULL, answer))
		return false;
	return !s->remote || session_has_its_connect(all, s, NULL);
}

static bool consider_ip(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (!session_usable(all, s, ip, answer))
		return false;
	s->route = (int8_t)session_find_route(all, s, ip, false);
	s->addresses[s->address_count++] = *ip;
	return true;
}

/* What is asked for by address: by the client, or by the target of its forward. */
static bool target_is_ip(const struct sessions *all, const struct session *s, struct ip *ip)
{
	*ip = socks4_ip(&s->request);
	if (s->request.name_len > 0)
		return name_is_ip(&s->request, ip);
	if (session_is_forwarded(s))
		*ip = all->config->forward[s->forward].target.ip;
	return true;
}

static enum session_next consider(struct sessions *all, struct session *s)
{
	bool bind = session_is_bind(s);
	struct rules_answer answer;
	struct ip target;

	s->request_whole = true;
	session_set_limit(all, s, TIMER_ESTABLISH, all->config->limit_establish_ms);
	if (!CONFIG_ANKLET_BIND && s->request.cd == SOCKS4_BIND)
		return session_refuse(s, REASON_BIND_ABSENT);
	if (!bind && s->request.port == 0)
		return session_refuse(s, REASON_PORT_ZERO);
	s->by_name = !target_is_ip(all, s, &target);
	s->any_peer = bind && !s->by_name && session_any_ip(&target);
	if (s->by_name ? !consider_name(all, s, &answer) : !consider_ip(all, s, &target, &answer))
		return NEXT_REFUSE;
	check(CONFIG_ANKLET_IDENT || !answer.ident); /* no rule can want it */
	if (CONFIG_ANKLET_IDENT &&
		(answer.ident || (s->any_peer && session_peer_wants_ident(all, s))))
		return session_begin_ident(all, s);
	return session_authorized(all, s);
}

enum session_next session_request(struct sessions *all, struct session *s)
{
	const uint8_t *data;
	size_t used;

	if (session_is_forwarded(s))
		return consider(all, s);
	/* Each round takes at least one octet, and a request has an end. */
	for (;;) {
		enum parse parsed;
		int n = stream_peek(all->loop.port, &s->client, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n == TLS_TURN)
			return NEXT_TURN;
		if (n == PORT_EOF)
			return session_refuse(s, REASON_EOF_IN_REQUEST);
		if (n < 0)
			return session_ended(s,
				n < PORT_ANSWER_LAST ? REASON_CLIENT_TLS : REASON_CLIENT_RESET,
				NEXT_RESET);
		parsed = socks4_read(&s->request, data, (size_t)n, &used);
		stream_consume(all->loop.port, &s->client, used);
		if (parsed == PARSE_DONE)
			return consider(all, s);
		if (parsed == PARSE_MALFORMED)
			return session_refuse(s, fault_reason(&s->request));
	}
}

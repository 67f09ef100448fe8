/*
 * From the first octet to the look-up: the request, its permission, IDENT.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/check.h"

#define IDENT_LIMIT_MS 15000

/* ---- Permission ---- */

enum session_reason session_reason_of_rules(const struct rules_answer *answer)
{
	switch ((enum rules_reason)answer->reason) {
	case RULES_BY_RULE:
		return REASON_RULE;
	case RULES_BY_NO_RULE:
		return REASON_NO_RULE;
	case RULES_BY_DEFAULT:
		return REASON_DEFAULT;
	case RULES_BY_ADDRESS:
		return REASON_ADDRESS;
	case RULES_BY_PROTECTION:
		return REASON_PROTECTED;
	case RULES_BY_LOOP:
		break;
	}
	return REASON_LOOP;
}

bool session_permitted(
	struct anklet *a, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	struct rules_query query = {
		.bind = session_is_bind(s),
		.client = s->from.ip,
		.userid = s->request.userid,
		.name = s->by_name ? s->request.name : NULL,
		.port = s->request.port,
		.remote = ip == NULL && s->remote,
		.ip_known = ip != NULL,
	};

	if (ip != NULL) {
		bool listened = instance_listens(a, ip, s->request.port);

		query.ip = *ip;
		/* The system is asked only where the answer can matter. */
		query.own =
			(listened || ip_class(&s->from.ip) != IP_LOOPBACK) && port_own(a->port, ip);
		query.listener = listened && query.own && !query.bind;
	}
	rules_judge(&a->config.rules, &a->config.strings, &query, answer);
	s->rule = answer->rule;
	s->needs_connect = answer->needs_connect;
	check(!query.remote || answer->verdict != RULES_UNDECIDED); /* nobody would ask again */
	if (answer->verdict != RULES_REFUSE)
		return true;
	s->reason = (uint8_t)session_reason_of_rules(answer);
	return false;
}

/* Is that session's CONNECT one to the same host? ip NULL: by the name, which a hop looks up. */
static bool is_beside(const struct session *s, const struct session *other, const struct ip *ip)
{
	if (ip != NULL)
		return ip_equal(&other->peer.ip, ip);
	return other->remote && strcmp(other->request.name, s->request.name) == 0;
}

/* BIND for a host to which the same client has a CONNECT that is being relayed. */
static bool has_connect(struct anklet *a, const struct session *s, const struct ip *ip)
{
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *other = &a->sessions[i];

		if (other->state == SESSION_RELAY && other->request.cd == SOCKS4_CONNECT &&
			ip_equal(&other->from.ip, &s->from.ip) && is_beside(s, other, ip))
			return true;
	}
	return false;
}

/* BIND for 0.0.0.0: who comes is not known before. */
static bool ip_is_any(const struct ip *ip)
{
	struct ip any = ip_v4(0, 0, 0, 0);

	return ip_equal(ip, &any);
}

/* Has it the CONNECT that its rule wants? Notes the reason if not. */
static bool connect_suffices(struct anklet *a, struct session *s, const struct ip *ip)
{
	if (!CONFIG_ANKLET_BIND || !s->needs_connect || (ip != NULL && ip_is_any(ip)) ||
		has_connect(a, s, ip))
		return true;
	s->reason = REASON_NEEDS_CONNECT;
	return false;
}

bool session_usable(
	struct anklet *a, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (session_is_bind(s) && !ip_is_v4(ip)) {
		s->reason = REASON_NO_IPV4;
		return false;
	}
	return session_permitted(a, s, ip, answer) && connect_suffices(a, s, ip);
}

bool session_may_go_unseen(struct anklet *a, struct session *s, int route)
{
	struct rules_answer answer;

	s->route = (int8_t)route;
	s->remote = true;
	return session_permitted(a, s, NULL, &answer) && connect_suffices(a, s, NULL);
}

bool session_may_meet(struct anklet *a, struct session *s, const struct ip *peer)
{
	struct rules_answer answer;

	return session_usable(a, s, peer, &answer);
}

/* ---- The request ---- */

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

static enum session_next begin_ident(struct anklet *a, struct session *s)
{
	struct address from, to = {.ip = s->from.ip, .port = IDENT_PORT, .scope = s->from.scope};
	int r = port_local(a->port, s->client.sock, &from);

	if (r < 0)
		return session_refuse(s, REASON_SYSTEM);
	s->ident.port_on_client = s->from.port;
	s->ident.port_on_proxy = from.port;
	from.port = 0;
	r = port_connect(a->port, &from, &to, &s->side);
	if (r < 0)
		return session_refuse(
			s, r == PORT_NO_RESOURCES ? REASON_NO_RESOURCES : REASON_NO_IDENTD);
	session_own(a, s, s->side);
	session_enter(s, SESSION_IDENT);
	session_set_step(a, s, IDENT_LIMIT_MS);
	return NEXT_STATE;
}

/* Permission and IDENT are behind us, or were not needed. */
static enum session_next go_on(struct anklet *a, struct session *s)
{
	if (s->by_name && !s->remote)
		return session_enter(s, SESSION_RESOLVE);
	return session_depart(a, s);
}

/* A name: who looks it up is a matter of its route. */
static bool consider_name(struct anklet *a, struct session *s, struct rules_answer *answer)
{
	s->route = (int8_t)session_find_route(a, s, NULL, false);
	s->remote = ANKLET_HAS_ROUTES && s->route >= 0 &&
		    route_is_remote(&a->config.routes.route[s->route]);
	if (!session_permitted(a, s, NULL, answer))
		return false;
	return !s->remote || connect_suffices(a, s, NULL);
}

static bool consider_ip(
	struct anklet *a, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (!session_usable(a, s, ip, answer))
		return false;
	s->route = (int8_t)session_find_route(a, s, ip, false);
	s->addresses[s->address_count++] = *ip;
	return true;
}

/* What is asked for by address: by the client, or by the target of its forward. */
static bool target_is_ip(const struct anklet *a, const struct session *s, struct ip *ip)
{
	*ip = socks4_ip(&s->request);
	if (s->request.name_len > 0)
		return name_is_ip(&s->request, ip);
	if (session_is_forwarded(s))
		*ip = a->config.forward[s->forward].target.ip;
	return true;
}

static enum session_next consider(struct anklet *a, struct session *s)
{
	bool bind = session_is_bind(s);
	struct rules_answer answer;
	struct ip target;

	s->request_whole = true;
	session_set_limit(a, s, a->config.limit_establish_ms);
	if (!CONFIG_ANKLET_BIND && s->request.cd == SOCKS4_BIND)
		return session_refuse(s, REASON_BIND_ABSENT);
	if (!bind && s->request.port == 0)
		return session_refuse(s, REASON_PORT_ZERO);
	s->by_name = !target_is_ip(a, s, &target);
	s->any_peer = bind && !s->by_name && ip_is_any(&target);
	if (s->by_name ? !consider_name(a, s, &answer) : !consider_ip(a, s, &target, &answer))
		return NEXT_REFUSE;
	check(CONFIG_ANKLET_IDENT || !answer.ident); /* no rule can want it */
	return CONFIG_ANKLET_IDENT && answer.ident ? begin_ident(a, s) : go_on(a, s);
}

enum session_next session_request(struct anklet *a, struct session *s)
{
	const uint8_t *data;
	size_t used;

	if (session_is_forwarded(s))
		return consider(a, s);
	/* Each round takes at least one octet, and a request has an end. */
	for (;;) {
		enum parse parsed;
		int n = stream_peek(a->port, &s->client, &data);

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
		stream_consume(a->port, &s->client, used);
		if (parsed == PARSE_DONE)
			return consider(a, s);
		if (parsed == PARSE_MALFORMED)
			return session_refuse(s, fault_reason(&s->request));
	}
}

/* ---- IDENT ---- */

enum session_next session_ident(struct anklet *a, struct session *s)
{
	enum session_next left = session_client_left(a, s);
	struct deadline step;
	int r;

	if (left != NEXT_WAIT)
		return left;
	if (s->step_due)
		return session_refuse(s, REASON_IDENT_LIMIT);
	r = port_connected(a->port, s->side);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_NO_IDENTD);
	s->sent = 0;
	s->message_len = (uint8_t)ident_query(
		(char *)s->message, s->ident.port_on_client, s->ident.port_on_proxy);
	step = s->step; /* one limit for both halves */
	session_enter(s, SESSION_IDENT_ANSWER);
	s->step = step;
	return NEXT_STATE;
}

static enum session_next ident_verdict(struct anklet *a, struct session *s)
{
	session_close(a, &s->side);
	if (s->ident.verdict == IDENT_OTHER)
		return session_refuse(s, REASON_OTHER_USERID);
	if (s->ident.verdict == IDENT_ERROR)
		return session_refuse(s, REASON_IDENT_ERROR);
	return go_on(a, s);
}

static enum session_next read_ident(struct anklet *a, struct session *s)
{
	const uint8_t *data;
	size_t used;

	/* An answer has at most IDENT_ANSWER_MAX octets, and each round takes one. */
	for (;;) {
		enum parse parsed;
		int n = port_peek(a->port, s->side, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n < 0)
			return session_refuse(s, REASON_IDENT_ANSWER);
		parsed = ident_read(&s->ident, s->request.userid, s->request.userid_len, data,
			(size_t)n, &used);
		port_consume(a->port, s->side, used);
		if (parsed == PARSE_DONE)
			return ident_verdict(a, s);
		if (parsed == PARSE_MALFORMED)
			return session_refuse(s, REASON_IDENT_ANSWER);
	}
}

enum session_next session_ident_answer(struct anklet *a, struct session *s)
{
	enum session_next left = session_client_left(a, s);
	int r;

	if (left != NEXT_WAIT)
		return left;
	if (s->step_due)
		return session_refuse(s, REASON_IDENT_LIMIT);
	r = session_send(a, s, &(struct stream){.sock = s->side});
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_IDENT_ANSWER);
	return read_ident(a, s);
}

/*
 * From the first octet to the addresses: the request, its permission, IDENT, the look-up.
 */
#include "instance.h"

#define IDENT_LIMIT_MS 15000
#define RESOLVE_RETRY_MS 100 /* every look-up of the port is taken: others end soon */

/* ---- Permission ---- */

static enum session_reason refusal_reason(const struct rules_answer *answer)
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

/* ip NULL: the name's addresses are not known yet. Notes the reason if not. */
static bool permitted(
	struct anklet *a, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	struct rules_query query = {
		.bind = s->request.cd == SOCKS4_BIND,
		.client = s->from.ip,
		.userid = s->request.userid,
		.name = s->by_name ? s->request.name : NULL,
		.port = s->request.port,
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
	if (answer->verdict != RULES_REFUSE)
		return true;
	s->reason = (uint8_t)refusal_reason(answer);
	return false;
}

/* BIND for a host to which the same client has a CONNECT that is being relayed. */
static bool has_connect(struct anklet *a, const struct session *s, const struct ip *ip)
{
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *other = &a->sessions[i];

		if (other->state == SESSION_RELAY && other->request.cd == SOCKS4_CONNECT &&
			ip_equal(&other->from.ip, &s->from.ip) && ip_equal(&other->peer.ip, ip))
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

/* Each address is judged by itself, as the one that would be reached. Notes the reason if not. */
static bool usable(
	struct anklet *a, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (s->request.cd == SOCKS4_BIND && !ip_is_v4(ip)) {
		s->reason = REASON_NO_IPV4;
		return false;
	}
	if (!permitted(a, s, ip, answer))
		return false;
	if (s->needs_connect && !ip_is_any(ip) && !has_connect(a, s, ip)) {
		s->reason = REASON_NEEDS_CONNECT;
		return false;
	}
	return true;
}

bool session_may_meet(struct anklet *a, struct session *s, const struct ip *peer)
{
	struct rules_answer answer;

	return usable(a, s, peer, &answer);
}

static enum session_next to_addresses(struct session *s)
{
	s->reason = REASON_NONE;
	return session_enter(s, s->request.cd == SOCKS4_BIND ? SESSION_LISTEN : SESSION_CONNECT);
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
	int r = port_local(a->port, s->client, &from);

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
static enum session_next go_on(struct session *s)
{
	if (s->by_name)
		return session_enter(s, SESSION_RESOLVE);
	return to_addresses(s);
}

static enum session_next consider(struct anklet *a, struct session *s)
{
	bool bind = s->request.cd == SOCKS4_BIND;
	struct ip target = socks4_ip(&s->request);
	struct rules_answer answer;

	s->request_whole = true;
	session_set_limit(a, s, a->config.limit_establish_ms);
	if (!bind && s->request.port == 0)
		return session_refuse(s, REASON_PORT_ZERO);
	s->by_name = s->request.name_len > 0 && !name_is_ip(&s->request, &target);
	s->any_peer = bind && !s->by_name && ip_is_any(&target);
	if (s->by_name ? !permitted(a, s, NULL, &answer) : !usable(a, s, &target, &answer))
		return NEXT_REFUSE;
	if (!s->by_name)
		s->addresses[s->address_count++] = target;
	return answer.ident ? begin_ident(a, s) : go_on(s);
}

enum session_next session_request(struct anklet *a, struct session *s)
{
	const uint8_t *data;
	size_t used;

	/* Each round takes at least one octet, and a request has an end. */
	for (;;) {
		enum parse parsed;
		int n = port_peek(a->port, s->client, &data);

		if (n == PORT_AGAIN)
			return NEXT_WAIT;
		if (n == PORT_EOF)
			return session_refuse(s, REASON_EOF_IN_REQUEST);
		if (n < 0) {
			s->reason = REASON_CLIENT_RESET;
			return NEXT_RESET;
		}
		parsed = socks4_read(&s->request, data, (size_t)n, &used);
		port_consume(a->port, s->client, used);
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
	return go_on(s);
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
	r = session_send(a, s, s->side);
	if (r == PORT_AGAIN)
		return NEXT_WAIT;
	if (r < 0)
		return session_refuse(s, REASON_IDENT_ANSWER);
	return read_ident(a, s);
}

/* ---- The look-up ---- */

static enum session_next begin_look_up(struct anklet *a, struct session *s)
{
	/* BIND's replies have room for IPv4 only, so nothing else is of use to it. */
	enum port_families families = s->request.cd == SOCKS4_BIND ? PORT_IPV4 : PORT_BOTH;
	int r = port_resolve(a->port, s->request.name, s->request.name_len, families, &s->side);

	if (r == PORT_NO_RESOURCES)
		session_set_step(a, s, RESOLVE_RETRY_MS);
	else if (r < 0)
		return session_refuse(s, session_reason_of(r));
	else
		session_own(a, s, s->side);
	return NEXT_WAIT;
}

/* Keeps those of the addresses that the request may reach, in their order. */
static enum session_next keep_usable(
	struct anklet *a, struct session *s, const struct address *found, size_t count)
{
	struct rules_answer answer;

	for (size_t i = 0; i < count; i++)
		if (usable(a, s, &found[i].ip, &answer))
			s->addresses[s->address_count++] = found[i].ip;
	return s->address_count > 0 ? to_addresses(s) : NEXT_REFUSE;
}

enum session_next session_resolve(struct anklet *a, struct session *s)
{
	struct address found[CONFIG_ANKLET_ADDRESSES];
	enum session_next next = session_client_left(a, s);
	int n;

	if (next == NEXT_WAIT && s->side == PORT_NONE)
		next = begin_look_up(a, s);
	if (next != NEXT_WAIT)
		return next;
	if (s->side == PORT_NONE)
		return NEXT_WAIT;
	n = port_resolved(a->port, s->side, found, CONFIG_ANKLET_ADDRESSES);
	if (n == PORT_AGAIN)
		return NEXT_WAIT;
	session_close(a, &s->side);
	if (n < 0)
		return session_refuse(s, n == PORT_NO_NAME && s->request.cd == SOCKS4_BIND
						 ? REASON_NO_IPV4
						 : session_reason_of(n));
	return keep_usable(a, s, found, (size_t)n);
}

/*
 * Permission: what the rules say of a session's request, whenever more of it is known.
 */
#include "session/session.h"

#include <string.h>

#include "base/check.h"

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

/* About a destination of which no address is known. */
static struct rules_query query_of(const struct session *s)
{
	return (struct rules_query){
		.bind = session_is_bind(s),
		.client = s->from.ip,
		.proven = CONFIG_ANKLET_PASSWORDS && s->proven,
		.claimed = CONFIG_ANKLET_PASSWORDS && s->claimed,
		.userid = s->request.userid,
		.name = s->by_name ? s->request.name : NULL,
		.port = s->request.port,
		.remote = s->remote,
	};
}

/* Is it an address of this host, perhaps one of IPv4 within another? */
static bool is_own(struct sessions *all, const struct ip *ip)
{
	struct ip v4;

	return port_is_local(all->loop.port, ip_embeds_v4(ip, &v4) ? &v4 : ip);
}

/* Once: about an address, or (NULL) the name. */
static bool judge(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	struct rules_query query = query_of(s);

	if (ip != NULL) {
		bool listened = loop_listens(&all->loop, ip, s->request.port);

		query.remote = false;
		query.ip_known = true;
		query.ip = *ip;
		/* The system is asked only where the answer can matter. */
		query.own = (listened || ip_class(&s->from.ip) != IP_LOOPBACK) && is_own(all, ip);
		query.listener = listened && query.own && !query.bind;
	}
	rules_judge(
		&session_config(all, s)->rules, &session_config(all, s)->strings, &query, answer);
	s->rule = answer->rule;
	s->needs_connect = answer->needs_connect;
	check(!query.remote || answer->verdict != RULES_UNDECIDED); /* nobody would ask again */
	if (answer->verdict != RULES_REFUSE)
		return true;
	s->reason = (uint8_t)session_reason_of_rules(answer);
	return false;
}

bool session_permitted(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	static const struct ip loopback_v6 = IP_OF_V6(0, 0, 1);
	struct ip loopback_v4 = ip_v4(127, 0, 0, 1);
	bool ident, needs_connect;

	/* Whoever looks this name up finds loopback: both of its addresses, as far as anybody here knows. */
	if (ip != NULL || !s->remote || !name_is_loopback(s->request.name))
		return judge(all, s, ip, answer);
	if (CONFIG_ANKLET_IPV6 && !judge(all, s, &loopback_v6, answer))
		return false;
	ident = answer->ident;
	needs_connect = s->needs_connect;
	if (!judge(all, s, &loopback_v4, answer))
		return false;
	answer->ident = answer->ident || ident;
	s->needs_connect = s->needs_connect || needs_connect;
	return true;
}

/* ---- The CONNECT that a BIND may need ---- */

/*
 * Each client's are a list, so that nobody looks through all sessions. It is in no order, and
 * the clients of an IPv6 prefix share one.
 */
static uint16_t *list_of(struct sessions *all, const struct session *s)
{
	return &all->loop.clients.client[s->holder].first;
}

void session_add_connect(struct sessions *all, struct session *s)
{
	uint16_t *first = list_of(all, s);

	if (!CONFIG_ANKLET_BIND || session_is_bind(s))
		return;
	s->beside.next = *first;
	s->beside.previous = 0;
	if (*first != 0)
		all->session[*first - 1].beside.previous = (uint16_t)(s->index + 1);
	*first = (uint16_t)(s->index + 1);
}

void session_remove_connect(struct sessions *all, struct session *s)
{
	uint16_t next = s->beside.next, previous = s->beside.previous;

	if (!CONFIG_ANKLET_BIND || session_is_bind(s))
		return;
	if (next != 0)
		all->session[next - 1].beside.previous = previous;
	if (previous != 0)
		all->session[previous - 1].beside.next = next;
	else
		*list_of(all, s) = next;
}

/* Is that session's CONNECT one to the same host? ip NULL: by the name, which a hop looks up. */
static bool is_beside(const struct session *s, const struct session *other, const struct ip *ip)
{
	if (!ip_equal(&other->from.ip, &s->from.ip))
		return false;
	if (ip != NULL)
		return ip_equal(&other->reached.ip, ip);
	return other->remote && strcmp(other->request.name, s->request.name) == 0;
}

/* BIND for a host to which the same client has a CONNECT that is being relayed. */
static bool has_connect(struct sessions *all, const struct session *s, const struct ip *ip)
{
	uint16_t at = *list_of(all, s);

	while (at != 0 && !is_beside(s, &all->session[at - 1], ip))
		at = all->session[at - 1].beside.next;
	return at != 0;
}

bool session_any_ip(const struct ip *ip)
{
	struct ip any = ip_v4(0, 0, 0, 0);

	return ip_equal(ip, &any) || (CONFIG_ANKLET_SOCKS5 && ip_is_zero(ip));
}

bool session_has_its_connect(struct sessions *all, struct session *s, const struct ip *ip)
{
	if (!CONFIG_ANKLET_BIND || !s->needs_connect || (ip != NULL && session_any_ip(ip)) ||
		has_connect(all, s, ip))
		return true;
	s->reason = REASON_NEEDS_CONNECT;
	return false;
}

bool session_usable(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer)
{
	if (CONFIG_ANKLET_IPV6 && session_binds_ipv4(s) && !ip_is_v4(ip)) {
		s->reason = REASON_NO_IPV4;
		return false;
	}
	return session_permitted(all, s, ip, answer) && session_has_its_connect(all, s, ip);
}

bool session_may_go_unseen(struct sessions *all, struct session *s, int route)
{
	struct rules_answer answer;

	s->route = (int8_t)route;
	s->remote = true;
	return session_permitted(all, s, NULL, &answer) && session_has_its_connect(all, s, NULL);
}

bool session_peer_wants_ident(const struct sessions *all, const struct session *s)
{
	struct rules_query query = query_of(s);
	struct rules_answer answer;

	rules_judge(
		&session_config(all, s)->rules, &session_config(all, s)->strings, &query, &answer);
	return answer.ident;
}

bool session_permits_peer(struct sessions *all, struct session *s, const struct ip *peer)
{
	struct rules_answer answer;
	bool usable = session_usable(all, s, peer, &answer);

	/* Every rule that may decide now was asked before the first reply. */
	check(!usable || !answer.ident || s->identified);
	return usable;
}

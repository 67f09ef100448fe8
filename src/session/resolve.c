/*
 * The lookups: of the name that was asked for, and of the next hop's.
 */
#include "session/session.h"

#include <string.h>

/* A name, and what has come of it. */
struct wanted_name {
	const char *name;
	size_t len;
	enum port_families families;
	struct address found[ANKLET_ADDRESSES];
	int count; /* of found, or why there is none */
};

/* NEXT_STATE: it is over, and l->count says how it went. */
static enum session_next run(struct sessions *all, struct session *s, struct wanted_name *l)
{
	const struct resolver_question q = {
		l->name, (uint8_t)l->len, (uint8_t)l->families, s->holder};

	l->count = resolver_find(&all->names, s->index, &q, l->found, ANKLET_ADDRESSES);
	return l->count == PORT_AGAIN ? NEXT_WAIT : NEXT_STATE;
}

void session_add_address(struct session *s, const struct address *found)
{
	s->addresses[s->address_count++] = found->ip;
	if (found->scope != 0)
		s->scope = found->scope;
}

/* ---- The name that was asked for ---- */

static bool v4_only(const struct sessions *all, const struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);

	/* SOCKS4's replies to BIND have room for IPv4 only, and so have requests without a name. */
	return session_binds_ipv4(s) ||
	       (hop != NULL && endpoint_socks(hop) == 4 && !endpoint_takes_names(hop));
}

/*
 * Keeps those of the addresses that the request may reach, in their order; and of these
 * the ones that travel as the first of them does.
 */
static enum session_next keep_usable(
	struct sessions *all, struct session *s, const struct address *found, size_t count)
{
	struct rules_answer answer;

	for (size_t i = 0; i < count; i++) {
		int route;

		if (!session_usable(all, s, &found[i].ip, &answer))
			continue;
		route = session_find_route(all, s, &found[i].ip, false);
		if (s->address_count == 0)
			s->route = (int8_t)route;
		if (route == s->route)
			session_add_address(s, &found[i]);
	}
	return s->address_count > 0 ? session_start_outbound(all, s) : NEXT_REFUSE;
}

/* There is no address here: perhaps a hop knows one. */
static enum session_next unresolved(
	struct sessions *all, struct session *s, enum session_reason why)
{
	int route = session_find_route(all, s, NULL, true);

	if (route >= 0)
		return session_may_go_unseen(all, s, route) ? session_start_outbound(all, s)
							    : NEXT_REFUSE;
	if (CONFIG_ANKLET_IPV6 && why == REASON_NO_NAME && session_binds_ipv4(s))
		return session_refuse(s, REASON_NO_IPV4);
	return session_refuse(s, why);
}

static enum session_next look_up(struct sessions *all, struct session *s)
{
	struct wanted_name l = {.name = s->request.name,
		.len = s->request.name_len,
		.families = v4_only(all, s) ? PORT_IPV4 : PORT_BOTH};
	enum session_next next = run(all, s, &l);

	if (next != NEXT_STATE)
		return next;
	return l.count < 0 ? unresolved(all, s, session_reason_of(l.count))
			   : keep_usable(all, s, l.found, (size_t)l.count);
}

enum session_next session_resolve(struct sessions *all, struct session *s)
{
	return CONFIG_ANKLET_NAMES ? look_up(all, s) : unresolved(all, s, REASON_NAMES_ABSENT);
}

/* ---- The next hop's ---- */

enum session_next session_resolve_hop(struct sessions *all, struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);
	const char *name = string_table_at(&session_config(all, s)->strings, hop->name);
	struct wanted_name l = {.name = name, .len = strlen(name), .families = PORT_BOTH};
	enum session_next next = run(all, s, &l);

	if (next != NEXT_STATE)
		return next;
	return l.count < 0 ? session_refuse(s, session_reason_of(l.count))
			   : session_keep_hops(all, s, l.found, (size_t)l.count);
}

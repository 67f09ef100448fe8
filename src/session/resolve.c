/*
 * The look-ups: of the name that was asked for, and of the next hop's.
 */
#include "session/session.h"

#include <string.h>

#define RESOLVE_RETRY_MS 100 /* every look-up of the port is taken: others end soon */

/* A look-up, and what has come of it. */
struct look_up {
	const char *name;
	size_t len;
	enum port_families families;
	struct address found[ANKLET_ADDRESSES];
	int count; /* of found, or why there is none */
};

static enum session_next begin(struct sessions *all, struct session *s, const struct look_up *l)
{
	int r = port_resolve(all->loop.port, l->name, l->len, l->families, &s->side);

	if (r == PORT_NO_RESOURCES)
		session_set_step(all, s, TIMER_LOOKUP, RESOLVE_RETRY_MS);
	else if (r < 0)
		return session_refuse(s, session_reason_of(r));
	else
		session_own(all, s, s->side);
	return NEXT_WAIT;
}

/* NEXT_STATE: it is over, and l->count says how it went. */
static enum session_next run(struct sessions *all, struct session *s, struct look_up *l)
{
	enum session_next next = session_client_left(all, s);

	if (next == NEXT_WAIT && s->side == PORT_NONE)
		next = begin(all, s, l);
	if (next != NEXT_WAIT || s->side == PORT_NONE)
		return next;
	l->count = port_resolved(all->loop.port, s->side, l->found, ANKLET_ADDRESSES);
	if (l->count == PORT_AGAIN)
		return NEXT_WAIT;
	session_close(all, &s->side);
	return NEXT_STATE;
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

	/* BIND's replies have room for IPv4 only, and so have requests without a name. */
	return session_is_bind(s) || (hop != NULL && (hop->scheme == ENDPOINT_SOCKS4 ||
							     hop->scheme == ENDPOINT_SOCKS4_TLS));
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
	return s->address_count > 0 ? session_depart(all, s) : NEXT_REFUSE;
}

/* There is no address here: perhaps a hop knows one. */
static enum session_next unresolved(
	struct sessions *all, struct session *s, enum session_reason why)
{
	int route = session_find_route(all, s, NULL, true);

	if (route >= 0)
		return session_may_go_unseen(all, s, route) ? session_depart(all, s) : NEXT_REFUSE;
	if (why == REASON_NO_NAME && session_is_bind(s))
		return session_refuse(s, REASON_NO_IPV4);
	return session_refuse(s, why);
}

static enum session_next look_up(struct sessions *all, struct session *s)
{
	struct look_up l = {.name = s->request.name,
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
	const char *name = string_table_at(&all->config->strings, hop->name);
	struct look_up l = {.name = name, .len = strlen(name), .families = PORT_BOTH};
	enum session_next next = run(all, s, &l);

	if (next != NEXT_STATE)
		return next;
	return l.count < 0 ? session_refuse(s, session_reason_of(l.count))
			   : session_keep_hops(all, s, l.found, (size_t)l.count);
}

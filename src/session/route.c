/*
 * How a session travels: straight to its destination, through a next hop, or with TLS added.
 *
 * What the routes say is asked in here; so is what a forward's target says, which
 * goes its own way unless it is plain TCP.
 */
#include "session/session.h"

#include <string.h>

static const struct route *route_of(const struct sessions *all, const struct session *s)
{
	return ANKLET_HAS_ROUTES && s->route >= 0 ? &session_config(all, s)->routes.route[s->route]
						  : NULL;
}

/* The target of the session's forward, where that says how it travels. */
static const struct endpoint *own_way(const struct sessions *all, const struct session *s)
{
	const struct endpoint *target =
		session_is_forwarded(s) ? &session_config(all, s)->forward[s->forward].target
					: NULL;

	return target != NULL && target->scheme != ENDPOINT_TCP ? target : NULL;
}

int session_find_route(
	struct sessions *all, const struct session *s, const struct ip *ip, bool unresolved)
{
	struct route_query query = {
		.bind = session_is_bind(s),
		.unresolved = unresolved,
		.client = s->from.ip,
		.to = {.name = s->by_name ? s->request.name : NULL,
			.port = s->request.port,
			.ip_known = ip != NULL,
			.remote = unresolved},
	};

	if (!ANKLET_HAS_ROUTES || own_way(all, s) != NULL)
		return ROUTES_NONE;
	if (ip != NULL)
		query.to.ip = *ip;
	return routes_find(
		&session_config(all, s)->routes, &session_config(all, s)->strings, &query);
}

const struct endpoint *session_hop_endpoint(const struct sessions *all, const struct session *s)
{
	const struct route *route = route_of(all, s);

	return route != NULL && route->how == ROUTE_VIA ? &route->hop : NULL;
}

/* Where TLS is built in. */
static const struct tls_options *tls_options_of(const struct sessions *all, const struct session *s)
{
	const struct endpoint *target = own_way(all, s), *hop = session_hop_endpoint(all, s);
	const struct route *route = route_of(all, s);

	if (target != NULL)
		return &target->tls;
	if (hop != NULL)
		return endpoint_has_tls(hop) ? &hop->tls : NULL;
	if (route != NULL && route->how >= ROUTE_TLS)
		return &route->tls;
	return NULL;
}

const struct tls_options *session_tls_options(const struct sessions *all, const struct session *s)
{
	return ANKLET_HAS_TLS ? tls_options_of(all, s) : NULL;
}

struct tls_context *session_tls_context(const struct sessions *all, const struct session *s)
{
	return own_way(all, s) != NULL ? session_settings(all, s)->target_tls[s->forward]
				       : session_settings(all, s)->route_tls[s->route];
}

bool session_begins_in_clear(const struct sessions *all, const struct session *s, uint8_t *protocol)
{
	const struct endpoint *target = own_way(all, s);
	const struct route *route = route_of(all, s);

	if (target != NULL)
		return endpoint_starttls(target, protocol);
	return route != NULL && route_starttls(route, protocol);
}

/* ---- The next hop ---- */

/* A hop that is ourselves, or the client: the request would come back. Notes the reason if not. */
static bool hop_usable(struct sessions *all, struct session *s, const struct ip *ip, uint16_t port)
{
	bool own = port_is_local(all->loop.port, ip);

	s->reason = REASON_NONE;
	if (ip_class(ip) == IP_UNSPECIFIED)
		s->reason = REASON_ADDRESS;
	else if (own && loop_listens(&all->loop, ip, port))
		s->reason = REASON_LOOP;
	else if (!own && ip_equal(ip, &s->from.ip))
		s->reason = REASON_HOP_LOOP;
	return s->reason == REASON_NONE;
}

/*
 * The address that the hop is given, the first of those that may be reached. Where it may be asked for others after
 * that they are kept at the end of the table, in which the hop's own addresses get half if they are still to be found.
 */
static bool choose_address(struct session *s, const struct endpoint *hop)
{
	bool v4_only = endpoint_socks(hop) == 4 && !endpoint_takes_names(hop);
	unsigned room = hop->host == ENDPOINT_NAME ? ANKLET_ADDRESSES / 2 : ANKLET_ADDRESSES - 1;
	unsigned count = 0;

	for (unsigned i = 0; i < s->address_count; i++)
		if (!v4_only || ip_is_v4(&s->addresses[i]))
			s->addresses[count++] = s->addresses[i];
	if (count == 0)
		return s->remote;
	s->asked = s->addresses[0];
	count--;
	if (count > 0 && !session_is_bind(s)) {
		s->others = (uint8_t)(count < room ? count : room);
		memmove(&s->addresses[ANKLET_ADDRESSES - s->others], &s->addresses[1],
			s->others * sizeof s->addresses[0]);
	}
	return true;
}

/* The addresses are the hop's from here on. */
static enum session_next to_hop(struct sessions *all, struct session *s, const struct endpoint *hop)
{
	if (!choose_address(s, hop))
		return session_refuse(s, REASON_HOP_NO_IPV4);
	s->address_count = 0;
	s->scope = 0;
	if (CONFIG_ANKLET_NAMES && hop->host == ENDPOINT_NAME)
		return session_enter(all, s, SESSION_RESOLVE_HOP);
	if (!hop_usable(all, s, &hop->ip, hop->port))
		return NEXT_REFUSE;
	s->addresses[s->address_count++] = hop->ip;
	return session_enter(all, s, SESSION_CONNECT);
}

enum session_next session_keep_hops(
	struct sessions *all, struct session *s, const struct address *found, size_t count)
{
	uint16_t port = session_hop_endpoint(all, s)->port;

	for (size_t i = 0; i < count && s->address_count < ANKLET_ADDRESSES - s->others; i++) {
		if (!hop_usable(all, s, &found[i].ip, port))
			continue;
		session_add_address(s, &found[i]);
	}
	if (s->address_count == 0)
		return NEXT_REFUSE;
	return session_enter(all, s, SESSION_CONNECT);
}

/* Over another connection, to where this one came to: a hop ends it with its refusal. */
enum session_next session_ask_for_next(struct sessions *all, struct session *s)
{
	session_log_attempt(all, s, &s->asked);
	session_close_stream(all, s, &s->server, false);
	s->asked = s->addresses[ANKLET_ADDRESSES - s->others];
	s->others--;
	s->address_next = s->server_address;
	return session_connect_again(all, s);
}

/* ---- On its way ---- */

enum session_next session_start_outbound(struct sessions *all, struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);

	if (hop != NULL)
		return to_hop(all, s, hop);
	return session_enter(all, s, session_is_bind(s) ? SESSION_LISTEN : SESSION_CONNECT);
}

enum session_next session_outbound_ready(struct sessions *all, struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);
	bool tls = session_tls_options(all, s) != NULL;
	uint8_t protocol;

	if (tls && s->state < SESSION_STARTTLS && session_begins_in_clear(all, s, &protocol))
		return session_enter(all, s, SESSION_STARTTLS);
	if (tls && s->state < SESSION_TLS_CONNECT)
		return session_enter(all, s, SESSION_TLS_CONNECT);
	if (s->state < SESSION_HOP && hop != NULL) {
		hop_begin(&s->hop, endpoint_socks(hop));
		return session_enter(all, s, SESSION_HOP);
	}
	s->reached.ip = hop != NULL ? s->asked : s->addresses[s->server_address];
	s->reached.port = s->request.port;
	return session_enter(all, s, SESSION_GRANT);
}

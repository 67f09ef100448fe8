/*
 * How what was granted travels: which route line decides, and how it is written. See routes.h.
 */
#include "policy/routes.h"

/* Does the route speak of such a request at all, wherever it wants to? */
static bool is_for(const struct route *route, const struct route_query *q)
{
	if (q->bind && (route->how == ROUTE_TLS || route->how == ROUTE_STARTTLS))
		return false;
	return route->unresolved == q->unresolved && ip_prefix_holds(&route->from, &q->client);
}

int routes_find(const struct routes *routes, const struct string_table *names,
	const struct route_query *query)
{
	struct destination to = query->to;

	/* What could not be looked up never gets an address. */
	to.remote = to.remote || query->unresolved;
	for (unsigned i = 0; i < routes->count; i++) {
		const struct route *route = &routes->route[i];

		if (!is_for(route, query))
			continue;
		switch (pattern_match(&route->to, names, &to)) {
		case MATCH_YES:
			return (int)i;
		case MATCH_MAYBE:
			return ROUTES_UNDECIDED;
		case MATCH_NO:
			break;
		}
	}
	return ROUTES_NONE;
}

bool route_is_remote(const struct route *route)
{
	return route->how == ROUTE_VIA && !route->resolve;
}

static void text_how(struct text *t, const struct route *route, const struct string_table *names)
{
	switch ((enum route_how)route->how) {
	case ROUTE_DIRECT:
		text_str(t, " direct");
		return;
	case ROUTE_VIA:
		text_str(t, " via ");
		text_endpoint(t, &route->hop, names);
		text_str(t, route->resolve ? " resolve" : "");
		text_str(t, route->unresolved ? " unresolved" : "");
		return;
	case ROUTE_TLS:
		text_str(t, " tls");
		break;
	case ROUTE_STARTTLS:
		text_str(t, " starttls=");
		text_starttls(t, route->starttls);
		break;
	}
	if (ANKLET_HAS_TLS)
		text_tls_options(t, &route->tls, names, ' ', ' ');
}

void text_route(struct text *t, const struct route *route, const struct string_table *names)
{
	text_str(t, "route");
	text_from_to(t, &route->from, &route->to, names);
	text_how(t, route, names);
}

/*
 * How what was granted travels: which route line decides. See routes.h.
 */
#include "policy/routes.h"

/* Does the route speak of such a request at all, wherever it wants to? */
static bool is_for(const struct route *route, const struct route_query *q)
{
	if (q->bind && route->how >= ROUTE_TLS)
		return false;
	return (route->lookup == ROUTE_UNRESOLVED) == q->unresolved &&
	       ip_prefix_holds(&route->from, &q->client);
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
	return route->how == ROUTE_VIA && route->lookup != ROUTE_RESOLVE;
}

bool route_starttls(const struct route *route, uint8_t *protocol)
{
	*protocol = (uint8_t)(route->how - ROUTE_STARTTLS);
	return route->how >= ROUTE_STARTTLS;
}

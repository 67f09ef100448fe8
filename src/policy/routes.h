/*
 * How what was granted travels: straight to its destination, through a next hop, or with TLS
 * added on the way. The route lines; the first that matches decides.
 */
#ifndef ANKLET_ROUTES_H
#define ANKLET_ROUTES_H

#include "anklet_config.h"
#include "config/endpoint.h"
#include "policy/pattern.h"

enum route_how {
	ROUTE_DIRECT = 1,
	ROUTE_VIA, /* through the SOCKS server 'hop' */
	ROUTE_TLS, /* the client speaks in the clear, TLS is added */
	ROUTE_STARTTLS, /* the same, asked for in a protocol: here and above, plus an enum starttls_protocol */
};

/* Who looks names up, where the route is VIA. */
enum route_lookup {
	ROUTE_REMOTE, /* the hop */
	ROUTE_RESOLVE, /* this program, and the hop is given an address. Always with socks4, which takes no names */
	ROUTE_UNRESOLVED /* the hop, and only those that could not be looked up here */
};

struct route {
	struct ip_prefix from; /* ::/0: everybody */
	struct pattern to;
	uint8_t how;            /* enum route_how */
	uint8_t lookup;         /* enum route_lookup */
	struct endpoint hop;    /* VIA */
	struct tls_options tls; /* TLS and STARTTLS */
};

struct routes {
	uint8_t count;
	struct route route[ANKLET_TABLE(CONFIG_ANKLET_ROUTES)];
};

_Static_assert(CONFIG_ANKLET_ROUTES <= INT8_MAX, "a session names its route in a byte");

#define ROUTES_NONE (-1)      /* none matches: direct */
#define ROUTES_UNDECIDED (-2) /* it depends on the address, which is to be looked up first */

struct route_query {
	bool bind; /* TLS and STARTTLS are for CONNECT: a BIND passes over them */
	bool unresolved; /* the name could not be looked up: routes with 'unresolved' count, and else those without */
	struct ip client;
	struct destination to;
};

/*
 * The number of the first route that matches, or one of the two above. Before a name is
 * looked up, a pattern with an address may match or not; a route before which nothing may match decides.
 */
int routes_find(const struct routes *routes, const struct string_table *names,
	const struct route_query *query);

/* Does the hop look names up, so that no address pattern can match one? */
bool route_is_remote(const struct route *route);

/* Is TLS asked for in mid-stream? *protocol is then an enum starttls_protocol. */
bool route_starttls(const struct route *route, uint8_t *protocol);

#endif

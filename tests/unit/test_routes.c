/*
 * routes: which line decides, for every kind of request, as far as its destination is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../skip.h"
#include "config/config.h"
#include "rules_rows.h"

static bool use_routes(const char *lines)
{
	needs(lines_in(lines) <= CONFIG_ANKLET_ROUTES);
	config_init(&config);
	config.tls = true;
	return use_lines(lines);
}

/* A request, written shortly. */
struct way {
	const char *client;
	const char *name; /* NULL: by address */
	const char *ip;   /* NULL: not known yet */
	uint16_t port;
	bool bind, unresolved, remote;
};

struct route_row {
	const char *routes;
	struct way way;
	int expected;
};

#define WAY(client_, name_, ip_, port_, ...) ASK(client_, name_, ip_, port_, __VA_ARGS__)

static void check_routes(const struct route_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct way *way = &rows[i].way;
		struct route_query q = {.bind = way->bind,
			.unresolved = way->unresolved,
			.client = ip_of(way->client),
			.to = {.name = way->name,
				.port = way->port,
				.ip_known = way->ip != NULL,
				.remote = way->remote}};
		int found;

		if (way->ip != NULL)
			q.to.ip = ip_of(way->ip);
		if (!use_routes(rows[i].routes))
			continue;
		found = routes_find(&config.routes, &config.strings, &q);
		if (found != rows[i].expected)
			fail_msg("row %zu: %sfound %d", i, rows[i].routes, found);
	}
}

static void the_first_that_matches_decides(void **state)
{
	static const struct route_row rows[] = {
		{"", WAY(LAN, "a.example", NULL, 80), ROUTES_NONE},
		{"route direct\n", WAY(LAN, "a.example", NULL, 80), 0},
		{"route to *:443 tls\nroute direct\nroute direct\n",
			WAY(LAN, "a.example", NULL, 80), 1},
		{"route to *:443 tls\n", WAY(LAN, "a.example", NULL, 80), ROUTES_NONE},
		{"route to *:443 tls\n", WAY(LAN, "a.example", NULL, 443), 0},
		{"route to *.onion via socks4a://[::9]\n", WAY(LAN, "x.Onion.", NULL, 80), 0},
		{"route to *.onion via socks4a://[::9]\n", WAY(LAN, "onion", NULL, 80),
			ROUTES_NONE},
		{"route to a.example direct\n", WAY(LAN, NULL, WORLD, 80), ROUTES_NONE},
		{"route to 198.51.100.0/24 direct\n", WAY(LAN, NULL, WORLD, 80), 0},
		{"route to 198.51.100.0/24 direct\n", WAY(LAN, NULL, LAN, 80), ROUTES_NONE},
		{"route to [2001:db8::/32]:80 direct\n", WAY(LAN, "a", "2001:db8::1", 80), 0},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	check_routes(rows, COUNT(rows));
}

static void whom_they_are_for(void **state)
{
	static const struct route_row rows[] = {
		{"route from 192.168.1.0/24 direct\n", WAY(LAN, "a", NULL, 80), 0},
		{"route from 192.168.1.0/24 direct\n", WAY(WORLD, "a", NULL, 80), ROUTES_NONE},
		{"route from 192.168.1.0/24 via socks4a://[::9]\nroute direct\n",
			WAY(WORLD, "a", NULL, 80), 1},
		/* what is not for this client leaves nothing undecided */
		{"route to 10.0.0.0/8 from 10.0.0.0/8 direct\nroute direct\n",
			WAY(LAN, "a", NULL, 80), 1},
		{"route from ::/0 direct\n", WAY(WORLD, "a", NULL, 80), 0},
	};

	(void)state;
	check_routes(rows, COUNT(rows));
}

static void before_a_name_is_looked_up(void **state)
{
	static const struct route_row rows[] = {
		{"route to 10.0.0.0/8 direct\n", WAY(LAN, "a", NULL, 80), ROUTES_UNDECIDED},
		{"route to 10.0.0.0/8 direct\nroute via socks4a://[::9]\n", WAY(LAN, "a", NULL, 80),
			ROUTES_UNDECIDED},
		{"route to a via socks4a://[::9]\nroute to 10.0.0.0/8 direct\n",
			WAY(LAN, "a", NULL, 80), 0},
		{"route to b via socks4a://[::9]\nroute to 10.0.0.0/8 direct\n",
			WAY(LAN, "a", NULL, 80), ROUTES_UNDECIDED},
		/* the port alone tells */
		{"route to 10.0.0.0/8:443 direct\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", NULL, 80), 1},
		{"route to 10.0.0.0/8 direct\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", "10.0.0.1", 80), 0},
		{"route to 10.0.0.0/8 direct\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", "192.0.2.1", 80), 1},
		/* somebody else looks it up */
		{"route to 10.0.0.0/8 direct\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", NULL, 80, .remote = true), 1},
		{"route to 0.0.0.0/0 direct\nroute to [::/0] direct\n",
			WAY(LAN, "a", NULL, 80, .remote = true), ROUTES_NONE},
	};

	(void)state;
	check_routes(rows, COUNT(rows));
}

static void names_that_could_not_be_looked_up(void **state)
{
	static const struct route_row rows[] = {
		{"route via socks4a://[::9] unresolved\n", WAY(LAN, "a", NULL, 80), ROUTES_NONE},
		{"route via socks4a://[::9] unresolved\n",
			WAY(LAN, "a", NULL, 80, .unresolved = true), 0},
		{"route direct\n", WAY(LAN, "a", NULL, 80, .unresolved = true), ROUTES_NONE},
		{"route via socks4a://[::9]\nroute to b via socks4a://[::9] unresolved\n"
		 "route to *.corp via socks4a://[::9] unresolved\n",
			WAY(LAN, "a.corp", NULL, 80, .unresolved = true), 2},
		{"route via socks4a://[::9] unresolved\nroute direct\n", WAY(LAN, "a", NULL, 80),
			1},
		/* no address will ever be known: nothing stays undecided */
		{"route to 10.0.0.0/8 direct\nroute via socks4a://[::9] unresolved\n",
			WAY(LAN, "a", NULL, 80, .unresolved = true), 1},
		{"route from 10.0.0.0/8 via socks4a://[::9] unresolved\n",
			WAY(LAN, "a", NULL, 80, .unresolved = true), ROUTES_NONE},
	};

	(void)state;
	check_routes(rows, COUNT(rows));
}

static void a_bind_passes_over_tls(void **state)
{
	static const struct route_row rows[] = {
		{"route tls\nroute starttls=smtp\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", NULL, 80, .bind = true), 2},
		{"route tls\nroute starttls=smtp\nroute via socks4a://[::9]\n",
			WAY(LAN, "a", NULL, 80), 0},
		{"route starttls=imap\n", WAY(LAN, "a", NULL, 80, .bind = true), ROUTES_NONE},
		{"route to 10.0.0.0/8 tls\nroute direct\n", WAY(LAN, "a", NULL, 80, .bind = true),
			1},
		{"route direct\n", WAY(LAN, NULL, "0.0.0.0", 80, .bind = true), 0},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	check_routes(rows, COUNT(rows));
}

/* No address is left for an unresolved name, whatever a route's fields say. */
static void an_unresolved_name_has_no_address(void **state)
{
	struct route_query q = {
		.unresolved = true, .client = ip_of(LAN), .to = {.name = "a", .port = 80}};

	(void)state;
	use_routes("route to 10.0.0.0/8 via socks4a://10.0.0.9\n");
	config.routes.route[0].lookup = ROUTE_UNRESOLVED;
	assert_int_equal(routes_find(&config.routes, &config.strings, &q), ROUTES_NONE);
}

static void without_a_route_there_is_none(void **state)
{
	struct route_query q = {.client = ip_of(LAN), .to = {.name = "a", .port = 80}};

	(void)state;
	config_init(&config);
	assert_int_equal(routes_find(&config.routes, &config.strings, &q), ROUTES_NONE);
}

static void which_hops_look_names_up(void **state)
{
	static const struct {
		const char *route;
		bool remote;
	} cases[] = {
		{"route via socks4a://[::9]\n", true},
		{"route via socks4a+tls://[::9] unresolved\n", true},
		{"route via socks4a://[::9] resolve\n", false},
		{"route via socks4://[::9]\n", false},
		{"route via socks4+tls://[::9]\n", false},
		{"route direct\n", false},
		{"route tls\n", false},
		{"route starttls=nntp\n", false},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (!use_routes(cases[i].route))
			continue;
		if (route_is_remote(&config.routes.route[0]) != cases[i].remote)
			fail_msg("%s", cases[i].route);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_matches_decides),
		cmocka_unit_test(whom_they_are_for),
		cmocka_unit_test(before_a_name_is_looked_up),
		cmocka_unit_test(names_that_could_not_be_looked_up),
		cmocka_unit_test(a_bind_passes_over_tls),
		cmocka_unit_test(an_unresolved_name_has_no_address),
		cmocka_unit_test(without_a_route_there_is_none),
		cmocka_unit_test(which_hops_look_names_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

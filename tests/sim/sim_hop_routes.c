/*
 * Which requests go through a next hop, which may, and what becomes of it when the client goes.
 */
#include "next_hop.h"

#include <stdio.h>
#include <string.h>

#define PROBE "allow user probe\n"
#define VIA "via socks4a://203.0.113.77:9050"

static struct client client, other;
static struct next_hop hop;
static struct server server;
static const char *words;

static void begin(struct run *run, enum socks4_command command, const char *config)
{
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, command, SERVER_IP, HOP_TARGET_PORT, "fred", NULL);
	client.replies = command == SOCKS4_BIND ? 2 : 1;
	next_hop_init(&hop, run, HOST_OTHER, HOP_IP, HOP_PORT);
	run->config = config;
	run->config_added = true;
}

static void ask_by_name(const char *name)
{
	client_ask(&client, (enum socks4_command)client.request[1], NULL, HOP_TARGET_PORT, "fred",
		name);
}

static enum socks4_command any_command(struct run *run)
{
	return run_between(run, 0, 1) == 0 ? SOCKS4_CONNECT : SOCKS4_BIND;
}

/* ---- Which way ---- */

static void check_by_hop(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED && hop.accepted == 1);
	EXPECT(run, client.talk.in == hop.pattern.out_len);
	EXPECT(run, hop.asked[0].talk.in == client.talk.out_len);
}

static void expect_hop(struct run *run)
{
	next_hop_expect(&hop, 1);
	next_hop_pair(&client, &hop, run_between(run, 0, 3000), run_between(run, 0, 3000));
	run->check = check_by_hop;
}

static void check_direct(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED && hop.accepted == 0);
	EXPECT(run, client.talk.in == server.pattern.out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
}

static void expect_direct(struct run *run)
{
	server_init(&server, run, HOST_SERVER, SERVER_IP, HOP_TARGET_PORT);
	pair_up(&client, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
	run->check = check_direct;
}

/* The first route that matches decides, and without one it goes straight. */
static void first_match(struct run *run)
{
	static const struct {
		bool by_hop;
		const char *config;
	} routes[] = {
		{true, "route to 203.0.113.6 direct\nroute to 203.0.113.0/29 " VIA "\n"},
		{false, "route to 203.0.113.5 direct\nroute to 203.0.113.0/29 " VIA "\n"},
		{true, "route to *:7000 " VIA "\n"},
		{false, "route to *:7001 " VIA "\n"},
		{true, "route from 10.0.0.0/8 to 203.0.113.5 " VIA "\n"},
		{false, "route from 10.0.0.0/31 to 203.0.113.5 " VIA "\n"},
		{false, "route to *.example " VIA "\n"},
	};
	unsigned i = run_between(run, 0, sizeof routes / sizeof *routes - 1);

	begin(run, SOCKS4_CONNECT, routes[i].config);
	if (routes[i].by_hop)
		expect_hop(run);
	else
		expect_direct(run);
}

/* A route with 'unresolved' is none for a name that has an address here. */
static void resolved(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	begin(run, SOCKS4_CONNECT, "route to *.example " VIA " unresolved\n");
	ask_by_name("server.example");
	name_add(run, "server.example", 0, addresses);
	expect_direct(run);
}

/* However the lookup here fails; one that is never answered is cut by the limit. */
static void unresolved(struct run *run)
{
	static const char *const nowhere[] = {NULL};
	int outcome = run_between(run, 0, 1) == 0 ? PORT_NO_NAME : PORT_NAME_FAILED;

	begin(run, any_command(run), "route to *.example " VIA " unresolved\n");
	ask_by_name("far.example");
	name_add(run, "far.example", outcome, nowhere)->delay_v4_ms = run_between(run, 0, 5000);
	expect_hop(run);
}

static void check_first_way(struct run *run)
{
	EXPECT(run, server.accepted == 0);
	if (words == NULL) {
		check_by_hop(run);
		return;
	}
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED && hop.accepted == 0);
	EXPECT(run, run_logged(run, words) == 1);
}

/*
 * A name with two addresses, one of which is the hop's to reach: the first one decides, and
 * the other is not tried by a way that is not its own.
 */
static void several_ways(struct run *run)
{
	static const char *const hop_first[] = {SERVER_IP, SERVER_IP2, NULL};
	static const char *const hop_last[] = {SERVER_IP2, SERVER_IP, NULL};
	bool first = run_between(run, 0, 1) == 0;

	begin(run, SOCKS4_CONNECT, "route to 203.0.113.5 " VIA "\n");
	ask_by_name("both.example");
	name_add(run, "both.example", 0, first ? hop_first : hop_last);
	server_init(&server, run, HOST_SERVER, SERVER_IP, HOP_TARGET_PORT);
	words = first ? NULL : ": refused with 91, connection refused";
	if (first)
		expect_hop(run);
	run->check = check_first_way;
}

/* What a hop is asked for, should it refuse: the addresses of a name, and how many of them there is room for. */
static unsigned asks, refuses;

static void check_next_addresses(struct run *run)
{
	bool granted = refuses < asks;

	EXPECT(run, client.replies_in == 1);
	EXPECT(run, client_code(&client) == (granted ? SOCKS4_GRANTED : SOCKS4_REJECTED));
	EXPECT(run, hop.accepted == (granted ? refuses + 1 : asks));
	for (unsigned i = 0; i < hop.accepted; i++) {
		struct ip asked = ip_v4(203, 0, 113, (uint8_t)(101 + i));

		EXPECT(run, ip_equal(&hop.asked[i].request.ip, &asked));
		EXPECT(run, hop.asked[i].request.port == HOP_TARGET_PORT);
		EXPECT(run, strcmp(hop.asked[i].request.userid, "fred") == 0);
	}
	EXPECT(run, run_logged(run, " refused with 91, the next hop refused with 91") == !granted);
	if (!granted)
		return;
	EXPECT(run, client.talk.in == hop.pattern.out_len);
	EXPECT(run, hop.asked[refuses].talk.in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF);
}

/* A hop that refuses one address of a name is asked for the next, in their order and each once. */
static void next_addresses(struct run *run)
{
	static const struct {
		const char *config;
		unsigned asks;
	} ways[] = {
		{"route to *.example via socks4a://203.0.113.77:9050 resolve\n", ANKLET_ADDRESSES},
		{"route to *.example via socks4://203.0.113.77:9050\n", ANKLET_ADDRESSES},
		{"route to *.example via socks4a://hop.test:9050 resolve\n",
			1 + ANKLET_ADDRESSES / 2},
	};
	static const char *const hops[] = {HOP_IP, NULL};
	static char text[ANKLET_ADDRESSES][16];
	static const char *addresses[ANKLET_ADDRESSES + 1];
	unsigned way = run_between(run, 0, 2), there = run_between(run, 1, ANKLET_ADDRESSES);

	for (unsigned i = 0; i < there; i++) {
		snprintf(text[i], sizeof text[i], "203.0.113.%u", 101 + i);
		addresses[i] = text[i];
	}
	addresses[there] = NULL;
	asks = there < ways[way].asks ? there : ways[way].asks;
	refuses = run_between(run, 0, asks);
	begin(run, SOCKS4_CONNECT, ways[way].config);
	ask_by_name("many.example");
	name_add(run, "many.example", 0, addresses);
	name_add(run, "hop.test", 0, hops);
	hop.refuses = refuses;
	next_hop_expect(&hop, refuses < asks ? refuses + 1 : asks);
	next_hop_pair(&client, &hop, run_between(run, 0, 3000), run_between(run, 0, 3000));
	if (run_between(run, 0, 2) == 0)
		run_rough(run);
	run->check = check_next_addresses;
}

/* A hop on the proxy's own host is none of the proxy's own listeners; nor is its client a loop. */
static void on_this_host(struct run *run)
{
	static const char *const configs[] = {
		"route to 203.0.113.5 via socks4://10.0.0.1:9050\n",
		"route to 203.0.113.5 via socks4a://127.0.0.1:9050\n",
	};
	unsigned i = run_between(run, 0, 1);

	begin(run, any_command(run), configs[i]);
	next_hop_stop(&hop);
	next_hop_init(&hop, run, HOST_LOCAL, i == 0 ? PROXY_IP : "127.0.0.1", HOP_PORT);
	if (run_between(run, 0, 1) == 0)
		client.actor.port = client.talk.port = &run->peer[HOST_LOCAL];
	expect_hop(run);
}

/* ---- What may not ---- */

static void check_refused(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED && client.end == PORT_EOF);
	EXPECT(run, run_logged(run, words) == 1 && run_logged(run, "granted") == 0);
	EXPECT(run, client.talk.in == 0);
}

static void check_untouched(struct run *run)
{
	check_refused(run);
	EXPECT(run, client.replies_in == 1 && hop.accepted == 0);
}

/* The rules are asked before the hop is, by address and by name. */
static void denied(struct run *run)
{
	static const struct {
		const char *name, *config, *words;
	} rules[] = {
		{NULL, "route to 203.0.113.5 " VIA "\n" PROBE "deny to 203.0.113.5\nallow\n",
			"denied by rule 2"},
		{"far.example", "route to *.example " VIA "\n" PROBE "deny to *.example\nallow\n",
			"denied by rule 2"},
		{"far.example",
			"route to *.example " VIA " unresolved\n" PROBE
			"deny to far.example\nallow\n",
			"denied by rule 2"},
		{"far.example", "route to *.example " VIA "\n" PROBE "allow to 203.0.113.5\n",
			"no allow line matches"},
		{"far.example",
			"route to *.example " VIA " unresolved\n" PROBE "allow to 203.0.113.5\n",
			"no allow line matches"},
		{"near.example",
			"route to *.example " VIA " resolve\n" PROBE "deny to 203.0.113.5\nallow\n",
			"denied by rule 2"},
		{"here.example", "route to *.example " VIA " resolve\n",
			"an address of this host, loopback or link-local"},
	};
	static const char *const near[] = {SERVER_IP, NULL}, *const here[] = {PROXY_IP, NULL};
	unsigned i = run_between(run, 0, sizeof rules / sizeof *rules - 1);

	begin(run, any_command(run), rules[i].config);
	if (rules[i].name != NULL)
		ask_by_name(rules[i].name);
	name_add(run, "near.example", 0, near);
	name_add(run, "here.example", 0, here);
	words = rules[i].words;
	run->check = check_untouched;
}

/* A SOCKS4 request has no room for an IPv6 address, nor have the replies to a BIND. */
static void no_ipv4(struct run *run)
{
	static const char *const v6[] = {SERVER_IP6, NULL};
	static const struct {
		enum socks4_command command;
		const char *name, *config, *words;
	} asked[] = {
		{SOCKS4_CONNECT, SERVER_IP6,
			"route via socks4://203.0.113.77:9050\n" PROBE "allow\n",
			"the next hop takes IPv4 addresses only, and there is none"},
		{SOCKS4_CONNECT, "six.example", "route to *.example via socks4://203.0.113.77\n",
			"the name has no address"},
		{SOCKS4_BIND, SERVER_IP6, "route to 2001:db8::/32 " VIA "\n",
			"BIND needs a peer with an IPv4 address"},
		{SOCKS4_BIND, "six.example", "route to *.example " VIA " resolve\n",
			"BIND needs a peer with an IPv4 address"},
	};
	unsigned i = run_between(run, 0, 3);

	begin(run, asked[i].command, asked[i].config);
	run->no_probe = i == 0;
	ask_by_name(asked[i].name);
	name_add(run, "six.example", 0, v6);
	words = asked[i].words;
	run->check = check_untouched;
}

static void check_not_announced(struct run *run)
{
	check_refused(run);
	EXPECT(run, client.replies_in == 1 && hop.accepted == 1);
}

/* A hop that is reached over IPv6 says 'my own address': there is no saying that to the client. */
static void waits_on_ipv6(struct run *run)
{
	begin(run, SOCKS4_BIND, "route to 203.0.113.5 via socks4a://[2001:db8::5]:9050\n");
	next_hop_stop(&hop);
	next_hop_init(&hop, run, HOST_SERVER, SERVER_IP6, HOP_PORT);
	if (run_between(run, 0, 1) == 0) {
		next_hop_says(&hop, 0, SOCKS4_GRANTED, "203.0.113.9", 4711);
		expect_hop(run);
		return;
	}
	next_hop_expect(&hop, 1);
	words = "the next hop waits for the peer on an IPv6 address";
	run->check = check_not_announced;
}

/* ---- BIND for any peer ---- */

static void check_wrong_peer(struct run *run)
{
	check_refused(run);
	EXPECT(run, client.replies_in == 2 && hop.asked[0].talk.in == 0);
}

/* Whoever the hop says has come is judged, as one who comes to ourselves. */
static void any_peer(struct run *run)
{
	static const char rules[] =
		"route to 0.0.0.0 " VIA "\n" PROBE "deny to 203.0.113.6\nallow bind any-peer\n";
	static const struct {
		const char *peer, *words;
	} peers[] = {
		{SERVER_IP, NULL}, {SERVER_IP2, "denied by rule 2"},
		{PROXY_IP, "an address of this host, loopback or link-local"},
		{NULL, NULL}, /* the hop does not say: it is any */
	};
	unsigned i = run_between(run, 0, 3);

	begin(run, SOCKS4_BIND, rules);
	client_ask(&client, SOCKS4_BIND, "0.0.0.0", 0, "fred", NULL);
	next_hop_says(&hop, 1, SOCKS4_GRANTED, peers[i].peer, 40000);
	expect_hop(run);
	words = peers[i].words;
	if (words != NULL)
		run->check = check_wrong_peer;
}

static void any_peer_without_a_rule(struct run *run)
{
	begin(run, SOCKS4_BIND, "route to 0.0.0.0 " VIA "\n");
	client_ask(&client, SOCKS4_BIND, "0.0.0.0", 0, "fred", NULL);
	words = "nobody may reach that address";
	run->check = check_untouched;
}

/* ---- BIND beside a CONNECT ---- */

static void bind_now(struct client *c, unsigned which)
{
	struct address proxy = c->proxy;

	(void)which;
	EXPECT(c->run, client_code(c) == SOCKS4_GRANTED);
	caller_call(&client, &proxy, run_between(c->run, 0, 5000));
}

static void check_beside(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client_code(&other) == SOCKS4_GRANTED && hop.accepted == 2);
}

/* Both go through the hop: by the same name, or to the same address. */
static void beside_connect(struct run *run)
{
	bool by_name = run_between(run, 0, 1) == 0;
	const char *name = by_name ? "far.example" : NULL;

	begin(run, SOCKS4_BIND,
		"route to *.example " VIA "\nroute to 203.0.113.5 " VIA "\n" PROBE
		"allow connect\nallow bind needs-connect\n");
	client_ask(&client, SOCKS4_BIND, SERVER_IP, HOP_TARGET_PORT, "fred", name);
	client_init(&other, run, HOST_CLIENT);
	client_ask(&other, SOCKS4_CONNECT, SERVER_IP, 21, "fred", name);
	other.on_reply = bind_now;
	other.talk.last = TALK_STAY;
	client.held = true;
	hop.pattern.last = TALK_FIN_AFTER_FIN;
	run->check = check_beside;
}

static void without_connect(struct run *run)
{
	static const char *const configs[] = {
		"route to *.example " VIA "\n" PROBE "allow bind needs-connect\n",
		"route to *.example " VIA " unresolved\n" PROBE "allow bind needs-connect\n",
	};

	begin(run, SOCKS4_BIND, configs[run_between(run, 0, 1)]);
	ask_by_name("far.example");
	words = "the rule wants a CONNECT to that host first";
	run->check = check_untouched;
}

/* ---- The client goes ---- */

static void check_left(struct run *run)
{
	uint64_t most = client.left_at + 1000 + 10 * run->sim.latency_max_ms;

	EXPECT(run, client.left && hop.over == 1);
	EXPECT(run, hop.asked[0].over_at <= most);
	EXPECT(run, hop.asked[0].talk.in == 0);
	EXPECT(run, run->anklet->sessions.loop.status.refused == 1 &&
			    run->anklet->sessions.loop.status.granted == 0);
	EXPECT(run, run_logged(run, "the client left") + run_logged(run, "the client reset") == 1);
}

/* While the hop takes its time over either reply: within a second it is let go. */
static void client_leaves(struct run *run)
{
	begin(run, any_command(run), "route to 203.0.113.5 " VIA "\n");
	next_hop_expect(&hop, 1);
	hop.word[run_between(run, 0, client.replies - 1)].after_ms = 110000;
	client.leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
	client.leave_ms = run_between(run, 500, 100000);
	client.talk.out_len = run_between(run, 0, 20000);
	client.early = run_between(run, 0, 1) == 0;
	run->proxy.faults.late_hangup = (uint16_t)run_between(run, 0, 1000);
	run->check = check_left;
}

static const struct scenario scenarios[] = {
	{"first_match", first_match},
	{"resolved", resolved},
	{"unresolved", unresolved},
	{"several_ways", several_ways},
	{"next_addresses", next_addresses},
	{"on_this_host", on_this_host},
	{"denied", denied},
	{"no_ipv4", no_ipv4},
	{"waits_on_ipv6", waits_on_ipv6},
	{"any_peer", any_peer},
	{"any_peer_without_a_rule", any_peer_without_a_rule},
	{"beside_connect", beside_connect},
	{"without_connect", without_connect},
	{"client_leaves", client_leaves},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

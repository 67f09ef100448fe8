/*
 * A next hop over TLS: what is asked of it, and what it answers, is said inside.
 */
#include <string.h>

#include "next_hop.h"
#include "secure.h"

#define TLS_LISTEN "listen tls://" PROXY_IP ":1443?cert=server.pem&key=server.key\n"
#define VIA "route to *:7000 via socks4a+tls://" HOP_IP ":9050"

static struct client client;
static struct next_hop hop;
static struct tap tap;

static void begin(struct run *run, const char *config)
{
	bool by_name = run_between(run, 0, 1) == 0;

	secure_world(run);
	run->config = config;
	run->config_added = true;
	client_init(&client, run, HOST_CLIENT);
	next_hop_init(&hop, run, HOST_SERVER, SERVER_IP2, HOP_PORT);
	hop.pattern.tls = secure_server(run);
	/* Through somebody who sees whether all of it is TLS. */
	tap_init(&tap, run, HOST_OTHER, HOP_IP, HOP_PORT, SERVER_IP2);
	tap.only_tls[TAP_UP] = tap.only_tls[TAP_DOWN] = true;
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user", by_name ? "far.test" : NULL);
	next_hop_pair(&client, &hop, run_between(run, 0, 5000), run_between(run, 0, 5000));
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	secure_make_room(run);
}

static void check_served(struct run *run)
{
	const struct talk *there = &hop.asked[0].talk;

	EXPECT(run, hop.accepted == 1);
	EXPECT(run, client.replies_in == client.replies);
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in == there->out_len && there->in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && there->in_end == PORT_EOF);
}

/* Both commands; and to two such hops one after the other, where the client speaks TLS, too. */
static void served(struct run *run)
{
	begin(run, TLS_LISTEN VIA "?name=server.test\n");
	next_hop_expect(&hop, 1);
	hop.cut_max = run_between(run, 0, 3);
	if (run_between(run, 0, 1) == 1) {
		client.request[1] = SOCKS4_BIND;
		client.replies = 2;
		hop.word[1].after_ms = run_between(run, 0, 3000);
	}
	if (run_between(run, 0, 1) == 1) {
		client.proxy.port = 1443;
		client.talk.tls = secure_client(run);
		client.talk.tls_name = SECURE_NAME;
	}
	run->check = check_served;
}

static void check_refused(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, !hop.asked[0].whole && hop.asked[0].talk.in == 0);
	EXPECT(run, run_logged(run, "the server's certificate is not accepted") == 1);
}

/* Whom nobody vouches for is not told what is wanted. */
static void unverified(struct run *run)
{
	static const char *const impostors[] = {"expired", "self", "other", "server"};
	const char *file = impostors[run->seed % 4];

	/* The last one has the right certificate for another name. */
	begin(run, run->seed % 4 == 3 ? VIA "\n" : VIA "?name=server.test\n");
	hop.pattern.tls = secure_impostor(run, file);
	client.early = true;
	run->check = check_refused;
}

static void check_cut(struct run *run)
{
	const struct talk *talk = &client.talk, *there = &hop.asked[0].talk;

	EXPECT(run, client.done);
	EXPECT(run, talk->in_end != PORT_EOF || talk->in == hop.pattern.out_len);
	EXPECT(run, there->in_end != PORT_EOF || there->in == talk->out_len);
	EXPECT(run, client_code(&client) != SOCKS4_REJECTED || there->in == 0);
}

/* At any byte of the handshake, of the request, of the reply, or of what follows. */
static void cut(struct run *run)
{
	begin(run, VIA "?name=server.test\n");
	tap.does = (uint8_t)run_between(run, TAP_RESETS, TAP_ENDS);
	tap.where = (uint8_t)run_between(run, TAP_UP, TAP_DOWN);
	tap.at = run_between(run, 0, 1600);
	run->check = check_cut;
}

static void check_second(struct run *run)
{
	const struct next_hop_asked *second = &hop.asked[1];
	struct ip first_ip = ip_v4(203, 0, 113, 101), second_ip = ip_v4(203, 0, 113, 102);

	EXPECT(run, client_code(&client) == SOCKS4_GRANTED && hop.accepted == 2);
	EXPECT(run, ip_equal(&hop.asked[0].request.ip, &first_ip));
	EXPECT(run, ip_equal(&second->request.ip, &second_ip));
	EXPECT(run,
		client.talk.in == second->talk.out_len && second->talk.in == client.talk.out_len);
}

/* The hop refuses the first address of a name: over another connection, with TLS again, it is asked for the second. */
static void second_address(struct run *run)
{
	static const char *const addresses[] = {"203.0.113.101", "203.0.113.102", NULL};

	secure_world(run);
	run->config = VIA "?name=server.test resolve\n";
	run->config_added = true;
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", "two.test");
	name_add(run, "two.test", 0, addresses);
	next_hop_init(&hop, run, HOST_OTHER, HOP_IP, HOP_PORT);
	hop.pattern.tls = secure_server(run);
	hop.refuses = 1;
	next_hop_expect(&hop, 2);
	next_hop_pair(&client, &hop, run_between(run, 0, 5000), run_between(run, 0, 5000));
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	secure_make_room(run);
	run->check = check_second;
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"second_address", second_address},
	{"unverified", unverified},
	{"cut", cut},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}

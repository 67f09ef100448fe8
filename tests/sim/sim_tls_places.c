/*
 * What there is only so much of: places for encrypted connections, and steps of handshakes.
 */
#include "crowd.h"
#include "secure.h"

#define TLS_LISTEN "listen tls://" PROXY_IP ":1443?cert=server.pem&key=server.key\n"

static struct client client;
static struct server server;

static const char *const addresses[] = {SERVER_IP, NULL};

static void begin(struct run *run, const char *config)
{
	secure_world(run);
	run->config = config;
	run->config_added = true;
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	pair_streams(&client, &server, run_between(run, 0, 9000), run_between(run, 0, 9000));
}

static void encrypt_client(struct run *run)
{
	client.proxy.port = 1443;
	client.talk.tls = secure_client(run);
	client.talk.tls_name = SECURE_NAME;
}

static void check_exact(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
}

/* ---- Places ---- */

#define SILENT (SECURE_PLACES + 1)

static struct client silent[SILENT];

static unsigned at_most;

static void look_at_places(struct run *run)
{
	if (run->anklet->sessions.loop.clients.pool[POOL_TLS].taken > at_most)
		at_most = run->anklet->sessions.loop.clients.pool[POOL_TLS].taken;
}

static void check_waited(struct run *run)
{
	const struct anklet_status *status = &run->anklet->sessions.loop.status;

	EXPECT(run, status->accepted == SILENT + 1);
	EXPECT(run, at_most == SECURE_PLACES);
	EXPECT(run, run_logged(run, "no room for another encrypted connection") == 0);
	EXPECT(run, run_logged(run, "no whole request within limit-handshake") == SILENT);
	for (unsigned i = 0; i < SILENT; i++)
		EXPECT(run, silent[i].replies_in == 0 && silent[i].end != 0);
	check_exact(run);
}

/* Clients of a listener wait until there is a place; those who say nothing have theirs for a while. */
static void full_listener(struct run *run)
{
	at_most = 0;
	begin(run, TLS_LISTEN "limit-handshake 5s\nlimit-client 0\n");
	encrypt_client(run);
	server_expect(&server, 1);
	client.start_ms = 13000;
	for (unsigned i = 0; i < SILENT; i++) {
		client_init(&silent[i], run, HOST_CLIENT);
		silent[i].proxy.port = 1443;
		silent[i].start_ms = run_between(run, 0, 1000);
	}
	crowd_before_wait(run, look_at_places);
	run->check = check_waited;
}

static void check_no_place(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, server.accepted <= 1);
	EXPECT(run, run_logged(run, "no room for another encrypted connection") == 1);
}

/* A session in its middle does not wait for a place. */
static void full_route(struct run *run)
{
	begin(run, "route to *:7000 tls\n");
	secure_take_places(run, 0);
	run->check = check_no_place;
}

static void check_no_place_for_client(struct run *run)
{
	EXPECT(run, client.replies_in == 0 && client.reply_len == 0);
	EXPECT(run, client.end == PORT_EOF || client.end == PORT_RESET);
	EXPECT(run,
		run_logged(run, ": refused, no room for another encrypted connection after ") == 1);
}

/* Somebody else in the program has taken the places: not a byte is said in the clear. */
static void full_program(struct run *run)
{
	begin(run, TLS_LISTEN);
	secure_take_places(run, 0);
	client.proxy.port = 1443;
	run->check = check_no_place_for_client;
}

/* ---- Steps of handshakes ---- */

#define PING 10 /* bytes, there and back before the next but one */

static struct client small;
static struct server small_server;

/* Between two waits each session takes one step of its handshake at most, and others go on. */
static void look_at_steps(struct run *run)
{
	EXPECT(run, library_steps() <= 2);
	EXPECT(run, small.talk.out - small.talk.in <= 2 * PING);
}

static void check_fair(struct run *run)
{
	check_exact(run);
	EXPECT(run, small.talk.in == small.talk.out_len && small.talk.in_end == PORT_EOF);
}

static void fair(struct run *run)
{
	begin(run, TLS_LISTEN "route to *:7000 tls\n");
	encrypt_client(run);
	server.pattern.tls = secure_server(run);
	server_expect(&server, 1);
	run->sim.latency_max_ms = run_between(run, 1, 9);
	client_init(&small, run, HOST_CLIENT);
	server_init(&small_server, run, HOST_SERVER, SERVER_IP, 7100);
	client_ask(&small, SOCKS4_CONNECT, SERVER_IP, 7100, "small", NULL);
	pair_up(&small, &small_server, 100, 0);
	small.talk.piece_max = PING;
	small.talk.pause_ms = 60;
	small.talk.in_key = small.talk.out_key;
	small_server.pattern.echo = true;
	crowd_before_wait(run, look_at_steps);
	run->check = check_fair;
}

#define SLOW_MS 61834

static void check_slow(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_REJECTED);
	EXPECT(run, run_logged(run, "not issued by a trusted authority after 1m") == 1);
	EXPECT(run, run_logged(run, "a tick took 1m01s: everybody else waited") == 1);
	EXPECT(run, run_logged(run, "a tick took ") == 1);
}

/* One step takes long: that is said, and the session's own line has the time of its end. */
static void slow_step(struct run *run)
{
	begin(run, "route to *:7000 tls\n");
	run->sim.latency_max_ms = run_between(run, 1, 9);
	server.pattern.tls = secure_impostor(run, "other");
	server_expect(&server, 1);
	library_slow(SLOW_MS);
	run->check = check_slow;
}

static const struct scenario scenarios[] = {
	{"full_listener", full_listener},
	{"full_route", full_route},
	{"full_program", full_program},
	{"fair", fair},
	{"slow_step", slow_step},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}

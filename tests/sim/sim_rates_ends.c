/*
 * Sessions whose rate is limited: however they begin they are slow, and however they end it is passed on; they are not
 * idle in a pause, and a limit that goes lets them go on.
 */
#include "crowd.h"
#include "secure.h"

#include <string.h>

#define PORT 7000
#define RATE 20000u /* bytes a second */
#define SLOW_MS \
	1600 /* what twice as many take at least: a quarter of a second's worth and a slice are moved at once */

static struct client client;
static struct server server;

static void begin_one(struct run *run, const char *config, uint32_t up, uint32_t down)
{
	run->config = config;
	run->config_added = true;
	run->sim.steps_max = 1000000;
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	client_ask(&client, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	pair_up(&client, &server, up, down);
}

/* Either direction ends while the other one goes on, and what is slow arrives whole. */
static void check_half(struct run *run)
{
	EXPECT(run, client_granted(&client) && client.talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, run_logged(run, "both sides ended") == 1);
	/* Whoever is not limited has not waited for the other one. */
	EXPECT(run, server.talk[0].in_end != PORT_EOF || client.over_at >= SLOW_MS);
}

static void half_closed(struct run *run)
{
	begin_one(run, "limit-rate down 20kB/s\nlimit-half-closed 500ms\nlimit-idle 500ms\n",
		run_between(run, 0, 40000), RATE * 2);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	run->check = check_half;
}

/*
 * With TLS on both sides, whose records are longer than a slice, and whose ends are records, too. Through small windows
 * one takes seconds, and nothing of it is there before it is whole.
 */
static void encrypted(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	secure_world(run);
	begin_one(run,
		"listen tls://" PROXY_IP ":1443?cert=server.pem&key=server.key\nca ca.pem\n"
		"route to *:7000 tls\nlimit-rate down 20kB/s up 20kB/s\nlimit-half-closed 10s\n",
		run_between(run, 0, 30000), 2 * RATE);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	client.proxy.port = 1443;
	client.talk.tls = secure_client(run);
	client.talk.tls_name = SECURE_NAME;
	server.pattern.tls = secure_server(run);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	run->check = check_half;
}

/* A forward is a session as others are. */
static void check_forwarded(struct run *run)
{
	EXPECT(run, client.talk.in == 2 * RATE && server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.over_at >= SLOW_MS);
}

static void forwarded(struct run *run)
{
	struct address to = {.port = 2525};

	ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip);
	run->config = "limit-rate down 20kB/s from " CLIENT_IP "\nforward tcp://" PROXY_IP
		      ":2525 tcp://" SERVER_IP ":7000\n";
	run->config_added = true;
	caller_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_streams(&client, &server, run_between(run, 0, 9000), 2 * RATE);
	caller_call(&client, &to, run_between(run, 0, 50));
	run->check = check_forwarded;
}

/* So is what a BIND brings. */
static struct client caller;

static void call_back(struct client *c, unsigned which)
{
	struct address to = client_told(c, 0);

	EXPECT(c->run, ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip));
	if (which == 0)
		caller_call(&caller, &to, 10);
}

static void check_bound(struct run *run)
{
	EXPECT(run, client_granted(&client) && client.talk.in == 2 * RATE);
	EXPECT(run, caller.talk.in == 5000 && client.over_at >= SLOW_MS);
}

static void bound(struct run *run)
{
	run->config = "allow bind any-peer\nallow\nlimit-rate down 20kB/s\n";
	run->config_added = true;
	client_init(&client, run, HOST_CLIENT);
	client_ask(&client, SOCKS4_BIND, "0.0.0.0", PORT, "user", NULL);
	client.replies = 2;
	client.on_reply = call_back;
	caller_init(&caller, run, HOST_OTHER);
	caller_pair(&client, &caller, 5000, 2 * RATE);
	run->check = check_bound;
}

/* A reset comes through a pause at once. */
static void check_reset(struct run *run)
{
	EXPECT(run, client_granted(&client) && client.talk.reset);
	EXPECT(run, client.over_at <= server.talk[0].begun_at + 1500 + 1100);
	EXPECT(run, run_logged(run, "reset") == 1);
}

static void reset(struct run *run)
{
	begin_one(run, "limit-rate down 1kB/s\n", 0, RATE * 10);
	server.pattern.reset_ms = 1500;
	run->check = check_reset;
}

/* The client that waits in a pause is gone: so is the session. */
static void check_gone(struct run *run)
{
	EXPECT(run, client_granted(&client) && server.talk[0].over);
	EXPECT(run, server.talk[0].over_at <= 1500 + 1100);
}

static void client_gone(struct run *run)
{
	begin_one(run, "limit-rate down 1kB/s\n", 0, RATE * 10);
	client.talk.reset_ms = 500;
	run->check = check_gone;
}

/* Its rate lets it wait for longer than limit-idle. */
static void check_idle(struct run *run)
{
	EXPECT(run, client_granted(&client) && client.talk.in == 9000);
	EXPECT(run, run_logged(run, "both sides ended") == 1);
	EXPECT(run, client.over_at >= 4500);
}

static void not_idle(struct run *run)
{
	begin_one(run, "limit-rate down 1kB/s\nlimit-idle 30ms\nlimit-half-closed 30ms\n", 0, 9000);
	run->sim.latency_max_ms = 1;
	server.pattern.last = TALK_FIN;
	client.talk.last = TALK_FIN_AFTER_FIN;
	run->check = check_idle;
}

/* ...but where nobody says anything it ends. */
static void check_idle_at_last(struct run *run)
{
	EXPECT(run, client.talk.in == 9000 && run_logged(run, "idle for limit-idle") == 1);
}

static void idle_at_last(struct run *run)
{
	not_idle(run);
	server.pattern.last = client.talk.last = TALK_STAY;
	run->config = "limit-rate down 1kB/s\nlimit-idle 200ms\n";
	run->check = check_idle_at_last;
}

/* A limit that comes, and one that goes, while bytes are moved. */
static struct bell replaces;
static struct setup other;

static void replace(struct run *run)
{
	static const char lines[] = "allow\n";

	memset(&other, 0, sizeof other);
	config_init(&other.config);
	EXPECT(run, config_read(&other.config, "other", lines, strlen(lines), NULL, NULL) == 0);
	other.settings.config = &other.config;
	instance_use(run->anklet, &other.settings);
}

static void check_replaced(struct run *run)
{
	EXPECT(run, client_granted(&client) && client.talk.in == 10 * RATE);
	EXPECT(run, client.over_at <= 6000);
}

static void limit_goes(struct run *run)
{
	begin_one(run, "limit-rate down 20kB/s\n", 0, 10 * RATE);
	run->sim.latency_max_ms = 5;
	run->sim.window_min = SIM_WINDOW_MAX;
	bell_init(&replaces, run, 1000, replace);
	run->check = check_replaced;
}

static const struct scenario scenarios[] = {
	{"half_closed", half_closed},
	{"encrypted", encrypted},
	{"forwarded", forwarded},
	{"bound", bound},
	{"reset", reset},
	{"client_gone", client_gone},
	{"not_idle", not_idle},
	{"idle_at_last", idle_at_last},
	{"limit_goes", limit_goes},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

/*
 * Limited rates: what each client gets to the byte, whoever else there is, and that nobody spins, is cut or ends early.
 */
#include "askers.h"
#include "secure.h"

#include <string.h>

#define MANY 8
#define PORT 7000
#define RATE 20000u      /* bytes a second */
#define BURST (RATE / 4) /* at once */
#define SLICE 1460u      /* of so slow a rate */
#define PAUSES_A_SECOND 10
#define ROUGHLY \
	(SLICE + 2 * RATE / PAUSES_A_SECOND) /* where one measures in the midst of a pause */

/* One of one host, and many of another one. */
static struct client single, many[MANY];
static struct server to_single, to_many[MANY];
static struct bell half_time, full_time;

/* ---- What has been moved ---- */

/* To the clients of a host, so far. */
static uint64_t down_of(const struct run *run, const char *ip)
{
	struct ip from;
	uint64_t octets = 0;

	ip_parse(ip, strlen(ip), &from);
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];

		if (s->state == SESSION_RELAY && ip_equal(&s->from.ip, &from))
			octets += s->relay.down.octets;
	}
	return octets;
}

/* What had been, and had been spent and paid, when the measuring began. */
static struct {
	uint64_t single, many, session[CONFIG_ANKLET_SESSIONS];
	struct rate_client client[CONFIG_ANKLET_RATE_CLIENTS + 1];
	uint32_t waits;
} before;
static uint64_t quiet_at; /* nothing had been moved then */

/* At no time has anybody had more than its burst, its rate and a slice. */
static void look(struct run *run)
{
	uint64_t single_down = down_of(run, CLIENT_IP), many_down = down_of(run, OTHER_IP), most;

	if (single_down + many_down == 0)
		quiet_at = run->sim.now;
	most = BURST + SLICE + RATE * (run->sim.now - quiet_at) / 1000;
	EXPECT(run, single_down <= most && many_down <= most);
}

static void note(struct run *run)
{
	before.single = down_of(run, CLIENT_IP);
	before.many = down_of(run, OTHER_IP);
	before.waits = run->proxy.waits;
	memcpy(before.client, run->anklet->sessions.loop.rates.client, sizeof before.client);
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		before.session[i] = run->anklet->sessions.session[i].relay.down.octets;
}

/* To the thousandth of a byte: what was moved and is paid for is what the time has paid. */
static void check_paid(struct run *run, uint16_t client, uint64_t moved)
{
	const struct rate_client *then = &before.client[client - 1];
	const struct rate_client *now = &run->anklet->sessions.loop.rates.client[client - 1];

	EXPECT(run, ip_equal(&then->key, &now->key));
	EXPECT(run, moved * 1000 + then->way[RATE_DOWN].spent - now->way[RATE_DOWN].spent ==
			    (uint64_t)RATE * (now->paid_at - then->paid_at));
}

/* ---- One against many ---- */

static void add(struct run *run, struct client *client, struct server *server, enum run_host host,
	uint16_t port, uint32_t down)
{
	client_init(client, run, host);
	server_init(server, run, HOST_SERVER, SERVER_IP, port);
	client_ask(client, SOCKS4_CONNECT, SERVER_IP, port, "user", NULL);
	pair_up(client, server, 0, down);
	server->pattern.last = TALK_FIN;
	client->talk.last = TALK_FIN_AFTER_FIN;
}

static void begin(struct run *run, const char *config, uint32_t down)
{
	run->config = config;
	run->config_added = true;
	run->sim.latency_max_ms = run_between(run, 1, 5);
	run->sim.window_min = SIM_WINDOW_MAX;
	run->sim.steps_max = 1000000;
	add(run, &single, &to_single, HOST_CLIENT, 7100, down);
	for (unsigned i = 0; i < MANY; i++) {
		add(run, &many[i], &to_many[i], HOST_OTHER, (uint16_t)(7101 + i), down);
		many[i].start_ms = run_between(run, 0, 50);
	}
}

static void check_whole(struct run *run)
{
	EXPECT(run, client_granted(&single) && single.talk.in == to_single.pattern.out_len);
	for (unsigned i = 0; i < MANY; i++)
		EXPECT(run,
			client_granted(&many[i]) && many[i].talk.in == to_many[i].pattern.out_len);
	EXPECT(run, run_logged(run, "both sides ended") > 0);
}

/* In two seconds each has had twice its rate, but for what one slice is more or less; and nobody did so in haste. */
static void compare(struct run *run)
{
	uint64_t one = down_of(run, CLIENT_IP) - before.single;
	uint64_t all = down_of(run, OTHER_IP) - before.many, most = 0, least = UINT64_MAX;
	uint16_t of_one = 0, of_all = 0;

	EXPECT(run, one + ROUGHLY >= 2 * RATE && one <= 2 * RATE + ROUGHLY);
	EXPECT(run, all + ROUGHLY >= 2 * RATE && all <= 2 * RATE + ROUGHLY);
	/* Pauses of two clients, and what the network brings between: a window, an answer, a piece. */
	EXPECT(run, run->proxy.waits - before.waits <= 2 * 2 * PAUSES_A_SECOND * 8);
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];
		uint64_t down = s->relay.down.octets - before.session[i];

		if (s->state != SESSION_RELAY)
			continue;
		*(s->from.ip.octet[12] == 203 ? &of_all : &of_one) = s->rates;
		if (s->from.ip.octet[12] != 203)
			continue;
		most = down > most ? down : most;
		least = down < least ? down : least;
	}
	EXPECT(run, most - least <= 2 * SLICE);
	check_paid(run, of_one, one);
	check_paid(run, of_all, all);
	EXPECT(run, rates_paced(&run->anklet->sessions.loop.rates) == 2);
}

static void one_against_many(struct run *run)
{
	begin(run, "allow\nlimit-client 0\nlimit-rate down 20kB/s\n", 4 * RATE);
	crowd_before_wait(run, look);
	bell_init(&half_time, run, 1500, note);
	bell_init(&full_time, run, 3500, compare);
	run->check = check_whole;
}

/* ---- All together ---- */

/* Whoever has one session has as much as whoever has many. */
static void compare_shared(struct run *run)
{
	uint64_t one = down_of(run, CLIENT_IP) - before.single;
	uint64_t all = down_of(run, OTHER_IP) - before.many;

	EXPECT(run, one + all + ROUGHLY >= 4 * RATE && one + all <= 4 * RATE + ROUGHLY);
	EXPECT(run, one * 100 >= (one + all) * 45 && one * 100 <= (one + all) * 55);
}

static void shared(struct run *run)
{
	begin(run, "allow\nlimit-client 0\nlimit-rate-total down 20kB/s\n", 4 * RATE);
	bell_init(&half_time, run, 1500, note);
	bell_init(&full_time, run, 5500, compare_shared);
	run->check = check_whole;
}

/* ---- Who comes again and again ---- */

#define AGAIN 6

static struct client again[AGAIN];
static struct server to_again;

/* Each asks when the one before has gone, and together they have what one would have had. */
static void check_again(struct run *run)
{
	uint64_t octets = 0, over_at = 0;

	for (unsigned i = 0; i < AGAIN; i++) {
		octets += again[i].talk.in;
		over_at = again[i].over_at > over_at ? again[i].over_at : over_at;
	}
	EXPECT(run, octets == AGAIN * BURST);
	EXPECT(run, octets <= BURST + RATE * (over_at - again[0].granted_at) / 1000 + SLICE);
}

static void comes_again(struct run *run)
{
	run->config = "limit-rate down 20kB/s\n";
	run->config_added = true;
	server_init(&to_again, run, HOST_SERVER, SERVER_IP, 7100);
	server_expect(&to_again, AGAIN);
	for (unsigned i = 0; i < AGAIN; i++) {
		client_init(&again[i], run, HOST_CLIENT);
		client_ask(&again[i], SOCKS4_CONNECT, SERVER_IP, 7100, "user", NULL);
		again[i].start_ms = i * 10;
		again[i].talk.in_key = 1;
		again[i].talk.last = TALK_FIN;
	}
	to_again.pattern.out_key = 1;
	to_again.pattern.in_key = again[0].talk.out_key;
	to_again.pattern.out_len = BURST;
	to_again.pattern.last = TALK_FIN;
	run->check = check_again;
}

/* ---- How it ends ---- */

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
	EXPECT(run, server.talk[0].in_end != PORT_EOF || client.over_at >= 1000);
}

static void half_closed(struct run *run)
{
	begin_one(run, "limit-rate down 20kB/s\nlimit-half-closed 500ms\nlimit-idle 500ms\n",
		run_between(run, 0, 40000), RATE * 2);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	crowd_before_wait(run, look);
	run->check = check_half;
}

/* With TLS on both sides, whose records are longer than a slice, and whose ends are records, too. */
static void encrypted(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	secure_world(run);
	begin_one(run,
		"listen tls://" PROXY_IP ":1443?cert=server.pem&key=server.key\nca ca.pem\n"
		"route to *:7000 tls\nlimit-rate down 20kB/s up 20kB/s\nlimit-half-closed 500ms\n",
		run_between(run, 0, 30000), 2 * RATE);
	name_add(run, SECURE_NAME, 0, addresses);
	client_ask(&client, SOCKS4_CONNECT, NULL, 7000, "user", SECURE_NAME);
	client.proxy.port = 1443;
	client.talk.tls = secure_client(run);
	client.talk.tls_name = SECURE_NAME;
	server.pattern.tls = secure_server(run);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
	crowd_before_wait(run, look);
	run->check = check_half;
}

/* A forward is a session as others are. */
static void check_forwarded(struct run *run)
{
	EXPECT(run, client.talk.in == 2 * RATE && server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.over_at >= 1000);
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
	crowd_before_wait(run, look);
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
	EXPECT(run, caller.talk.in == 5000 && client.over_at >= 1000);
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
	crowd_before_wait(run, look);
	run->check = check_bound;
}

/* ---- Datagrams ---- */

/* What is too much is dropped and counted: two segments at once, and then by the rate. */
static void check_datagrams(struct run *run)
{
	EXPECT(run, asker[0].replies == 2 * SLICE / 500 + 1);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped ==
			    asker[0].count - asker[0].replies);
	EXPECT(run, asker[1].replies == asker[1].count); /* whose rate is not limited */
}

static void datagrams(struct run *run)
{
	askers_begin(run, "limit-datagrams 5s\nallow\nforward udp://*:5353 udp://" SERVER_IP
			  ":53\nlimit-rate up 1kB/s from " CLIENT_IP "\n");
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct asker *k = asker_add(run, i == 0 ? HOST_CLIENT : HOST_OTHER, PROXY_IP);

		k->count = 12;
		k->len = 500;
		k->slow = 0;
		k->pause_ms = 1;
	}
	run->check = check_datagrams;
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
static struct config other_config;
static struct settings other;

static void replace(struct run *run)
{
	static const char lines[] = "allow\n";

	config_init(&other_config);
	EXPECT(run, config_read(&other_config, "other", lines, strlen(lines), NULL, NULL) == 0);
	other.config = &other_config;
	instance_use(run->anklet, &other);
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

/* ---- New sessions ---- */

static struct client news[MANY], stranger;

static void check_new(struct run *run)
{
	unsigned granted = 0;

	for (unsigned i = 0; i < MANY; i++)
		granted += client_granted(&news[i]);
	EXPECT(run, granted == 3 && client_granted(&stranger));
	EXPECT(run, run->anklet->sessions.loop.rates.rejected == MANY - 3);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == MANY - 3);
	EXPECT(run, run_logged(run, "closed at once, this client begins more sessions than it may "
				    "(limit-new)") == MANY - 3);
}

static void too_many_new(struct run *run)
{
	run->config = "allow\nlimit-new 3/1h\n";
	run->config_added = true;
	run->no_probe = true;
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	for (unsigned i = 0; i < MANY; i++) {
		client_init(&news[i], run, HOST_CLIENT);
		client_ask(&news[i], SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
		news[i].start_ms = i * 20;
	}
	client_init(&stranger, run, HOST_OTHER);
	client_ask(&stranger, SOCKS4_CONNECT, SERVER_IP, 7000, "user", NULL);
	run->check = check_new;
}

static const struct scenario scenarios[] = {
	{"one_against_many", one_against_many},
	{"shared", shared},
	{"comes_again", comes_again},
	{"half_closed", half_closed},
	{"encrypted", encrypted},
	{"forwarded", forwarded},
	{"bound", bound},
	{"datagrams", datagrams},
	{"reset", reset},
	{"client_gone", client_gone},
	{"not_idle", not_idle},
	{"idle_at_last", idle_at_last},
	{"limit_goes", limit_goes},
	{"too_many_new", too_many_new},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

/*
 * Limited rates: what each client gets to the byte, whoever else there is, and that nobody spins. How sessions end
 * whose rate is limited is in sim_rates_ends.c.
 */
#include "../rates_paced.h"
#include "askers.h"

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
	uint64_t bytes = 0;

	ip_parse(ip, strlen(ip), &from);
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];

		if (s->state == SESSION_RELAY && ip_equal(&s->from.ip, &from))
			bytes += s->relay.down.bytes;
	}
	return bytes;
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
		before.session[i] = run->anklet->sessions.session[i].relay.down.bytes;
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
		uint64_t down = s->relay.down.bytes - before.session[i];

		if (s->state != SESSION_RELAY)
			continue;
		*(s->from.ip.byte[12] == 203 ? &of_all : &of_one) = s->rates;
		if (s->from.ip.byte[12] != 203)
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

/* Whoever is looked at again and again in its pauses, for what it sends, keeps its place among those who wait. */
static void compare_talkers(struct run *run)
{
	uint64_t bytes[2] = {0};

	for (unsigned i = 0, n = 0; i < CONFIG_ANKLET_SESSIONS && n < 2; i++)
		if (run->anklet->sessions.session[i].state == SESSION_RELAY)
			bytes[n++] = run->anklet->sessions.session[i].relay.down.bytes -
				     before.session[i];
	EXPECT(run, bytes[0] + bytes[1] + ROUGHLY >= 4 * RATE);
	EXPECT(run, bytes[0] <= bytes[1] + 2 * SLICE && bytes[1] <= bytes[0] + 2 * SLICE);
}

static void check_talkers(struct run *run)
{
	for (unsigned i = 0; i < 2; i++) {
		EXPECT(run, many[i].talk.in == to_many[i].pattern.out_len);
		EXPECT(run, to_many[i].talk[0].in == many[i].talk.out_len);
	}
}

static void one_talks(struct run *run)
{
	run->config = "allow\nlimit-rate down 20kB/s\n";
	run->config_added = true;
	run->sim.latency_max_ms = 5;
	run->sim.window_min = SIM_WINDOW_MAX;
	run->sim.steps_max = 1000000;
	for (unsigned i = 0; i < 2; i++)
		add(run, &many[i], &to_many[i], HOST_OTHER, (uint16_t)(7101 + i), 4 * RATE);
	many[0].talk.out_len = 3000;
	many[0].talk.piece_max = 10;
	many[0].talk.pause_ms = 20;
	bell_init(&half_time, run, 1500, note);
	bell_init(&full_time, run, 5500, compare_talkers);
	run->check = check_talkers;
}

/* ---- Who comes again and again ---- */

#define AGAIN 6

static struct client again[AGAIN];
static struct server to_again;

/* Each asks when the one before has gone, and together they have what one would have had. */
static void check_again(struct run *run)
{
	uint64_t bytes = 0, over_at = 0;

	for (unsigned i = 0; i < AGAIN; i++) {
		bytes += again[i].talk.in;
		over_at = again[i].over_at > over_at ? again[i].over_at : over_at;
	}
	EXPECT(run, bytes == AGAIN * BURST);
	EXPECT(run, bytes <= BURST + RATE * (over_at - again[0].granted_at) / 1000 + SLICE);
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

/* ---- New sessions ---- */

static struct client news[MANY], stranger;
static struct server server;

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
	{"one_talks", one_talks},
	{"comes_again", comes_again},
	{"datagrams", datagrams},
	{"too_many_new", too_many_new},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

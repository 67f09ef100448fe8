/*
 * CONNECT from the request to the last byte: by address and by name, whole and in pieces.
 */
#include "actors.h"

static struct client client;
static struct server server;

static void exchange(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	EXPECT(run, client.talk.in == server.talk[0].out);
	EXPECT(run, server.talk[0].in == client.talk.out);
}

/* Every byte both ways, and both ends in order. */
static void check_exact(struct run *run)
{
	exchange(run);
	EXPECT(run, client.talk.in == server.pattern.out_len || server.pattern.echo);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, client.talk.out_end == 0 && server.talk[0].out_end == 0);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_up == client.talk.out);
	EXPECT(run, run->anklet->sessions.loop.status.bytes_down == client.talk.in);
	EXPECT(run, run_logged(run, "granted, ") == 1 &&
			    run_logged(run, ": closed, both sides ended") == 1);
}

static void begin(struct run *run, const char *ip, const char *name)
{
	client_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, ip, 7000);
	client_ask(&client, SOCKS4_CONNECT, name == NULL ? ip : NULL, 7000, "user", name);
	pair_up(&client, &server, run_between(run, 0, 20000), run_between(run, 0, 20000));
	run->check = check_exact;
}

static void cut_anywhere(struct run *run)
{
	client.cut_max = run_between(run, 1, 12);
	client.cut_pause_ms = run_between(run, 0, 20);
	client.early = run_between(run, 0, 1) == 1;
}

static void by_address(struct run *run)
{
	begin(run, SERVER_IP, NULL);
}

static void cut(struct run *run)
{
	begin(run, SERVER_IP, NULL);
	cut_anywhere(run);
}

static void by_name(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};

	begin(run, SERVER_IP, "server.example");
	name_add(run, "server.example", 0, addresses);
	cut_anywhere(run);
}

static void by_name_v6(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP6, NULL};

	begin(run, SERVER_IP6, "six.example");
	name_add(run, "six.example", 0, addresses);
}

static void echoed(struct run *run)
{
	begin(run, SERVER_IP, NULL);
	server.pattern.echo = true;
	client.talk.in_key = client.talk.out_key;
	cut_anywhere(run);
}

#define HOLE_IP "198.51.100.1" /* never answers */
#define HOLE_IP6 "2001:db8:dead::1"
#define NOBODY_IP "192.0.2.1"
#define RACERS 6

static unsigned holes;

static void check_race(struct run *run)
{
	/* Each attempt is given 250 ms alone; once two are alive, 10 s until one is closed. */
	uint64_t most = holes < 2 ? 3000 : 10000 * holes;

	check_exact(run);
	EXPECT(run, client.granted_at - client.connected_at < most);
}

/* A name with addresses that refuse, are not there or never answer, and one that does. */
static void race(struct run *run)
{
	static const char *const choice[] = {SERVER_IP2, NOBODY_IP, HOLE_IP, HOLE_IP6};
	static const char *addresses[RACERS + 1];
	unsigned count = run_between(run, 1, RACERS);
	unsigned good = run_between(run, 0, count - 1);

	begin(run, SERVER_IP, "many.example");
	holes = 0;
	for (unsigned i = 0; i < count; i++) {
		unsigned which = run_between(run, 0, 3);

		addresses[i] = i == good ? SERVER_IP : choice[which];
		holes += i != good && which >= 2;
	}
	addresses[count] = NULL;
	run->peer[HOST_SERVER].host->answer_ms = run_between(run, 0, 600);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	sim_route(&run->sim, "2001:db8:dead::/48", SIM_FATE_BLACK_HOLE);
	name_add(run, "many.example", 0, addresses)->delay_v6_ms = run_between(run, 1, 200);
	run->check = check_race;
}

/* One direction ends long before the other: half-close. */
static void half_closed(struct run *run)
{
	begin(run, SERVER_IP, NULL);
	if (run_between(run, 0, 1) == 0) {
		client.talk.last = TALK_FIN_AFTER_FIN;
		client.talk.out_wait = 1;
	} else {
		server.pattern.last = TALK_FIN_AFTER_FIN;
	}
	client.talk.piece_max = server.pattern.piece_max = run_between(run, 100, 700);
	client.talk.pause_ms = run_between(run, 0, 1000);
	server.pattern.pause_ms = run_between(run, 0, 1000);
}

/* Bytes come one at a time, readiness without a cause, and time where none is expected. */
static void rough(struct run *run)
{
	begin(run, SERVER_IP, NULL);
	cut_anywhere(run);
	client.talk.out_len %= 3000;
	server.pattern.out_len %= 3000;
	run->sim.window_min = 1 + sim_random(&run->sim, 64);
	run->sim.window_max = run->sim.window_min + sim_random(&run->sim, 2000);
	run->proxy.faults = (struct sim_faults){
		.short_peeks = (uint16_t)run_between(run, 0, 700),
		.short_sends = (uint16_t)run_between(run, 0, 700),
		.spurious = (uint16_t)run_between(run, 0, 300),
		.slow_accept = (uint16_t)run_between(run, 0, 700),
		.hasty = (uint16_t)run_between(run, 0, 300),
		.late_hangup = (uint16_t)run_between(run, 0, 1000),
	};
}

static void check_reset(struct run *run)
{
	EXPECT(run, client_code(&client) == SOCKS4_GRANTED);
	if (client.talk.reset_at != 0)
		EXPECT(run, server.talk[0].in_end == PORT_RESET);
	else
		EXPECT(run, client.talk.in_end == PORT_RESET);
	EXPECT(run, run_logged(run, "aborted, ") == 1);
	EXPECT(run, run->sim.now < 60000);
}

/* Either side aborts in the middle: the other one is reset, and soon. */
static void reset(struct run *run)
{
	begin(run, SERVER_IP, NULL);
	client.talk.out_len = server.pattern.out_len = 40000;
	client.talk.last = server.pattern.last = TALK_STAY;
	if (run_between(run, 0, 1) == 0)
		client.talk.reset_at = run_between(run, 1, 30000);
	else
		server.pattern.reset_at = run_between(run, 1, 30000);
	run->check = check_reset;
}

static const struct scenario scenarios[] = {
	{"by_address", by_address},
	{"cut", cut},
	{"by_name", by_name},
	{"by_name_v6", by_name_v6},
	{"echoed", echoed},
	{"race", race},
	{"half_closed", half_closed},
	{"rough", rough},
	{"reset", reset},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

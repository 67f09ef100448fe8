/*
 * While one client does its worst, or two do, a good one with another address is served within a second.
 */
#include "crowd.h"

#define SLOTS CONFIG_ANKLET_SESSIONS
#define SHARE (SLOTS / 2)
#define SECOND_MS 1000

static struct client bad[SLOTS], good, excess;
static struct server server;

static void begin(struct run *run, const char *config)
{
	crowd_world(run);
	run->config = config;
	client_init(&good, run, HOST_SERVER);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	client_ask(&good, SOCKS4_CONNECT, SERVER_IP, 7000, "good", NULL);
	pair_up(&good, &server, run_between(run, 0, 3000), run_between(run, 0, 3000));
	good.start_ms = run_between(run, 1000, 3000);
}

static void check_good(struct run *run)
{
	EXPECT(run, client_code(&good) == SOCKS4_GRANTED);
	EXPECT(run, good.granted_at - good.start_at <= SECOND_MS);
	EXPECT(run, server.talk[0].in == good.talk.out_len && good.talk.in_end == PORT_EOF);
}

/* ---- Silent ones, from two addresses ---- */

static void check_silent(struct run *run)
{
	unsigned evicted = 0;

	check_good(run);
	for (unsigned i = 0; i < SLOTS; i++)
		evicted += bad[i].end == PORT_RESET;
	EXPECT(run, evicted == 1);
	EXPECT(run, run_logged(run, "all 12 sessions are taken, 6 of them by ") == 1);
	EXPECT(run, run_logged(run, "there is room again for sessions") == 1);
}

static void silent(struct run *run)
{
	begin(run, "limit-client 6\nlimit-handshake 20s\nallow\n");
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&bad[i], run, CROWD_SILENT);
		bad[i].start_ms = run_between(run, 0, 500);
		if (i % 2 == 1)
			bad[i].talk.port = bad[i].actor.port = &run->peer[HOST_OTHER];
		crowd_leave(&bad[i], 15000);
	}
	run->check = check_silent;
}

/* Half a request is nothing to show either; but one that is whole is. */
static void check_whole(struct run *run)
{
	EXPECT(run, client_code(&good) == SOCKS4_GRANTED);
	EXPECT(run, good.granted_at - good.start_at > SECOND_MS);
	for (unsigned i = 0; i < SLOTS; i++)
		EXPECT(run, bad[i].end != PORT_RESET);
}

static void whole_requests_stay(struct run *run)
{
	begin(run, "limit-client 6\nallow\n");
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&bad[i], run, CROWD_CONNECT);
		if (i % 2 == 1)
			bad[i].talk.port = bad[i].actor.port = &run->peer[HOST_OTHER];
		crowd_leave(&bad[i], 15000);
	}
	run->check = check_whole;
}

/* limit-client 0: one client may have it all, and is never evicted for itself. */
static void check_lifted(struct run *run)
{
	EXPECT(run, client_code(&good) == SOCKS4_GRANTED);
	EXPECT(run, good.granted_at - good.start_at > SECOND_MS);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == 0);
	for (unsigned i = 0; i < SLOTS; i++)
		EXPECT(run, bad[i].end != PORT_RESET);
}

static void limit_client_0_lifts_it(struct run *run)
{
	begin(run, "limit-client 0\nlimit-handshake 30s\nallow\n");
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&bad[i], run, i % 2 == 0 ? CROWD_SILENT : CROWD_HALF_REQUEST);
		crowd_leave(&bad[i], 15000);
	}
	run->check = check_lifted;
}

/* Nobody is evicted for a client that has its share: not even one who was only refused. */
static void check_for_nothing(struct run *run)
{
	check_good(run);
	EXPECT(run, bad[SLOTS - 1].end != PORT_RESET);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == 1);
}

static void nobody_for_nothing(struct run *run)
{
	begin(run, "limit-client 6\nlimit-handshake 20s\nallow\n");
	good.start_ms = 12000;
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&bad[i], run, i == SLOTS - 1 ? CROWD_DRAIN : CROWD_CONNECT);
		bad[i].start_ms = 20 * i;
		if (i >= SHARE)
			bad[i].talk.port = bad[i].actor.port = &run->peer[HOST_OTHER];
		crowd_leave(&bad[i], 10000);
	}
	client_init(&excess, run, HOST_CLIENT);
	excess.start_ms = 600;
	run->check = check_for_nothing;
}

/* ---- Sockets for second attempts ---- */

static void check_race(struct run *run)
{
	check_good(run);
	EXPECT(run, run->anklet->sessions.loop.clients.pool[POOL_ATTEMPTS].taken == 0);
}

/* One client, or two, ask for names with two dead addresses; then one comes whose first is dead, too. */
static void attempts(struct run *run)
{
	static const char *const dead[] = {"198.51.100.1", "198.51.100.2", NULL};
	static const char *const half_dead[] = {"198.51.100.3", SERVER_IP, NULL};
	unsigned hosts = run_between(run, 1, 2);

	begin(run, "limit-client 6\nallow\n");
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	name_add(run, "dead.example", 0, dead);
	name_add(run, "half.example", 0, half_dead)->delay_v6_ms = 0;
	client_ask(&good, SOCKS4_CONNECT, NULL, 7000, "good", "half.example");
	for (unsigned i = 0; i < hosts * (SHARE - 1); i++) {
		client_init(&bad[i], run, hosts == 2 && i % 2 == 1 ? HOST_OTHER : HOST_CLIENT);
		client_ask(&bad[i], SOCKS4_CONNECT, NULL, 7000, "bad", "dead.example");
		bad[i].leaves = CLIENT_RESETS;
		bad[i].leave_ms = 15000;
	}
	run->check = check_race;
}

static const struct scenario scenarios[] = {
	{"silent", silent},
	{"whole_requests_stay", whole_requests_stay},
	{"limit_client_0_lifts_it", limit_client_0_lifts_it},
	{"nobody_for_nothing", nobody_for_nothing},
	{"attempts", attempts},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}

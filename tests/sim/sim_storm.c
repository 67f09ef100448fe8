/*
 * A storm of names whose servers never answer, from one client: another's literal, cached and new names are found
 * within a second all the same (FOUND: they waited for 7 to 63 seconds).
 */
#include "actors.h"

#include <stdio.h>

#define DEAD 100
#define SHARE (CONFIG_ANKLET_SESSIONS / 2)
#define GIVEN_UP_MS 7000 /* a name that nobody answers for: 2 s, and 5 s */
#define SECOND_MS 1000

enum { FIRST, LITERAL, CACHED, NEW, GOOD };

static struct client dead[DEAD], good[GOOD];
static struct server server[GOOD];
static unsigned full; /* waits before which the storm had all the lookups that it may have */
static void (*wait_before)(void *ctx);

_Static_assert(
	CONFIG_ANKLET_LOOKUPS < SHARE, "the storm's sessions want more lookups than there are");

static void look(void *ctx)
{
	const struct clients *clients = &dead[0].run->anklet->sessions.loop.clients;

	wait_before(ctx);
	full += clients->pool[POOL_LOOKUPS].taken >= CONFIG_ANKLET_LOOKUPS / 2;
}

static void look_all(void *ctx)
{
	wait_before(ctx);
	full += pool_is_full(&dead[0].run->anklet->sessions.loop.clients, POOL_LOOKUPS);
}

static void ask_well(struct run *run, unsigned which, const char *name)
{
	uint16_t port = (uint16_t)(7000 + which);

	client_init(&good[which], run, HOST_CLIENT);
	server_init(&server[which], run, HOST_SERVER, SERVER_IP, port);
	client_ask(&good[which], SOCKS4_CONNECT, NULL, port, "good", name);
	pair_up(&good[which], &server[which], 100, 100);
	/* The first makes the name known before the storm has begun. */
	good[which].start_ms = which == FIRST ? 0 : run_between(run, 10000, 110000);
}

static void check(struct run *run)
{
	for (unsigned i = 0; i < GOOD; i++) {
		EXPECT(run, client_code(&good[i]) == SOCKS4_GRANTED);
		EXPECT(run, good[i].granted_at - good[i].start_at <= SECOND_MS);
	}
	for (unsigned i = 0; i < DEAD; i++)
		EXPECT(run, client_code(&dead[i]) != SOCKS4_GRANTED);
	EXPECT(run, full > 0);
}

static void storm(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	static char name[DEAD][16];

	for (unsigned i = 0; i < DEAD; i++) {
		snprintf(name[i], sizeof name[i], "dead%u.example", i);
		name_add(run, name[i], PORT_AGAIN, NULL);
		client_init(&dead[i], run, HOST_OTHER);
		client_ask(&dead[i], SOCKS4_CONNECT, NULL, 7000, "bad", name[i]);
		dead[i].start_ms = 1000 + i * (GIVEN_UP_MS / SHARE);
	}
	name_add(run, "known.example", 0, addresses)->ttl_s = 3600;
	name_add(run, "new.example", 0, addresses);
	ask_well(run, FIRST, "known.example");
	ask_well(run, LITERAL, SERVER_IP);
	ask_well(run, CACHED, "known.example");
	ask_well(run, NEW, "new.example");
	full = 0;
	wait_before = run->proxy.before_wait;
	run->proxy.before_wait = look;
	run->config = "allow\n";
	run->config_added = true;
	run->check = check;
}

/* ---- More clients than shares ---- */

#define DEAD_EACH 40

static void check_third(struct run *run)
{
	EXPECT(run, client_code(&good[NEW]) == SOCKS4_GRANTED);
	EXPECT(run, good[NEW].granted_at - good[NEW].start_at <= SECOND_MS);
	EXPECT(run, full > 0);
	/* Whoever had to wait for a place again has his answer all the same, and none sooner than it can be known. */
	for (unsigned i = 0; i < 2 * DEAD_EACH; i++) {
		EXPECT(run, client_code(&dead[i]) == SOCKS4_REJECTED);
		EXPECT(run, dead[i].replied_at[0] - dead[i].start_at >= GIVEN_UP_MS);
	}
}

/* Two clients with dead names have all lookups, each its half if there are shares: a third does not wait for them. */
static void third_client(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	static char name[2 * DEAD_EACH][16];

	for (unsigned i = 0; i < 2 * DEAD_EACH; i++) {
		snprintf(name[i], sizeof name[i], "dead%u.example", i);
		name_add(run, name[i], PORT_AGAIN, NULL);
		client_init(&dead[i], run, i % 2 == 0 ? HOST_OTHER : HOST_SERVER);
		client_ask(&dead[i], SOCKS4_CONNECT, NULL, 7000, "bad", name[i]);
		/* So that each has three at a time: one waits. */
		dead[i].start_ms = 1000 + i / 2 * (GIVEN_UP_MS / 2);
	}
	name_add(run, "new.example", 0, addresses);
	ask_well(run, NEW, "new.example");
	good[NEW].start_ms = run_between(run, 10000, 100000);
	full = 0;
	wait_before = run->proxy.before_wait;
	run->proxy.before_wait = look_all;
	run->config = run_between(run, 0, 1) == 0 ? "allow\n" : "allow\nlimit-client 0\n";
	run->config_added = true;
	run->check = check_third;
}

static const struct scenario scenarios[] = {
	{"storm", storm},
	{"third_client", third_client},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

/*
 * The port fails: each call once with every answer it may give, and all of them now and then.
 */
#include "actors.h"

#include <string.h>

#define CLIENTS 6
#define CALLS 60 /* more than a run makes of any kind that matters */

static struct client clients[CLIENTS];
static struct server servers[CLIENTS];
static unsigned count;

static const char *const addresses[] = {SERVER_IP6, SERVER_IP, NULL};

/* Granted and exact, or granted and visibly aborted, or refused: nothing in between. */
static void check_client(struct run *run, const struct client *client)
{
	const struct talk *talk = &client->talk;
	bool broken = talk->in_end == PORT_RESET || talk->out_end == PORT_RESET;

	EXPECT(run, client->done);
	if (client_code(client) == SOCKS4_GRANTED)
		EXPECT(run,
			broken || (talk->in_end == PORT_EOF &&
					  talk->in == servers[client - clients].pattern.out_len &&
					  talk->out == talk->out_len));
	else if (client->replies_in > 0)
		EXPECT(run, client_code(client) == SOCKS4_REJECTED && client->end == PORT_EOF);
	else
		EXPECT(run, client->end == PORT_RESET);
}

static void check_all(struct run *run)
{
	for (unsigned i = 0; i < count; i++)
		check_client(run, &clients[i]);
}

/* Nobody waits for the servers: not every client gets that far. */
static void begin(struct run *run, unsigned how_many)
{
	count = how_many;
	for (unsigned i = 0; i < count; i++) {
		bool by_name = run_between(run, 0, 1) == 1;
		uint16_t port = (uint16_t)(7000 + i);

		client_init(&clients[i], run, HOST_CLIENT);
		server_init(&servers[i], run, HOST_SERVER, SERVER_IP, port);
		client_ask(&clients[i], SOCKS4_CONNECT, SERVER_IP, port, "user",
			by_name ? "server.example" : NULL);
		pair_streams(&clients[i], &servers[i], run_between(run, 0, 9000),
			run_between(run, 0, 9000));
		clients[i].start_ms = run_between(run, 0, 100);
		clients[i].cut_max = 8;
		clients[i].cut_pause_ms = 3;
	}
	name_add(run, "server.example", 0, addresses);
	run->check = check_all;
}

/* Seed by seed: each answer at each call. */
static void nth_call(struct run *run)
{
	unsigned answers = PORT_RESET - PORT_ANSWER_LAST + 1;

	begin(run, 1);
	run->start_fails = true;
	run->proxy.faults.fail_with = PORT_RESET - (int)(run->seed % answers);
	run->proxy.faults.fail_at = 1 + (uint32_t)(run->seed / answers) % CALLS;
}

/* The listeners when nobody has named one: of these, ::1 may be missing. */
static void nth_call_at_start(struct run *run)
{
	nth_call(run);
	run->config = "limit-idle 60s\n";
	run->no_probe = true; /* its client is elsewhere */
	clients[0].proxy.ip = ip_v4(127, 0, 0, 1);
	clients[0].talk.port = clients[0].actor.port = &run->peer[HOST_LOCAL];
}

static void no_resources(struct run *run)
{
	begin(run, CLIENTS);
	run->start_fails = true;
	run->proxy.faults.no_sockets = (uint16_t)run_between(run, 1, 500);
	run->proxy.faults.no_random = 500;
	run->proxy.faults.no_log = 300;
}

/* The process may hold a few sockets only. */
static void few_sockets(struct run *run)
{
	begin(run, CLIENTS);
	run->proxy.faults.sockets_max = (int16_t)run_between(run, 4, 8);
}

#define GRACE_MS 50 /* what a lookup gives the family that is slower: the shortest limit of all */

/* A limit that passed may end a session at any point, but never before its time. */
static void check_late(struct run *run)
{
	for (unsigned i = 0; i < count; i++) {
		const struct client *client = &clients[i];
		uint64_t lived = client->over_at - client->start_at;
		bool by_name = memcmp(client->request + 4, "\0\0", 3) == 0; /* 0.0.0.1 */

		EXPECT(run, client->done);
		if (client->replies_in == 0)
			EXPECT(run, lived >= instance_config(run->anklet)->limit_handshake_ms);
		else if (client_code(client) == SOCKS4_REJECTED)
			EXPECT(run, lived >= (by_name ? GRACE_MS
						      : instance_config(run->anklet)
								     ->limit_establish_ms));
		else if (client->talk.in != servers[i].pattern.out_len)
			EXPECT(run, lived >= instance_config(run->anklet)->limit_half_closed_ms);
	}
}

/* Waits end late, up to ten minutes: limits pass meanwhile, and nothing else goes wrong. */
static void late(struct run *run)
{
	begin(run, CLIENTS);
	run->proxy.faults.jumps = (uint16_t)run_between(run, 1, 300);
	run->proxy.faults.jump_ms = run_between(run, 1, 600000);
	run->limit_ms = UINT32_MAX;
	run->check = check_late;
}

static const struct scenario scenarios[] = {
	{"nth_call", nth_call},
	{"nth_call_at_start", nth_call_at_start},
	{"no_resources", no_resources},
	{"few_sockets", few_sockets},
	{"late", late},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

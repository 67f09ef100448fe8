/*
 * Fixed forwards: connections that ask for nothing, because the configuration says where they go.
 */
#include "actors.h"

#include <string.h>

#define SOON_MS 1100
#define FORWARD_PORT 2525

static const char by_ip[] = "forward tcp://" PROXY_IP ":2525 tcp://" SERVER_IP ":7000\n";
static const char by_name[] = "forward tcp://" PROXY_IP ":2525 tcp://server.example:7000\n";
static const char denied[] = "deny to " SERVER_IP "\nallow\n"
			     "forward tcp://" PROXY_IP ":2525 tcp://" SERVER_IP ":7000\n";
static const char to_itself[] = "forward tcp://" PROXY_IP ":2525 tcp://" PROXY_IP ":2525\n";
static const char short_limit[] = "limit-establish 2s\n"
				  "forward tcp://" PROXY_IP ":2525 tcp://198.51.100.1:7000\n";

static const char *const addresses[] = {SERVER_IP, NULL};

static struct client client;
static struct server server;

static void begin(struct run *run, const char *config)
{
	struct address to = {.port = FORWARD_PORT};

	ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip);
	run->config = config;
	run->config_added = true;
	name_add(run, "server.example", 0, addresses);
	caller_init(&client, run, HOST_CLIENT);
	server_init(&server, run, HOST_SERVER, SERVER_IP, 7000);
	pair_streams(&client, &server, run_between(run, 0, 9000), run_between(run, 0, 9000));
	caller_call(&client, &to, run_between(run, 0, 50));
}

static void begin_either_way(struct run *run)
{
	begin(run, run_between(run, 0, 1) == 0 ? by_ip : by_name);
	run->peer[HOST_SERVER].host->answer_ms = run_between(run, 0, 400);
	if (run_between(run, 0, 1) == 1)
		run_rough(run);
}

/* ---- What is meant to work ---- */

static void check_served(struct run *run)
{
	EXPECT(run, server.accepted == 1);
	EXPECT(run, client.talk.in == server.talk[0].out_len);
	EXPECT(run, server.talk[0].in == client.talk.out_len);
	EXPECT(run, client.talk.in_end == PORT_EOF && server.talk[0].in_end == PORT_EOF);
	EXPECT(run, run_logged(run, "granted") >= 1);
}

/* Bytes both ways, and each side's end; the client's often before the server is even connected. */
static void served(struct run *run)
{
	begin_either_way(run);
	server_expect(&server, 1);
	client.talk.last = (uint8_t)run_between(run, TALK_FIN, TALK_FIN_AFTER_FIN);
	if (client.talk.last == TALK_FIN_AFTER_FIN)
		server.pattern.last = TALK_FIN;
	run->check = check_served;
}

/* ---- What is not ---- */

static void check_broken_off(struct run *run)
{
	EXPECT(run, client.done);
	EXPECT(run, client.talk.in == 0);
	EXPECT(run, client.talk.reset || client.end == PORT_RESET);
	EXPECT(run, server.accepted == 0);
	EXPECT(run, run->anklet->sessions.loop.status.granted <= 1); /* the probe at the end */
}

/* Nobody is there, it is not allowed, or it is ourselves: no ordinary end for what never began. */
static void refused(struct run *run)
{
	static const char *const configs[] = {by_ip, denied, to_itself, short_limit};

	begin(run, configs[run->seed % 4]);
	if (run->seed % 4 == 0)
		server_stop(&server);
	if (run->seed % 4 == 3)
		sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	run->no_probe = run->seed % 4 == 1;
	client.talk.last = TALK_STAY;
	run->check = check_broken_off;
}

static void check_forgotten(struct run *run)
{
	EXPECT(run, client.done);
	EXPECT(run, run_logged(run, "the client reset the connection") >= 1);
}

/* A client that resets while the server is looked up and connected to: all of it is given up. */
static void forgotten(struct run *run)
{
	begin_either_way(run);
	run->peer[HOST_SERVER].host->answer_ms = 300;
	client.talk.last = server.pattern.last = TALK_STAY;
	client.talk.reset_ms = run_between(run, 1, 600);
	run->check = check_forgotten;
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"refused", refused},
	{"forgotten", forgotten},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}

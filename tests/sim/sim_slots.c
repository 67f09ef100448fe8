/*
 * Generations of sessions in the same slots: none sees a byte of another.
 */
#include "crowd.h"

#include <string.h>

#define SLOTS CONFIG_ANKLET_SESSIONS
#define LANES (SLOTS + 4)
#define SHORT_LANES 3
#define MANY 2500
#define KEEPER_MS 5

static struct lane {
	struct client client;
	struct server server;
	unsigned left; /* sessions to come */
	bool begun;    /* one is going on */
} lane[LANES];
static unsigned lanes, lanes_left, expected, served, cut_off;
static uint32_t most; /* bytes */

/* How this one ends. */
static void choose_end(struct run *run, struct lane *l)
{
	struct client *client = &l->client;

	switch (run_between(run, 0, 9)) {
	case 0:
		client->talk.reset_at = run_between(run, 1, most);
		break;
	case 1:
		l->server.pattern.reset_at = run_between(run, 1, most);
		break;
	case 2:
		client->leaves = (uint8_t)run_between(run, CLIENT_SHUTS_DOWN, CLIENT_RESETS);
		client->leave_at = run_between(run, 1, (uint32_t)client->request_len);
		break;
	case 3:
		l->server.pattern.deaf = true; /* so that bytes stay behind */
		client->talk.last = TALK_HOLD;
		client->talk.reset_ms = run_between(run, 1, 100);
		break;
	default:
		break;
	}
}

/* The next session of a lane, with keys of its own. */
static void next_session(struct run *run, struct lane *l, bool gentle)
{
	struct sim_actor actor = l->client.actor;
	port_sock listener = l->server.listener;

	l->client = (struct client){
		.actor = actor,
		.run = run,
		.proxy = {.ip = ip_v4(10, 0, 0, 1), .port = PROXY_PORT},
		.replies = 1,
		.talk = {.run = run, .port = actor.port, .stream.sock = PORT_NONE},
	};
	l->server.pattern = (struct talk){.run = run, .port = l->server.actor.port};
	l->server.listener = listener;
	l->server.accepted = l->server.over = 0;
	client_ask(
		&l->client, SOCKS4_CONNECT, SERVER_IP, (uint16_t)(7020 + (l - lane)), "user", NULL);
	pair_streams(&l->client, &l->server, run_between(run, 0, most), run_between(run, 0, most));
	if (!gentle)
		choose_end(run, l);
	sim_timer(&l->client.actor, 0);
	l->left--;
	run->actors_left++;
}

/* Not one byte too many has come, and where both ended in order not one is missing. */
static void check_session(struct run *run, const struct lane *l)
{
	const struct talk *talk = &l->client.talk, *peer = &l->server.talk[0];
	bool whole = talk->in_end == PORT_EOF && l->server.accepted == 1 &&
		     peer->in_end == PORT_EOF && !talk->reset && !peer->reset;

	if (whole)
		EXPECT(run, talk->in == peer->out && peer->in == talk->out);
	served += whole;
	cut_off += !whole;
}

/* A freed slot holds nothing of its session. */
static void check_freed(struct run *run)
{
	static const struct session cleared;

	for (unsigned i = 0; i < SLOTS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];

		if (s->state != SESSION_FREE)
			continue;
		EXPECT(run, memcmp(s, &cleared, sizeof *s) == 0);
	}
}

static struct sim_actor keeper;
static bool gentle;

static void keep_lane(struct lane *l)
{
	struct run *run = l->client.run;

	if (!l->client.done || l->server.over < l->server.accepted)
		return;
	if (l->begun)
		check_session(run, l);
	l->begun = l->left > 0;
	if (l->left > 0)
		next_session(run, l, gentle);
	else
		lanes_left--;
}

/* Looks after the lanes that are not over. */
static void keeper_run(struct sim_actor *actor)
{
	struct run *run = lane[0].client.run;
	unsigned before = lanes_left;

	for (unsigned i = 0; i < lanes; i++)
		if (lane[i].begun || lane[i].left > 0)
			keep_lane(&lane[i]);
	if (lanes_left > 0)
		sim_timer(actor, KEEPER_MS);
	else if (before > 0)
		run_actor_done(run);
}

static void check_generations(struct run *run)
{
	EXPECT(run, served + cut_off == expected && served > 0);
	EXPECT(run, !gentle || cut_off == 0);
}

static void open_lanes(struct run *run, unsigned count, unsigned sessions, uint32_t bytes)
{
	crowd_before_wait(run, check_freed);
	run->check = check_generations;
	run->config = "limit-client 0\nallow\n";
	run->config_added = true;
	served = cut_off = 0;
	lanes = lanes_left = count;
	expected = count * sessions;
	most = bytes;
	for (unsigned i = 0; i < lanes; i++) {
		struct lane *l = &lane[i];

		client_init(&l->client, run, HOST_CLIENT);
		server_init(&l->server, run, HOST_SERVER, SERVER_IP, (uint16_t)(7020 + i));
		l->left = sessions;
		l->client.done = true; /* the first session comes as the others do */
		l->begun = false;
		run->actors_left--;
	}
	sim_act(&keeper, &run->peer[HOST_LOCAL], keeper_run);
	run->actors_left++;
}

/* More lanes than slots: each slot serves many, of which some are cut off with bytes on their way. */
static void generations(struct run *run)
{
	gentle = false;
	if (run_between(run, 0, 4) > 0) {
		open_lanes(run, LANES, 6, 2000);
	} else {
		open_lanes(run, LANES, 3, 200);
		run_rough(run);
	}
}

/* One short session after the other, and now and then thousands in one run. */
static void short_ones(struct run *run)
{
	gentle = true;
	open_lanes(run, SHORT_LANES, run->seed % 100 == 1 ? MANY / SHORT_LANES : 5, 100);
	run->sim.steps_max = 1000000;
}

static const struct scenario scenarios[] = {
	{"generations", generations},
	{"short_ones", short_ones},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

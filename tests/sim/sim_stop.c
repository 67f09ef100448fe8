/*
 * The proxy is stopped, or ended, at any moment: what goes on then, and what is left.
 */
#include "crowd.h"

#define HOLDERS 8
#define GUESTS 3
#define LATE 4
#define SOON_MS 100
#define SHORTEST_LIMIT_MS 14000 /* of the states that holders stay in; but for a drain's */

static struct client holder[HOLDERS], guest[GUESTS], bound, caller, late[LATE];
static enum crowd_kind kinds[HOLDERS];
static struct server server[GUESTS];
static struct bell bell;
static bool rung;
static uint64_t stopped_at; /* 0: not yet */
static uint64_t accepted;

/* The look before the next wait does what is to be done: no session runs then. */
static void ring(struct run *run)
{
	rung = true;
	sim_interrupt(&run->sim);
}

/* ---- Who is there ---- */

static void add_holders(struct run *run)
{
	for (unsigned i = 0; i < HOLDERS; i++) {
		kinds[i] = (enum crowd_kind)run_between(run, 0, CROWD_KINDS - 1);
		crowd_client(&holder[i], run, kinds[i]);
		holder[i].start_ms = run_between(run, 0, 300);
		if (kinds[i] == CROWD_DRAIN || run_between(run, 0, 1) == 1)
			crowd_leave(&holder[i], run_between(run, 1000, 12000));
	}
}

static void add_guests(struct run *run)
{
	for (unsigned i = 0; i < GUESTS; i++) {
		uint16_t port = (uint16_t)(7020 + i);

		client_init(&guest[i], run, HOST_CLIENT);
		server_init(&server[i], run, HOST_SERVER, SERVER_IP, port);
		client_ask(&guest[i], SOCKS4_CONNECT, SERVER_IP, port, "guest", NULL);
		pair_streams(&guest[i], &server[i], run_between(run, 1, 20000),
			run_between(run, 1, 20000));
		guest[i].start_ms = run_between(run, 0, 300);
		if (run_between(run, 0, 1) == 1) {
			guest[i].talk.piece_max = server[i].pattern.piece_max = 3000;
			guest[i].talk.pause_ms = server[i].pattern.pause_ms = 300;
		}
	}
}

static void begin(struct run *run, void (*look)(struct run *run), void (*check)(struct run *run))
{
	rung = false;
	stopped_at = 0;
	crowd_world(run);
	run->check = check;
	run->no_probe = true;
	run->peer[HOST_SERVER].host->answer_ms = run_between(run, 0, 1) * run_between(run, 0, 2000);
	crowd_before_wait(run, look);
	add_holders(run);
	add_guests(run);
}

/* ---- Stopped: what was begun goes on ---- */

/* BIND's own listeners are not the proxy's. */
static unsigned peers_awaited(const struct run *run)
{
	unsigned count = 0;

	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];

		/* A peer that comes to a hop is announced without a listener of ours. */
		count += s->state == SESSION_WAIT_PEER ||
			 (s->state == SESSION_ANNOUNCE && s->aux != PORT_NONE);
	}
	return count;
}

static void stop(struct run *run)
{
	struct anklet_status before, after;

	anklet_status(run->anklet, &before);
	anklet_stop(run->anklet);
	anklet_status(run->anklet, &after);
	EXPECT(run, after.sessions == before.sessions);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) == peers_awaited(run));
	accepted = before.accepted;
	stopped_at = run->sim.now;
}

static void look_stop(struct run *run)
{
	if (rung && stopped_at == 0)
		stop(run);
	if (stopped_at != 0)
		run_check_waiting(run);
}

static void check_holder(struct run *run, unsigned i)
{
	const struct client *client = &holder[i];

	EXPECT(run, client->done);
	if (client->leave_ms == 0)
		EXPECT(run, client->over_at - client->connected_at >= SHORTEST_LIMIT_MS);
}

static void check_bound(struct run *run)
{
	EXPECT(run, bound.replies_in == 2 && client_code(&bound) == SOCKS4_GRANTED);
	EXPECT(run, bound.talk.in == caller.talk.out_len && bound.talk.in_end == PORT_EOF);
	EXPECT(run, caller.talk.in == bound.talk.out_len && caller.talk.in_end == PORT_EOF);
}

static void check_stop(struct run *run)
{
	EXPECT(run, stopped_at != 0);
	EXPECT(run, run->anklet->sessions.loop.status.accepted == accepted);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) == 0);
	for (unsigned i = 0; i < HOLDERS; i++)
		check_holder(run, i);
	for (unsigned i = 0; i < GUESTS; i++) {
		EXPECT(run, client_code(&guest[i]) == SOCKS4_GRANTED);
		EXPECT(run, guest[i].talk.in == server[i].pattern.out_len);
		EXPECT(run, guest[i].talk.in_end == PORT_EOF);
		EXPECT(run, server[i].talk[0].in == guest[i].talk.out_len);
	}
	check_bound(run);
	for (unsigned i = 0; i < LATE; i++) {
		EXPECT(run, late[i].replies_in == 0);
		EXPECT(run, late[i].end == PORT_REFUSED || late[i].end == PORT_RESET);
	}
}

static void call_back(struct client *client, unsigned which)
{
	struct address to = client_told(client, 0);

	if (which == 0)
		caller_call(&caller, &to, run_between(client->run, 0, 8000));
}

static void add_bound(struct run *run)
{
	client_init(&bound, run, HOST_CLIENT);
	client_ask(&bound, SOCKS4_BIND, OTHER_IP, 0, "bound", NULL);
	bound.replies = 2;
	bound.on_reply = call_back;
	bound.start_ms = run_between(run, 0, 300);
	caller_init(&caller, run, HOST_OTHER);
	caller_pair(&bound, &caller, run_between(run, 0, 3000), run_between(run, 0, 3000));
}

/* The table is full of them all. Who comes then waits in vain, or is refused by the system. */
static void stopped(struct run *run)
{
	uint32_t at = run_between(run, 400, 1300); /* nobody has left yet */

	begin(run, look_stop, check_stop);
	add_bound(run);
	for (unsigned i = 0; i < GUESTS; i++)
		server_expect(&server[i], 1);
	for (unsigned i = 0; i < LATE; i++) {
		crowd_client(&late[i], run, CROWD_RELAY);
		late[i].start_ms = at + run_between(run, 0, 10000);
	}
	bell_init(&bell, run, at, ring);
}

/* ---- Ended: nothing is left ---- */

static void look_end(struct run *run)
{
	if (!rung || stopped_at != 0)
		return;
	anklet_fini(run->anklet); /* the run does so once more, which changes nothing */
	stopped_at = run->sim.now;
	EXPECT(run, run->anklet->sessions.loop.status.sessions == 0);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_STREAM) == 0);
	EXPECT(run, run->anklet->sessions.names.used == 0);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) == 0);
}

/* Whoever still had a connection hears of it at once, and does not take it for an end in order. */
static void check_ended(struct run *run, const struct client *client, bool whole)
{
	bool broken = client->end == PORT_RESET || client->end == PORT_REFUSED ||
		      client->talk.in_end == PORT_RESET || client->talk.reset;

	EXPECT(run, client->done);
	if (client->over_at <= stopped_at || client->left)
		return;
	EXPECT(run, client->start_at > stopped_at || client->over_at - stopped_at <= SOON_MS);
	EXPECT(run, broken || whole);
}

static void check_end(struct run *run)
{
	EXPECT(run, stopped_at != 0);
	for (unsigned i = 0; i < HOLDERS; i++)
		check_ended(run, &holder[i], false);
	for (unsigned i = 0; i < GUESTS; i++) {
		const struct talk *talk = &guest[i].talk;

		check_ended(run, &guest[i],
			talk->in == server[i].pattern.out_len && talk->out == talk->out_len);
	}
}

static void ended(struct run *run)
{
	begin(run, look_end, check_end);
	bell_init(&bell, run, run_between(run, 1, 3000), ring);
	if (run_between(run, 0, 4) > 0)
		return;
	run_rough(run);
	for (unsigned i = 0; i < GUESTS; i++) {
		guest[i].talk.out_len %= 3000;
		server[i].pattern.out_len %= 3000;
	}
}

static const struct scenario scenarios[] = {
	{"stopped", stopped},
	{"ended", ended},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

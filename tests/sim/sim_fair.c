/*
 * One that floods, one that never reads, and small sessions beside them that do not notice.
 */
#include "crowd.h"

#define SMALL 4
#define BIG 2
#define CROWD CONFIG_ANKLET_SESSIONS
#define ROUND_TRIP_MS 500
#define PING_MS 60
#define PINGS 15
#define TICK_BYTES (8 * CONFIG_ANKLET_SLICE_BYTES) /* however many sessions have something to do */

static struct client big[CROWD], small[SMALL];
static struct server big_server[CROWD], small_server[SMALL];
static unsigned bigs, smalls;
static struct bell begins, ends;

/* ---- Small sessions: a few bytes there and back again, many times a second ---- */

static uint64_t pending_since[SMALL]; /* UINT64_MAX: all came back */

static void add_small(struct run *run, unsigned i)
{
	uint16_t port = (uint16_t)(7100 + i);

	pending_since[i] = UINT64_MAX;
	client_init(&small[i], run, HOST_CLIENT);
	server_init(&small_server[i], run, HOST_SERVER, SERVER_IP, port);
	client_ask(&small[i], SOCKS4_CONNECT, SERVER_IP, port, "small", NULL);
	small[i].start_ms = run_between(run, 0, 50);
	small[i].talk.piece_max = run_between(run, 1, 40);
	small[i].talk.pause_ms = PING_MS;
	pair_up(&small[i], &small_server[i], small[i].talk.piece_max * PINGS, 0);
	small[i].talk.in_key = small[i].talk.out_key;
	small_server[i].pattern.echo = true;
}

static void check_small(struct run *run)
{
	for (unsigned i = 0; i < smalls; i++) {
		const struct talk *talk = &small[i].talk;

		EXPECT(run, client_code(&small[i]) == SOCKS4_GRANTED);
		EXPECT(run, talk->out == talk->out_len && talk->in == talk->out);
		EXPECT(run, talk->in_end == PORT_EOF);
	}
}

/* How long ago was what is now missing sent? */
static void look_at_round_trips(struct run *run)
{
	for (unsigned i = 0; i < smalls; i++) {
		const struct talk *talk = &small[i].talk;

		if (talk->in == talk->out)
			pending_since[i] = UINT64_MAX;
		else if (pending_since[i] == UINT64_MAX)
			pending_since[i] = run->sim.now;
		else
			EXPECT(run, run->sim.now - pending_since[i] <= ROUND_TRIP_MS);
	}
}

/* ---- Slices ---- */

struct witnessed {
	uint32_t number;   /* of the session; 0: none */
	uint32_t due[2];   /* from client and server: what had arrived when the last wait ended */
	uint64_t bytes[2]; /* moved up and down by then */
};

static struct witnessed seen[CONFIG_ANKLET_SESSIONS];

static const struct sim_wire *wire_to(const struct run *run, port_sock sock)
{
	const struct sim_socket *socket = &run->proxy.socket[sock];

	return &run->sim.link[socket->link].wire[1 - socket->side];
}

static bool is_small(const struct session *s)
{
	return s->request.userid[0] == 's';
}

/* Moved up and down by all of them since the last wait: so much may lie between one's slice and its next. */
static uint64_t moved[2], most_moved;

/*
 * From one wait to the next each session had one slice: nobody moved more than is
 * its share, and what had arrived for a small one was handed on.
 */
static void compare(struct run *run, const struct session *s, struct witnessed *before)
{
	uint64_t up = s->relay.up.bytes - before->bytes[0];
	uint64_t down = s->relay.down.bytes - before->bytes[1];

	EXPECT(run, up <= CONFIG_ANKLET_SLICE_BYTES && down <= CONFIG_ANKLET_SLICE_BYTES);
	moved[0] += up;
	moved[1] += down;
	if (!is_small(s))
		return;
	EXPECT(run, (int32_t)(wire_to(run, s->client.sock)->taken - before->due[0]) >= 0);
	EXPECT(run, (int32_t)(wire_to(run, s->server.sock)->taken - before->due[1]) >= 0);
}

static void look(struct run *run)
{
	look_at_round_trips(run);
	moved[0] = moved[1] = 0;
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &run->anklet->sessions.session[i];

		if (s->state != SESSION_RELAY) {
			seen[i].number = 0;
			continue;
		}
		if (seen[i].number == s->number)
			compare(run, s, &seen[i]);
		seen[i] = (struct witnessed){
			.number = s->number,
			.due = {wire_to(run, s->client.sock)->arrived,
				wire_to(run, s->server.sock)->arrived},
			.bytes = {s->relay.up.bytes, s->relay.down.bytes},
		};
	}
	EXPECT(run, moved[0] <= TICK_BYTES && moved[1] <= TICK_BYTES);
	if (moved[1] > most_moved)
		most_moved = moved[1];
}

/* ---- Scenarios ---- */

static void begin(
	struct run *run, unsigned small_ones, unsigned big_ones, void (*check)(struct run *run))
{
	smalls = small_ones;
	bigs = big_ones;
	most_moved = 0;
	crowd_world(run);
	crowd_before_wait(run, look);
	run->check = check;
	run->sim.latency_max_ms = run_between(run, 1, 9); /* else a flood takes no time at all */
	run->sim.steps_max = 1000000;
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		seen[i].number = 0;
	for (unsigned i = 0; i < smalls; i++)
		add_small(run, i);
}

static void add_big(struct run *run, unsigned i, uint32_t up, uint32_t down)
{
	uint16_t port = (uint16_t)(7120 + i);

	client_init(&big[i], run, HOST_CLIENT);
	server_init(&big_server[i], run, HOST_SERVER, SERVER_IP, port);
	client_ask(&big[i], SOCKS4_CONNECT, SERVER_IP, port, "big", NULL);
	pair_up(&big[i], &big_server[i], up, down);
}

static void check_flood(struct run *run)
{
	check_small(run);
	for (unsigned i = 0; i < bigs; i++) {
		EXPECT(run, big[i].talk.in == big_server[i].pattern.out_len);
		EXPECT(run, big_server[i].talk[0].in == big[i].talk.out_len);
	}
}

/* As much as the network takes, in both directions. */
static void flood(struct run *run)
{
	begin(run, SMALL, BIG, check_flood);
	run->sim.window_min = SIM_WINDOW_MAX / 2;
	for (unsigned i = 0; i < bigs; i++)
		add_big(run, i, run_between(run, 0, 90000), run_between(run, 30000, 90000));
}

/* So many floods that each has to be content with less, and all together with a tick's bytes; which they use. */
static void check_crowded(struct run *run)
{
	check_flood(run);
	EXPECT(run, most_moved > TICK_BYTES / 2);
}

static void crowded(struct run *run)
{
	begin(run, 0, CROWD, check_crowded);
	run->sim.window_min = SIM_WINDOW_MAX;
	run->sim.latency_max_ms = 1;
	for (unsigned i = 0; i < bigs; i++)
		add_big(run, i, 0, run_between(run, 60000, 90000));
}

static uint32_t waits_before;

static void remember_waits(struct run *run)
{
	waits_before = run->proxy.waits;
}

/* Four messages a round trip, each of which may come in pieces. */
static void compare_waits(struct run *run)
{
	EXPECT(run, run->proxy.waits - waits_before <= 10 * SMALL * 4 * 4);
}

static void check_deaf(struct run *run)
{
	check_small(run);
	for (unsigned i = 0; i < bigs; i++) {
		EXPECT(run, client_code(&big[i]) == SOCKS4_GRANTED);
		EXPECT(run, big[i].talk.reset || big[i].talk.reset_ms != 0);
		EXPECT(run, big_server[i].talk[0].over);
	}
}

/* One side never reads, the other one sends as much as is taken: it stays with that, at no cost. */
static void deaf(struct run *run)
{
	begin(run, SMALL, BIG, check_deaf);
	for (unsigned i = 0; i < bigs; i++) {
		bool at_client = run_between(run, 0, 1) == 1;
		struct talk *talk;

		add_big(run, i, at_client ? 10 : 100000, at_client ? 100000 : 10);
		talk = at_client ? &big[i].talk : &big_server[i].pattern;
		talk->deaf = true;
		talk->last = TALK_STAY;
		big[i].talk.reset_ms = 5000;
	}
	bell_init(&begins, run, 250, remember_waits);
	bell_init(&ends, run, 850, compare_waits);
}

/* And when nothing else goes on, nothing is done: but for one look when the handshakes' limit would have passed. */
static void compare_nothing(struct run *run)
{
	EXPECT(run, run->proxy.waits - waits_before <= 1);
}

static void deaf_and_quiet(struct run *run)
{
	deaf(run);
	ends.at = UINT64_MAX;
	begins.at = 3500 + ROUND_TRIP_MS;
	big[0].talk.reset_ms = big[1].talk.reset_ms = 60000;
	bell_init(&ends, run, 55000, compare_nothing);
}

static const struct scenario scenarios[] = {
	{"flood", flood},
	{"crowded", crowded},
	{"deaf", deaf},
	{"deaf_and_quiet", deaf_and_quiet},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

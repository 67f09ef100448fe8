/*
 * The table is full: who waits, who is evicted, who is served next, and at what cost.
 */
#include "crowd.h"

#define SLOTS CONFIG_ANKLET_SESSIONS
#define GUESTS 10
#define SOON_MS 100 /* a few messages */

static struct client holder[SLOTS], guest[GUESTS];
static struct server server[GUESTS];
static struct bell begins, ends, relieves;
static unsigned guests;

/* ---- Guests: sessions that are to work, once it is their turn ---- */

static void add_guest(struct run *run, uint32_t start_ms)
{
	unsigned i = guests++;
	uint16_t port = (uint16_t)(7020 + i);

	client_init(&guest[i], run, HOST_CLIENT);
	server_init(&server[i], run, HOST_SERVER, SERVER_IP, port);
	client_ask(&guest[i], SOCKS4_CONNECT, SERVER_IP, port, "guest", NULL);
	pair_up(&guest[i], &server[i], run_between(run, 0, 3000), run_between(run, 0, 3000));
	guest[i].start_ms = start_ms;
}

static void check_guest(struct run *run, unsigned i)
{
	const struct talk *talk = &guest[i].talk;

	EXPECT(run, client_code(&guest[i]) == SOCKS4_GRANTED);
	EXPECT(run, talk->in == server[i].pattern.out_len && talk->in_end == PORT_EOF);
	EXPECT(run, server[i].talk[0].in == talk->out_len);
}

/* ---- What the table does ---- */

static uint64_t freed_at[SLOTS + GUESTS];
static unsigned freed;
static uint64_t idle_since; /* UINT64_MAX: nobody waits while there is room */
static uint64_t patience_ms;

static unsigned waiting(const struct run *run)
{
	unsigned count = 0;

	for (unsigned i = 0; i < SIM_LINKS; i++)
		count += run->sim.link[i].state == SIM_LINK_WAITING &&
			 run->sim.link[i].listener_port == &run->proxy;
	return count;
}

static void look(struct run *run)
{
	const struct anklet_status *status = &run->anklet->sessions.loop.status;
	uint64_t ended = status->accepted - status->over_limit - status->sessions;
	bool room = sessions_room(&run->anklet->sessions, false) == 0;

	while (freed < ended && freed < SLOTS + GUESTS)
		freed_at[freed++] = run->sim.now;
	if (idle_since != UINT64_MAX)
		EXPECT(run, run->sim.now - idle_since <= patience_ms);
	if (!room || waiting(run) == 0)
		idle_since = UINT64_MAX;
	else if (idle_since == UINT64_MAX)
		idle_since = run->sim.now;
}

/* ---- It costs nothing that others wait ---- */

static uint32_t waits_before, waits_most;

static void remember_waits(struct run *run)
{
	waits_before = run->proxy.waits;
}

static void compare_waits(struct run *run)
{
	EXPECT(run, run->proxy.waits - waits_before <= waits_most);
}

static void quiet_between(struct run *run, uint64_t from, uint64_t to, uint32_t most)
{
	waits_most = most;
	bell_init(&begins, run, from, remember_waits);
	bell_init(&ends, run, to, compare_waits);
}

static void begin(struct run *run, void (*check)(struct run *run), void (*look_at)(struct run *run))
{
	guests = freed = 0;
	idle_since = UINT64_MAX;
	patience_ms = 0;
	crowd_world(run);
	crowd_before_wait(run, look_at);
	run->check = check;
}

/* ---- Full of those that stay ---- */

static void sort(uint64_t *times, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		uint64_t time = times[i];
		unsigned j = i;

		for (; j > 0 && times[j - 1] > time; j--)
			times[j] = times[j - 1];
		times[j] = time;
	}
}

/* One more is served for each slot that becomes free, and none before. */
static void check_full(struct run *run)
{
	uint64_t served[GUESTS] = {0};

	for (unsigned i = 0; i < guests; i++) {
		check_guest(run, i);
		served[i] = guest[i].granted_at;
	}
	sort(served, guests);
	for (unsigned i = 0; i < guests; i++) {
		EXPECT(run, served[i] >= freed_at[i]);
		EXPECT(run, served[i] - freed_at[i] <= SOON_MS);
	}
	EXPECT(run, run->anklet->sessions.loop.status.accepted == SLOTS + guests);
	EXPECT(run, run->anklet->sessions.loop.status.sessions_peak == SLOTS);
}

static void full(struct run *run)
{
	begin(run, check_full, look);
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(
			&holder[i], run, (enum crowd_kind)run_between(run, 0, CROWD_STAYERS - 1));
		holder[i].start_ms = run_between(run, 0, 50);
		if (i == 0 || run_between(run, 0, 3) > 0)
			crowd_leave(&holder[i], run_between(run, 6000, 14000));
	}
	for (unsigned i = run_between(run, 1, GUESTS); i > 0; i--)
		add_guest(run, run_between(run, 1000, 3000));
	for (unsigned i = 0; i < guests; i++)
		if (run_between(run, 0, 1) == 1)
			crowd_by_v6(&guest[i]);
	quiet_between(run, 4000, 5900, 0);
}

/* ---- Two listeners, one slot: strictly in turn, for as many wait at each ---- */

static unsigned served_by[GUESTS]; /* the listener of each guest, in the order of the grants */
static unsigned served_count;

/* cppcheck-suppress constParameter ; as on_reply has it */
static void note_served(struct client *client, unsigned which)
{
	(void)which;
	served_by[served_count++] = (unsigned)(client - guest) % 2;
}

static void check_rotation(struct run *run)
{
	check_full(run);
	EXPECT(run, served_count == GUESTS);
	for (unsigned i = 1; i < GUESTS; i++)
		EXPECT(run, served_by[i] != served_by[i - 1]);
}

static void rotation(struct run *run)
{
	uint32_t size = run_between(run, 0, 1) * 3000;

	begin(run, check_rotation, look);
	served_count = 0;
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&holder[i], run, CROWD_SILENT);
		crowd_leave(&holder[i], i == 0 ? 5000 : 29000);
	}
	for (unsigned i = 0; i < GUESTS; i++) {
		add_guest(run, run_between(run, 1000, 3000));
		guest[i].talk.out_len = server[i].pattern.out_len = size;
		guest[i].on_reply = note_served;
		if (i % 2 == 1)
			crowd_by_v6(&guest[i]);
	}
}

/* ---- Refused ones are evicted ---- */

static unsigned drainers, newcomers;

static void check_evicted(struct run *run)
{
	for (unsigned i = 0; i < drainers; i++) /* those that have waited longest */
		EXPECT(run, (holder[i].end == PORT_RESET) == (i < newcomers));
	for (unsigned i = drainers; i < SLOTS; i++)
		EXPECT(run, holder[i].end == 0 && holder[i].left);
	for (unsigned i = 0; i < newcomers; i++) {
		EXPECT(run, client_code(&guest[i]) == SOCKS4_GRANTED);
		EXPECT(run, guest[i].granted_at - guest[i].connected_at <= SOON_MS);
	}
}

static void evicted(struct run *run)
{
	begin(run, check_evicted, look);
	drainers = run_between(run, 1, SLOTS);
	newcomers = run_between(run, 1, drainers < GUESTS ? drainers : GUESTS);
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&holder[i], run, i < drainers ? CROWD_DRAIN : CROWD_SILENT);
		crowd_leave(&holder[i], 5000);
		holder[i].start_ms = 40 * i; /* so that it is known who came first */
	}
	for (unsigned i = 0; i < newcomers; i++) {
		crowd_client(&guest[i], run, CROWD_RELAY);
		crowd_leave(&guest[i], 8000);
		guest[i].start_ms = run_between(run, 500, 1500);
	}
}

/* ---- Past limit-client ---- */

#define EXCESS 5

static void check_excess(struct run *run)
{
	for (unsigned i = 0; i < EXCESS; i++) {
		EXPECT(run, guest[i].replies_in == 0 && guest[i].over_at >= freed_at[0]);
		EXPECT(run, guest[i].end == PORT_EOF || guest[i].end == PORT_RESET);
		EXPECT(run, guest[i].over_at - freed_at[0] <= SOON_MS);
	}
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == EXCESS);
	EXPECT(run, client_code(&guest[EXCESS]) == SOCKS4_GRANTED);
	EXPECT(run, guest[EXCESS].granted_at - freed_at[0] <= SOON_MS);
}

/* Those who have all they may have stand before the last one in the backlog, and cost that one no time. */
static void excess(struct run *run)
{
	begin(run, check_excess, look);
	run->config = "limit-client 6\nallow\n";
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&holder[i], run, CROWD_CONNECT);
		if (i >= 6)
			holder[i].talk.port = holder[i].actor.port = &run->peer[HOST_OTHER];
		crowd_leave(&holder[i], i == 6 ? run_between(run, 3000, 9000) : 12000);
	}
	for (unsigned i = 0; i <= EXCESS; i++) {
		crowd_client(&guest[i], run, CROWD_RELAY);
		guest[i].start_ms = 1000 + 20 * i;
		crowd_leave(&guest[i], 20000);
	}
	guest[EXCESS].talk.port = guest[EXCESS].actor.port = &run->peer[HOST_SERVER];
	quiet_between(run, 1500, 2900, 0);
}

/* ---- No sockets ---- */

static uint64_t relief_at;

static void relief(struct run *run)
{
	run->proxy.faults.sockets_max = 0;
	relief_at = run->sim.now;
}

static void check_shortage(struct run *run)
{
	for (unsigned i = 0; i < guests; i++) {
		check_guest(run, i);
		EXPECT(run, guest[i].granted_at >= relief_at);
		EXPECT(run, guest[i].granted_at - relief_at <= 1000 + SOON_MS);
	}
}

/* Accepting fails until the system has sockets again; nobody says when that is. */
static void shortage(struct run *run)
{
	unsigned held = run_between(run, 0, 2);

	begin(run, check_shortage, look);
	patience_ms = UINT64_MAX;
	run->proxy.faults.sockets_max = (int16_t)(3 + held);
	for (unsigned i = 0; i < held; i++) {
		crowd_client(&holder[i], run, CROWD_SILENT);
		crowd_leave(&holder[i], 25000);
	}
	for (unsigned i = run_between(run, 1, SLOTS - 2 < GUESTS ? SLOTS - 2 : GUESTS); i > 0; i--)
		add_guest(run, run_between(run, 100, 1000));
	bell_init(&relieves, run, run_between(run, 12000, 15000), relief);
	quiet_between(run, 2000, 12000, 11); /* one look a second */
}

/* The system has few from the start, and says so: those who find none wait their turn, and nobody is refused. */
static void check_few(struct run *run)
{
	for (unsigned i = 0; i < guests; i++)
		check_guest(run, i);
	EXPECT(run, run->anklet->sessions.loop.status.refused == 0);
	EXPECT(run, run->anklet->sessions.loop.status.over_limit == 0);
	EXPECT(run, run->anklet->sessions.loop.status.sessions_max < SLOTS);
}

static void few(struct run *run)
{
	begin(run, check_few, look);
	run->config = "limit-client 0\nallow\n";
	run->proxy.faults.sockets_max = (int16_t)run_between(run, 8, 2 * SLOTS);
	run->proxy.faults.says_max = true;
	for (unsigned i = 0; i < GUESTS; i++)
		add_guest(run, run_between(run, 100, 200));
}

/* ---- Requests that drip into every slot ---- */

#define DRAIN_MS 2000

/* Refused at the limit, to the millisecond: not before, and not after. */
static void look_at_drips(struct run *run)
{
	const struct anklet *a = run->anklet;
	uint32_t limit = instance_config(a)->limit_handshake_ms, now = port_now(&run->proxy);

	look(run);
	for (unsigned i = 0; i < SLOTS; i++) {
		const struct session *s = &a->sessions.session[i];

		if (s->state == SESSION_GREETING || s->state == SESSION_REQUEST)
			EXPECT(run, now - (uint32_t)s->accepted_at < limit);
		if (s->state == SESSION_DRAIN)
			EXPECT(run, timers_at(&a->sessions.loop.timers, SESSION_LIMIT(i)) -
						    DRAIN_MS - (uint32_t)s->accepted_at ==
					    limit);
	}
}

static void check_drips(struct run *run)
{
	uint32_t limit = instance_config(run->anklet)->limit_handshake_ms;

	EXPECT(run, freed_at[0] >= limit);
	for (unsigned i = 0; i < SLOTS; i++) {
		EXPECT(run, holder[i].replies_in == 0 && holder[i].reply_len == 0);
		EXPECT(run, holder[i].end == PORT_EOF || holder[i].end == PORT_RESET);
		EXPECT(run, holder[i].over_at - holder[i].start_at <= limit + SOON_MS);
	}
	for (unsigned i = 0; i < guests; i++) {
		check_guest(run, i);
		EXPECT(run, guest[i].granted_at >= limit);
		EXPECT(run, guest[i].granted_at - freed_at[0] <= 50 + SOON_MS);
	}
}

/* No byte of a request gains it time, and there are too many of them. */
static void drips(struct run *run)
{
	begin(run, check_drips, look_at_drips);
	for (unsigned i = 0; i < SLOTS; i++) {
		crowd_client(&holder[i], run, CROWD_SILENT);
		client_ask(&holder[i], SOCKS4_CONNECT, SERVER_IP, 7001,
			"a userid that takes more than a minute to say", NULL);
		holder[i].cut_max = 1;
		holder[i].cut_pause_ms = 3000;
		holder[i].start_ms = run_between(run, 0, 50);
	}
	for (unsigned i = run_between(run, 1, GUESTS); i > 0; i--)
		add_guest(run, run_between(run, 1000, 20000));
}

static const struct scenario scenarios[] = {
	{"full", full},
	{"rotation", rotation},
	{"evicted", evicted},
	{"excess", excess},
	{"shortage", shortage},
	{"few", few},
	{"drips", drips},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

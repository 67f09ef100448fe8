/*
 * Forwards of datagrams under a flood: forged clients, one client with many ports, and datagrams that come back.
 */
#include "askers.h"

#include <string.h>

#define FORGED_KEY 1
#define FLOOD_FROM_MS 1000
#define FLOOD_TO_MS 6000
/*
 * What the tables of the desktop meet with 4,000 forged clients a second, here: the same part of the table in the
 * time of a datagram's way there and back, which is up to 18 ms.
 */
#define FLOOD_PAUSE_MS 6

/* ---- Who forges ---- */

static struct flooder {
	struct sim_actor actor; /* first */
	struct run *run;
	port_sock sock;
	bool started, done;
	bool one_address; /* of a host that is not the good client's */
	uint32_t pause_ms;
	unsigned sent;
} flooder;

static void forge(struct flooder *f, const struct address *from)
{
	struct address to = {.port = LISTENER_PORT};
	uint8_t bytes[16];

	ip_parse(PROXY_IP, strlen(PROXY_IP), &to.ip);
	asker_datagram(bytes, sizeof bytes, FORGED_KEY, f->sent++);
	EXPECT(f->run, port_sendto(f->actor.port, f->sock, bytes, sizeof bytes, from, &to) == 0);
}

static void open_flooder(struct flooder *f)
{
	struct address any = {.ip = ip_v4(0, 0, 0, 0)};

	f->actor.port->faults.forges = true;
	EXPECT(f->run, port_datagram(f->actor.port, &any, NULL, &f->sock) == 0);
	f->started = true;
}

static void flood_run(struct sim_actor *actor)
{
	struct flooder *f = (struct flooder *)actor;
	uint8_t last = f->one_address ? 1 : (uint8_t)run_between(f->run, 1, 254);
	struct address from = {
		.ip = ip_v4(
			198, 51, f->one_address ? 100 : (uint8_t)run_between(f->run, 0, 255), last),
		.port = (uint16_t)run_between(f->run, 1024, 65535),
	};

	if (f->done || f->run->failed)
		return;
	if (!f->started)
		open_flooder(f);
	if (f->run->sim.now >= FLOOD_TO_MS) {
		f->done = true;
		port_close(actor->port, &f->sock);
		run_actor_done(f->run);
		return;
	}
	if (f->run->sim.now >= FLOOD_FROM_MS)
		forge(f, &from);
	actor_wake(actor,
		f->run->sim.now < FLOOD_FROM_MS ? FLOOD_FROM_MS : f->run->sim.now + f->pause_ms);
}

static void flood(struct run *run, bool one_address)
{
	memset(&flooder, 0, sizeof flooder);
	flooder.run = run;
	flooder.one_address = one_address;
	flooder.pause_ms = FLOOD_PAUSE_MS;
	sim_route(&run->sim, "198.51.0.0/16", SIM_FATE_BLACK_HOLE);
	run->actors_left++;
	sim_act(&flooder.actor, &run->peer[HOST_OTHER], flood_run);
	echo_add(run, SERVER_IP, 0);
	echo.ports_again = true;
	echo.ignores = run_between(run, 0, 1) == 0 ? FORGED_KEY : 0;
	echo.apart = FORGED_KEY;
	run->sim.latency_max_ms = run_between(run, 0, 9);
}

/* ---- A good client meanwhile ---- */

static void good_client(struct run *run)
{
	struct asker *k = asker_add(run, HOST_CLIENT, PROXY_IP);

	if (k->key == FORGED_KEY)
		k->key++;
	k->start_ms = run_between(run, 0, FLOOD_TO_MS - 1000);
	k->count = run_between(run, 1, 8);
	k->pause_ms = run_between(run, 50, 500);
}

static void check_flood(struct run *run)
{
	const struct asker *k = &asker[0];

	EXPECT(run, flooder.sent > 500);
	EXPECT(run, k->replies == k->sent);
	/* Two lines for each flow that is logged, in ten seconds; and few others. */
	EXPECT(run, run->log_count < 2 * 100 + 20);
}

/* Each client of another address. */
static void forged_flood(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, false);
	good_client(run);
	run->check = check_flood;
}

/*
 * The upstream answers everybody, and takes longer than the least that a flow has: there is room for so many at once.
 */
static void slow_upstream(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, false);
	echo.ignores = 0;
	run->sim.latency_max_ms = 13;
	flooder.pause_ms = 9; /* the slots for those who wait are five, and it takes up to 26 ms */
	good_client(run);
	run->check = check_flood;
}

/* What has not been read when the flood goes on counts as answered: the upstream was asked, so there is a reply. */
static void check_stalls(struct run *run)
{
	EXPECT(run, asker[0].replies == echo.asked_apart);
}

static void stalls(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, false);
	good_client(run);
	asker[0].count = 8;
	run->proxy.faults.jumps = 100;
	run->proxy.faults.jump_ms = 200;
	run->check = check_stalls;
}

/* All of one address, which has its share and no more. */
static void flood_of_one(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, true);
	good_client(run);
	run->check = check_flood;
}

static void check_lasting(struct run *run)
{
	check_flood(run);
	EXPECT(run, run_logged(run, "up 12 of ") == 1); /* by one flow all the time */
}

/* Who had answers before, and went on, keeps his flow, and the address by which the server knows him. */
static void lasting(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, false);
	good_client(run);
	asker[0].start_ms = 100;
	asker[0].pause_ms = 400;
	asker[0].count = 12;
	run->check = check_lasting;
}

static void check_many_lasting(struct run *run)
{
	for (unsigned i = 0; i < askers; i++)
		EXPECT(run, asker[i].replies == asker[i].sent);
	EXPECT(run, run_logged(run, "up 12 of ") == askers);
}

/* Also where they are more than a quarter, as long as each of the others has its 20 ms. */
static void many_lasting(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	flood(run, false);
	flooder.pause_ms = 15;
	for (unsigned i = 0; i < SLOTS / 2; i++) {
		good_client(run);
		asker[i].start_ms = 100;
		asker[i].pause_ms = 400;
		asker[i].count = 12;
	}
	run->check = check_many_lasting;
}

/* The answer comes while others wait for theirs, and goes where it belongs. */
static void look_answered(struct run *run)
{
	const struct udp_forwards *d = run->anklet->udp;
	unsigned count = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		count += d->flow[i].kind != 0 && d->flow[i].kind != TIMER_FLOW_NEW;
	if (run->sim.now > 500 && run->sim.now < FLOOD_TO_MS)
		EXPECT(run, count == 1);
}

static void check_answered(struct run *run)
{
	EXPECT(run, asker[0].replies == 2 && run_logged(run, ": begun with") < 24);
	EXPECT(run, run_logged(run, "up 2 of ") == 1);
}

/* One that has had a single answer is not evicted for those that have had none. */
static void answered(struct run *run)
{
	askers_begin(
		run, "limit-datagrams 10s\nallow\nforward udp://*:5353 udp://" SERVER_IP ":53\n");
	flood(run, false);
	echo.ignores = FORGED_KEY;
	good_client(run);
	asker[0].start_ms = 100;
	asker[0].pause_ms = FLOOD_TO_MS;
	asker[0].count = 2;
	crowd_before_wait(run, look_answered);
	run->check = check_answered;
}

/* With limit-client 0 one client may have all of the table. */
static void look_unlimited(struct run *run)
{
	if (run->sim.now > 3000 && run->sim.now < 4000)
		EXPECT(run, flows_of(run, CLIENT_IP) == SLOTS);
}

static void unlimited(struct run *run)
{
	askers_begin(run, "limit-client 0\n" FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SLOTS; i++)
		asker_add(run, HOST_CLIENT, PROXY_IP)->start_ms = 200 * i;
	crowd_before_wait(run, look_unlimited);
	run->check = askers_check_served;
}

/* ---- Round and round ---- */

static struct bell forgeries;

static void forge_upstream(struct run *run)
{
	struct address from = {.port = SERVER_PORT};

	memset(&flooder, 0, sizeof flooder);
	flooder.run = run;
	flooder.actor.port = &run->peer[HOST_OTHER];
	ip_parse(SERVER_IP, strlen(SERVER_IP), &from.ip);
	open_flooder(&flooder);
	for (unsigned i = 0; i < 3; i++)
		forge(&flooder, &from);
	port_close(flooder.actor.port, &flooder.sock);
}

static void check_forged_upstream(struct run *run)
{
	EXPECT(run, asker[0].replies == asker[0].sent && echo.asked == asker[0].sent);
	EXPECT(run, run_logged(run, "refused, it comes from where it would go") == 1);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped == 3);
}

/* A datagram from the upstream's own address and port would be answered, and its answer answered, without an end. */
static void forged_upstream(struct run *run)
{
	static const char *const both[] = {SERVER_IP, SERVER_IP2, NULL};

	askers_begin(run, run_between(run, 0, 1) == 0 ? FORWARD_TO_IP : FORWARD_TO_NAME);
	name_add(run, "server.example", 0, both);
	echo_add(run, SERVER_IP, 0);
	good_client(run);
	bell_init(&forgeries, run, 500, forge_upstream);
	run->check = check_forged_upstream;
}

#define MIRRORS 32

/* Another proxy, whose upstream is this one: each flow that it sees is a client with a socket of its own. */
static struct mirror {
	struct sim_actor actor; /* first */
	struct run *run;
	port_sock at, sock[MIRRORS];
	struct address client[MIRRORS];
	unsigned clients, forwarded;
	bool started;
} mirror;

static port_sock mirror_of(struct mirror *m, const struct address *from)
{
	struct address any = {.ip = ip_v4(0, 0, 0, 0)};

	for (unsigned i = 0; i < m->clients; i++)
		if (address_equal(&m->client[i], from))
			return m->sock[i];
	EXPECT(m->run, m->clients < MIRRORS);
	if (m->run->failed)
		return m->sock[0];
	m->client[m->clients] = *from;
	EXPECT(m->run, port_datagram(m->actor.port, &any, NULL, &m->sock[m->clients]) == 0);
	return m->sock[m->clients++];
}

static void mirror_run(struct sim_actor *actor)
{
	struct mirror *m = (struct mirror *)actor;
	struct address at = {.port = SERVER_PORT}, from, to, proxy = {.port = LISTENER_PORT};
	uint8_t bytes[DATAGRAM];
	int n;

	ip_parse(SERVER_IP, strlen(SERVER_IP), &at.ip);
	ip_parse(PROXY_IP, strlen(PROXY_IP), &proxy.ip);
	if (!m->started)
		EXPECT(m->run, port_datagram(actor->port, &at, NULL, &m->at) == 0);
	m->started = true;
	while (!m->run->failed &&
		(n = port_recvfrom(actor->port, m->at, bytes, sizeof bytes, &from, &to)) >= 0) {
		m->forwarded++;
		(void)port_sendto(actor->port, mirror_of(m, &from), bytes, (size_t)n, NULL, &proxy);
	}
}

static void check_two_proxies(struct run *run)
{
	/* The client's datagrams, each as often as there are flows that lead from here to there. */
	EXPECT(run, mirror.forwarded >= 3 && mirror.forwarded <= 3 * (SHARE + 1));
	EXPECT(run, run->anklet->udp->number <= SHARE + 1);
	EXPECT(run, run_logged(run, "all of it waits for an answer") == 1);
}

/* Two proxies that are each other's upstream: a datagram goes round until its flows are a client's share. */
static void two_proxies(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	memset(&mirror, 0, sizeof mirror);
	mirror.run = run;
	sim_act(&mirror.actor, &run->peer[HOST_SERVER], mirror_run);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].pause_ms = run_between(run, 20, 2000);
	run->check = check_two_proxies;
}

static const struct scenario scenarios[] = {
	{"forged_flood", forged_flood},
	{"slow_upstream", slow_upstream},
	{"stalls", stalls},
	{"flood_of_one", flood_of_one},
	{"lasting", lasting},
	{"many_lasting", many_lasting},
	{"answered", answered},
	{"unlimited", unlimited},
	{"forged_upstream", forged_upstream},
	{"two_proxies", two_proxies},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

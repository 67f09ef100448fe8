/*
 * Forwards of datagrams: what gets there and back, what is dropped, and who has to go.
 */
#include "askers.h"

#include <string.h>

#define IDLE_MS 5000
#define SOON_MS 50

static const char to_ip6[] = FORWARD_TO("[" SERVER_IP6 "]:53");

/* ---- There and back ---- */

/* 'begun' and 'ended' once for each client. */
static void served(struct run *run)
{
	static const char *const configs[] = {FORWARD_TO_IP, to_ip6, FORWARD_TO_NAME};
	static const char *const servers[] = {SERVER_IP, SERVER_IP6, SERVER_IP};
	static const char *const addresses[] = {SERVER_IP, NULL};
	unsigned which = run_between(run, 0, 2);

	askers_begin(run, configs[which]);
	name_add(run, "server.example", 0, addresses);
	echo_add(run, servers[which], 0);
	askers_add(run, run_between(run, 1, SHARE));
	if (run_between(run, 0, 1) == 1)
		askers_rough(run);
	run->check = askers_check_served;
}

/* ---- What gets lost is lost ---- */

static void check_lossy(struct run *run)
{
	const struct anklet_status *status = &run->anklet->sessions.loop.status;

	EXPECT(run, status->datagrams_up <= 2 * 8 * SHARE);
	EXPECT(run, status->datagrams_down <= 2 * echo.asked);
}

static void lossy(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	askers_add(run, run_between(run, 1, SHARE));
	askers_rough(run);
	for (unsigned i = 0; i < RUN_HOSTS; i++) {
		run->peer[i].faults.lost = (uint16_t)run_between(run, 0, 400);
		run->peer[i].faults.twice = (uint16_t)run_between(run, 0, 400);
	}
	run->proxy.faults.lost = run->proxy.faults.twice = (uint16_t)run_between(run, 0, 400);
	run->proxy.faults.no_room = (uint16_t)run_between(run, 0, 400);
	run->check = check_lossy;
}

/* ---- Too long, too many ---- */

static void check_too_long(struct run *run)
{
	EXPECT(run, asker[0].replies == 0 && asker[1].replies == 3);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped == 3);
	EXPECT(run, echo.asked == 3);
	EXPECT(run, run_logged(run, "begun") == 1);
	EXPECT(run, run_logged(run, "refused, longer than 512 bytes") == 1); /* of three */
}

static void too_long(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->len = DATAGRAM + run_between(run, 1, 8);
	asker_add(run, HOST_CLIENT, PROXY_IP)->len = DATAGRAM;
	asker[0].count = asker[1].count = 3;
	run->check = check_too_long;
}

/* More at once than one tick takes: they all have theirs, and nobody forgets the rest. */
static void burst(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SHARE; i++) {
		struct asker *k = asker_add(run, i == 1 ? HOST_OTHER : HOST_CLIENT, PROXY_IP);

		k->count = i == 0 ? 21 : 2; /* a socket's queue has room for them */
		k->slow = 1;
	}
	run->check = askers_check_served;
}

static void check_full(struct run *run)
{
	for (unsigned i = 0; i < askers; i++)
		EXPECT(run, asker[i].replies == asker[i].sent);
	EXPECT(run, run_logged(run, "flow 1 ") == 2); /* it is the first that is evicted */
	EXPECT(run, run_logged(run, "evicted for a new one") == 1);
}

static void look_full(struct run *run)
{
	if (run->sim.now < 3000 || run->sim.now > 4500)
		return;
	EXPECT(run, run->anklet->sessions.loop.status.udp_flows == SLOTS);
	EXPECT(run, flows_of(run, "2001:db8::5") == 1);
	for (unsigned i = 0; i < SLOTS; i++)
		EXPECT(run, flows(run)[i].number != 2); /* the one that was idle longest */
}

/* All slots are taken; one more comes, and the one that has been idle longest is evicted: number 2. */
static void full(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		struct asker *k = asker_add(run, i < SHARE ? HOST_CLIENT : HOST_OTHER, PROXY_IP);

		k->start_ms = 100 + 100 * i;
		k->pause_ms = 1500;
		k->count = i == 1 ? 1 : 2;
	}
	asker_add(run, HOST_SERVER, PROXY_IP6)->start_ms = 2800;
	crowd_before_wait(run, look_full);
	run->check = check_full;
}

/* One client address with many ports has half of the table, and pushes out nobody else. */
static void look_share(struct run *run)
{
	EXPECT(run, flows_of(run, CLIENT_IP) <= SHARE);
	if (run->sim.now > 1000 && run->sim.now < 4000)
		EXPECT(run, flows_of(run, OTHER_IP) == SLOTS - SHARE);
}

static void check_share(struct run *run)
{
	for (unsigned i = 0; i < askers; i++)
		EXPECT(run, asker[i].replies == asker[i].sent);
	EXPECT(run, run_logged(run, "evicted for another of this client's") > 0);
	EXPECT(run, run_logged(run, "evicted for a new one") == 0);
}

static void share(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	for (unsigned i = 0; i < ASKERS; i++) {
		bool other = i < SLOTS - SHARE;

		asker_add(run, other ? HOST_OTHER : HOST_CLIENT, PROXY_IP);
		asker[i].start_ms = other ? 100 : run_between(run, 200, 3000);
	}
	crowd_before_wait(run, look_share);
	run->check = check_share;
}

/* ---- The idle limit ---- */

static uint64_t ended_at;

static void look_idle(struct run *run)
{
	if (run->anklet->sessions.loop.status.udp_flows == 0 && asker[0].sent == asker[0].count &&
		ended_at == 0)
		ended_at = run->sim.now;
}

static void check_idle(struct run *run)
{
	uint64_t last_at = echo.silent ? asker[0].sent_at : asker[0].reply_at;

	EXPECT(run, asker[0].replies == (echo.silent ? 0 : 4));
	EXPECT(run, run->anklet->udp->number == 1);
	EXPECT(run, ended_at + SOON_MS >= last_at + IDLE_MS);
	EXPECT(run, ended_at <= last_at + IDLE_MS + SOON_MS);
	EXPECT(run, run_logged(run, "idle for limit-datagrams, up 3 of ") == 1);
}

static struct bell afterthoughts;

/* The upstream has something to say once more, unasked. */
/* cppcheck-suppress constParameter ; as ring has it */
static void say_again(struct run *run)
{
	uint8_t bytes[DATAGRAM];

	(void)run;
	asker_datagram(bytes, asker[0].len, asker[0].key, 0);
	if (!echo.silent)
		(void)port_sendto(
			echo.actor.port, echo.sock, bytes, asker[0].len, NULL, &echo.caller[0]);
}

static void idle(struct run *run)
{
	askers_begin(run, FORWARD_TO_IP);
	echo_add(run, SERVER_IP, 0);
	asker_add(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].pause_ms = run_between(run, 10, IDLE_MS - SOON_MS);
	asker[0].patience_ms = IDLE_MS;
	echo.silent = run_between(run, 0, 1) == 1;
	bell_init(&afterthoughts, run, 2 * asker[0].pause_ms + 4000, say_again);
	ended_at = 0;
	crowd_before_wait(run, look_idle);
	run->check = check_idle;
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"lossy", lossy},
	{"too_long", too_long},
	{"burst", burst},
	{"full", full},
	{"share", share},
	{"idle", idle},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

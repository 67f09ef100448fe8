/*
 * Forwards of datagrams: clients that ask, a server that answers what it was asked.
 *
 * A datagram says whose it is, and the server returns it as it came: so a reply that
 * reaches another client shows, as does one that comes from elsewhere than where the
 * client had asked, and a socket of the proxy's that serves two clients.
 */
#include "crowd.h"

#include <string.h>

#define PLACE_PORT 5353
#define SERVER_PORT 53
#define SLOTS CONFIG_ANKLET_ASSOCIATIONS
#define SHARE ((SLOTS + 1) / 2)
#define ASKERS 10
#define DATAGRAM CONFIG_ANKLET_DATAGRAM
#define IDLE_MS 5000
#define SOON_MS 50

#define FORWARD_TO(target) "limit-datagrams 5s\nallow\nforward udp://*:5353 udp://" target "\n"

static const char to_ip[] = FORWARD_TO(SERVER_IP ":53");
static const char to_ip6[] = FORWARD_TO("[" SERVER_IP6 "]:53");
static const char to_name[] = FORWARD_TO("server.example:53");

/* ---- Who asks ---- */

struct asker {
	struct sim_actor actor; /* first */
	struct run *run;
	struct address proxy; /* the address it asks */
	uint32_t key;
	unsigned count;       /* datagrams to send */
	uint32_t start_ms;    /* before the first */
	uint32_t pause_ms;    /* between two */
	uint32_t patience_ms; /* after the last, for replies */
	size_t len;           /* of each */
	port_sock sock;
	unsigned sent, replies;
	bool started, done;
	uint64_t sent_at, reply_at; /* the last; sim.now */
};

static struct asker asker[ASKERS];
static unsigned askers;

static void put_number(uint8_t *octets, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		octets[i] = (uint8_t)(n >> 8 * i);
}

static uint32_t number_of(const uint8_t *octets)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n |= (uint32_t)octets[i] << 8 * i;
	return n;
}

static void make(uint8_t *octets, size_t len, uint32_t key, uint32_t number)
{
	put_number(octets, key);
	put_number(octets + 4, number);
	for (size_t i = 8; i < len; i++)
		octets[i] = talk_octet(key, (uint32_t)i);
}

static void take_reply(
	struct asker *k, const uint8_t *octets, size_t len, const struct address *from)
{
	uint8_t expected[DATAGRAM];

	EXPECT(k->run, address_equal(from, &k->proxy));
	EXPECT(k->run, len == k->len && number_of(octets) == k->key);
	EXPECT(k->run, number_of(octets + 4) < k->sent);
	make(expected, len, k->key, number_of(octets + 4));
	EXPECT(k->run, memcmp(octets, expected, len) == 0);
	k->replies++;
	k->reply_at = k->run->sim.now;
}

static void take_replies(struct asker *k)
{
	uint8_t octets[DATAGRAM];
	struct address from, to;
	int n;

	while (!k->run->failed &&
		(n = port_recvfrom(k->actor.port, k->sock, octets, sizeof octets, &from, &to)) >= 0)
		take_reply(k, octets, (size_t)n, &from);
}

static void send_next(struct asker *k)
{
	uint8_t octets[DATAGRAM + 8];

	make(octets, k->len, k->key, k->sent);
	(void)port_sendto(k->actor.port, k->sock, octets, k->len, NULL, &k->proxy);
	k->sent++;
	k->sent_at = k->run->sim.now;
}

static void asker_start(struct asker *k)
{
	struct address at = {.ip = ip_v4(0, 0, 0, 0)};

	if (!ip_is_v4(&k->proxy.ip))
		memset(&at, 0, sizeof at);
	EXPECT(k->run, port_datagram(k->actor.port, &at, NULL, &k->sock) == 0);
	k->started = true;
	k->sent_at =
		k->run->sim.now + k->start_ms - k->pause_ms; /* so that the first is due then */
}

static void asker_run(struct sim_actor *actor)
{
	struct asker *k = (struct asker *)actor;
	uint64_t due;

	if (k->done || k->run->failed)
		return;
	if (!k->started)
		asker_start(k);
	take_replies(k);
	due = k->sent_at + k->pause_ms;
	if (k->sent < k->count && k->run->sim.now >= due) {
		send_next(k);
		due = k->sent_at + k->pause_ms;
	}
	if (k->sent == k->count)
		due = k->sent_at + k->patience_ms;
	if (k->sent == k->count && k->run->sim.now >= due) {
		k->done = true;
		port_close(actor->port, &k->sock);
		run_actor_done(k->run);
		return;
	}
	actor_wake(actor, due);
}

static struct asker *add_asker(struct run *run, enum run_host host, const char *proxy_ip)
{
	struct asker *k = &asker[askers++];

	memset(k, 0, sizeof *k);
	k->run = run;
	k->key = run_between(run, 1, UINT32_MAX - 1);
	k->proxy.port = PLACE_PORT;
	ip_parse(proxy_ip, strlen(proxy_ip), &k->proxy.ip);
	k->count = 1;
	k->pause_ms = 100;
	k->patience_ms = 1000;
	k->len = 8 + run_between(run, 0, DATAGRAM - 8);
	run->actors_left++;
	sim_act(&k->actor, &run->peer[host], asker_run);
	return k;
}

/* ---- Who answers ---- */

#define CALLERS 64

struct echo {
	struct sim_actor actor; /* first */
	struct run *run;
	struct address at;
	uint32_t start_ms; /* before it listens */
	bool one_each;     /* every caller is one asker, and no other's key comes from it */
	port_sock sock;
	bool started;
	unsigned asked;
	unsigned callers;
	struct address caller[CALLERS];
	uint32_t key[CALLERS];
};

static struct echo echo;

/* A socket of the proxy's speaks for one client, as long as it lives; ports come again late. */
static void note_caller(struct echo *e, const struct address *from, uint32_t key)
{
	for (unsigned i = 0; i < e->callers; i++) {
		if (address_equal(&e->caller[i], from)) {
			EXPECT(e->run, e->key[i] == key);
			return;
		}
	}
	if (e->callers == CALLERS)
		return;
	e->caller[e->callers] = *from;
	e->key[e->callers++] = key;
}

static void echo_run(struct sim_actor *actor)
{
	struct echo *e = (struct echo *)actor;
	uint8_t octets[DATAGRAM];
	struct address from, to;
	int n;

	if (e->run->sim.now < e->start_ms) {
		actor_wake(actor, e->start_ms);
		return;
	}
	if (!e->started)
		EXPECT(e->run, port_datagram(actor->port, &e->at, NULL, &e->sock) == 0);
	e->started = true;
	while (!e->run->failed &&
		(n = port_recvfrom(actor->port, e->sock, octets, sizeof octets, &from, &to)) >= 0) {
		e->asked++;
		EXPECT(e->run, n >= 8 && (size_t)n <= sizeof octets);
		note_caller(e, &from, number_of(octets));
		(void)port_sendto(actor->port, e->sock, octets, (size_t)n, &to, &from);
	}
}

static void add_echo(struct run *run, const char *ip, uint32_t start_ms)
{
	memset(&echo, 0, sizeof echo);
	echo.run = run;
	echo.at.port = SERVER_PORT;
	echo.start_ms = start_ms;
	ip_parse(ip, strlen(ip), &echo.at.ip);
	sim_act(&echo.actor, &run->peer[HOST_SERVER], echo_run);
}

/* ---- The end: every association is over by its own limit ---- */

static struct sim_actor last;
static struct run *last_run;

static void last_one(struct sim_actor *actor)
{
	if (last_run->anklet->status.associations == 0 && last_run->actors_left == 1)
		run_actor_done(last_run);
	else if (last_run->actors_left > 0)
		sim_timer(actor, 100);
}

static void begin(struct run *run, const char *config)
{
	askers = 0;
	run->config = config;
	run->config_added = true;
	last_run = run;
	run->actors_left++;
	memset(&last, 0, sizeof last);
	sim_act(&last, &run->peer[HOST_LOCAL], last_one);
	sim_timer(&last, 1000);
}

static const struct association *table(const struct run *run)
{
	return run->anklet->datagrams->associations;
}

static unsigned associations_of(const struct run *run, const char *client)
{
	unsigned count = 0;
	struct ip ip;

	ip_parse(client, strlen(client), &ip);
	for (unsigned i = 0; i < SLOTS; i++)
		count += table(run)[i].used && ip_equal(&table(run)[i].client.ip, &ip);
	return count;
}

/* ---- There and back ---- */

static const struct {
	enum run_host host;
	const char *proxy;
} ways[] = {
	{HOST_CLIENT, PROXY_IP},
	{HOST_CLIENT, PROXY_IP6},
	{HOST_OTHER, PROXY_IP},
	{HOST_LOCAL, "127.0.0.1"},
	{HOST_LOCAL, "::1"},
	{HOST_LOCAL, PROXY_IP},
};

static void add_askers(struct run *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned way = (i + run_between(run, 0, 1)) % (sizeof ways / sizeof *ways);
		struct asker *k = add_asker(run, ways[way].host, ways[way].proxy);

		k->count = run_between(run, 1, 8);
		k->start_ms = run_between(run, 0, 1000);
		k->pause_ms = run_between(run, 0, 400);
		k->patience_ms = 2000;
	}
}

static void set_rough(struct run *run)
{
	run->proxy.faults.spurious = (uint16_t)run_between(run, 0, 300);
	run->proxy.faults.hasty = (uint16_t)run_between(run, 0, 300);
}

static void check_served(struct run *run)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < askers; i++) {
		sent += asker[i].sent;
		EXPECT(run, asker[i].replies == asker[i].sent);
	}
	EXPECT(run, echo.asked == sent && echo.callers <= askers);
	EXPECT(run, run->anklet->status.datagrams_up == sent);
	EXPECT(run, run->anklet->status.datagrams_down == sent);
	EXPECT(run, run->anklet->status.datagrams_dropped == 0);
}

/* 'begun' and 'ended' once for each client. */
static void served(struct run *run)
{
	static const char *const configs[] = {to_ip, to_ip6, to_name};
	static const char *const servers[] = {SERVER_IP, SERVER_IP6, SERVER_IP};
	static const char *const addresses[] = {SERVER_IP, NULL};
	unsigned which = run_between(run, 0, 2);

	begin(run, configs[which]);
	sim_name(&run->sim, "server.example", 0, addresses);
	add_echo(run, servers[which], 0);
	add_askers(run, run_between(run, 1, SHARE));
	if (run_between(run, 0, 1) == 1)
		set_rough(run);
	run->check = check_served;
}

/* ---- What gets lost is lost ---- */

static void check_lossy(struct run *run)
{
	const struct anklet_status *status = &run->anklet->status;

	EXPECT(run, status->datagrams_up <= 2 * 8 * SHARE);
	EXPECT(run, status->datagrams_down <= 2 * echo.asked);
}

static void lossy(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	add_askers(run, run_between(run, 1, SHARE));
	set_rough(run);
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
	EXPECT(run, run->anklet->status.datagrams_dropped == 3);
	EXPECT(run, echo.asked == 3);
	EXPECT(run, run_logged(run, "begun") == 1);
}

static void too_long(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	add_asker(run, HOST_CLIENT, PROXY_IP)->len = DATAGRAM + run_between(run, 1, 8);
	add_asker(run, HOST_CLIENT, PROXY_IP)->len = DATAGRAM;
	asker[0].count = asker[1].count = 3;
	run->check = check_too_long;
}

static void check_full(struct run *run)
{
	for (unsigned i = 0; i < askers; i++)
		EXPECT(run, asker[i].replies == asker[i].sent);
	EXPECT(run, run_logged(run, "association 1 ") == 2); /* it is the first that gives way */
	EXPECT(run, run_logged(run, "gave way to a new one") == 1);
}

static void look_full(struct run *run)
{
	if (run->sim.now < 3000 || run->sim.now > 4500)
		return;
	EXPECT(run, run->anklet->status.associations == SLOTS);
	EXPECT(run, associations_of(run, "2001:db8::5") == 1);
	for (unsigned i = 0; i < SLOTS; i++)
		EXPECT(run, table(run)[i].number != 2); /* the one that was idle longest */
}

/* All slots are taken; one more comes, and the one that has been idle longest gives way: number 2. */
static void full(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		struct asker *k = add_asker(run, i < SHARE ? HOST_CLIENT : HOST_OTHER, PROXY_IP);

		k->start_ms = 100 + 100 * i;
		k->pause_ms = 1500;
		k->count = i == 1 ? 1 : 2;
	}
	add_asker(run, HOST_SERVER, PROXY_IP6)->start_ms = 2800;
	crowd_before_wait(run, look_full);
	run->check = check_full;
}

/* One client address with many ports has half of the table, and pushes out nobody else. */
static void look_share(struct run *run)
{
	EXPECT(run, associations_of(run, CLIENT_IP) <= SHARE);
	if (run->sim.now > 1000 && run->sim.now < 4000)
		EXPECT(run, associations_of(run, OTHER_IP) == SLOTS - SHARE);
}

static void check_share(struct run *run)
{
	for (unsigned i = 0; i < askers; i++)
		EXPECT(run, asker[i].replies == asker[i].sent);
	EXPECT(run, run_logged(run, "gave way to another of this client's") > 0);
	EXPECT(run, run_logged(run, "gave way to a new one") == 0);
}

static void share(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	for (unsigned i = 0; i < ASKERS; i++) {
		bool other = i < SLOTS - SHARE;

		add_asker(run, other ? HOST_OTHER : HOST_CLIENT, PROXY_IP);
		asker[i].start_ms = other ? 100 : run_between(run, 200, 3000);
	}
	crowd_before_wait(run, look_share);
	run->check = check_share;
}

/* ---- The idle limit ---- */

static uint64_t gone_at;

static void look_idle(struct run *run)
{
	if (run->anklet->status.associations == 0 && asker[0].sent == asker[0].count &&
		gone_at == 0)
		gone_at = run->sim.now;
}

static void check_idle(struct run *run)
{
	EXPECT(run, asker[0].replies == 3);
	EXPECT(run, run->anklet->datagrams->number == 1);
	EXPECT(run, gone_at >= asker[0].sent_at + IDLE_MS);
	EXPECT(run, gone_at <= asker[0].reply_at + IDLE_MS + SOON_MS);
	EXPECT(run, run_logged(run, "idle for limit-datagrams, up 3 of ") == 1);
}

static void idle(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].pause_ms = run_between(run, 10, IDLE_MS - SOON_MS);
	gone_at = 0;
	crowd_before_wait(run, look_idle);
	run->check = check_idle;
}

/* ---- The target ---- */

static void check_refused_at_first(struct run *run)
{
	EXPECT(run, asker[0].sent == 10 && asker[0].replies >= 3 && asker[0].replies <= 7);
	EXPECT(run, run->anklet->datagrams->number == 1); /* one association, all the time */
	EXPECT(run, run->anklet->status.datagrams_up == 10);
}

/* Nobody listens there at first, which ICMP says; that ends nothing. */
static void refused_at_first(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 1550);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 10;
	asker[0].pause_ms = 300;
	run->check = check_refused_at_first;
}

static void check_late(struct run *run)
{
	EXPECT(run, asker[0].replies == 4);
	EXPECT(run,
		run->proxy.waits < 200); /* what waits in the queue makes nobody run in circles */
	EXPECT(run, run->anklet->status.datagrams_dropped == 0);
}

/* The name is found after seconds, or after failures; the system keeps what the client has sent. */
static void late(struct run *run)
{
	static const char *const addresses[] = {SERVER_IP, NULL};
	unsigned failures = run_between(run, 0, 2);

	begin(run, to_name);
	for (unsigned i = 0; i < failures; i++)
		sim_name(&run->sim, "server.example",
			run_between(run, 0, 1) == 0 ? PORT_NO_NAME : PORT_NAME_FAILED, NULL);
	sim_name(&run->sim, "server.example", 0, addresses)->delay_v4_ms =
		run_between(run, 10, 8000);
	add_echo(run, SERVER_IP, 0);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 4;
	asker[0].patience_ms = 40000;
	run->check = check_late;
}

static void check_moved(struct run *run)
{
	EXPECT(run, run_logged(run, "other addresses now") == 1);
	EXPECT(run, asker[0].sent == 3 && asker[0].replies >= 1);
	EXPECT(run, echo.asked == asker[0].replies);
}

/* The target has another address since the last look-up: the first datagram goes astray, and no more. */
static void moved(struct run *run)
{
	static const char *const before[] = {"198.51.100.1", NULL}, *const after[] = {
									    SERVER_IP, NULL};

	begin(run, to_name);
	sim_route(&run->sim, "198.51.100.0/24", SIM_FATE_BLACK_HOLE);
	sim_name(&run->sim, "server.example", 0, before);
	sim_name(&run->sim, "server.example", 0, after);
	add_echo(run, SERVER_IP, 0);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[0].start_ms = run_between(run, 61000, 90000);
	asker[0].pause_ms = 200;
	run->check = check_moved;
}

/* ---- Strangers ---- */

static struct bell strangers;

/* Somebody who is not the target writes to the sockets of associations. */
static void write_to_associations(struct run *run)
{
	struct port *port = &run->peer[HOST_OTHER];
	struct address any = {.ip = ip_v4(0, 0, 0, 0)};
	uint8_t octets[8];
	port_sock s;

	EXPECT(run, run->anklet->status.associations == askers);
	EXPECT(run, port_datagram(port, &any, NULL, &s) == 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		if (!table(run)[i].used)
			continue;
		put_number(octets, 1);
		put_number(octets + 4, 0);
		(void)port_sendto(port, s, octets, sizeof octets, NULL,
			&run->proxy.socket[table(run)[i].sock].at);
	}
	port_close(port, &s);
}

static void forged(struct run *run)
{
	begin(run, to_ip);
	add_echo(run, SERVER_IP, 0);
	for (unsigned i = 0; i < SHARE; i++) {
		add_asker(run, HOST_CLIENT, PROXY_IP)->count = 10;
		asker[i].pause_ms = 200;
	}
	bell_init(&strangers, run, 1000, write_to_associations);
	run->check = check_served;
}

/* ---- Who may not ---- */

static void check_denied(struct run *run)
{
	EXPECT(run, echo.asked == 0);
	EXPECT(run, run_logged(run, "refused, ") == 1); /* of fifteen */
	EXPECT(run, run->anklet->status.datagrams_dropped == asker[0].sent + asker[1].sent);
	EXPECT(run, run->anklet->datagrams->number == 0);
}

static void denied(struct run *run)
{
	static const char *const configs[] = {
		"deny to " SERVER_IP "\nallow\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow to " OTHER_IP "\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow ident\nforward udp://*:5353 udp://" SERVER_IP ":53\n",
		"allow\nforward udp://*:5353 udp://127.0.0.1:53\n", /* protected */
		"allow to " PROXY_IP "\nforward udp://*:5353 udp://" PROXY_IP
		":5353\n", /* a loop */
	};

	begin(run, configs[run_between(run, 0, sizeof configs / sizeof *configs - 1)]);
	add_echo(run, SERVER_IP, 0);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 10;
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 5;
	run->no_probe = true;
	run->check = check_denied;
}

/* ---- Stopped ---- */

static struct bell stops;
static bool stop_now;

static void ring(struct run *run)
{
	stop_now = true;
	sim_interrupt(&run->sim);
}

static void look_stop(struct run *run)
{
	if (!stop_now)
		return;
	stop_now = false;
	anklet_stop(run->anklet);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_DATAGRAMS) == 0);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LOOKUP) == 0);
	EXPECT(run, run->anklet->status.associations == 0);
	echo.asked = 0;
}

static void check_stopped(struct run *run)
{
	EXPECT(run, echo.asked <= 3); /* what was under way */
}

static void stopped(struct run *run)
{
	begin(run, run_between(run, 0, 1) == 0 ? to_ip : to_name);
	add_echo(run, SERVER_IP, 0);
	add_askers(run, SHARE);
	run->no_probe = true;
	stop_now = false;
	bell_init(&stops, run, run_between(run, 0, 2500), ring);
	crowd_before_wait(run, look_stop);
	run->check = check_stopped;
}

/* ---- One call fails ---- */

static void check_failing(struct run *run)
{
	const struct asker *k = &asker[askers - 1];

	EXPECT(run, k->sent == 3 && k->replies >= 2); /* one failure costs one datagram */
}

static void failing(struct run *run)
{
	static const int failures[] = {PORT_REFUSED, PORT_UNREACHABLE, PORT_NO_RESOURCES,
		PORT_FAILED, PORT_NO_NAME, PORT_NAME_FAILED, PORT_IN_USE};
	static const char *const addresses[] = {SERVER_IP, NULL};

	begin(run, run_between(run, 0, 1) == 0 ? to_ip : to_name);
	sim_name(&run->sim, "server.example", 0, addresses);
	add_echo(run, SERVER_IP, 0);
	add_askers(run, 2);
	add_asker(run, HOST_CLIENT, PROXY_IP)->count = 3;
	asker[2].start_ms = 20000;
	asker[2].pause_ms = 2000;
	asker[2].patience_ms = 15000;
	run->start_fails = true;
	run->proxy.faults.fail_with =
		failures[run_between(run, 0, sizeof failures / sizeof *failures - 1)];
	run->proxy.faults.fail_at = run_between(run, 1, 60);
	run->check = check_failing;
}

static const struct scenario scenarios[] = {
	{"served", served},
	{"lossy", lossy},
	{"too_long", too_long},
	{"full", full},
	{"share", share},
	{"idle", idle},
	{"refused_at_first", refused_at_first},
	{"late", late},
	{"moved", moved},
	{"forged", forged},
	{"denied", denied},
	{"stopped", stopped},
	{"failing", failing},
};

int main(int argc, char **argv)
{
	return scenario_main(argc, argv, scenarios, sizeof scenarios / sizeof *scenarios);
}

/*
 * Clients of a forward of datagrams, and their server. See askers.h.
 */
#include "askers.h"

#include <string.h>

/* ---- Who asks ---- */

struct asker asker[ASKERS];
unsigned askers;

static void put_number(uint8_t *bytes, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(n >> 8 * i);
}

static uint32_t number_of(const uint8_t *bytes)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < 4; i++)
		n |= (uint32_t)bytes[i] << 8 * i;
	return n;
}

void asker_datagram(uint8_t *bytes, size_t len, uint32_t key, uint32_t number)
{
	put_number(bytes, key);
	put_number(bytes + 4, number);
	for (size_t i = 8; i < len; i++)
		bytes[i] = talk_byte(key, (uint32_t)i);
}

static void take_reply(
	struct asker *k, const uint8_t *bytes, size_t len, const struct address *from)
{
	uint8_t expected[DATAGRAM];

	EXPECT(k->run, address_equal(from, &k->proxy));
	EXPECT(k->run, len == k->len && number_of(bytes) == k->key);
	EXPECT(k->run, number_of(bytes + 4) < k->sent);
	asker_datagram(expected, len, k->key, number_of(bytes + 4));
	EXPECT(k->run, memcmp(bytes, expected, len) == 0);
	k->replies++;
	k->reply_at = k->run->sim.now;
}

static void take_replies(struct asker *k)
{
	uint8_t bytes[DATAGRAM];
	struct address from, to;
	int n;

	while (!k->run->failed &&
		(n = port_recvfrom(k->actor.port, k->sock, bytes, sizeof bytes, &from, &to)) >= 0)
		take_reply(k, bytes, (size_t)n, &from);
}

static void send_next(struct asker *k)
{
	uint8_t bytes[DATAGRAM + 8];

	asker_datagram(bytes, k->len, k->key, k->sent);
	(void)port_sendto(k->actor.port, k->sock, bytes, k->len, NULL, &k->proxy);
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
	while (k->sent < k->count && (k->sent > k->slow || k->run->sim.now >= due)) {
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

struct asker *asker_add(struct run *run, enum run_host host, const char *proxy_ip)
{
	struct asker *k = &asker[askers++];

	memset(k, 0, sizeof *k);
	k->run = run;
	k->key = run_between(run, 1, UINT32_MAX - 1);
	k->proxy.port = LISTENER_PORT;
	ip_parse(proxy_ip, strlen(proxy_ip), &k->proxy.ip);
	k->count = 1;
	k->slow = UINT32_MAX;
	k->pause_ms = 100;
	k->patience_ms = 1000;
	k->len = 8 + run_between(run, 0, DATAGRAM - 8);
	run->actors_left++;
	sim_act(&k->actor, &run->peer[host], asker_run);
	return k;
}

/* ---- Who answers ---- */

struct echo echo;

/*
 * A socket of the proxy's speaks for one client, as long as it lives. Its port may be drawn again by chance, for
 * another client; but then the one before does not come back.
 */
static void note_caller(struct echo *e, const struct address *from, uint32_t key)
{
	for (unsigned i = 0; i < e->callers; i++) {
		if (address_equal(&e->caller[i], from)) {
			if (e->key[i] == key)
				return;
			EXPECT(e->run, e->before[i] != key || e->ports_again);
			e->before[i] = e->key[i];
			e->key[i] = key;
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
	uint8_t bytes[DATAGRAM];
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
		(n = port_recvfrom(actor->port, e->sock, bytes, sizeof bytes, &from, &to)) >= 0) {
		e->asked++;
		e->asked_apart += number_of(bytes) != e->apart;
		EXPECT(e->run, n >= 8 && (size_t)n <= sizeof bytes);
		note_caller(e, &from, number_of(bytes));
		if (!e->silent && (e->ignores == 0 || e->ignores != number_of(bytes)))
			(void)port_sendto(actor->port, e->sock, bytes, (size_t)n, &to, &from);
	}
}

void echo_add(struct run *run, const char *ip, uint32_t start_ms)
{
	enum run_host host = strcmp(ip, PROXY_IP) == 0 ? HOST_LOCAL : HOST_SERVER;

	memset(&echo, 0, sizeof echo);
	echo.run = run;
	echo.at.port = SERVER_PORT;
	echo.start_ms = start_ms;
	ip_parse(ip, strlen(ip), &echo.at.ip);
	sim_act(&echo.actor, &run->peer[host], echo_run);
}

/* ---- The end: every flow is over by its own limit ---- */

static struct sim_actor last;
static struct run *last_run;

static void last_one(struct sim_actor *actor)
{
	if (last_run->anklet->sessions.loop.status.udp_flows == 0 && last_run->actors_left == 1)
		run_actor_done(last_run);
	else if (last_run->actors_left > 0)
		sim_timer(actor, 100);
}

void askers_begin(struct run *run, const char *config)
{
	struct sim_host *host = run->proxy_host;

	askers = 0;
	ip_parse(SECOND_IP, strlen(SECOND_IP), &host->address[host->addresses++]);
	run->config = config;
	run->config_added = true;
	last_run = run;
	run->actors_left++;
	memset(&last, 0, sizeof last);
	sim_act(&last, &run->peer[HOST_LOCAL], last_one);
	sim_timer(&last, 1000);
}

const struct udp_flow *flows(const struct run *run)
{
	return run->anklet->udp->flow;
}

unsigned flows_of(const struct run *run, const char *client)
{
	unsigned count = 0;
	struct ip ip;

	ip_parse(client, strlen(client), &ip);
	for (unsigned i = 0; i < SLOTS; i++)
		count += flows(run)[i].kind != 0 && ip_equal(&flows(run)[i].client.ip, &ip);
	return count;
}

/* ---- There and back ---- */

static const struct {
	enum run_host host;
	const char *proxy;
} ways[] = {
	{HOST_CLIENT, PROXY_IP},
	{HOST_CLIENT, SECOND_IP},
	{HOST_CLIENT, PROXY_IP6},
	{HOST_OTHER, PROXY_IP},
	{HOST_LOCAL, "127.0.0.1"},
	{HOST_LOCAL, "::1"},
	{HOST_LOCAL, PROXY_IP},
};

void askers_add(struct run *run, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		unsigned way = (i + run_between(run, 0, 1)) % (sizeof ways / sizeof *ways);
		struct asker *k = asker_add(run, ways[way].host, ways[way].proxy);

		k->count = run_between(run, 1, 8);
		k->start_ms = run_between(run, 0, 1000);
		k->pause_ms = run_between(run, 0, 400);
		k->patience_ms = 2000;
	}
}

void askers_rough(struct run *run)
{
	run->proxy.faults.spurious = (uint16_t)run_between(run, 0, 300);
	run->proxy.faults.hasty = (uint16_t)run_between(run, 0, 300);
}

void askers_check_served(struct run *run)
{
	unsigned sent = 0;

	for (unsigned i = 0; i < askers; i++) {
		sent += asker[i].sent;
		EXPECT(run, asker[i].replies == asker[i].sent);
	}
	EXPECT(run, echo.asked == sent && echo.callers <= askers);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_up == sent);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_down == sent);
	EXPECT(run, run->anklet->sessions.loop.status.datagrams_dropped == 0);
}

/*
 * Rates. See rates.h.
 */
#include "loop/rates.h"

#include <string.h>

#include "base/check.h"
#include "base/divide.h"

#define PAUSE_MS 100
#define SEGMENT 1460               /* bytes of a frame of Ethernet that are TCP's */
#define BURST_LEAST (2u * SEGMENT) /* below, a peer waits for its delayed acknowledgements */
#define DEBT_MOST 65536u /* bytes beyond a second burst: who owes more does so by another rate */
#define SHARE_LEAST 128u /* bytes of a slice */
#define LINE_NONE UINT8_MAX

_Static_assert(CONFIG_ANKLET_RATES < LINE_NONE, "a byte names every line");
_Static_assert(CONFIG_ANKLET_RATE_CLIENTS < UINT16_MAX, "sixteen bits name every client");

void rates_use(struct rates *rates, const struct rate_limits *limits)
{
	const uint32_t *total = limits->total.rate;

	rates->limits = limits;
	rates->on = limits->count > 0 || total[RATE_UP] > 0 || total[RATE_DOWN] > 0 ||
		    limits->begin.count > 0;
}

/* ---- Balances ---- */

/* So much may be spent at once, in thousandths. */
static uint64_t burst_of(uint32_t rate)
{
	return 1000 * (uint64_t)(rate / 4 > BURST_LEAST ? rate / 4 : BURST_LEAST);
}

static void pay(uint64_t *spent, uint32_t rate, uint32_t ms)
{
	uint64_t paid = (uint64_t)rate * ms;

	*spent = rate == 0 || paid >= *spent ? 0 : *spent - paid;
}

/* What the time since the last look has paid. A clock that went back, or stood for weeks, pays nothing. */
static void pay_all(struct rate_client *c, const uint32_t rate[RATE_WAYS],
	const struct begin_limit *begin, uint32_t now)
{
	uint32_t ms = time_passed(c->paid_at, now) ? now - c->paid_at : 0;

	c->paid_at = now;
	pay(&c->way[RATE_UP].spent, rate[RATE_UP], ms);
	pay(&c->way[RATE_DOWN].spent, rate[RATE_DOWN], ms);
	pay(&c->begun, begin->count, ms);
}

static const uint32_t *rate_of(const struct rates *rates, const struct rate_client *c)
{
	static const uint32_t none[RATE_WAYS];

	return c->line < rates->limits->count ? rates->limits->line[c->line].rate : none;
}

/* The first line that matches. */
static uint8_t line_of(const struct rate_limits *limits, const struct ip *from)
{
	for (uint8_t i = 0; i < limits->count; i++)
		if (ip_prefix_holds(&limits->line[i].from, from))
			return i;
	return LINE_NONE;
}

static bool is_full(const struct rate_client *c)
{
	return c->way[RATE_UP].spent == 0 && c->way[RATE_DOWN].spent == 0 && c->begun == 0;
}

/* Is it used up? Then there is a pause, which ends for all at once. */
static bool is_resting(struct balance *b, uint32_t rate, uint32_t now)
{
	uint64_t burst = burst_of(rate), ms;

	if (rate > 0 && b->end.set && !time_passed(b->end.at, now))
		return true;
	b->end.set = rate > 0 && b->spent >= burst;
	if (!b->end.set)
		return false;
	if (b->spent > 2 * burst + 1000ull * DEBT_MOST)
		b->spent = 2 * burst + 1000ull * DEBT_MOST;
	ms = divided(b->spent - burst, rate) + 1;
	b->end.at = now + (uint32_t)(ms > PAUSE_MS ? ms : PAUSE_MS);
	return true;
}

/* A slice: 25 ms of the rate, of which each of several has its part. */
static uint32_t slice_of(uint32_t rate, unsigned parts)
{
	uint32_t slice = (rate / 40 > SEGMENT ? rate / 40 : SEGMENT) / (parts > 0 ? parts : 1);

	return rate == 0 ? UINT32_MAX : slice > SHARE_LEAST ? slice : SHARE_LEAST;
}

/* ---- Clients ---- */

static struct rate_client *client_of(struct rates *rates, uint16_t client)
{
	check(client > 0 && client <= CONFIG_ANKLET_RATE_CLIENTS + 1);
	return &rates->client[client - 1];
}

/* Pays what is due to a client and to all, by the limits for that address. */
static struct rate_client *settle(
	struct rates *rates, uint16_t client, const struct ip *from, uint32_t now)
{
	static const struct begin_limit none;
	struct rate_client *c = client_of(rates, client);

	c->line = line_of(rates->limits, from);
	pay_all(c, rate_of(rates, c), &rates->limits->begin, now);
	pay_all(&rates->total, rates->limits->total.rate, &none, now);
	return c;
}

/* Its own, which may be of an earlier time; or one that nobody needs any more; or the last one. */
static struct rate_client *find(struct rates *rates, const struct ip *key, uint32_t now)
{
	struct rate_client *unused = &rates->client[rates->used];

	for (unsigned i = 0; i < rates->used; i++) {
		struct rate_client *c = &rates->client[i];

		if (ip_equal(&c->key, key))
			return c;
		if (c->users > 0 || unused < &rates->client[rates->used])
			continue;
		pay_all(c, rate_of(rates, c), &rates->limits->begin, now);
		if (is_full(c))
			unused = c;
	}
	if (unused == &rates->client[CONFIG_ANKLET_RATE_CLIENTS])
		return unused;
	if (unused == &rates->client[rates->used])
		rates->used++;
	memset(unused, 0, sizeof *unused);
	unused->key = *key;
	return unused;
}

uint16_t rates_enter(struct rates *rates, const struct ip *key, uint32_t now)
{
	struct rate_client *c = find(rates, key, now);

	c->users++;
	return (uint16_t)(c - rates->client + 1);
}

void rates_leave(struct rates *rates, uint16_t client)
{
	struct rate_client *c = client_of(rates, client);

	check(c->users > 0);
	c->users--;
}

bool rates_begin(struct rates *rates, uint16_t client, uint32_t now)
{
	const struct begin_limit *limit = &rates->limits->begin;
	struct rate_client *c = client_of(rates, client);

	pay_all(c, rate_of(rates, c), limit, now);
	if (limit->count == 0)
		return true;
	if (c->begun > (uint64_t)(limit->count - 1) * limit->ms) {
		rates->rejected++;
		return false;
	}
	c->begun += limit->ms;
	return true;
}

/* ---- Bytes ---- */

uint32_t rates_allow(struct rates *rates, uint16_t client, const struct ip *from, enum rate_way way,
	uint32_t most, uint32_t now, struct deadline *end)
{
	struct rate_client *c = settle(rates, client, from, now);
	struct balance *own = &c->way[way], *all = &rates->total.way[way];
	uint32_t rate = rate_of(rates, c)[way], total = rates->limits->total.rate[way], slice;

	if (is_resting(own, rate, now)) {
		*end = own->end;
		return 0;
	}
	if (is_resting(all, total, now)) {
		*end = all->end;
		return 0;
	}
	/* Of what all share a client has one part, however many sessions it has. */
	slice = slice_of(total, own->waiting);
	most = slice < most ? slice : most;
	slice = slice_of(rate, 1);
	return slice < most ? slice : most;
}

static void spend(struct balance *b, uint32_t rate, uint64_t bytes)
{
	b->spent += rate > 0 ? 1000 * bytes : 0;
}

void rates_spend(struct rates *rates, uint16_t client, enum rate_way way, uint64_t bytes)
{
	struct rate_client *c = client_of(rates, client);

	spend(&c->way[way], rate_of(rates, c)[way], bytes);
	spend(&rates->total.way[way], rates->limits->total.rate[way], bytes);
}

/* Of what a pause brings half is left to the sessions that wait for its end, however many datagrams come meanwhile. */
static bool has_room(const struct balance *b, uint32_t rate)
{
	uint64_t left = b->waiting > 0 ? (uint64_t)rate * (PAUSE_MS / 2) : 0;

	return rate == 0 || b->spent + left < burst_of(rate);
}

bool rates_datagram(struct rates *rates, uint16_t client, const struct ip *from, enum rate_way way,
	uint32_t bytes, uint32_t now)
{
	struct rate_client *c = settle(rates, client, from, now);

	if (!has_room(&c->way[way], rate_of(rates, c)[way]) ||
		!has_room(&rates->total.way[way], rates->limits->total.rate[way]))
		return false;
	rates_spend(rates, client, way, bytes);
	return true;
}

/* ---- Who waits ---- */

void rates_want(struct rates *rates, uint16_t client, enum rate_way way, bool more)
{
	struct balance *own = &client_of(rates, client)->way[way];
	struct balance *all = &rates->total.way[way];

	check(more || (own->waiting > 0 && all->waiting > 0));
	own->waiting = (uint16_t)(more ? own->waiting + 1 : own->waiting - 1);
	all->waiting = (uint16_t)(more ? all->waiting + 1 : all->waiting - 1);
}

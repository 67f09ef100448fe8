/*
 * Names to addresses: who waits for which name, and what is known without asking. See resolver.h, and lookup.h.
 */
#include "resolver/resolver.h"

#include <string.h>

#include "base/check.h"
#include "resolver/literal.h"
#include "resolver/lookup.h"
#include "resolver/query.h"

#define SERVER_PORT 53
#define FIRST_TRY_MS 2000
#define SLICE 65536 /* bytes of the hosts file in a tick, for all lookups together */

/* ---- Names that nobody is asked about ---- */

/* Is the name 'domain' or one below it? */
static bool is_within(const char *name, size_t len, const char *domain)
{
	size_t below = strlen(domain);

	if (len < below || (len > below && name[len - below - 1] != '.'))
		return false;
	return text_same_letters(name + len - below, domain, below);
}

/* The count of addresses, PORT_NO_NAME, or PORT_AGAIN: it takes a lookup. */
static int known(const struct resolver_question *q, struct address *found, size_t max)
{
	static const struct address loopback[] = {
		{.ip = IP_OF_V6(0, 0, 1)}, {.ip = IP_OF_V4(127, 0, 0, 1)}};
	size_t len = q->len;
	int n = 0;

	if (literal_parse(q->name, len, &found[0]))
		return (q->families & (ip_is_v4(&found[0].ip) ? PORT_IPV4 : PORT_IPV6)) != 0
			       ? 1
			       : PORT_NO_NAME;
	if (len > 0 && q->name[len - 1] == '.')
		len--;
	/* RFC 6761, sections 6.3 and 6.4; RFC 7686, section 2. */
	if (!dns_name_valid(q->name, len) || len > RESOLVER_NAME_MAX ||
		is_within(q->name, len, "invalid") || is_within(q->name, len, "onion"))
		return PORT_NO_NAME;
	if (!is_within(q->name, len, "localhost"))
		return PORT_AGAIN;
	for (size_t i = CONFIG_ANKLET_IPV6 ? 0 : 1; i < 2 && (size_t)n < max; i++)
		if ((q->families & (i == 0 ? PORT_IPV6 : PORT_IPV4)) != 0)
			found[n++] = loopback[i];
	return n > 0 ? n : PORT_NO_NAME;
}

/* ---- Those who wait ---- */

static uint16_t number_of(const struct resolver *r, const struct lookup *l)
{
	return (uint16_t)(l - r->lookup + 1);
}

static void join(struct resolver *r, struct lookup *l, unsigned asker)
{
	r->asker[asker].lookup = number_of(r, l);
	r->asker[asker].next = l->first;
	l->first = (uint16_t)(asker + 1);
}

static void wait_for_place(struct resolver *r, unsigned asker)
{
	r->asker[asker].lookup = ASKER_WAITS;
	r->asker[asker].next = 0;
	if (r->first == 0)
		r->first = (uint16_t)(asker + 1);
	else
		r->asker[r->last - 1].next = (uint16_t)(asker + 1);
	r->last = (uint16_t)(asker + 1);
}

/* Takes one off a list, whose last one is told if that is asked for. */
static void unlink_asker(struct resolver *r, uint16_t *first, uint16_t *last, unsigned asker)
{
	uint16_t *link = first, before = 0;

	while (*link != asker + 1) {
		check(*link != 0);
		before = *link;
		link = &r->asker[before - 1].next;
	}
	*link = r->asker[asker].next;
	if (last != NULL && *last == asker + 1)
		*last = before;
}

/* Calls everybody who waits for l. */
static void call_askers(struct resolver *r, const struct lookup *l)
{
	for (uint16_t i = l->first; i != 0; i = r->asker[i - 1].next) {
		if (i <= CONFIG_ANKLET_SESSIONS)
			loop_ready(r->loop, i - 1u);
		else
			r->news = true;
	}
}

/* ---- Places ---- */

static const struct ip nobody; /* the key of this program's own lookups */

/*
 * The lookup that goes back to the queue for a client when all places are taken: of whoever holds most, and two more
 * than he does, so that the two do not go on taking it from each other; there the one that was tried least, or names
 * that nobody answers for would never come to an end. NULL: he waits.
 */
static struct lookup *evictable(struct resolver *r, uint16_t client)
{
	const struct clients *clients = &r->loop->clients;
	struct lookup *chosen = NULL;
	unsigned most;

	if (CONFIG_ANKLET_LOOKUPS < 3)
		return NULL; /* nobody can hold so many more */
	most = 2 + (client == CLIENT_NONE ? clients_held(clients, POOL_LOOKUPS, &nobody)
					  : clients->client[client].held[POOL_LOOKUPS]);
	for (unsigned i = 0; i < RESOLVER_LOOKUPS; i++) {
		struct lookup *l = &r->lookup[i];
		unsigned held;

		/* One that has addresses is all but done. */
		if (l->phase != LOOKUP_ASKING || l->graced)
			continue;
		held = clients->client[l->client].held[POOL_LOOKUPS];
		if (held < most || (chosen != NULL && held == most && l->tries >= chosen->tries))
			continue;
		most = held;
		chosen = l;
	}
	return chosen;
}

static bool has_place(struct resolver *r, uint16_t client)
{
	const struct clients *clients = &r->loop->clients;

	if (pool_is_full(clients, POOL_LOOKUPS))
		return evictable(r, client) != NULL;
	return client == CLIENT_NONE || pool_has_place(clients, POOL_LOOKUPS, client);
}

bool lookup_take_place(struct resolver *r, struct lookup *l, uint16_t client)
{
	struct clients *clients = &r->loop->clients;
	struct lookup *evicted = pool_is_full(clients, POOL_LOOKUPS) ? evictable(r, client) : NULL;

	if (evicted != NULL)
		lookup_queue(r, evicted);
	if (client == CLIENT_NONE)
		l->client = clients_take(clients, POOL_LOOKUPS, &nobody);
	else if (pool_take(clients, POOL_LOOKUPS, client))
		l->client = client;
	return l->client != CLIENT_NONE;
}

static void give_place(struct resolver *r, struct lookup *l)
{
	if (l->client == CLIENT_NONE)
		return;
	pool_give(&r->loop->clients, POOL_LOOKUPS, l->client);
	l->client = CLIENT_NONE;
	r->room = true;
}

static void free_lookup(struct resolver *r, struct lookup *l)
{
	query_end(r, l);
	give_place(r, l);
	l->phase = LOOKUP_FREE;
	r->used--;
	r->room = true;
}

void lookup_conclude(struct resolver *r, struct lookup *l, int answer)
{
	query_end(r, l);
	give_place(r, l);
	l->phase = LOOKUP_DONE;
	l->answer = (int8_t)answer;
	call_askers(r, l);
}

void lookup_queue(struct resolver *r, struct lookup *l)
{
	while (l->first != 0) {
		unsigned asker = l->first - 1u;

		l->first = r->asker[asker].next;
		r->asker[asker].scanned = l->scanned ? r->epoch : 0;
		wait_for_place(r, asker);
	}
	free_lookup(r, l);
}

/* ---- Beginning ---- */

static bool same_name(const struct lookup *l, const struct resolver_question *q, size_t len)
{
	return l->own_len == len && text_same_letters(l->name, q->name, len);
}

static struct lookup *find_same(struct resolver *r, const struct resolver_question *q)
{
	bool absolute = q->name[q->len - 1] == '.';

	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		struct lookup *l = &r->lookup[i];

		if ((l->phase == LOOKUP_HOSTS || l->phase == LOOKUP_ASKING) &&
			l->families == q->families && l->absolute == absolute &&
			same_name(l, q, (size_t)q->len - absolute))
			return l;
	}
	return NULL;
}

static struct lookup *find_free(struct resolver *r)
{
	for (unsigned i = 0; i < RESOLVER_LOOKUPS; i++)
		if (r->lookup[i].phase == LOOKUP_FREE)
			return &r->lookup[i];
	return NULL;
}

/* Begins a lookup, or joins one. False: all are taken. The asker may wait for a place afterwards, or have an answer. */
static bool start(struct resolver *r, unsigned asker)
{
	const struct resolver_asker *a = &r->asker[asker];
	struct lookup *l = find_same(r, &a->question);

	if (l != NULL) {
		join(r, l, asker);
		return true;
	}
	l = find_free(r);
	if (l == NULL)
		return false;
	memset(l, 0, offsetof(struct lookup, bytes));
	l->phase = LOOKUP_HOSTS;
	l->families = a->question.families;
	l->client = CLIENT_NONE;
	l->sock = PORT_NONE;
	l->absolute = a->question.name[a->question.len - 1] == '.';
	l->own_len = l->name_len = (uint8_t)(a->question.len - l->absolute);
	for (unsigned i = 0; i < l->own_len; i++)
		l->name[i] = text_lower(a->question.name[i]);
	l->scanned = a->scanned == r->epoch;
	r->used++;
	join(r, l, asker);
	lookup_begin(r, l);
	return true;
}

/* Something has become free: those who wait go on in their order, as far as it is for them. */
static void serve_waiting(struct resolver *r)
{
	uint16_t last = r->last, next;

	for (uint16_t i = r->first; i != 0; i = i == last ? 0 : next) {
		struct resolver_asker *a = &r->asker[i - 1];

		next = a->next;
		if (find_same(r, &a->question) == NULL &&
			(find_free(r) == NULL || (!lookup_needs_scan(r, a->scanned == r->epoch) &&
							 !has_place(r, a->question.client))))
			continue;
		unlink_asker(r, &r->first, &r->last, i - 1u);
		start(r, i - 1u);
	}
	r->room = false;
}

/* ---- The calls ---- */

void resolver_init(
	struct resolver *r, struct loop *loop, const struct address *servers, unsigned count)
{
	r->loop = loop;
	r->server = servers;
	r->servers = (uint8_t)count;
	r->budget = SLICE;
	r->server_port = SERVER_PORT;
	r->first_try_ms = FIRST_TRY_MS;
}

void resolver_use(struct resolver *r, const struct address *servers, unsigned count)
{
	r->renewed = count != r->servers;
	for (unsigned i = 0; i < count && !r->renewed; i++)
		r->renewed = !address_equal(&servers[i], &r->server[i]);
	r->server = servers;
	r->servers = (uint8_t)count;
	r->looked_at = r->renewed ? port_now(r->loop->port) - 1 : r->looked_at;
}

/* IPv6 and IPv4 in turn, what is left of the longer list after that. */
static int merge(const struct lookup *l, struct address *found, size_t max)
{
	size_t n = 0;

	for (unsigned i = 0; i < ANKLET_ADDRESSES; i++) {
		for (unsigned family = 0; family < RESOLVER_FAMILIES; family++) {
			const struct query *q = &l->query[family];

			if (q->result == DNS_ADDRESSES && i < q->answer.addresses.count && n < max)
				found[n++] = (struct address){.ip = q->answer.addresses.ip[i]};
		}
	}
	return (int)n;
}

int resolver_find(struct resolver *r, unsigned asker, const struct resolver_question *q,
	struct address *found, size_t max)
{
	struct resolver_asker *a = &r->asker[asker];
	const struct lookup *l;
	int answer;

	if (a->lookup == ASKER_NONE) {
		bool room = r->room;

		a->question = *q;
		a->question.families &= PORT_FAMILIES;
		answer = known(&a->question, found, max);
		if (answer != PORT_AGAIN)
			return answer;
		resolver_refresh(r);
		a->scanned = 0;
		if (r->conf.servers == 0)
			return PORT_NAME_FAILED;
		if (!start(r, asker))
			wait_for_place(r, asker);
		if (a->lookup == ASKER_WAITS)
			r->room = room; /* nothing has become free */
	}
	if (a->lookup == ASKER_WAITS)
		return PORT_AGAIN;
	l = &r->lookup[a->lookup - 1];
	if (l->phase != LOOKUP_DONE)
		return PORT_AGAIN;
	answer = l->answer != 0 ? l->answer : merge(l, found, max);
	resolver_forget(r, asker);
	return answer;
}

void resolver_forget(struct resolver *r, unsigned asker)
{
	struct resolver_asker *a = &r->asker[asker];
	struct lookup *l;

	if (!CONFIG_ANKLET_NAMES)
		return;
	if (a->lookup == ASKER_WAITS) {
		unlink_asker(r, &r->first, &r->last, asker);
	} else if (a->lookup != ASKER_NONE) {
		l = &r->lookup[a->lookup - 1];
		unlink_asker(r, &l->first, NULL, asker);
		if (l->first == 0)
			free_lookup(r, l);
	}
	a->lookup = ASKER_NONE;
}

void resolver_ready(struct resolver *r, unsigned index)
{
	r->lookup[index].ready = true;
}

void resolver_run(struct resolver *r)
{
	uint32_t now = port_now(r->loop->port);

	r->budget = SLICE;
	if (CONFIG_ANKLET_NAME_CACHE > 0 && r->cache.timed && time_passed(r->cache.sweep_at, now))
		cache_sweep(&r->cache, now);
	/* Each time another one is the first. */
	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		struct lookup *l = &r->lookup[(r->hosts_first + i) % RESOLVER_LOOKUPS];

		if (RESOLVER_HAS_FILES && l->phase == LOOKUP_HOSTS && r->budget > 0)
			lookup_scan(r, l);
		if (l->phase == LOOKUP_ASKING) {
			query_run(r, l);
			lookup_walk(r, l);
		}
	}
	r->hosts_first = (uint8_t)((r->hosts_first + 1) % RESOLVER_LOOKUPS);
	if (r->room && r->first != 0)
		serve_waiting(r);
}

static void sooner(int32_t *ms, uint32_t at, uint32_t now)
{
	int32_t left = time_until(at, now);

	if (*ms < 0 || left < *ms)
		*ms = left;
}

int32_t resolver_next(const struct resolver *r, uint32_t now)
{
	int32_t ms = -1;

	if (CONFIG_ANKLET_NAME_CACHE > 0 && r->cache.timed)
		sooner(&ms, r->cache.sweep_at, now);
	if (r->room && r->first != 0)
		return 0;
	for (unsigned i = 0; r->used > 0 && i < RESOLVER_LOOKUPS; i++) {
		const struct lookup *l = &r->lookup[i];

		if (l->ready || (l->phase == LOOKUP_HOSTS && !l->resting))
			return 0;
		if (l->phase == LOOKUP_HOSTS || l->phase == LOOKUP_ASKING)
			sooner(&ms, l->due_at, now);
		if (l->phase == LOOKUP_ASKING && l->graced)
			sooner(&ms, l->grace_at, now);
	}
	return ms;
}

bool resolver_has_news(struct resolver *r)
{
	bool news = r->news;

	r->news = false;
	return news;
}

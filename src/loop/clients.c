/*
 * Clients and pools. See clients.h.
 */
#include "loop/clients.h"

#include <string.h>

#include "base/check.h"

_Static_assert(CLIENTS_MAX < CLIENT_NONE, "sixteen bits name every client");

static const uint16_t sizes[POOLS] = {
	[POOL_SESSIONS] = CONFIG_ANKLET_SESSIONS,
	[POOL_TLS] = CONFIG_ANKLET_TLS_STREAMS,
	[POOL_ATTEMPTS] = CONFIG_ANKLET_SPARE_SOCKETS,
	[POOL_LOOKUPS] = CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0,
	[POOL_FLOWS] = CONFIG_ANKLET_UDP_FLOWS,
};

void clients_init(struct clients *clients)
{
	for (unsigned i = 0; i < POOLS; i++)
		clients->pool[i].size = sizes[i];
}

/* A session has two, the others one each; one more, while BIND's peer is accepted and its listener not yet closed. */
void clients_fit(struct clients *clients, unsigned room, bool flows)
{
	unsigned needed = 2 * CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_SPARE_SOCKETS +
			  (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0) +
			  (flows ? CONFIG_ANKLET_UDP_FLOWS : 0) + 1;

	for (unsigned i = 0; i < POOLS && room < needed; i++) {
		unsigned size = clients->pool[i].size * room / needed;

		if (i != POOL_TLS && clients->pool[i].size > 0)
			clients->pool[i].size = (uint16_t)(size > 0 ? size : 1);
	}
}

void clients_share(struct clients *clients, uint16_t sessions)
{
	for (unsigned i = 0; i < POOLS; i++) {
		struct pool *pool = &clients->pool[i];

		pool->share = sessions == 0 ? pool->size : (uint16_t)((pool->size + 1) / 2);
	}
	if (sessions > 0 && (sessions < clients->pool[POOL_SESSIONS].share ||
				    clients->pool[POOL_SESSIONS].size == CONFIG_ANKLET_SESSIONS))
		clients->pool[POOL_SESSIONS].share = sessions;
}

struct ip client_key(const struct ip *ip, const struct ip *local)
{
	struct ip key = *ip;

	if (!CONFIG_ANKLET_IPV6 || ip_is_v4(ip) || ip_class(ip) == IP_LINK_LOCAL ||
		memcmp(ip, local, 8) == 0)
		return key;
	memset(key.byte + 8, 0, 8);
	return key;
}

/* Who chooses addresses that share a bucket makes others look at so many entries as he has places, and no more. */
static uint16_t *bucket_of(struct clients *clients, const struct ip *key)
{
	return &clients->bucket[ip_hash(key) % CLIENT_BUCKETS];
}

static uint16_t find(struct clients *clients, const struct ip *key)
{
	uint16_t at = *bucket_of(clients, key);

	while (at != 0 && !ip_equal(&clients->client[at - 1].key, key))
		at = clients->client[at - 1].next;
	return at;
}

static uint16_t add(struct clients *clients, const struct ip *key)
{
	uint16_t *bucket = bucket_of(clients, key);
	uint16_t at = clients->free;

	if (at != 0)
		clients->free = clients->client[at - 1].next;
	else
		at = ++clients->used;
	check(at <= CLIENTS_MAX);
	clients->client[at - 1].key = *key;
	clients->client[at - 1].next = *bucket;
	*bucket = at;
	return at;
}

static void forget(struct clients *clients, uint16_t client)
{
	struct holder *c = &clients->client[client];
	uint16_t *link = bucket_of(clients, &c->key);

	while (*link != client + 1)
		link = &clients->client[*link - 1].next;
	*link = c->next;
	memset(c, 0, sizeof *c);
	c->next = clients->free;
	clients->free = (uint16_t)(client + 1);
}

bool pool_take(struct clients *clients, enum pool_name name, uint16_t client)
{
	if (!pool_has_place(clients, name, client))
		return false;
	clients->pool[name].taken++;
	clients->client[client].held[name]++;
	return true;
}

uint16_t clients_take(struct clients *clients, enum pool_name name, const struct ip *key)
{
	uint16_t at = find(clients, key);

	if (pool_is_full(clients, name) || clients->pool[name].share == 0)
		return CLIENT_NONE;
	if (at == 0)
		at = add(clients, key);
	return pool_take(clients, name, (uint16_t)(at - 1)) ? (uint16_t)(at - 1) : CLIENT_NONE;
}

void pool_give(struct clients *clients, enum pool_name name, uint16_t client)
{
	struct holder *c = &clients->client[client];
	unsigned left = 0;

	check(c->held[name] > 0);
	c->held[name]--;
	clients->pool[name].taken--;
	for (unsigned i = 0; i < POOLS; i++)
		left += c->held[i];
	if (left == 0)
		forget(clients, client);
}

unsigned clients_count(const struct clients *clients)
{
	unsigned free = 0;

	for (uint16_t at = clients->free; at != 0; at = clients->client[at - 1].next)
		free++;
	return clients->used - free;
}

const struct holder *clients_most(const struct clients *clients, enum pool_name name)
{
	const struct holder *most = &clients->client[0];

	for (unsigned i = 1; i < clients->used; i++)
		if (clients->client[i].held[name] > most->held[name])
			most = &clients->client[i];
	return most;
}

uint16_t clients_find(const struct clients *clients, const struct ip *key)
{
	uint16_t at = find((struct clients *)clients, key);

	return at == 0 ? CLIENT_NONE : (uint16_t)(at - 1);
}

unsigned clients_held(const struct clients *clients, enum pool_name name, const struct ip *key)
{
	uint16_t at = find((struct clients *)clients, key);

	return at == 0 ? 0 : clients->client[at - 1].held[name];
}

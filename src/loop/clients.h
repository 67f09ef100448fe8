/*
 * Clients and pools: whoever holds a place of something that all share, and how many.
 *
 * A client has an entry while it holds anything. It may hold half of a pool; nobody looks through a table
 * to find that out.
 *
 * An IPv4 address is a client. Of IPv6 a /64 is one, for whoever has one address has as many as he likes (RFC 6177),
 * but for those that share a link with this host: a LAN is one /64.
 */
#ifndef ANKLET_CLIENTS_H
#define ANKLET_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"

enum pool_name {
	POOL_SESSIONS,
	POOL_TLS,      /* encrypted connections */
	POOL_ATTEMPTS, /* sockets for second attempts */
	POOL_LOOKUPS,  /* names being asked for */
	POOL_FLOWS,    /* of datagrams */
	POOLS,
};

/*
 * Each client holds a session or a flow at least, or a lookup that others wait for as well. One more, for the one that
 * is about to be admitted in place of another.
 */
#define CLIENTS_MAX                                         \
	(CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_UDP_FLOWS + \
		(CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0) + 1)
#define CLIENT_NONE UINT16_MAX
#define CLIENT_BUCKETS (CONFIG_ANKLET_SESSIONS >= 256 ? 256 : 16)

struct holder {
	struct ip key;
	uint16_t
		next; /* in its bucket, or of the free ones: one more than the index; 0: the last */
	uint16_t
		first; /* of its sessions that have what a BIND may need: one more than the index; 0: none */
	uint16_t held[POOLS];
};

struct pool {
	uint16_t size, taken;
	uint16_t share; /* so many for one client */
	bool told;      /* that it is full was logged, and it has not had room since */
};

/* All zero but for the pools is a table without clients. */
struct clients {
	struct pool pool[POOLS];
	uint16_t used, free;
	uint16_t bucket[CLIENT_BUCKETS];
	struct holder client[CLIENTS_MAX];
};

/* Of zeroed memory. */
void clients_init(struct clients *clients);

/*
 * There is room for so many sockets beside the listeners, of which flows need some or do not: makes the pools smaller,
 * each as much as the others, where it is less than all need. Nobody holds anything yet. Before clients_share().
 */
void clients_fit(struct clients *clients, unsigned room, bool flows);

/*
 * A client may have half of each pool, and of sessions so many, but half where the pool is smaller than it was built.
 * 0: everybody may have everything.
 */
void clients_share(struct clients *clients, uint16_t sessions);

/* Who that is, for somebody who came from ip to the address 'local' of this host. */
struct ip client_key(const struct ip *ip, const struct ip *local);

/*
 * Takes a place of a pool for a client that may hold nothing yet. Returns the client, to be handed to pool_give(), or
 * CLIENT_NONE: the pool is full or the client has its share, and nothing has changed.
 */
uint16_t clients_take(struct clients *clients, enum pool_name name, const struct ip *key);

/* The same for one that holds something. */
bool pool_take(struct clients *clients, enum pool_name name, uint16_t client);

/* Gives a place back. With its last one the client is forgotten. */
void pool_give(struct clients *clients, enum pool_name name, uint16_t client);

/* Whoever has that key; CLIENT_NONE: he holds nothing. */
uint16_t clients_find(const struct clients *clients, const struct ip *key);

/* How many places of a pool whoever has that key holds. */
unsigned clients_held(const struct clients *clients, enum pool_name name, const struct ip *key);

/* How many clients there are. Looks at all of them: for who asks for the status. */
unsigned clients_count(const struct clients *clients);

/* Whoever holds most of a pool; some client holds something. Looks at all of them: for a line of the log. */
const struct holder *clients_most(const struct clients *clients, enum pool_name name);

static inline bool pool_is_full(const struct clients *clients, enum pool_name name)
{
	return clients->pool[name].taken == clients->pool[name].size;
}

/* Would pool_take() find one? */
static inline bool pool_has_place(
	const struct clients *clients, enum pool_name name, uint16_t client)
{
	return !pool_is_full(clients, name) &&
	       clients->client[client].held[name] < clients->pool[name].share;
}

#endif

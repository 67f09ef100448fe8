/*
 * Answers, kept for as long as they hold: a name server's for their time to live, the hosts file's until it changes.
 *
 * Keyed by the whole name that was asked for and the type, so that what a search list made of a name is never taken for
 * the name itself. Names are in lower case; times are milliseconds of port_now(). Whoever owns the cache forgets it
 * when the hosts file or the name servers are others.
 */
#ifndef ANKLET_CACHE_H
#define ANKLET_CACHE_H

#include "protocol/dns.h"

#define CACHE_ENTRIES ANKLET_TABLE(CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_NAME_CACHE : 0)
#define CACHE_NAME_MAX \
	(CONFIG_ANKLET_NAME_CACHE > 0 ? 127 : 0) /* longer names are asked for each time */
#define CACHE_MIN_MS 1000 /* so that one page's connections ask once, whatever the answer says */
#define CACHE_MAX_MS 3600000
#define CACHE_NO_MS 5000       /* for 'no such name' and 'no address' */
#define CACHE_SWEEP_MS 7200000 /* what has ended is thrown away before the clock can wrap */

/* What is known of the hosts file about a name that was asked for. */
enum cache_hosts {
	CACHE_UNSEEN, /* nothing: a search list has made that name */
	CACHE_ABSENT, /* it is not there */
	CACHE_HOSTS,  /* this is what it says */
};

struct cached_name {
	uint8_t result; /* enum dns_result; DNS_PENDING (0): the entry is free */
	uint8_t hosts;  /* enum cache_hosts */
	uint8_t type;   /* enum dns_type */
	uint8_t name_len;
	uint32_t added_at, lasts_ms; /* the hosts file's last for as long as the cache */
	struct dns_addresses addresses;
	char name[ANKLET_TABLE(CACHE_NAME_MAX)];
};

/* All zero is an empty cache. */
struct cache {
	bool timed;        /* something in it ends by itself */
	uint32_t sweep_at; /* while it is */
	struct cached_name entry[CACHE_ENTRIES];
};

/* What is known of the question at 'now', or NULL. */
const struct cached_name *cache_find(
	const struct cache *cache, const struct dns_question *question, uint32_t now);

/* Keeps an answer, DNS_ADDRESSES, DNS_NO_NAME or DNS_NO_DATA, in place of the one that would end first. */
void cache_add(struct cache *cache, const struct dns_question *question, uint32_t now,
	enum dns_result result, enum cache_hosts hosts, const struct dns_answer *answer);

/* Throws away what has ended. */
void cache_sweep(struct cache *cache, uint32_t now);

/* Forgets everything. */
void cache_clear(struct cache *cache);

#endif

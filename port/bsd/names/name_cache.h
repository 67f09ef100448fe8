/*
 * Answers of name servers, kept for as long as they hold.
 *
 * Keyed by the whole name that was asked for and the type, so that what a
 * search list made of a name is never taken for the name itself. Time is in
 * seconds of a clock that does not wrap while the program runs.
 */
#ifndef ANKLET_POSIX_NAME_CACHE_H
#define ANKLET_POSIX_NAME_CACHE_H

#include <stdint.h>

#include "dns.h"

#define NAME_CACHE_ENTRIES \
	ANKLET_TABLE(CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_NAME_CACHE : 0) /* with 0 nobody asks it */
#define NAME_CACHE_NAME_MAX 127 /* longer names are asked for each time */
#define NAME_CACHE_MIN_S 1 /* so that one page's connections ask once, whatever the answer says */
#define NAME_CACHE_MAX_S 3600
#define NAME_CACHE_NO_S 5 /* for 'no such name' and 'no address' */

struct cached_name {
	uint32_t until_s; /* the entry counts before this time */
	uint16_t type;
	uint8_t result; /* enum dns_result; DNS_PENDING (0): the entry is free */
	uint8_t name_len;
	char name[NAME_CACHE_NAME_MAX];
	struct dns_addresses addresses;
};

/* All zero is an empty cache. */
struct name_cache {
	struct cached_name entry[NAME_CACHE_ENTRIES];
};

/*
 * What is known of the question at now_s: DNS_ADDRESSES with *addresses set,
 * DNS_NO_NAME, DNS_NO_DATA; or DNS_PENDING: nothing. Its name is in lower case.
 */
enum dns_result name_cache_find(const struct name_cache *cache, const struct dns_question *question,
	uint32_t now_s, struct dns_addresses *addresses);

/*
 * Keeps an answer (one of the three results above; for the first with its
 * addresses and its time to live) in place of the one that would end first.
 */
void name_cache_add(struct name_cache *cache, const struct dns_question *question, uint32_t now_s,
	enum dns_result result, const struct dns_answer *answer);

#endif

/*
 * Patterns of destinations, which allow, deny and route lines write as "10.0.0.0/8:80,443",
 * "*.example.com", "[2001:db8::/32]:25-27", "*".
 */
#ifndef ANKLET_PATTERN_H
#define ANKLET_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/word.h"

#define PATTERN_PORTS 8 /* ranges of ports in one pattern */

enum pattern_kind { PATTERN_ANY, PATTERN_PREFIX, PATTERN_NAME };

struct port_range {
	uint16_t low, high; /* inclusive */
};

struct pattern {
	uint8_t kind;            /* enum pattern_kind */
	uint8_t ports_count;     /* 0: every port */
	struct ip_prefix prefix; /* PATTERN_PREFIX */
	uint16_t
		name; /* PATTERN_NAME: a name, or "*." and the name of a domain: everything below it */
	struct port_range ports[PATTERN_PORTS];
};

/* MAYBE: it depends on the address, which is not known yet. */
enum match { MATCH_NO, MATCH_MAYBE, MATCH_YES };

/* A destination, as far as it is known. */
struct destination {
	const char *name; /* NUL-terminated; NULL: an address was named */
	uint16_t port;
	bool ip_known; /* ip is the address */
	bool remote;   /* the address will never be known here: somebody else looks the name up */
	struct ip ip;
};

/* Is it localhost, or a name below it, which are loopback wherever they are looked up (RFC 6761, section 6.3)? */
bool name_is_loopback(const char *name);

/* A name is held against the name that was asked for only, an address against the address. */
enum match pattern_match(const struct pattern *pattern, const struct string_table *names,
	const struct destination *to);

/* Does 'outer' match whatever 'inner' does? */
bool pattern_covers(
	const struct pattern *outer, const struct pattern *inner, const struct string_table *names);

#endif

/*
 * Rates: how many bytes a second may go to a client and come from it, how many to all of them together, and how many
 * sessions a client may begin.
 *
 * A balance is borrowed from: bytes are moved while there is some, by a slice at a time, and paid for afterwards; so it
 * may be overdrawn by one slice. Then nobody who shares it moves anything before one deadline, at which the debt is
 * paid and which is 100 ms off at least; and whoever waited longest goes first. What is kept is what was spent and has
 * not been paid for, in thousandths of a byte, which is what a millisecond at one byte a second pays: nothing is
 * rounded. All zero is a full balance.
 *
 * Clients have these in a table of their own, for they outlive what a client holds: an entry stays until it is full
 * again, else whoever connects anew had a new one. All for whom there is no room share the last one.
 *
 * The limits are those in force: nothing here copies them, and a balance knows none.
 */
#ifndef ANKLET_RATES_H
#define ANKLET_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "base/deadline.h"

enum rate_way { RATE_UP, RATE_DOWN, RATE_WAYS };

/* A line: the clients of a network, and the rate of each; or that of all together. */
struct rate_limit {
	struct ip_prefix from;    /* ::/0: everybody */
	uint32_t rate[RATE_WAYS]; /* bytes a second; 0: no limit */
};

/* So many new sessions of one client in that time; 0: no limit. */
struct begin_limit {
	uint32_t ms;
	uint16_t count;
};

struct rate_limits {
	uint8_t count;
	struct begin_limit begin;
	struct rate_limit total;                                   /* its 'from' is nobody's */
	struct rate_limit line[ANKLET_TABLE(CONFIG_ANKLET_RATES)]; /* the first that matches */
};

struct balance {
	uint64_t spent;      /* and not paid for */
	struct deadline end; /* of a pause */
	uint16_t waiting;    /* so many sessions want more than they get */
};

struct rate_client {
	struct ip key; /* as client_key() has it */
	struct balance way[RATE_WAYS];
	uint64_t
		begun; /* sessions, not paid for: each costs the time of the limit, and its count is what a ms pays */
	uint32_t paid_at; /* up to then */
	uint16_t users;   /* sessions and flows */
	uint8_t line;     /* that it went by last */
};

/* All zero is one without limits. Its clients are numbered from 1 on. */
struct rates {
	const struct rate_limits *limits;
	bool on;           /* there are any */
	uint16_t used;     /* entries that have ever been */
	uint64_t rejected; /* sessions, by limit-new */
	struct rate_client total;
	struct rate_client client[CONFIG_ANKLET_RATE_CLIENTS + 1];
};

/* Puts limits in force, which stay the caller's. */
void rates_use(struct rates *rates, const struct rate_limits *limits);

/* The client's entry, which stays its own until rates_leave(); and one for each user of it. */
uint16_t rates_enter(struct rates *rates, const struct ip *key, uint32_t now);
void rates_leave(struct rates *rates, uint16_t client);

/* May it begin one more session? If so that is counted; else the rejection. */
bool rates_begin(struct rates *rates, uint16_t client, uint32_t now);

/*
 * How many bytes may be moved that way for one of its sessions, whose address decides about the line: 1 to 'most'. 0:
 * none before *end. Where it is moved rates_spend() follows, before anybody else is asked about.
 */
uint32_t rates_allow(struct rates *rates, uint16_t client, const struct ip *from, enum rate_way way,
	uint32_t most, uint32_t now, struct deadline *end);
void rates_spend(struct rates *rates, uint16_t client, enum rate_way way, uint64_t bytes);

/* May a datagram go that way, which is then paid for? If not it is dropped, for nobody keeps it. */
bool rates_datagram(struct rates *rates, uint16_t client, const struct ip *from, enum rate_way way,
	uint32_t bytes, uint32_t now);

/* One of its sessions wants more than it gets, or does not any more. */
void rates_want(struct rates *rates, uint16_t client, enum rate_way way, bool more);

#endif

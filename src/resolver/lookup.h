/*
 * What the files of the resolver share: resolver.c knows who waits for which lookup, lookup.c how far one has come,
 * servers.c whom to ask.
 *
 * A lookup begins with what has been kept, goes through the hosts file, a slice a tick, and then through the names that
 * the search list makes of its own. When it first has to ask (query.c), it needs a place of its client's share; where
 * there is none, those who wait for it queue, and the lookup is given up; so it may be later, for a client that has
 * less.
 */
#ifndef ANKLET_LOOKUP_H
#define ANKLET_LOOKUP_H

#include "resolver/resolver.h"

/* ---- lookup.c ---- */

/* A lookup somebody waits for, of which nothing has been tried: goes on as far as it can be done now. */
void lookup_begin(struct resolver *r, struct lookup *l);

/* Has the hosts file to be looked through for a name that has been looked for there, or has not been? */
bool lookup_needs_scan(const struct resolver *r, bool has_been_scanned);

/* Of LOOKUP_HOSTS: looks through the hosts file as far as the tick's budget goes. */
void lookup_scan(struct resolver *r, struct lookup *l);

/* Of LOOKUP_ASKING, and after the hosts file: goes on with what the queries have come to. */
void lookup_walk(struct resolver *r, struct lookup *l);

/* ---- resolver.c, for lookup.c ---- */

/*
 * Takes a place for the one who wanted the name first. False: there is none for that client. When all are taken another
 * lookup may be sent back to the queue, of a client that holds more.
 */
bool lookup_take_place(struct resolver *r, struct lookup *l, uint16_t client);

/* There is no place for l: those who wait for it wait for one. */
void lookup_queue(struct resolver *r, struct lookup *l);

/* Answers those who wait: 0, PORT_NO_NAME or PORT_NAME_FAILED. */
void lookup_conclude(struct resolver *r, struct lookup *l, int answer);

/* ---- servers.c ---- */

/*
 * Asks the system, once a tick, for its name servers and the stamps of its files. What the servers of another network
 * said is forgotten, as what another hosts file did.
 */
void resolver_refresh(struct resolver *r);

#endif

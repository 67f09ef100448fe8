/*
 * What a lookup asks of name servers: UDP, TCP where an answer is truncated, and the next server when one fails.
 *
 * Each try has a socket of its own, connected to its server, at a port that nobody can guess; together with a random
 * id that is what a forger would have to guess (RFC 5452, section 9.2). A try asks about all families that are
 * still open, over that one socket.
 */
#ifndef ANKLET_QUERY_H
#define ANKLET_QUERY_H

#include "resolver/resolver.h"

/* Asks about every query of l that is pending. Afterwards they are pending, or have an end already. */
void query_begin(struct resolver *r, struct lookup *l);

/* Goes on with what has arrived, or is due. */
void query_run(struct resolver *r, struct lookup *l);

/* Stops asking; what is pending stays so. */
void query_end(struct resolver *r, struct lookup *l);

/* The question that a query of l stands for. */
struct dns_question query_question(const struct lookup *l, unsigned family);

#endif

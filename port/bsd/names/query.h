/*
 * One question to the name servers: UDP, TCP where the answer is truncated, and what to do when one fails.
 *
 * Each try has a socket of its own, connected to its server: the kernel drops
 * what comes from anywhere else, and reports a refusal at once. The port is the
 * kernel's choice at connect(), random in every system this port is for, and
 * within the range that the administrator has set; together with a random id
 * it is what a forger would have to guess (RFC 5452, section 9.2).
 */
#ifndef ANKLET_POSIX_QUERY_H
#define ANKLET_POSIX_QUERY_H

#include "port.h"

/*
 * Asks for a name, which must stay as it is until the query has ended. q->result
 * is DNS_PENDING, or something final already. PORT_NO_RANDOM: nothing was asked.
 */
int query_begin(struct port *p, struct query *q, const char *name, size_t len, uint16_t type);

/* The socket of q is readable or writable. p->scratch is written to. */
void query_ready(struct port *p, struct query *q);

/* The time has come that q->give_up_at names. */
void query_expire(struct port *p, struct query *q);

/* Waits q for a TCP buffer that there is now? And starts such a one. */
bool query_may_go_on(const struct port *p, const struct query *q);
void query_go_on(struct port *p, struct query *q);

/* Ends q, whatever it is doing, without a result. */
void query_cancel(struct port *p, struct query *q);

#endif

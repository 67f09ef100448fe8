/*
 * Names to addresses: who asks, in which order, and what is known without asking.
 *
 * Whoever wants a name has a number of his own (below RESOLVER_ASKERS) and calls resolver_find() until it answers; in
 * between he is told when to call again. Address literals, localhost, the hosts file and kept answers take no lookup.
 * Other names take one of CONFIG_ANKLET_LOOKUPS, which is one question to the name servers however many want it; of
 * these a client has his share (src/loop/clients), and the rest wait in their order.
 */
#ifndef ANKLET_RESOLVER_H
#define ANKLET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "loop/loop.h"
#include "port.h"

/* Those who ask: each session by its number, each forward of datagrams, and the start for a listener's name. */
#define RESOLVER_FORWARD(i) (CONFIG_ANKLET_SESSIONS + (i))
#define RESOLVER_START (CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_FORWARDS)
#define RESOLVER_ASKERS (RESOLVER_START + 1)

struct resolver;

/* name stays where it is until the answer: 1 to CONFIG_ANKLET_NAME_MAX bytes, of any value. */
struct resolver_question {
	const char *name;
	uint8_t len;
	uint8_t families; /* enum port_families: which are of use */
	uint16_t client;  /* whose share of lookups it is; CLIENT_NONE: this program's own */
};

/* Of zeroed memory. servers: those that the configuration names, else those that the system has. */
void resolver_init(
	struct resolver *r, struct loop *loop, const struct address *servers, unsigned count);

/* Ends every lookup; nobody is told. */
void resolver_fini(struct resolver *r);

/*
 * The count of addresses (1 to max), with port 0: IPv6 and IPv4 alternating, IPv6 first (RFC 8305, section 4), each
 * family in the order of its answer. They come when both families have answered, or 50 ms after the first that had
 * addresses. PORT_AGAIN: the question is kept, and may be repeated at any time; when there is an answer, a session is put
 * on the ready list, and for everybody else resolver_has_news() says so. PORT_NO_NAME, PORT_NAME_FAILED. After any
 * answer but PORT_AGAIN the asker is forgotten.
 */
int resolver_find(struct resolver *r, unsigned asker, const struct resolver_question *q,
	struct address *found, size_t max);

/* The asker wants no answer any more, if he wanted one. */
void resolver_forget(struct resolver *r, unsigned asker);

/* A socket of OWNER_LOOKUP is ready. */
void resolver_ready(struct resolver *r, unsigned index);

/* One tick: what has arrived, what is due, one slice of the hosts file, and who may go on. */
void resolver_run(struct resolver *r);

/* How long may be waited, in ms; 0: there is more to do; negative: no limit. */
int32_t resolver_next(const struct resolver *r, uint32_t now);

/* Has somebody who is no session an answer since this was last asked? */
bool resolver_has_news(struct resolver *r);

#endif

/*
 * Forwards of datagrams: 'forward udp://HERE udp://TARGET'.
 *
 * Each client has an association: a socket of its own that is connected to the target,
 * so that what comes back is known to be the target's, and for whom it is. An
 * association is found by the client's address, the local address it asked and the
 * forward; replies leave from the address that was asked. It ends after
 * limit-datagrams without a datagram either way, or when it gives way.
 *
 * Nothing is kept: a datagram that cannot be sent on at once is dropped and counted, as
 * is one longer than CONFIG_ANKLET_DATAGRAM. What ICMP says of an earlier one ends
 * nothing. A full table lets the association give way that has been idle longest; and a
 * client address that has half of the table, its own. Who can forge addresses can
 * still push out others: that is in the nature of datagrams.
 *
 * The rules are asked when an association begins, as about a CONNECT to the target.
 *
 * A target's name is looked up at the start, and again when an association begins a
 * minute or more after the last answer. That one still goes where the last answer said,
 * and nobody waits; if the new answer does not have that address any more, and it has not
 * answered, the association ends, and the client's next datagram begins another. As long
 * as no address is known, nothing is read: the system's queue keeps what comes.
 */
#ifndef ANKLET_DATAGRAMS_H
#define ANKLET_DATAGRAMS_H

#include "config/config.h"
#include "port.h"
#include "session/session.h"

#define DATAGRAMS_FORWARDS ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)
#define DATAGRAMS_PLACES (2 * DATAGRAMS_FORWARDS)
#define DATAGRAMS_ASSOCIATIONS ANKLET_TABLE(CONFIG_ANKLET_ASSOCIATIONS)
#define DATAGRAMS_REFUSALS 4
#define DATAGRAMS_FRESH_MS 60000 /* a target's addresses are taken without asking again */

/* Where a forward listens; '*' is two places. */
struct datagrams_place {
	port_sock sock; /* NONE: it failed, and is opened again at 'reopen' */
	bool ready;     /* port_recvfrom() has not answered AGAIN since it was last ready */
	uint8_t forward;
	struct deadline reopen;
	struct address at;
};

/* Where a forward of datagrams leads; of other forwards all zero. */
struct datagrams_target {
	bool looking;
	bool ready;  /* the resolver may have an answer */
	bool failed; /* the last look-up did, which was logged */
	uint8_t count;
	uint32_t found_at;     /* when its addresses were */
	struct deadline retry; /* nothing is looked up before */
	struct address address[ANKLET_ADDRESSES];
};

struct association {
	bool used;
	bool ready;
	uint8_t place;
	port_sock sock;
	uint32_t number; /* counts associations, for the log */
	uint64_t begun_at; /* by loop_time() */
	uint32_t last_at; /* of the last datagram */
	struct address client;
	struct address asked; /* the local address that the client wrote to */
	struct address server;
	uint32_t up, down, dropped; /* datagrams, either way */
	uint64_t octets_up, octets_down;
};

/* A client whose refusal was logged: more of them are not, for a while. */
struct datagrams_refusal {
	struct ip client;
	struct deadline quiet;
};

/* All of it. It stands behind struct anklet, and nowhere with CONFIG_ANKLET_ASSOCIATIONS 0. */
struct datagrams {
	bool busy; /* something is ready, or may be */
	uint8_t place_count;
	uint32_t number;
	struct datagrams_refusal refusals[DATAGRAMS_REFUSALS];
	struct datagrams_target targets[DATAGRAMS_FORWARDS];
	struct datagrams_place places[DATAGRAMS_PLACES];
	struct association associations[DATAGRAMS_ASSOCIATIONS];
	uint8_t octets[CONFIG_ANKLET_DATAGRAM]; /* the datagram that is being forwarded */
};

_Static_assert(DATAGRAMS_PLACES <= UINT8_MAX, "a count of places fits an octet");
_Static_assert(CONFIG_ANKLET_ASSOCIATIONS < 1 << 13, "an owner names every association");
_Static_assert(CONFIG_ANKLET_DATAGRAM < INT16_MAX, "a length, and one more, fit an int");

/* ---- datagrams.c, for the instance; none of them is called with CONFIG_ANKLET_ASSOCIATIONS 0 ---- */

/* Opens one place of a forward and says in *at which port it has: 0, or what port_datagram() answers. */
int datagrams_listen(struct anklet *a, unsigned forward, struct address *at);

/* Every place is open: looks for the targets. */
void datagrams_start(struct anklet *a);

/* A socket of OWNER_DATAGRAMS is ready. */
void datagrams_ready(struct anklet *a, unsigned index);

/* The resolver has news for somebody. */
void datagrams_named(struct anklet *a);

/* A socket of OWNER_ASSOCIATION is. */
void datagrams_association_ready(struct anklet *a, unsigned index);

/* One turn: a bounded number of datagrams of each socket that is ready. */
void datagrams_run(struct anklet *a);

/* Acts on deadlines that have passed, and notes the others with loop_deadline(). */
void datagrams_expire(struct anklet *a, uint32_t now);

/* Is another turn due at once? */
bool datagrams_busy(const struct anklet *a);

/* Ends all associations and closes everything. */
void datagrams_stop(struct anklet *a);

/* ---- datagrams.c, for association.c ---- */

/* An association is beginning: looks up the target's name again, if the last answer is old. */
void datagrams_look_again(struct anklet *a, unsigned forward);

/* Does this program forward datagrams from that address, being one of this host's? */
bool datagrams_listens(const struct anklet *a, const struct ip *ip, uint16_t port);

/* ---- association.c ---- */

/* That client's association with that place, or NULL. A table of this size is looked through. */
struct association *association_find(struct anklet *a, unsigned place, const struct address *client,
	const struct address *asked);

/* Begins one, if the rules permit it and a socket is to be had; NULL: refused, and logged now and then. */
struct association *association_begin(struct anklet *a, unsigned place,
	const struct address *client, const struct address *asked);

/* Ends it; 'why' is for the log. */
void association_end(struct anklet *a, struct association *as, const char *why);

/* Ends what was idle for too long, at 'now'. */
void associations_expire(struct anklet *a, uint32_t now);

#endif

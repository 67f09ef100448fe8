/*
 * Forwards of datagrams: 'forward udp://HERE udp://THERE'.
 *
 * Each client has a flow: a socket of its own that is connected to the upstream, so that what comes back is known to
 * be the upstream's, and for whom it is. A flow is found by the client's address, the local address it asked and the
 * listener; replies leave from the address that was asked. It ends after limit-datagrams without a datagram either
 * way, or when it is evicted.
 *
 * Nothing is kept: a datagram that cannot be sent on at once is dropped and counted, as is one longer than
 * CONFIG_ANKLET_DATAGRAM. What ICMP says of an earlier one ends nothing.
 *
 * Flows are a pool of src/loop/clients.h. When it is full a new flow takes the place of the one that was idle longest:
 * of those that have waited for their first answer in vain; of those that had one, while those that wait have less
 * than three quarters; of those that wait; and last of those whose client went on after it. So who can forge addresses
 * pushes out others of his kind, and an upstream may take its time while there is room. One that has just begun is not
 * evicted; so new flows are limited to what these three quarters have room for in that time, and datagrams of others
 * are dropped. A client with its share loses its own. What comes from the upstream's own address begins no flow.
 *
 * The rules are asked when a flow begins, as about a CONNECT to the upstream.
 *
 * An upstream's name is looked up at the start, and again when a flow begins a minute or more after the last answer.
 * That one still goes where the last answer said, and nobody waits; if the new answer does not have that address any
 * more, and it has not answered, the flow ends, and the client's next datagram begins another. A flow whose client goes
 * on while the upstream says nothing for five seconds, or is not there any more, has the name looked up again as well,
 * but no more often than that. As long as no address is known, nothing is read: the system's queue keeps what comes.
 */
#ifndef ANKLET_UDP_FORWARD_H
#define ANKLET_UDP_FORWARD_H

#include "config/config.h"
#include "port.h"
#include "session/session.h"

#define UDP_FORWARDS ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)
#define UDP_LISTENERS (2 * UDP_FORWARDS)
#define UDP_LISTENER_SLOTS                                           \
	(UDP_LISTENERS * (1 + CONFIG_ANKLET_RELOAD) < UINT8_MAX      \
			? UDP_LISTENERS * (1 + CONFIG_ANKLET_RELOAD) \
			: UINT8_MAX)
#define UDP_FLOWS ANKLET_TABLE(CONFIG_ANKLET_UDP_FLOWS)
#define UDP_BUCKETS (CONFIG_ANKLET_UDP_FLOWS >= 128 ? 128 : 16)
#define UDP_REFUSALS 4
#define UDP_FRESH_MS 60000 /* an upstream's addresses are taken without asking again */
#define UDP_SILENT_MS 5000 /* an upstream that has said nothing for so long may be elsewhere */

/* Where a forward listens; '*' is two of them. */
struct udp_listener {
	port_sock sock; /* NONE: it failed, and is opened again at 'reopen' */
	bool ready;     /* port_recvfrom() has not answered AGAIN since it was last ready */
	uint8_t forward;
	struct deadline reopen;
	struct address at;
};

/* Where a forward of datagrams leads; of other forwards all zero. */
struct udp_upstream {
	bool looking;
	bool ready;  /* the resolver may have an answer */
	bool failed; /* the last lookup did, which was logged */
	uint8_t count;
	uint32_t found_at;     /* when its addresses were */
	struct deadline retry; /* nothing is looked up before */
	struct address address[ANKLET_ADDRESSES];
};

struct udp_flow {
	uint8_t kind; /* of its timer: how far it has come; 0: the slot is free */
	bool said;    /* that it began was logged */
	uint8_t listener;
	bool unheard; /* since unheard_at datagrams went to the upstream, and none came */
	port_sock sock;
	uint16_t holder; /* its client, in the table of clients */
	uint16_t
		next; /* in its bucket, or of the free ones: one more than the index; 0: the last */
	uint16_t own_previous, own_next; /* of the client's own, likewise; a ring */
	uint16_t rates;  /* its client, in the table of rates; 0: not yet asked for */
	uint32_t number; /* counts flows, for the log */
	uint32_t unheard_at;
	uint64_t begun_at; /* by loop_time() */
	uint32_t last_at;  /* of the last datagram */
	struct address client;
	struct address asked; /* the local address that the client wrote to */
	struct address server;
	uint32_t up, down, dropped; /* datagrams, either way */
	uint64_t bytes_up, bytes_down;
};

/* A client whose refusal was logged: more of them are not, for a while. */
struct udp_refusal {
	struct ip client;
	struct deadline quiet;
};

/* All of it. It stands after struct anklet, and nowhere with CONFIG_ANKLET_UDP_FLOWS 0. */
struct udp_forwards {
	bool busy; /* something is ready, or may be */
	uint8_t listener_count;
	uint16_t used, free; /* so many slots have ever been used; the first that is free again */
	unsigned waiting;    /* flows that wait for their first answer */
	uint16_t lines;      /* about flows that began, in the span */
	uint16_t
		ready_count; /* flows to be read, first in, first out; the next two while it is not 0 */
	uint16_t ready_first, ready_last;
	struct deadline span; /* of what the next two count */
	uint32_t unsaid,
		turned_away; /* flows that began without a line; datagrams that could begin none */
	uint32_t number;
	struct udp_refusal refusals[UDP_REFUSALS];
	struct udp_upstream upstream[UDP_FORWARDS];
	struct udp_listener listener[UDP_LISTENER_SLOTS];
	uint16_t bucket[UDP_BUCKETS];    /* of flows, by the client's address */
	uint16_t oldest_of[CLIENTS_MAX]; /* of a client's own the one idle longest */
	uint16_t ready_next[UDP_FLOWS];  /* 0: it is not on the list */
	struct udp_flow flow[UDP_FLOWS];
	uint8_t bytes[CONFIG_ANKLET_DATAGRAM]; /* the datagram that is being forwarded */
};

_Static_assert(UDP_LISTENERS <= UINT8_MAX, "a count of listeners fits a byte");
_Static_assert(CONFIG_ANKLET_UDP_FLOWS < 1 << 13, "an owner names every flow");
_Static_assert(CONFIG_ANKLET_DATAGRAM < INT16_MAX, "a length, and one more, fit an int");

/* ---- udp_forward.c, for the instance; none of them is called with CONFIG_ANKLET_UDP_FLOWS 0 ---- */

/* Opens one listener of a forward and says in *at which port it has: 0, or what port_datagram() answers. */
int udp_forward_listen(struct anklet *a, unsigned forward, struct address *at);

/* Every listener is open: looks for the upstreams. */
void udp_forward_start(struct anklet *a);

/* A socket of OWNER_UDP_FORWARD is ready. */
void udp_forward_ready(struct anklet *a, unsigned index);

/* The resolver has news for somebody. */
void udp_forward_named(struct anklet *a);

/* A socket of OWNER_UDP_FLOW is: puts the flow on the list of those to be read. */
void udp_flow_ready(struct anklet *a, unsigned index);

/* One slice: a bounded number of datagrams of each socket that is ready. */
void udp_forward_run(struct anklet *a);

/* Acts on deadlines that have passed, and notes the others with loop_deadline(). */
void udp_forward_expire(struct anklet *a, uint32_t now);

/* Is another tick due at once? */
bool udp_forward_busy(const struct anklet *a);

/* Ends all flows and closes everything. */
void udp_forward_stop(struct anklet *a);

/* ---- udp_reload.c: while a reload goes on ---- */

struct setup;

/* Another configuration is about to be in force: ends the flows that it has no place for. */
void udp_forward_leave(struct anklet *a);

/* It is, instead of 'before'. */
void udp_forward_switch(struct anklet *a, const struct setup *before);

/* It is not: so many listeners are there, and those of them that were closed are opened again. */
void udp_forward_take_back(struct anklet *a, unsigned before);

/* ---- udp_forward.c, for udp_reload.c ---- */

/* Looks for the upstream of a forward. */
void udp_forward_find(struct anklet *a, unsigned i);

/* Opens a listener that was there before, now or later. */
void udp_forward_reopen(struct anklet *a, unsigned i);

/* ---- udp_forward.c, for udp_flow.c ---- */

/* Looks up the upstream's name again, if the last answer is so old. */
void udp_forward_look_again(struct anklet *a, unsigned forward, uint32_t ms);

/* Does this program forward datagrams from that address, being one of this host's? */
bool udp_forward_listens(const struct anklet *a, const struct ip *ip, uint16_t port);

/* ---- udp_flow.c ---- */

/* That client's flow from that listener, or NULL. */
struct udp_flow *udp_flow_find(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked);

/* Begins one, if the rules permit it and a socket is to be had; NULL: refused, and logged now and then. */
struct udp_flow *udp_flow_begin(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked);

/* Ends it; 'why' is for the log. */
void udp_flow_end(struct anklet *a, struct udp_flow *flow, const char *why);

/* A datagram came or goes: the flow has come so far, and is now the one that was idle shortest. */
void udp_flow_enter(struct anklet *a, struct udp_flow *flow, enum timer_kind kind);

/* ---- udp_log.c ---- */

/* Where a listener leads, at the start; that its socket failed; 'what' happened to a forward's upstream. */
void udp_log_listener(struct anklet *a, const struct udp_listener *listener);
void udp_log_failed(struct anklet *a, const struct udp_listener *listener);
void udp_log_upstream(struct anklet *a, unsigned forward, const char *what);

/* A flow has begun, unless many have: then they are counted, and so are their ends. */
void udp_log_begun(struct anklet *a, struct udp_flow *flow);
void udp_log_ended(struct anklet *a, const struct udp_flow *flow, const char *why);

/* A datagram goes nowhere, unless that client was told of lately, or many were. */
void udp_log_refused(struct anklet *a, unsigned listener, const struct address *client,
	enum session_reason reason, int16_t rule);

/* Sees to it that udp_log_sum_up() is called within some seconds. */
void udp_log_watch(struct anklet *a);

/* How much was not logged one by one, if there was any. */
void udp_log_sum_up(struct anklet *a);

#endif

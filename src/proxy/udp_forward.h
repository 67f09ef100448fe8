/*
 * Forwards of datagrams: 'forward udp://HERE udp://THERE'.
 *
 * Each client has a flow: a socket of its own that is connected to the upstream, so that what comes back is known to
 * be the upstream's, and for whom it is. A flow is found by the client's address, the local address it asked and the
 * listener; replies leave from the address that was asked. It ends after limit-datagrams without a datagram either
 * way, or when it is evicted.
 *
 * Nothing is kept: a datagram that cannot be sent on at once is dropped and counted, as is one longer than
 * CONFIG_ANKLET_DATAGRAM. What ICMP says of an earlier one ends nothing. When the table is full the flow is evicted that
 * has been idle longest; where a client address has half of the table, its own. Who can forge addresses can still push
 * out others: that is in the nature of datagrams.
 *
 * The rules are asked when a flow begins, as about a CONNECT to the upstream.
 *
 * An upstream's name is looked up at the start, and again when a flow begins a minute or more after the last answer.
 * That one still goes where the last answer said, and nobody waits; if the new answer does not have that address any
 * more, and it has not answered, the flow ends, and the client's next datagram begins another. As long as no address is
 * known, nothing is read: the system's queue keeps what comes.
 */
#ifndef ANKLET_UDP_FORWARD_H
#define ANKLET_UDP_FORWARD_H

#include "config/config.h"
#include "port.h"
#include "session/session.h"

#define UDP_FORWARDS ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)
#define UDP_LISTENERS (2 * UDP_FORWARDS)
#define UDP_FLOWS ANKLET_TABLE(CONFIG_ANKLET_UDP_FLOWS)
#define UDP_REFUSALS 4
#define UDP_FRESH_MS 60000 /* an upstream's addresses are taken without asking again */

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
	bool used;
	bool ready;
	uint8_t listener;
	port_sock sock;
	uint32_t number;   /* counts flows, for the log */
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

/* All of it. It stands behind struct anklet, and nowhere with CONFIG_ANKLET_UDP_FLOWS 0. */
struct udp_forwards {
	bool busy; /* something is ready, or may be */
	uint8_t listener_count;
	uint32_t number;
	struct udp_refusal refusals[UDP_REFUSALS];
	struct udp_upstream upstream[UDP_FORWARDS];
	struct udp_listener listener[UDP_LISTENERS];
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

/* A socket of OWNER_UDP_FLOW is. */
void udp_flow_ready(struct anklet *a, unsigned index);

/* One slice: a bounded number of datagrams of each socket that is ready. */
void udp_forward_run(struct anklet *a);

/* Acts on deadlines that have passed, and notes the others with loop_deadline(). */
void udp_forward_expire(struct anklet *a, uint32_t now);

/* Is another tick due at once? */
bool udp_forward_busy(const struct anklet *a);

/* Ends all flows and closes everything. */
void udp_forward_stop(struct anklet *a);

/* ---- udp_forward.c, for udp_flow.c ---- */

/* A flow is beginning: looks up the upstream's name again, if the last answer is old. */
void udp_forward_look_again(struct anklet *a, unsigned forward);

/* Does this program forward datagrams from that address, being one of this host's? */
bool udp_forward_listens(const struct anklet *a, const struct ip *ip, uint16_t port);

/* ---- udp_flow.c ---- */

/* That client's flow from that listener, or NULL. A table of this size is looked through. */
struct udp_flow *udp_flow_find(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked);

/* Begins one, if the rules permit it and a socket is to be had; NULL: refused, and logged now and then. */
struct udp_flow *udp_flow_begin(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked);

/* Ends it; 'why' is for the log. */
void udp_flow_end(struct anklet *a, struct udp_flow *flow, const char *why);

/* Ends what was idle for too long, at 'now'. */
void udp_flows_expire(struct anklet *a, uint32_t now);

#endif

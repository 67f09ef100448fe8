/*
 * struct port over lwIP's raw API: in the program's loop, or in lwIP's thread. Included by port.h alone.
 *
 * lwIP keeps its state in variables of its own: there is one stack in a program.
 * Several ports may share it; each names only its own sockets. The board brings
 * the stack up before port_init(); see board.h.
 */
#ifndef ANKLET_LWIP_PORT_ARCH_H
#define ANKLET_LWIP_PORT_ARCH_H

#include "lwip/opt.h"

#include "lwip_sizes.h"

_Static_assert(CONFIG_ANKLET_LWIP_RING <= UINT16_MAX, "places in a ring are 16 bits");
_Static_assert(CONFIG_ANKLET_LWIP_RINGS >= 2 * CONFIG_ANKLET_SESSIONS,
	"a session that is relayed has two connections");

#define PORT_FAMILIES (LWIP_IPV6 ? PORT_BOTH : PORT_IPV4)
#define PORT_ROOM_VARIES 0 /* lwIP has a control block for each socket */

/* The highest number of an interface. */
#define PORT_ZONE_MAX UINT8_MAX

struct tcp_pcb;
struct udp_pcb;
struct port_entry;

/*
 * What one peer sends, from its arrival until the other one has acknowledged it:
 * from start on 'moved' bytes that are on their way to somebody, then 'unread'
 * ones. TCP holds pointers to the moved ones, so a ring is free only when it has
 * neither a reader nor a sender.
 */
struct port_ring {
	struct port_entry *reader; /* the socket it arrives at; NULL: closed */
	struct port_entry
		*sender; /* the socket port_move() sends it on; NULL: none yet, or no more */
	uint16_t start, moved, unread;
	uint8_t byte[CONFIG_ANKLET_LWIP_RING];
};

/* One socket. What kind, interests and flags mean is said in internal.h. */
struct port_entry {
	union {
		struct tcp_pcb *pcb; /* NULL: lwIP has no more to do with it */
		struct udp_pcb *udp; /* of datagrams */
	};
	struct port_ring *ring;   /* what its peer sends */
	struct port_ring *source; /* what port_move() sends on it; NULL: nothing yet */
	uint16_t copied;          /* bytes of port_send() that are not acknowledged */
	uint8_t kind;
	uint8_t interests;
	uint8_t flags;
	int8_t failure; /* the first one, an enum port_answer; 0: none */
	bool pending;   /* ready, and not yet named */
};

/* A connection that nobody has accepted yet. Its window is closed, so it has no ring. */
struct port_waiting {
	struct tcp_pcb *pcb; /* NULL: a free place */
	struct port_entry *listener;
	uint16_t ticket; /* the lowest is the oldest */
};

struct port {
	struct port_entry entry[PORT_SOCKETS];
	struct port_waiting waiting[CONFIG_ANKLET_LWIP_WAITING];
	uint16_t ticket; /* the next one */
	int16_t unnamed; /* entries that are pending */
	int16_t cursor;  /* where port_next() goes on */
	bool starved;    /* somebody waits for lwIP's memory: retried at retry_at */
	uint32_t retry_at;
	uint32_t addresses; /* their sum at the last sweep: address_sum() */
	uint32_t unlogged;  /* log lines dropped and not yet reported */
	struct port_ring ring[CONFIG_ANKLET_LWIP_RINGS];
};

#endif

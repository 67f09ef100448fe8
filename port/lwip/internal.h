/*
 * What the files of this port share, and the rules they live by.
 *
 * lwIP's callbacks set flags, count, and copy into rings; nothing else. They run
 * in port_wait(), and few of them in any call that sends. Whether a socket is
 * ready is never noted down: port_wait() works it out from the state, so there
 * is no event to lose. The table is small, so looking at all of it is cheap.
 *
 * Invariants:
 * - A ring's bytes, unread and moved, and the window announced to the peer are
 *   together TCP_WND at most: a callback always has room for what arrives.
 * - entry.pcb is a control block that lwIP has not freed. lwIP frees one without
 *   a word in TIME_WAIT, so an entry lets go of its own before it gets there.
 * - A connection that is closed has a lower priority than all others, so that it
 *   is the one lwIP gives up when control blocks run short. There are enough for
 *   the others.
 */
#ifndef ANKLET_LWIP_INTERNAL_H
#define ANKLET_LWIP_INTERNAL_H

#include "lwip/opt.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"

#include "addresses.h"
#include "anklet_lwipopts.h"
#include "port.h"

#define LWIP_RING CONFIG_ANKLET_LWIP_RING
#define LWIP_RINGS CONFIG_ANKLET_LWIP_RINGS
#define LWIP_WAITING CONFIG_ANKLET_LWIP_WAITING
#define LWIP_DATAGRAMS CONFIG_ANKLET_LWIP_DATAGRAMS

enum entry_kind {
	ENTRY_FREE,
	ENTRY_RESTING, /* closed while others are pending: free after that */
	ENTRY_LISTENER,
	ENTRY_CONNECTING, /* becomes a stream when port_connected() says so */
	ENTRY_STREAM,
	ENTRY_DATAGRAMS,
};

enum entry_interests { INTEREST_READ = 1, INTEREST_WRITE = 2, INTEREST_HANGUP = 4 };

enum entry_flags {
	STREAM_OPEN = 1,  /* was established */
	STREAM_ENDED = 2, /* the peer's FIN has come */
	STREAM_SHUT = 4,  /* our FIN was asked for */
	STREAM_LEFT = 8,  /* port_peer_closed() has answered EOF: only a reset is still news */
	STREAM_ABORTED =
		32, /* by lwIP, which did not say why, and failure is a guess until the sweep */
	STREAM_STARVED =
		16 /* lwIP had no memory for what was to be sent: not writable before on_sent() or a while */
};

#define PRIORITY_CLOSED TCP_PRIO_MIN
#define RETRY_MS 10 /* until a socket for which lwIP had no memory tries again */

/* ---- table.c ---- */

/* The entry that a handle names; any number that names none is a mistake of the caller's. */
struct port_entry *socket_entry(struct port *p, port_sock s);

/* A free entry, which becomes of that kind, or PORT_NONE. */
port_sock socket_new(struct port *p, enum entry_kind kind);

/* Frees an entry; what it held was given back before. */
void socket_free(struct port *p, struct port_entry *e);

/* Records an interest: PORT_AGAIN. */
int socket_await(struct port_entry *e, enum entry_interests interest);

/* Forgets what is pending: what was closed meanwhile may be used again. */
void sockets_end_pending(struct port *p);

/* The port answer for one of lwIP's, and the one for a connection that lwIP says is no more. */
int answer_of(err_t err);

/* ---- accept.c ---- */

/* Makes a control block that listens, e->pcb, keep those who come until they are accepted. */
void accept_listen(struct port *p, struct port_entry *e);

/* Does a connection wait at the listener e? */
bool accept_ready(const struct port *p, const struct port_entry *e);

/* Resets all who wait at the listener e. */
void accept_close(struct port *p, const struct port_entry *e);

/* ---- stream.c ---- */

/* A free ring, with e as its reader, or NULL. */
struct port_ring *ring_new(struct port *p, struct port_entry *e);

/* e, with its pcb and ring, is told of everything that happens to the pcb from now on. */
void stream_attach(struct port_entry *e);

/* lwIP forgets e: no callback of e->pcb follows, and e->pcb is NULL. Returns the pcb. */
struct tcp_pcb *stream_detach(struct port_entry *e);

/* Lets go of e->pcb when both directions have ended and nothing is on its way. */
void stream_settle(struct port_entry *e);

/* Gives back what e has of rings. True: bytes that port_move() sent on it were not delivered. */
bool stream_release(struct port_entry *e);

/* Which of e's interests are met. */
unsigned stream_ready(const struct port_entry *e);

/* ---- datagrams.c: not referred to where there are neither names nor datagrams to forward ---- */

/* Has a datagram arrived at e? */
bool datagram_ready(const struct port_entry *e);

/* Gives back what e has of lwIP, and drops what lies at it unread. */
void datagram_close(const struct port_entry *e);

/* ---- random.c ---- */

/* Asks the board for a seed. False: it has none, and port_random() fails. */
bool random_seed(void);

#endif

/*
 * What the files of this port share.
 *
 * sim.c keeps the clock and the waiting, and delivers events, whose table is in events.c; network.c what happens to
 * connections between two processes; sockets.c, bytes.c, datagrams.c and calls.c are the calls of port.h; faults.c is
 * chance.
 */
#ifndef ANKLET_SIM_INTERNAL_H
#define ANKLET_SIM_INTERNAL_H

#include "sim.h"

/* What a span holds once it is no longer valid. */
#define SIM_SPOILT 0xa5

/* ---- events.c ---- */

/* Adds an event; link is -1 where none is concerned. */
void event_add(struct sim *sim, uint64_t at, enum sim_event_kind kind, int16_t link, unsigned side);

/* Forgets the events of a link. */
void event_forget(struct sim *sim, int16_t link);

/* ---- sim.c ---- */

/* Lets everything arrive whose time has come; no actor runs. */
void event_deliver_due(struct sim *sim);

/* ---- network.c ---- */

/* Where a host reaches ip from: one of its own addresses. False: it has none of that family. */
bool network_local_for(const struct sim_host *host, const struct ip *ip, struct ip *from);

/* Is ip an address of the host, loopback included? */
bool network_is_local(const struct sim_host *host, const struct ip *ip);

/* Do two addresses of sockets stand for the same place on a host? */
bool network_overlaps(const struct ip *a, const struct ip *b);

/* The host that ip leads to from a host; NULL: none has it. */
const struct sim_host *network_host(
	const struct sim *sim, const struct sim_host *from, const struct ip *ip);

/* Where no host is: does nobody ever answer? Else it is unreachable. */
bool network_is_black_hole(const struct sim *sim, const struct ip *ip);

/* Is the port taken on the host, for that address, by a socket of that kind? */
bool network_port_taken(const struct sim *sim, const struct sim_host *host, enum sim_kind kind,
	const struct address *at);

/* A free port for that address, or 0. */
uint16_t network_free_port(
	struct sim *sim, struct sim_host *host, enum sim_kind kind, const struct address *at);

/* Begins a connection; 'from' is complete. 0 and *link, or a failure. */
int network_ask(
	struct port *p, const struct address *from, const struct address *to, int16_t *link);

/* The connection that waits longest in the backlog of s, or -1. */
int16_t network_waiting(const struct port *p, port_sock s);

/* It is in the backlog no longer: it was accepted, or nobody will. */
void network_unqueue(struct sim_link *link);

/* The listener s is closed: whoever waits there is reset. */
void network_unlisten(struct port *p, port_sock s);

/* New bytes or a FIN are to be carried from end 'side'. */
void network_carry(struct sim *sim, struct sim_link *link, unsigned side);

/* The receiver of wire 'side' has read: its sender is to hear of the room. */
void network_room(struct sim *sim, struct sim_link *link, unsigned side);

/* End 'side' leaves, in order or with a reset. */
void network_leave(struct sim *sim, struct sim_link *link, unsigned side, bool reset);

/* The connection breaks for end 'side' with this failure, and is reset for the other. */
void network_break(struct sim *sim, struct sim_link *link, unsigned side, int failure);

/* An event of a link. */
void network_event(struct sim *sim, const struct sim_event *event);

/* ---- sockets.c ---- */

/* May a socket of that kind be opened at 'at'? 0 and its place, which has a port; or a failure. */
int socket_place(
	struct port *p, enum sim_kind kind, const struct address *at, struct address *place);

/* Completes the local address of what goes to 'to'; from may be NULL. 0, or a failure. */
int socket_choose_from(struct port *p, enum sim_kind kind, const struct address *from,
	const struct ip *to, struct address *at);

/* A free socket of the process, or PORT_NONE. */
port_sock socket_new(struct port *p, enum sim_kind kind);

/* Lets time pass and bytes arrive where that is wanted. */
void socket_hurry(struct port *p);

/* What port_peek() showed is no longer valid. */
void socket_spoil(struct port *p);

/* Both: opens every call that is about sockets. */
void socket_enter(struct port *p);

/* Records an interest: PORT_AGAIN. */
int socket_await(struct port *p, port_sock s, enum sim_interest interest);

/* The link of a STREAM, and its end of it. */
struct sim_link *socket_link(const struct port *p, port_sock s);
struct sim_end *socket_end(const struct port *p, port_sock s);

/* Is s a socket of that kind? */
bool socket_is(const struct port *p, port_sock s, enum sim_kind kind);

/* Is the interest recorded for s, and not yet met? */
bool socket_awaits(const struct port *p, port_sock s, enum sim_interest interest);

/* Lets a failure that was asked for happen to the connection of s. Returns 0, or why it is over. */
int socket_fault(struct port *p, port_sock s, enum sim_call call);

/* Which of the interests recorded for s have a cause now. */
unsigned socket_causes(const struct port *p, port_sock s);

/* ---- datagrams.c ---- */

/* Number n of the table of datagrams arrives. */
void datagram_arrives(struct sim *sim, unsigned n);

/* Is there something to read at the socket? */
bool datagram_waits(const struct port *p, port_sock s);

/* The socket is closed: what lies there unread is dropped. */
void datagram_drop_all(struct port *p, port_sock s);

/* ---- faults.c ---- */

/* 0, or the answer with which this call fails. */
int fault(struct port *p, enum sim_call call);

#endif

/*
 * The simulator's sockets: their table, and the calls that make connections and end them.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

/* ---- The table ---- */

struct sim_link *socket_link(const struct port *p, port_sock s)
{
	return &p->sim->link[p->socket[s].link];
}

struct sim_end *socket_end(const struct port *p, port_sock s)
{
	return &socket_link(p, s)->end[p->socket[s].side];
}

bool socket_awaits(const struct port *p, port_sock s, enum sim_interest interest)
{
	return (p->socket[s].interest & interest) != 0;
}

bool socket_is(const struct port *p, port_sock s, enum sim_kind kind)
{
	return s >= 0 && s < PORT_SOCKETS && p->socket[s].kind == kind;
}

void socket_hurry(struct port *p)
{
	if (sim_chance(p->sim, p->faults.hasty)) {
		p->sim->now += sim_random(p->sim, 2);
		event_deliver_due(p->sim);
	}
}

void socket_spoil(struct port *p)
{
	memset(p->span, SIM_SPOILT, p->span_len);
	p->span_len = 0;
	memset(p->sim->loaded, SIM_SPOILT, p->sim->loaded_len);
	p->sim->loaded_len = 0;
}

void socket_enter(struct port *p)
{
	socket_hurry(p);
	socket_spoil(p);
}

int socket_await(struct port *p, port_sock s, enum sim_interest interest)
{
	p->socket[s].interest = (uint8_t)(p->socket[s].interest | interest);
	return PORT_AGAIN;
}

port_sock socket_new(struct port *p, enum sim_kind kind)
{
	int held = 0;

	for (port_sock s = 0; s < p->used; s++)
		held += p->socket[s].kind != SIM_FREE;
	if (p->faults.sockets_max != 0 && held >= p->faults.sockets_max)
		return PORT_NONE;
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		struct sim_socket *socket = &p->socket[s];

		if (socket->kind != SIM_FREE || (socket->parked && p->unnamed > 0))
			continue;
		memset(socket, 0, sizeof *socket);
		socket->kind = (uint8_t)kind;
		if (p->used <= s)
			p->used = (int16_t)(s + 1);
		return s;
	}
	return PORT_NONE;
}

/* A socket for end 'side' of a link. */
static port_sock socket_for_end(struct port *p, int16_t link, unsigned side)
{
	port_sock s = socket_new(p, SIM_STREAM);

	if (s == PORT_NONE)
		return s;
	p->socket[s].link = link;
	p->socket[s].side = (uint8_t)side;
	return s;
}

static unsigned stream_causes(const struct port *p, port_sock s)
{
	unsigned side = p->socket[s].side;
	const struct sim_link *link = socket_link(p, s);
	const struct sim_end *end = &link->end[side];
	const struct sim_wire *in = &link->wire[1 - side];
	const struct sim_wire *out = &link->wire[side];
	bool failed = end->failure != 0;
	unsigned causes = 0;

	if (failed || in->arrived != in->taken || in->fin_arrived)
		causes |= SIM_READ;
	if (failed || (end->established && (out->sent != out->limit || out->fin_sent)))
		causes |= SIM_WRITE;
	if ((failed || (in->fin_arrived && !end->eof_told)) && p->sim->now >= end->hangup_at)
		causes |= SIM_HANGUP;
	return causes;
}

unsigned socket_causes(const struct port *p, port_sock s)
{
	const struct sim_socket *socket = &p->socket[s];
	unsigned causes = 0;

	if (socket->kind == SIM_STREAM)
		causes = stream_causes(p, s);
	else if (socket->kind == SIM_LISTENER && socket->waiting > 0)
		causes = SIM_READ;
	else if (socket->kind == SIM_DATAGRAMS && datagram_waits(p, s))
		causes = SIM_READ;
	return causes & socket->interest;
}

unsigned sim_interest(const struct port *port, port_sock s)
{
	return port->socket[s].interest;
}

unsigned sim_open_sockets(const struct port *port, enum sim_kind kind)
{
	unsigned count = 0;

	for (port_sock s = 0; s < port->used; s++)
		count += port->socket[s].kind == kind;
	return count;
}

/* ---- Making connections ---- */

static bool has_family(const struct port *p, const struct ip *ip)
{
	struct ip from;

	return network_local_for(p->host, ip, &from);
}

static bool is_any(const struct ip *ip)
{
	return ip_class(ip) == IP_UNSPECIFIED;
}

int socket_place(
	struct port *p, enum sim_kind kind, const struct address *at, struct address *place)
{
	*place = *at;
	if (!has_family(p, &at->ip))
		return PORT_UNREACHABLE;
	if (!is_any(&at->ip) && !network_is_local(p->host, &at->ip))
		return PORT_NOT_LOCAL;
	if (at->port != 0 && network_port_taken(p->sim, p->host, kind, at))
		return PORT_IN_USE;
	if (at->port == 0)
		place->port = network_free_port(p->sim, p->host, kind, at);
	return place->port == 0 ? PORT_NO_RESOURCES : 0;
}

int port_listen(struct port *p, const struct address *at, int backlog, port_sock *s)
{
	struct address place;
	int failure;

	socket_enter(p);
	*s = PORT_NONE;
	failure = fault(p, SIM_CALL_LISTEN);
	if (failure == 0)
		failure = socket_place(p, SIM_LISTENER, at, &place);
	if (failure != 0)
		return failure;
	*s = socket_new(p, SIM_LISTENER);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	p->socket[*s].at = place;
	p->socket[*s].backlog = backlog;
	return 0;
}

int port_accept(struct port *p, port_sock listener, port_sock *s, struct address *from)
{
	int16_t link;
	int failure;

	socket_enter(p);
	assert(socket_is(p, listener, SIM_LISTENER));
	*s = PORT_NONE;
	if (socket_awaits(p, listener, SIM_READ))
		return PORT_AGAIN;
	failure = fault(p, SIM_CALL_ACCEPT);
	if (failure != 0)
		return failure;
	link = network_waiting(p, listener);
	if (link < 0 || sim_chance(p->sim, p->faults.slow_accept))
		return socket_await(p, listener, SIM_READ);
	*s = socket_for_end(p, link, 1);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	network_unqueue(&p->sim->link[link]);
	*socket_end(p, *s) = (struct sim_end){
		.port = p,
		.at = socket_end(p, *s)->at,
		.established = true,
		.hangup_at = socket_end(p, *s)->hangup_at,
	};
	*from = p->sim->link[link].end[0].at;
	return 0;
}

int socket_choose_from(struct port *p, enum sim_kind kind, const struct address *from,
	const struct ip *to, struct address *at)
{
	*at = from != NULL ? *from : (struct address){.port = 0};
	if (from == NULL || is_any(&from->ip)) {
		if (!network_local_for(p->host, to, &at->ip))
			return PORT_UNREACHABLE;
	} else if (!network_is_local(p->host, &at->ip)) {
		return PORT_NOT_LOCAL;
	} else if (ip_is_v4(&at->ip) != ip_is_v4(to)) {
		return PORT_UNREACHABLE;
	}
	if (at->port == 0)
		at->port = network_free_port(p->sim, p->host, kind, at);
	else if (network_port_taken(p->sim, p->host, kind, at))
		return PORT_IN_USE;
	return at->port == 0 ? PORT_NO_RESOURCES : 0;
}

int port_connect(struct port *p, const struct address *from, const struct address *to, port_sock *s)
{
	struct address at;
	int failure;

	socket_enter(p);
	*s = PORT_NONE;
	failure = fault(p, SIM_CALL_CONNECT);
	if (failure == 0)
		failure = socket_choose_from(p, SIM_LISTENER, from, &to->ip, &at);
	if (failure == PORT_UNREACHABLE)
		failure = PORT_NO_NETWORK;
	if (failure != 0)
		return failure;
	*s = socket_for_end(p, -1, 0);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	failure = network_ask(p, &at, to, &p->socket[*s].link);
	if (failure != 0) {
		p->socket[*s].kind = SIM_FREE;
		*s = PORT_NONE;
	}
	return failure;
}

int socket_fault(struct port *p, port_sock s, enum sim_call call)
{
	struct sim_link *link = socket_link(p, s);
	unsigned side = p->socket[s].side;
	int failure = fault(p, call);

	if (failure == 0 || link->end[side].failure != 0)
		return link->end[side].failure;
	network_break(p->sim, link, side, failure);
	/* What had arrived is lost, and so is the end after it: nobody is to take the rest for all. */
	link->wire[1 - side].taken = link->wire[1 - side].arrived;
	link->wire[1 - side].fin_arrived = false;
	return failure;
}

int port_connected(struct port *p, port_sock s)
{
	int failure;

	socket_enter(p);
	assert(socket_is(p, s, SIM_STREAM));
	if (socket_awaits(p, s, SIM_WRITE))
		return PORT_AGAIN;
	failure = socket_fault(p, s, SIM_CALL_CONNECTED);
	if (failure != 0)
		return failure;
	return socket_end(p, s)->established ? 0 : socket_await(p, s, SIM_WRITE);
}

/* ---- Ends ---- */

void port_shutdown(struct port *p, port_sock s)
{
	struct sim_wire *out;

	socket_enter(p);
	assert(socket_is(p, s, SIM_STREAM));
	out = &socket_link(p, s)->wire[p->socket[s].side];
	if (socket_end(p, s)->failure != 0 || !socket_end(p, s)->established || out->fin_sent)
		return;
	out->fin_sent = true;
	network_carry(p->sim, socket_link(p, s), p->socket[s].side);
}

static void leave(struct port *p, port_sock *s, bool reset)
{
	struct sim_socket *socket;

	socket_enter(p);
	if (*s == PORT_NONE)
		return;
	socket = &p->socket[*s];
	assert(socket->kind != SIM_FREE);
	if (socket->pending)
		p->unnamed--;
	if (socket->kind == SIM_DATAGRAMS)
		datagram_drop_all(p, *s);
	if (socket->kind == SIM_STREAM)
		network_leave(p->sim, socket_link(p, *s), socket->side, reset);
	socket->kind = SIM_FREE;
	socket->pending = false;
	socket->interest = 0;
	socket->parked = true;
	*s = PORT_NONE;
}

void port_close(struct port *p, port_sock *s)
{
	if (socket_is(p, *s, SIM_LISTENER))
		network_unlisten(p, *s);
	leave(p, s, false);
}

void port_reset(struct port *p, port_sock *s)
{
	if (socket_is(p, *s, SIM_LISTENER))
		network_unlisten(p, *s);
	leave(p, s, true);
}

/* ---- Addresses ---- */

int port_local(struct port *p, port_sock s, struct address *at)
{
	int failure;

	socket_enter(p);
	failure = fault(p, SIM_CALL_LOCAL);
	if (failure != 0)
		return failure;
	if (socket_is(p, s, SIM_LISTENER) || socket_is(p, s, SIM_DATAGRAMS))
		*at = p->socket[s].at;
	else if (socket_is(p, s, SIM_STREAM))
		*at = socket_end(p, s)->at;
	else
		return PORT_FAILED;
	return 0;
}

int port_local_for(struct port *p, const struct address *peer, struct address *at)
{
	int failure = fault(p, SIM_CALL_LOCAL_FOR);

	socket_enter(p);
	if (failure != 0)
		return failure;
	*at = (struct address){.port = 0};
	return network_local_for(p->host, &peer->ip, &at->ip) ? 0 : PORT_UNREACHABLE;
}

bool port_is_local(struct port *p, const struct ip *ip)
{
	socket_enter(p);
	return network_is_local(p->host, ip);
}

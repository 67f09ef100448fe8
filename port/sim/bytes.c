/*
 * The simulator's sockets: bytes, and whether the peer is still there.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

/* Shows the next unread bytes in one piece: to the end of the ring at most. */
static uint16_t show(struct port *p, port_sock s)
{
	unsigned side = p->socket[s].side;
	struct sim_link *link = socket_link(p, s);
	const struct sim_wire *in = &link->wire[1 - side];
	uint32_t at = in->taken % SIM_WINDOW_MAX;
	uint32_t len = in->arrived - in->taken;

	if (len > SIM_WINDOW_MAX - at)
		len = SIM_WINDOW_MAX - at;
	if (sim_chance(p->sim, p->faults.short_peeks))
		len = 1;
	memcpy(p->span, p->sim->bytes[p->socket[s].link][1 - side] + at, len);
	p->span_len = (uint16_t)len;
	p->socket[s].shown = (uint16_t)len;
	return p->span_len;
}

int port_peek(struct port *p, port_sock s, const uint8_t **data)
{
	struct sim_end *end;
	const struct sim_wire *in;
	int failure;

	socket_enter(p);
	assert(socket_is(p, s, SIM_STREAM));
	end = socket_end(p, s);
	in = &socket_link(p, s)->wire[1 - p->socket[s].side];
	if (end->read_end < 0)
		return end->read_end;
	if (socket_awaits(p, s, SIM_READ))
		return PORT_AGAIN;
	failure = socket_fault(p, s, SIM_CALL_PEEK);
	*data = p->span;
	if (in->arrived != in->taken)
		return show(p, s);
	if (in->fin_arrived)
		failure = PORT_EOF;
	if (failure == 0)
		return socket_await(p, s, SIM_READ);
	end->read_end = failure;
	return failure;
}

/* Bytes were read: their room is the sender's again. */
static void take(struct port *p, port_sock s, size_t n)
{
	unsigned other = 1u - p->socket[s].side;

	socket_link(p, s)->wire[other].taken += (uint32_t)n;
	network_room(p->sim, socket_link(p, s), other);
}

void port_consume(struct port *p, port_sock s, size_t n)
{
	assert(socket_is(p, s, SIM_STREAM) && n <= p->socket[s].shown);
	p->socket[s].shown = (uint16_t)(p->socket[s].shown - n);
	take(p, s, n);
}

int port_read(struct port *p, port_sock s, void *buf, size_t size)
{
	const uint8_t *data;
	int n = port_peek(p, s, &data);

	if (n <= 0)
		return n;
	if ((size_t)n > size)
		n = (int)size;
	memcpy(buf, data, (size_t)n);
	port_consume(p, s, (size_t)n);
	return n;
}

/* How many of len bytes a send takes, as far as faults have a say. */
static size_t send_part(struct port *p, size_t len)
{
	if (len > 1 && sim_chance(p->sim, p->faults.short_sends))
		return sim_random(p->sim, 2) == 0 ? 1 : 1 + sim_random(p->sim, (uint32_t)len - 1);
	return len;
}

/* Puts bytes on a wire; there is room for them. */
static void put(struct port *p, port_sock s, const uint8_t *data, size_t len)
{
	struct sim_link *link = socket_link(p, s);
	unsigned side = p->socket[s].side;
	uint8_t *ring = p->sim->bytes[p->socket[s].link][side];
	size_t at = link->wire[side].sent % SIM_WINDOW_MAX;
	size_t first = len < SIM_WINDOW_MAX - at ? len : SIM_WINDOW_MAX - at;

	memcpy(ring + at, data, first);
	memcpy(ring, data + first, len - first);
	link->wire[side].sent += (uint32_t)len;
	network_carry(p->sim, link, side);
}

/* As port_send(), but data may still be what port_peek() showed. */
static int send_bytes(struct port *p, port_sock s, const void *data, size_t len)
{
	struct sim_wire *out;
	size_t n, room;
	int failure;

	socket_hurry(p);
	assert(socket_is(p, s, SIM_STREAM) && len > 0);
	out = &socket_link(p, s)->wire[p->socket[s].side];
	if (socket_awaits(p, s, SIM_WRITE))
		return PORT_AGAIN;
	failure = socket_fault(p, s, SIM_CALL_SEND);
	if (failure == 0 && out->fin_sent)
		failure = PORT_RESET;
	if (failure != 0)
		return failure;
	room = socket_end(p, s)->established ? out->limit - out->sent : 0;
	n = send_part(p, len < room ? len : room);
	if (n < len)
		socket_await(p, s, SIM_WRITE);
	if (n == 0)
		return PORT_AGAIN;
	put(p, s, data, n);
	return (int)n;
}

int port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	int n = send_bytes(p, s, data, len);

	socket_spoil(p);
	return n;
}

int port_move(struct port *p, port_sock from, port_sock to, size_t budget, port_sock *failed)
{
	const uint8_t *data;
	int n;

	assert(budget > 0);
	*failed = to;
	if (socket_awaits(p, to, SIM_WRITE))
		return PORT_AGAIN;
	*failed = from;
	n = port_peek(p, from, &data);
	if (n < 0)
		return n;
	*failed = to;
	n = port_send(p, to, data, (size_t)n < budget ? (size_t)n : budget);
	if (n > 0)
		take(p, from, (size_t)n);
	return n;
}

int port_peer_closed(struct port *p, port_sock s)
{
	struct sim_end *end;

	socket_enter(p);
	assert(socket_is(p, s, SIM_STREAM));
	end = socket_end(p, s);
	if (!socket_awaits(p, s, SIM_HANGUP) && end->failure != 0)
		return end->failure;
	if (!socket_awaits(p, s, SIM_HANGUP) &&
		socket_link(p, s)->wire[1 - p->socket[s].side].fin_arrived)
		end->eof_told = true;
	socket_await(p, s, SIM_HANGUP);
	return end->eof_told ? PORT_EOF : PORT_AGAIN;
}

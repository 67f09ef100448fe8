/*
 * Moving bytes from one socket to another: what all systems do alike.
 *
 * Whoever had less to give or to take than there was is known to make the next
 * call wait, and is not asked again: a call of the system is saved, and for a
 * full 'to' a copy of all that waits for it.
 */
#include "internal.h"

size_t scratch_part(const struct port *p, size_t max)
{
	return max < sizeof p->scratch ? max : sizeof p->scratch;
}

int move_shown(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed)
{
	struct port_entry *source = socket_entry(p, from), *sink = socket_entry(p, to);
	size_t size = scratch_part(p, max);
	int shown, sent;

	*failed = from;
	shown = socket_show(p, from, size);
	if (shown == PORT_AGAIN || (system_shows_all && shown > 0 && (size_t)shown < size))
		source->flags |= READ_WOULD_BLOCK;
	if (shown < 0)
		return shown;
	*failed = to;
	sent = socket_send(p, to, p->scratch, (size_t)shown);
	if (sent == PORT_AGAIN || (sent >= 0 && sent < shown)) {
		sink->flags |= WRITE_WOULD_BLOCK;
		source->flags &= (uint8_t)~READ_WOULD_BLOCK;
	}
	if (sent > 0)
		port_consume(p, from, (size_t)sent);
	return sent;
}

static int move_once(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed)
{
	struct port_entry *sink = socket_entry(p, to);

	*failed = to;
	if (sink->io_error != 0)
		return sink->io_error;
	if ((sink->flags | sink->interests) & INTEREST_WRITE)
		return PORT_AGAIN;
	return system_move(p, from, to, max, failed);
}

int port_move(struct port *p, port_sock from, port_sock to, size_t budget, port_sock *failed)
{
	size_t moved = 0;
	int n;

	p->shown = 0; /* from now on nobody peeks */
	do {
		n = move_once(p, from, to, budget - moved, failed);
		moved += n > 0 ? (size_t)n : 0;
	} while (n > 0 && moved < budget);
	if (moved > 0)
		return (int)moved;
	if (n == PORT_AGAIN && *failed == to)
		socket_await(p, to, INTEREST_WRITE);
	else if (n == PORT_AGAIN)
		socket_await(p, from, INTEREST_READ);
	return n;
}

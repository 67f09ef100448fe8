/*
 * Bytes in and out, and what becomes of a stream.
 *
 * The kernel keeps all the bytes: what is unread stays there until it is
 * consumed. How streams end is kept here, since a system tells it only once: an
 * error that send() or SO_ERROR has reported is taken, and the next recv()
 * would find an end in order. 'io_error' is the first that any call met; it ends
 * sending at once, and reading when nothing is left to read.
 *
 * On Linux what had arrived before a reset stays readable. Other systems drop
 * it, and reading then ends with the reset at once.
 */
#include "internal.h"

#include <limits.h>

#include "base/check.h"

static bool would_block(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static struct port_entry *stream_entry(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);

	check(e->kind == ENTRY_STREAM);
	return e;
}

void socket_await(struct port *p, port_sock s, unsigned interests)
{
	struct port_entry *e = &p->entry[s];

	e->flags &= (uint8_t) ~(interests & (READ_WOULD_BLOCK | WRITE_WOULD_BLOCK));
	socket_set_interests(p, s, e->interests | interests);
}

int socket_cannot_read(const struct port_entry *e)
{
	if (e->read_end != 0)
		return e->read_end;
	return (e->interests | e->flags) & INTEREST_READ ? PORT_AGAIN : 0;
}

/* What recv() has come to. */
static int received(struct port_entry *e, ssize_t n)
{
	if (n > 0)
		return (int)n;
	if (n < 0 && would_block(errno) && e->io_error == 0)
		return PORT_AGAIN;
	if (n < 0 && !would_block(errno))
		(void)socket_failed(e, errno);
	e->read_end = e->io_error != 0 ? e->io_error : PORT_EOF;
	return e->read_end;
}

int socket_show(struct port *p, port_sock s, size_t size)
{
	struct port_entry *e = stream_entry(p, s);
	int answer = socket_cannot_read(e);

	check(size > 0);
	return answer != 0 ? answer : received(e, system_show(p, e->fd, size));
}

int socket_send(struct port *p, port_sock s, const void *data, size_t len)
{
	struct port_entry *e = stream_entry(p, s);
	ssize_t n;

	check(len > 0);
	if (e->io_error != 0)
		return e->io_error;
	if (e->interests & INTEREST_WRITE)
		return PORT_AGAIN;
	n = bsd_send(e->fd, data, len < INT_MAX ? len : INT_MAX, MSG_NOSIGNAL);
	if (n >= 0)
		return (int)n;
	return would_block(errno) ? PORT_AGAIN : socket_failed(e, errno);
}

int port_peek(struct port *p, port_sock s, const uint8_t **data)
{
	int n = socket_show(p, s, sizeof p->scratch);

	if (CONFIG_ANKLET_FAST)
		p->shown = (uint16_t)(n > 0 && (size_t)n < sizeof p->scratch ? n : 0);
	*data = p->scratch;
	if (n == PORT_AGAIN)
		socket_await(p, s, INTEREST_READ);
	return n;
}

void port_consume(struct port *p, port_sock s, size_t n)
{
	struct port_entry *e = stream_entry(p, s);

	if (CONFIG_ANKLET_FAST && system_shows_all && n > 0 && n == p->shown)
		e->flags |= READ_WOULD_BLOCK;
	/* They lie there, so only a broken stream can refuse: nothing more of it would be right. */
	if (n > 0 && !system_drop(p, e->fd, n))
		e->read_end = (int8_t)socket_failed(e, errno);
}

int socket_read(struct port *p, port_sock s, void *buf, size_t size)
{
	struct port_entry *e = stream_entry(p, s);
	int answer = socket_cannot_read(e);

	check(size > 0);
	if (answer != 0)
		return answer;
	return received(e, bsd_recv(e->fd, buf, size < INT_MAX ? size : INT_MAX, 0));
}

int port_read(struct port *p, port_sock s, void *buf, size_t size)
{
	int n = socket_read(p, s, buf, size);

	if (n == PORT_AGAIN)
		socket_await(p, s, INTEREST_READ);
	return n;
}

int port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	int n = socket_send(p, s, data, len);

	if (n == PORT_AGAIN || (n >= 0 && (size_t)n < len))
		socket_await(p, s, INTEREST_WRITE);
	return n;
}

/* What lies before the peer's end, if anything: PORT_AGAIN for nothing, 1 for bytes, or the end. */
static int before_end(struct port *p, struct port_entry *e)
{
	ssize_t n;

	if (e->read_end != 0)
		return PORT_EOF;
	if (e->flags & READ_WOULD_BLOCK) {
		e->flags &= (uint8_t)~READ_WOULD_BLOCK; /* what is recorded now will tell */
		return PORT_AGAIN;
	}
	n = system_show(p, e->fd, 1);
	if (n > 0)
		return 1;
	if (n == 0) {
		e->read_end = PORT_EOF; /* some stacks tell it once */
		return PORT_EOF;
	}
	return would_block(errno) ? PORT_AGAIN : socket_failed(e, errno);
}

/* What the peer has done, whatever is unread; a failure is remembered. */
static int peer_answer(struct port_entry *e)
{
	int error = 0, answer;

	if (e->fd < 0)
		return PORT_EOF; /* see socket_end_both() */
	answer = system_peer(e->fd, &error);
	if (answer == PORT_RESET)
		(void)socket_failed(e, error);
	return answer;
}

int port_peer_closed(struct port *p, port_sock s)
{
	struct port_entry *e = stream_entry(p, s);
	int before;

	if (e->io_error != 0)
		return e->io_error;
	if (e->interests & INTEREST_HANGUP)
		return e->flags & PEER_CLOSED ? PORT_EOF : PORT_AGAIN;
	before = before_end(p, e);
	if (before == PORT_AGAIN) {
		socket_await(p, s, INTEREST_HANGUP_READ);
		return PORT_AGAIN;
	}
	/* After an end that was read stream_poll() looks for a reset. */
	if (before == PORT_EOF || peer_answer(e) == PORT_EOF)
		e->flags |= PEER_CLOSED;
	if (e->io_error != 0)
		return e->io_error;
	socket_await(p, s, INTEREST_HANGUP_POLL);
	return e->flags & PEER_CLOSED ? PORT_EOF : PORT_AGAIN;
}

bool stream_poll(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];
	int answer = e->io_error != 0 ? PORT_RESET : peer_answer(e);

	return answer == PORT_RESET || (answer == PORT_EOF && !(e->flags & PEER_CLOSED));
}

void port_shutdown(struct port *p, port_sock s)
{
	struct port_entry *e = stream_entry(p, s);

	if (e->fd >= 0 && !system_shutdown(e->fd))
		socket_end_both(p, s);
}

/*
 * Octets in and out, and what becomes of a stream.
 *
 * The kernel keeps all the octets: what is unread stays there until it is
 * consumed. How streams end is kept here, since a system tells it only once: an
 * error that send() or SO_ERROR has reported is taken, and the next recv()
 * would find an end in order. 'failure' is the first that any call met; it ends
 * sending at once, and reading when nothing is left to read.
 *
 * On Linux what had arrived before a reset stays readable. Other systems drop
 * it, and reading then ends with the reset at once.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

#include "base/check.h"
#include "system.h"

static bool again(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static struct port_entry *stream_entry(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);

	check(e->kind == ENTRY_STREAM);
	return e;
}

static void want(struct port *p, port_sock s, unsigned wants)
{
	socket_set_wants(p, s, p->entry[s].wants | wants);
}

/* Must the caller wait, or has reading ended? 0: neither. */
static int cannot_read(const struct port_entry *e)
{
	if (e->read_end != 0)
		return e->read_end;
	return e->wants & WANT_READ ? PORT_AGAIN : 0;
}

/* What recv() has come to. */
static int received(struct port_entry *e, ssize_t n)
{
	if (n > 0)
		return (int)n;
	if (n < 0 && again(errno) && e->failure == 0)
		return PORT_AGAIN;
	if (n < 0 && !again(errno))
		(void)socket_failed(e, errno);
	e->read_end = e->failure != 0 ? e->failure : PORT_EOF;
	return e->read_end;
}

int socket_show(struct port *p, port_sock s, size_t size)
{
	struct port_entry *e = stream_entry(p, s);
	int answer = cannot_read(e);

	check(size > 0);
	return answer != 0 ? answer : received(e, native_show(p, e->fd, size));
}

int socket_send(struct port *p, port_sock s, const void *data, size_t len)
{
	struct port_entry *e = stream_entry(p, s);
	ssize_t n;

	check(len > 0);
	if (e->failure != 0)
		return e->failure;
	if (e->wants & WANT_WRITE)
		return PORT_AGAIN;
	n = send(e->fd, data, len < INT_MAX ? len : INT_MAX, MSG_NOSIGNAL);
	if (n >= 0)
		return (int)n;
	return again(errno) ? PORT_AGAIN : socket_failed(e, errno);
}

int port_peek(struct port *p, port_sock s, const uint8_t **data)
{
	int n = socket_show(p, s, sizeof p->scratch);

	*data = p->scratch;
	if (n == PORT_AGAIN)
		want(p, s, WANT_READ);
	return n;
}

void port_consume(struct port *p, port_sock s, size_t n)
{
	struct port_entry *e = stream_entry(p, s);

	/* They lie there, so only a broken stream can refuse: nothing more of it would be right. */
	if (n > 0 && !native_drop(p, e->fd, n))
		e->read_end = (int8_t)socket_failed(e, errno);
}

int port_read(struct port *p, port_sock s, void *buf, size_t size)
{
	struct port_entry *e = stream_entry(p, s);
	int n = cannot_read(e);

	check(size > 0);
	if (n == 0)
		n = received(e, recv(e->fd, buf, size < INT_MAX ? size : INT_MAX, 0));
	if (n == PORT_AGAIN)
		want(p, s, WANT_READ);
	return n;
}

int port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	int n = socket_send(p, s, data, len);

	if (n == PORT_AGAIN || (n >= 0 && (size_t)n < len))
		want(p, s, WANT_WRITE);
	return n;
}

/* What lies in front of the peer's end, if anything: PORT_AGAIN for nothing, 1 for octets, or the end. */
static int in_front(struct port *p, struct port_entry *e)
{
	ssize_t n;

	if (e->read_end != 0)
		return PORT_EOF;
	n = native_show(p, e->fd, 1);
	if (n > 0)
		return 1;
	if (n == 0) {
		e->read_end = PORT_EOF; /* some stacks tell it once */
		return PORT_EOF;
	}
	return again(errno) ? PORT_AGAIN : socket_failed(e, errno);
}

/* What the peer has done, whatever is unread; a failure is remembered. */
static int peer_answer(struct port_entry *e)
{
	int error = 0, answer;

	if (e->fd < 0)
		return PORT_EOF; /* see socket_end_both() */
	answer = native_peer(e->fd, &error);
	if (answer == PORT_RESET)
		(void)socket_failed(e, error);
	return answer;
}

int port_gone(struct port *p, port_sock s)
{
	struct port_entry *e = stream_entry(p, s);
	int front;

	if (e->failure != 0)
		return PORT_RESET;
	if (e->wants & WANT_GONE)
		return e->flags & STREAM_LEFT ? PORT_EOF : PORT_AGAIN;
	front = in_front(p, e);
	if (front == PORT_AGAIN) {
		want(p, s, WANT_LEAVE);
		return PORT_AGAIN;
	}
	if (peer_answer(e) == PORT_EOF || front == PORT_EOF)
		e->flags |= STREAM_LEFT;
	if (e->failure != 0)
		return PORT_RESET;
	want(p, s, WANT_LOOK);
	return e->flags & STREAM_LEFT ? PORT_EOF : PORT_AGAIN;
}

bool stream_look(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];
	int answer = e->failure != 0 ? PORT_RESET : peer_answer(e);

	return answer == PORT_RESET || (answer == PORT_EOF && !(e->flags & STREAM_LEFT));
}

void port_shutdown(struct port *p, port_sock s)
{
	struct port_entry *e = stream_entry(p, s);

	if (e->fd >= 0 && !native_shutdown(e->fd))
		socket_end_both(p, s);
}

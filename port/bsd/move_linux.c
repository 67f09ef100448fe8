/*
 * Moving bytes on Linux: by copying what is little, and within the kernel what is much.
 *
 * Bytes are received and sent through the scratch buffer. A socket that has filled it twice running is read with
 * splice(2) from then on, into a pipe and out of it: their pages change hands, and nothing is copied. What 'to' does
 * not take stays in a pipe as well, so that a byte received is never received again. Pipes come from a small pool and
 * are in it while they are empty; while there is none the bytes are shown, sent and dropped, as everywhere else.
 *
 * What splice() answers is believed where it moved something, and where it failed. It takes a socket's pending error
 * away as recv() does, so that error is remembered; but 0 or EAGAIN may come before an urgent byte, or before the end:
 * then only recv() decides.
 */
#define _GNU_SOURCE
#include "ways_linux.h"

#include <fcntl.h>

#define PIPE_SIZE 262144  /* larger ones gain little, and all of a user's have 64 MiB together */
#define FULL_READS 2      /* running, after which a socket is read with splice() */
#define SMALL_BYTES 16384 /* splice() pays above */
#define SMALL_FILLS 8     /* running, after which it is read with recv() again */

/* ---- The pool ---- */

/*
 * Beyond what a user may have a pipe has a page or two (pipe(7)), which is no use; and neither is one where a sandbox
 * prohibits splice().
 */
static bool open_pipe(struct system_pipe *pipe)
{
	int fd[2], size;

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	size = fcntl(fd[1], F_SETPIPE_SZ, PIPE_SIZE);
	if (size < 0)
		size = fcntl(fd[1], F_GETPIPE_SZ);
	*pipe = (struct system_pipe){.rd = fd[0], .wr = fd[1]};
	if (size < SYSTEM_SCRATCH || splice(fd[0], NULL, fd[1], NULL, 0, 0) != 0) {
		way_close_pipe(pipe);
		return false;
	}
	pipe->size = (uint32_t)size;
	return true;
}

/* One that is empty, opened if need be: its number, from 1 on, or 0. It stays in the pool. */
static unsigned spare_pipe(struct port *p)
{
	unsigned closed = 0;

	for (unsigned i = 0; i < p->system.pipes; i++) {
		struct system_pipe *pipe = &p->system.pipe[i];

		if (pipe->size > 0 && pipe->bytes == 0)
			return i + 1;
		if (pipe->size == 0 && closed == 0)
			closed = i + 1;
	}
	return closed > 0 && open_pipe(&p->system.pipe[closed - 1]) ? closed : 0;
}

/* ---- Out of a pipe, into one ---- */

/* Bytes that have been taken from a socket, and no place to put them back. */
static void keep(struct port *p, port_sock from, unsigned number, size_t n)
{
	p->system.way[from].pipe = number & 127u;
	p->system.pipe[number - 1].bytes = (uint32_t)n;
}

/*
 * splice() sends a pipe's pages in several goes. A reset that comes between two of them is taken by the next, and not
 * told where the first has sent something: recv() would then find an end in order. But nobody has ended our direction
 * yet.
 */
static bool was_reset(int fd)
{
	uint8_t state; /* struct tcp_info begins with it */
	socklen_t len = sizeof state;

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len) == 0 && state == TCP_CLOSE;
}

/* Sends on what the pipe of 'from' holds. */
static int drain(struct port *p, port_sock from, port_sock to, size_t max)
{
	struct port_entry *sink = socket_entry(p, to);
	struct system_pipe *pipe = way_pipe(p, from);
	size_t size = max < pipe->bytes ? max : pipe->bytes;
	ssize_t n = splice(pipe->rd, NULL, sink->fd, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		system_forget(p, from);
		return socket_failed(sink, errno);
	}
	if (n < (ssize_t)size)
		sink->flags |= WRITE_WOULD_BLOCK;
	if (n <= 0)
		return PORT_AGAIN;
	if (n < (ssize_t)size && was_reset(sink->fd))
		(void)socket_failed(sink, ECONNRESET); /* which the next call says */
	pipe->bytes -= (uint32_t)n;
	if (pipe->bytes == 0)
		p->system.way[from].pipe = 0;
	return (int)n;
}

/* From the socket into the empty pipe: how many, 0 if that is for recv() to say, or the failure. */
static int fill(struct port *p, port_sock from, unsigned number, size_t max)
{
	struct port_entry *source = socket_entry(p, from);
	struct system_pipe *pipe = &p->system.pipe[number - 1];
	struct system_way *way = &p->system.way[from];
	size_t size = max < pipe->size ? max : pipe->size;
	ssize_t n =
		splice(source->fd, NULL, pipe->wr, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EINVAL) {
		source->read_end = (int8_t)socket_failed(source, errno);
		return source->read_end;
	}
	if (n <= 0)
		return 0;
	way->small = n < SMALL_BYTES ? (way->small + 1u) & 15u : 0;
	if (way->small == SMALL_FILLS) {
		way->full = 0;
		way->small = 0;
	}
	if ((size_t)n < size)
		source->flags |= READ_WOULD_BLOCK;
	keep(p, from, number, (size_t)n);
	return (int)n;
}

/* ---- Through the scratch buffer ---- */

/* Puts what was not sent into the empty pipe, which has room for all of the buffer. False: the kernel has no memory. */
static bool keep_rest(struct port *p, port_sock from, unsigned number, size_t at, size_t len)
{
	keep(p, from, number, len - at);
	return write(p->system.pipe[number - 1].wr, p->scratch + at, len - at) ==
	       (ssize_t)(len - at);
}

static int copy(struct port *p, port_sock from, port_sock to, size_t max, unsigned number,
	port_sock *failed)
{
	struct port_entry *source = socket_entry(p, from), *sink = socket_entry(p, to);
	struct system_way *way = &p->system.way[from];
	size_t size = scratch_part(p, max);
	int got = socket_read(p, from, p->scratch, size), sent;

	*failed = from;
	if (got == PORT_AGAIN || (got > 0 && (size_t)got < size))
		source->flags |= READ_WOULD_BLOCK;
	if (got < 0)
		return got;
	if (got < SMALL_BYTES || (size_t)got < size)
		way->full = 0;
	else if (way->full < FULL_READS)
		way->full++;
	*failed = to;
	sent = socket_send(p, to, p->scratch, (size_t)got);
	if (sent == got || (sent < 0 && sent != PORT_AGAIN))
		return sent;
	sink->flags |= WRITE_WOULD_BLOCK;
	if (keep_rest(p, from, number, sent > 0 ? (size_t)sent : 0, (size_t)got))
		return sent;
	*failed = from;
	source->read_end = (int8_t)socket_failed(source, ENOMEM);
	return source->read_end;
}

int system_move(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed)
{
	struct port_entry *source = socket_entry(p, from);
	unsigned number;
	int n;

	if (!CONFIG_ANKLET_FAST)
		return move_shown(p, from, to, max, failed);
	if (way_pipe(p, from) != NULL)
		return drain(p, from, to, max);
	*failed = from;
	n = socket_cannot_read(source);
	if (n != 0)
		return n;
	number = spare_pipe(p);
	if (number == 0)
		return move_shown(p, from, to, max, failed);
	if (p->system.way[from].full == FULL_READS)
		n = fill(p, from, number, max);
	if (n < 0)
		return n;
	*failed = to;
	return n > 0 ? drain(p, from, to, max) : copy(p, from, to, max, number, failed);
}

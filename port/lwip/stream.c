/*
 * Bytes: a ring for what each peer sends, and the way from one ring to the other peer.
 *
 * Received bytes are copied into the ring and the pbuf is freed at once. Keeping
 * pbufs until they can be forwarded would be a deadlock: the pool fills with data
 * that waits for acknowledgements, which then cannot be received. port_move()
 * hands TCP pointers into the ring; the acknowledgement frees the bytes and
 * opens the window of the one who sent them. So a slow reader slows its sender
 * down, and no byte is copied twice. Segments out of order, where lwIP keeps such, are its own until they are in order:
 * they lie within the window, so the ring has room for them.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

/* Then a silent peer is probed: nine times, each 75 s after the other, by lwIP's default. */
#define KEEP_IDLE_MS 120000

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- Rings ---- */

struct port_ring *ring_new(struct port *p, struct port_entry *e)
{
	for (unsigned i = 0; i < LWIP_RINGS; i++) {
		struct port_ring *ring = &p->ring[i];

		if (ring->reader != NULL || ring->sender != NULL)
			continue;
		ring->start = ring->moved = ring->unread = 0;
		ring->reader = e;
		return ring;
	}
	return NULL;
}

static uint16_t ring_place(const struct port_ring *ring, size_t offset)
{
	return (uint16_t)((ring->start + offset) % LWIP_RING);
}

/* The unread bytes from offset on that lie in one piece: their count and *data. */
static size_t ring_span(const struct port_ring *ring, size_t offset, const uint8_t **data)
{
	uint16_t at = ring_place(ring, ring->moved + offset);
	size_t len = ring->unread - offset;

	*data = ring->byte + at;
	return smaller(len, (size_t)LWIP_RING - at);
}

static void ring_put(struct port_ring *ring, const uint8_t *data, size_t len)
{
	uint16_t at = ring_place(ring, (size_t)ring->moved + ring->unread);
	size_t first = smaller(len, (size_t)LWIP_RING - at);

	assert((size_t)ring->moved + ring->unread + len <= LWIP_RING);
	memcpy(ring->byte + at, data, first);
	memcpy(ring->byte, data + first, len - first);
	ring->unread = (uint16_t)(ring->unread + len);
}

/* The first n bytes are done with: the one who sent them may send as many more. */
static void ring_drop(struct port_ring *ring, size_t n)
{
	ring->start = ring_place(ring, n);
	if (n > 0 && ring->reader != NULL && ring->reader->pcb != NULL)
		tcp_recved(ring->reader->pcb, (u16_t)n);
}

/* Nothing more goes from the ring to whom it was moved. */
static void ring_part(struct port_ring *ring)
{
	ring->sender->source = NULL;
	ring->sender = NULL;
}

/* The first n moved bytes need not be kept any longer. */
static void ring_moved(struct port_ring *ring, size_t n)
{
	ring->moved = (uint16_t)(ring->moved - n);
	ring_drop(ring, n);
	if (ring->reader == NULL && ring->moved == 0)
		ring_part(ring);
}

/* What was moved to e is no longer on its way. */
static void drop_source(struct port_entry *e)
{
	struct port_ring *ring = e->source;

	if (ring == NULL)
		return;
	ring_part(ring);
	ring_drop(ring, ring->moved);
	ring->moved = 0;
}

bool stream_release(struct port_entry *e)
{
	bool undelivered = e->source != NULL && e->source->moved > 0;
	struct port_ring *ring = e->ring;

	drop_source(e);
	if (ring != NULL) {
		ring->reader = NULL;
		ring->unread = 0;
		if (ring->sender != NULL && ring->moved == 0)
			ring_part(ring);
	}
	e->ring = NULL;
	return undelivered;
}

/* ---- lwIP's callbacks ---- */

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t err)
{
	struct port_entry *e = arg;

	(void)pcb;
	(void)err;
	if (data == NULL) {
		e->flags |= STREAM_ENDED;
		stream_settle(e);
		return ERR_OK;
	}
	for (const struct pbuf *piece = data; piece != NULL; piece = piece->next)
		ring_put(e->ring, piece->payload, piece->len);
	pbuf_free(data);
	return ERR_OK; /* always: data refused here would be kept by lwIP, and its FIN with it */
}

/* Bytes of port_send() were all sent before the first one that was moved. */
static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct port_entry *e = arg;
	size_t copied = smaller(len, e->copied);

	(void)pcb;
	e->copied = (uint16_t)(e->copied - copied);
	e->flags &= (uint8_t)~STREAM_STARVED;
	if (len > copied)
		ring_moved(e->source, len - copied);
	stream_settle(e);
	return ERR_OK;
}

/*
 * lwIP frees the pcb as soon as this returns, and takes it off its lists only then:
 * nothing is to be looked up there.
 */
static void on_lost(void *arg, err_t err)
{
	struct port_entry *e = arg;

	e->pcb = NULL;
	e->failure = (int8_t)answer_of(err);
	if (err == ERR_ABRT)
		e->flags |= STREAM_ABORTED;
	drop_source(e);
}

void stream_attach(struct port_entry *e)
{
	tcp_nagle_disable(e->pcb);
	ip_set_option(e->pcb, SOF_KEEPALIVE);
	e->pcb->keep_idle = KEEP_IDLE_MS;
	tcp_arg(e->pcb, e);
	tcp_recv(e->pcb, on_received);
	tcp_sent(e->pcb, on_sent);
	tcp_err(e->pcb, on_lost);
}

struct tcp_pcb *stream_detach(struct port_entry *e)
{
	struct tcp_pcb *pcb = e->pcb;

	e->pcb = NULL;
	if (pcb == NULL)
		return NULL;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL); /* tcp_abort() would call it */
	return pcb;
}

/*
 * What follows is lwIP's alone: it calls the end of LAST_ACK a failure, and frees
 * a control block in TIME_WAIT without a word. Bytes of a ring must still be
 * acknowledged first.
 */
void stream_settle(struct port_entry *e)
{
	if ((e->flags & STREAM_SHUT) == 0 || (e->flags & STREAM_ENDED) == 0 || e->pcb == NULL)
		return;
	if (e->source != NULL && e->source->moved > 0)
		return;
	tcp_setprio(stream_detach(e), PRIORITY_CLOSED);
}

/* ---- Reading ---- */

static struct port_entry *stream(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);

	assert(e->kind == ENTRY_STREAM);
	return e;
}

/* The end of reading once all bytes are read, or 0. The end in order came first, if there was one. */
static int read_end(const struct port_entry *e)
{
	assert(e->failure <= 0);
	return e->flags & STREAM_ENDED ? PORT_EOF : e->failure;
}

int port_peek(struct port *p, port_sock s, const uint8_t **data)
{
	struct port_entry *e = stream(p, s);
	int end = read_end(e);

	if (e->interests & INTEREST_READ)
		return PORT_AGAIN;
	if (e->ring->unread > 0)
		return (int)ring_span(e->ring, 0, data);
	if (end != 0)
		return end;
	(void)socket_await(e, INTEREST_READ);
	return PORT_AGAIN;
}

void port_consume(struct port *p, port_sock s, size_t n)
{
	struct port_entry *e = stream(p, s);

	assert(n <= e->ring->unread && e->ring->moved == 0);
	e->ring->unread = (uint16_t)(e->ring->unread - n);
	ring_drop(e->ring, n);
}

int port_read(struct port *p, port_sock s, void *buf, size_t size)
{
	const uint8_t *data;
	int n = port_peek(p, s, &data);

	if (n <= 0)
		return n;
	n = (int)smaller((size_t)n, size);
	memcpy(buf, data, (size_t)n);
	port_consume(p, s, (size_t)n);
	return n;
}

int port_peer_closed(struct port *p, port_sock s)
{
	struct port_entry *e = stream(p, s);

	if ((e->interests & INTEREST_HANGUP) == 0) {
		if (e->failure != 0)
			return e->failure;
		if (e->flags & STREAM_ENDED)
			e->flags |= STREAM_LEFT;
	}
	(void)socket_await(e, INTEREST_HANGUP);
	return e->flags & STREAM_LEFT ? PORT_EOF : PORT_AGAIN;
}

/* ---- Sending ---- */

/*
 * Queues bytes, a segment's worth at a time: what lwIP has no memory for in one
 * piece it may have in pieces. Returns how many were taken.
 */
static size_t queue(struct port_entry *e, const uint8_t *data, size_t len, u8_t flags)
{
	size_t done = 0;

	while (done < len && tcp_sndbuf(e->pcb) > 0) {
		size_t n = smaller(len - done, smaller(tcp_sndbuf(e->pcb), tcp_mss(e->pcb)));

		if (tcp_write(e->pcb, data + done, (u16_t)n, flags) != ERR_OK) {
			e->flags |= STREAM_STARVED;
			break;
		}
		done += n;
	}
	return done;
}

/* Can nothing be sent any more? The reason, or 0. */
static int send_end(const struct port_entry *e)
{
	if (e->failure != 0)
		return e->failure;
	return e->flags & STREAM_SHUT || e->pcb == NULL ? PORT_RESET : 0;
}

int port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	struct port_entry *e = stream(p, s);
	int end = send_end(e);
	size_t n;

	assert(len > 0 && e->source == NULL);
	if (e->interests & INTEREST_WRITE)
		return PORT_AGAIN;
	if (end != 0)
		return end;
	n = queue(e, data, len, TCP_WRITE_FLAG_COPY);
	e->copied = (uint16_t)(e->copied + n);
	if (n < len)
		(void)socket_await(e, INTEREST_WRITE);
	if (n == 0)
		return PORT_AGAIN;
	(void)tcp_output(e->pcb);
	return (int)n;
}

/* Queues unread bytes of the ring on 'to', without copying them. The ring may take two pieces. */
static size_t queue_unread(struct port_ring *ring, struct port_entry *to, size_t budget)
{
	size_t done = 0, queued, len;
	const uint8_t *data;

	ring->sender = to;
	to->source = ring;
	do {
		len = smaller(ring_span(ring, done, &data), budget - done);
		queued = queue(to, data, len, 0);
		done += queued;
	} while (queued > 0 && queued == len);
	ring->moved = (uint16_t)(ring->moved + done);
	ring->unread = (uint16_t)(ring->unread - done);
	if (done > 0)
		(void)tcp_output(to->pcb);
	return done;
}

/*
 * With nothing unread it is 'from' that is waited for: for bytes, or, when it
 * has ended, until those under way are acknowledged. But while these keep its
 * window closed, as it was announced, it cannot send, and then it is 'to'.
 */
static bool waits_for_from(const struct port_entry *from)
{
	return from->ring->unread == 0 &&
	       (from->flags & STREAM_ENDED || from->pcb->rcv_ann_wnd > 0);
}

int port_move(struct port *p, port_sock from, port_sock to, size_t budget, port_sock *failed)
{
	struct port_entry *f = stream(p, from), *t = stream(p, to);
	int end = send_end(t);
	size_t n;

	assert(budget > 0 && (t->source == NULL || t->source == f->ring));
	*failed = to;
	if (t->interests & INTEREST_WRITE)
		return PORT_AGAIN;
	if (end != 0)
		return end;
	*failed = from;
	if (f->interests & INTEREST_READ)
		return PORT_AGAIN;
	n = queue_unread(f->ring, t, budget);
	if (n > 0)
		return (int)n;
	end = read_end(f);
	if (f->ring->unread == 0 && (f->ring->moved == 0 || end != PORT_EOF) && end != 0)
		return end;
	if (waits_for_from(f))
		return socket_await(f, INTEREST_READ);
	*failed = to;
	return socket_await(t, INTEREST_WRITE);
}

/* ---- Readiness ---- */

static bool is_readable(const struct port_entry *e)
{
	return e->ring->unread > 0 || e->failure != 0 ||
	       (e->flags & STREAM_ENDED && e->ring->moved == 0);
}

/*
 * Half of everything is free: fewer and larger segments than if each
 * acknowledgement counted.
 */
static bool is_writable(const struct port_entry *e)
{
	if (send_end(e) != 0)
		return true;
	if (e->flags & STREAM_STARVED)
		return false;
	if (e->source != NULL && e->source->unread == 0)
		return e->source->moved <= TCP_WND / 2;
	return tcp_sndbuf(e->pcb) >= TCP_SND_BUF / 2 &&
	       tcp_sndqueuelen(e->pcb) <= TCP_SND_QUEUELEN / 2;
}

unsigned stream_ready(const struct port_entry *e)
{
	unsigned met = 0;

	if (e->interests & INTEREST_READ && is_readable(e))
		met |= INTEREST_READ;
	if (e->interests & INTEREST_WRITE && is_writable(e))
		met |= INTEREST_WRITE;
	if (e->interests & INTEREST_HANGUP &&
		(e->failure != 0 || (e->flags & (STREAM_ENDED | STREAM_LEFT)) == STREAM_ENDED))
		met |= INTEREST_HANGUP;
	return met;
}

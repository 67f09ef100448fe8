/*
 * Streams. See stream.h.
 */
#include "tls/stream.h"

#include "base/check.h"

/* What goes into one record: at most so much, whatever the library could do. */
#define RECORD 16384
#define READS_RECORDS (CONFIG_ANKLET_FAST && CONFIG_ANKLET_TLS_STREAMS > 0)

int stream_peek(struct port *p, struct stream *s, const uint8_t **data)
{
	return stream_is_encrypted(s) ? tls_peek(s->tls, data) : port_peek(p, s->sock, data);
}

void stream_consume(struct port *p, struct stream *s, size_t n)
{
	if (stream_is_encrypted(s))
		tls_consume(s->tls, n);
	else
		port_consume(p, s->sock, n);
}

int stream_send(struct port *p, struct stream *s, const void *data, size_t len)
{
	return stream_is_encrypted(s) ? tls_send(s->tls, data, len)
				      : port_send(p, s->sock, data, len);
}

static int move_plain(struct port *p, struct stream *from, struct stream *to, size_t budget,
	struct stream **failed)
{
	port_sock at = PORT_NONE;
	int n = port_move(p, from->sock, to->sock, budget, &at);

	*failed = at == to->sock ? to : from;
	return n;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * From a plain stream into an encrypted one, which has just been flushed: reads what one record takes. To peek would
 * show, and copy, all that is waiting, for each record again.
 */
static int move_record(struct port *p, struct stream *from, struct stream *to, size_t budget,
	struct stream **failed)
{
	static uint8_t record[READS_RECORDS ? RECORD : 1];
	size_t size = least(least(tls_room(to->tls), sizeof record), budget);
	int got, sent;

	*failed = from;
	got = port_read(p, from->sock, record, size > 0 ? size : 1);
	if (got < 0)
		return got;
	*failed = to;
	sent = tls_send(to->tls, record, (size_t)got);
	check(sent == got || (sent < 0 && sent != PORT_AGAIN && sent != TLS_TICK));
	return sent;
}

int stream_move(struct port *p, struct stream *from, struct stream *to, size_t budget,
	struct stream **failed)
{
	const uint8_t *data;
	int shown, sent;

	if (!stream_is_encrypted(from) && !stream_is_encrypted(to))
		return move_plain(p, from, to, budget, failed);
	/* First, for what is shown may not outlive a call of the port's. */
	*failed = to;
	sent = stream_flush(p, to);
	if (sent < 0)
		return sent;
	if (READS_RECORDS && !stream_is_encrypted(from))
		return move_record(p, from, to, budget, failed);
	*failed = from;
	shown = stream_peek(p, from, &data);
	if (shown < 0)
		return shown;
	*failed = to;
	sent = stream_send(p, to, data, least((size_t)shown, budget));
	if (sent > 0)
		stream_consume(p, from, (size_t)sent);
	return sent;
}

int stream_flush(struct port *p, struct stream *s)
{
	(void)p; /* what a plain socket took is with the port */
	return stream_is_encrypted(s) ? tls_flush(s->tls) : 0;
}

int stream_shutdown(struct port *p, struct stream *s, bool other_open)
{
	if (stream_is_encrypted(s))
		return tls_end(s->tls, other_open);
	port_shutdown(p, s->sock);
	return 0;
}

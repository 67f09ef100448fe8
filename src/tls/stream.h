/*
 * A stream: a connected socket, plain or encrypted, with the same calls for both.
 *
 * Their answers are those of the port's calls of the same name, and TLS_TICK where
 * tls.h has it. Encryption is turned on by setting tls: at the beginning, or in
 * mid-stream. A stream without a socket has sock PORT_NONE and tls NULL.
 */
#ifndef ANKLET_STREAM_H
#define ANKLET_STREAM_H

#include "port.h"
#include "tls/tls.h"

struct stream {
	port_sock sock;
	struct tls *tls; /* NULL: plain */
};

static inline bool stream_is_encrypted(const struct stream *s)
{
	return ANKLET_HAS_TLS && s->tls != NULL;
}

int stream_peek(struct port *p, struct stream *s, const uint8_t **data);
void stream_consume(struct port *p, struct stream *s, size_t n);
int stream_send(struct port *p, struct stream *s, const void *data, size_t len);

/*
 * As port_move(), *failed being one of the two streams. TLS_TICK: there is more
 * to do without waiting.
 */
int stream_move(struct port *p, struct stream *from, struct stream *to, size_t budget,
	struct stream **failed);

/* Everything taken is with the port: 0, PORT_AGAIN (WRITE is recorded), or the failure. */
int stream_flush(struct port *p, struct stream *s);

/*
 * Ends our direction; other_open: the other one goes on. 0: done. PORT_AGAIN: call
 * again when WRITE was met. A failure. A plain stream's FIN goes out at once;
 * an encrypted one says close_notify, and its TCP connection stays open.
 */
int stream_shutdown(struct port *p, struct stream *s, bool other_open);

#endif

/*
 * The relay: bytes of two connections, each handed to the other, untouched and in order.
 *
 * The two directions are alike and independent: one may have ended while the
 * other goes on (half-close).
 */
#ifndef ANKLET_RELAY_H
#define ANKLET_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/stream.h"

struct relay_direction {
	bool ended;     /* the sender's end was passed on */
	bool blocked;   /* the receiver has no room: bytes may be waiting */
	bool paused;    /* nothing may be moved, for a rate is limited */
	bool wants;     /* more than it gets by that rate: src/session/pace.c alone asks */
	uint32_t most;  /* bytes of a run, where that rate is; 0: as many as the budget says */
	uint64_t bytes; /* accepted by the receiving socket */
};

/* All zero is a relay that has moved nothing. */
struct relay {
	struct relay_direction up;   /* client to server */
	struct relay_direction down; /* server to client */
};

enum relay_result {
	RELAY_WAIT,   /* nothing more to be done: every interest is recorded */
	RELAY_MORE,   /* the budget is spent: to be run again without waiting */
	RELAY_ENDED,  /* both directions have ended: close both */
	RELAY_BROKEN, /* one side was reset or failed: reset the other one, too */
};

/* What a run of it came to, besides. */
struct relay_news {
	bool progress;         /* a byte was moved or an end passed on */
	struct stream *failed; /* RELAY_BROKEN: which of the two, */
	int failure;           /* and its answer, of the port or of TLS */
};

/* Moves at most 'budget' bytes in each direction. */
enum relay_result relay_run(struct relay *relay, struct port *p, struct stream *client,
	struct stream *server, size_t budget, struct relay_news *news);

#endif

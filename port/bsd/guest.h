/*
 * The port in a program whose loop is told of descriptors one by one.
 *
 * Where guest.c and guest_wait.c are linked in place of alone.c and log.c every port is the first member of a struct
 * guest, which its maker sets all zero but for the calls, and which port_init() leaves alone.
 */
#ifndef ANKLET_BSD_GUEST_H
#define ANKLET_BSD_GUEST_H

#include "port.h"

enum guest_events { GUEST_READ = 1, GUEST_WRITE = 2 };

struct guest {
	struct port port;
	/*
	 * A descriptor is to be waited for with other events than before; 0: no more, and it may be about to be closed.
	 */
	void (*watch)(void *ctx, int fd, unsigned events);
	void (*log)(void *ctx, int level, const char *line, size_t len); /* NULL: the system's */
	void *ctx;
	struct fdset told_rd, told_wr;   /* what watch() was told */
	struct fdset ready_rd, ready_wr; /* since the last guest_take() */
};

/*
 * Before a wait: tells of what has changed. ms (negative: no limit), or less where the port has something to do then.
 */
int32_t guest_tell(struct guest *g, int32_t ms);

/* After it: fd, which watch() was told of, is ready for these events, or has failed and has all of them. */
void guest_ready(struct guest *g, int fd, unsigned events);

/* After all that was ready, and also when nothing is: as embed_take(). */
void guest_take(struct guest *g);

/* ---- guest.c, for guest_wait.c ---- */

/* The events of fd that two sets stand for; and puts such into them. */
unsigned guest_events(const struct fdset *rd, const struct fdset *wr, int fd);
void guest_note(struct fdset *rd, struct fdset *wr, int fd, unsigned events);

/* Calls watch(), where that was told of other events. */
void guest_let_know(struct guest *g, int fd, unsigned events);

#endif

/*
 * anklet in a loop of yours that waits for descriptors one by one: libuv's, glib's, epoll's, poll()'s. This is what the
 * library has that 'make install-lib' installs; all of it, in a program, is examples/embed-libuv, or embed-glib.
 *
 *	static const struct anklet_loop loop = {.watch = watch, .log = log, .ctx = &mine};
 *
 *	struct anklet *a = anklet_loop_init(calloc(1, anklet_loop_size()), anklet_loop_size(), &loop);
 *	anklet_configure(a, "built in", text, len, report, NULL);
 *	anklet_start(a, &failure);
 *
 *	before each wait:        ms = anklet_loop_prepare(a);
 *	for each that is ready:  anklet_loop_ready(a, fd, events);
 *	after each wait:         anklet_loop_dispatch(a);
 *
 *	anklet_fini(a);
 *
 * All else is anklet.h's, but for anklet_init(), for which there is no port in this library, and anklet_next() and
 * anklet_tick(), which these calls contain. One thread.
 */
#ifndef ANKLET_ANKLET_LOOP_H
#define ANKLET_ANKLET_LOOP_H

#include "anklet.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bits of what a descriptor is waited for, and is ready for. libuv's have the same values. */
enum anklet_loop_events { ANKLET_READABLE = 1, ANKLET_WRITABLE = 2 };

/*
 * From its next wait on the program is to wait for these events of fd, in place of those it was told of before, as
 * poll() does: level-triggered. 0: it is to wait for fd no more, which may be closed right after this call. The
 * descriptor stays anklet's: it is not blocking, and nobody else reads from it, writes to it or closes it. It is called
 * within anklet_loop_prepare(), anklet_loop_dispatch(), anklet_reload_end(), anklet_stop() and anklet_fini().
 */
typedef void anklet_loop_watch(void *ctx, int fd, unsigned events);

/*
 * A line of the log, of printable ASCII without its end and without the time: its level is an enum anklet_level. It is
 * the callee's only during the call, and may come within any call of anklet's from anklet_check() or anklet_start() on.
 */
typedef void anklet_loop_log(void *ctx, int level, const char *line, size_t len);

/* What anklet calls in the program. From within these calls nothing of anklet is called. */
struct anklet_loop {
	anklet_loop_watch *watch;
	anklet_loop_log *log; /* NULL: the log goes to stderr, with the time */
	void *ctx;            /* what each of them is given first; the program's own */
};

/* Bytes of memory for one instance, with all that it keeps of the system. */
size_t anklet_loop_size(void);

/* Each descriptor that watch() is told of is below this one: for a table of the program's. */
int anklet_loop_descriptors(void);

/*
 * Makes an instance, with the default configuration, in memory that is all zero and aligned as for any type, as
 * calloc()'s is; it stays the caller's, and must outlive the instance. *loop is copied. Returns NULL when size is less
 * than anklet_loop_size(), or memory NULL. Nothing is called, and the system not touched, before anklet_start() or
 * anklet_check().
 */
struct anklet *anklet_loop_init(void *memory, size_t size, const struct anklet_loop *loop);

/*
 * Before each wait, from anklet_start() on: calls watch() for each descriptor whose events are others than before.
 * Returns the milliseconds after which anklet_loop_dispatch() is due even if no descriptor becomes ready; 0: at once,
 * negative: there is no limit.
 */
int32_t anklet_loop_prepare(struct anklet *a);

/*
 * After a wait, before anklet_loop_dispatch(): a descriptor that watch() was told of has these events, more than one of
 * them as their bits. One that has failed or hung up has both. What is said in vain does no harm.
 */
void anklet_loop_ready(struct anklet *a, int fd, unsigned events);

/*
 * After each wait, whatever ended it: does a bounded amount of work, and never waits. It may be left out when nothing
 * was ready and the limit is not over.
 */
void anklet_loop_dispatch(struct anklet *a);

#ifdef __cplusplus
}
#endif

#endif

/*
 * For programs that embed anklet on POSIX: signals, and a loop of the program's own.
 *
 * With a loop of its own a program does what port_wait() does, in two halves:
 *
 *	int32_t ms = anklet_next(a);
 *	int n = 0;
 *
 *	fdset_clear(&rd);
 *	fdset_clear(&wr);
 *	... the program's own: fdset_add(), n and ms adapted ...
 *	posix_fill(&port, &rd, &wr, &n, &ms);
 *	if (pselect(n, &rd.native, &wr.native, NULL, ..., mask) <= 0)
 *		n = 0;
 *	posix_take(&port, &rd, &wr, n);
 *	anklet_turn(a);
 *
 * fdset_wait() is the pselect() of this example with the limit in milliseconds;
 * examples/embed is all of it.
 *
 * A set is a struct fdset and no fd_set because the port's descriptors may lie past
 * FD_SETSIZE, and so may then the program's: port_init() raises the limit on open files to
 * what the table of sockets can use. FD_SET() and FD_ISSET() on .native serve as well, for
 * descriptors below FD_SETSIZE; FD_ZERO() does not, for it knows only that part. A
 * program that is full of fd_set builds anklet with CONFIG_ANKLET_DESCRIPTORS=1024 (its
 * FD_SETSIZE) and CONFIG_ANKLET_SESSIONS=256: the limit is then raised no further, and a
 * struct fdset is no larger than an fd_set.
 */
#ifndef ANKLET_POSIX_H
#define ANKLET_POSIX_H

#include <signal.h>

#include "port.h"

/*
 * Signals that are blocked while port_wait() waits, and only there. A program
 * that blocks its signals and leaves them out of this set is interrupted in the
 * wait and nowhere else: no signal can come in the moment between a look at the
 * handlers' flags and the wait. Copied. NULL: nothing is changed by the wait,
 * as after port_init().
 */
void posix_signals(struct port *p, const sigset_t *during_wait);

/*
 * Adds to *rd and *wr, which may have members already, the descriptors the port waits
 * for; raises *n to at least one more than the highest of them, and lowers *ms (negative:
 * no limit) to no more than the port itself can wait. Several ports may fill the same sets.
 */
void posix_fill(struct port *p, struct fdset *rd, struct fdset *wr, int *n, int32_t *ms);

/*
 * Takes what is ready: the members of *rd and *wr below n; those which are not the
 * port's are left alone. To be called after every wait, even one that ended for
 * nothing. Returns what port_wait() returns; port_next() then names the sockets.
 */
int posix_take(struct port *p, const struct fdset *rd, const struct fdset *wr, int n);

#endif

/*
 * For programs that embed anklet on POSIX: signals, and a loop of the program's own.
 *
 * With a loop of its own a program does what port_wait() does, in two halves:
 *
 *	int32_t ms = anklet_next(a);
 *	n = 0;
 *	posix_fill(&port, &rd, &wr, &n, &ms);
 *	... fdset_add() for the program's own descriptors, n and ms adapted ...
 *	if (pselect(n, &rd.native, &wr.native, NULL, ..., mask) <= 0)
 *		n = 0;
 *	posix_take(&port, &rd, &wr, n);
 *	anklet_turn(a);
 *
 * fdset_wait() is the pselect() of this example with the limit in milliseconds.
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
 * Sets *rd and *wr to the descriptors the port waits for, *n to at least one more
 * than the highest of them, and *ms (negative: no limit) to no more than the
 * port itself can wait.
 */
void posix_fill(struct port *p, struct fdset *rd, struct fdset *wr, int *n, int32_t *ms);

/*
 * Takes what is ready: the members of *rd and *wr below n; those which are not the
 * port's are left alone. To be called after every wait, even one that ended for
 * nothing. Returns what port_wait() returns; port_next() then names the sockets.
 */
int posix_take(struct port *p, const struct fdset *rd, const struct fdset *wr, int n);

#endif

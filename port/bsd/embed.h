/*
 * For programs that embed anklet and have a loop of their own.
 *
 * Such a program does what port_wait() does, in two halves:
 *
 *	int32_t ms = anklet_next(a);
 *	int n = 0;
 *
 *	fdset_clear(&rd);
 *	fdset_clear(&wr);
 *	... the program's own: fdset_add(), n and ms adapted ...
 *	embed_fill(&port, &rd, &wr, &n, &ms);
 *	if (pselect(n, &rd.native, &wr.native, NULL, ..., mask) <= 0)
 *		n = 0;
 *	embed_take(&port, &rd, &wr, n);
 *	anklet_tick(a);
 *
 * embed_wait() is the pselect() of this example with the limit in milliseconds, and the only one
 * where a set has no .native (lwIP, Zephyr); examples/embed is all of it. embed_unix.h has signals.
 *
 * A set is a struct fdset and no fd_set because the port's descriptors may lie past
 * FD_SETSIZE, and so may then the program's: port_init() raises the limit on open files to
 * what the table of sockets can use. FD_SET() and FD_ISSET() on .native serve as well, for
 * descriptors below FD_SETSIZE; FD_ZERO() does not, for it knows only that part. A
 * program that is full of fd_set builds anklet with CONFIG_ANKLET_DESCRIPTORS=1024 (its
 * FD_SETSIZE) and CONFIG_ANKLET_SESSIONS=256: the limit is then raised no further, and a
 * struct fdset is no larger than an fd_set.
 */
#ifndef ANKLET_BSD_EMBED_H
#define ANKLET_BSD_EMBED_H

#include "port.h"

/*
 * Adds to *rd and *wr, which may have members already, the descriptors the port waits
 * for; raises *n to at least one more than the highest of them, and lowers *ms (negative:
 * no limit) to no more than the port itself can wait. Several ports may fill the same sets.
 */
void embed_fill(struct port *p, struct fdset *rd, struct fdset *wr, int *n, int32_t *ms);

/*
 * Takes what is ready: the members of *rd and *wr below n; those which are not the
 * port's are left alone. To be called after every wait, even one that ended for
 * nothing: then with n 0. Returns what port_wait() returns; port_next() then names the sockets.
 */
int embed_take(struct port *p, const struct fdset *rd, const struct fdset *wr, int n);

/*
 * Waits for the descriptors below n, at most ms milliseconds (negative: no limit), as port_wait()
 * would. Returns how many members are left in the two sets; 0 for an error or a signal, too, and
 * the sets mean nothing then.
 */
int embed_wait(struct port *p, int n, struct fdset *rd, struct fdset *wr, int32_t ms);

#endif

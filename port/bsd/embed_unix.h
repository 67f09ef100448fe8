/*
 * Signals, for programs that embed anklet on Linux or POSIX.
 */
#ifndef ANKLET_BSD_EMBED_UNIX_H
#define ANKLET_BSD_EMBED_UNIX_H

#include <signal.h>

#include "port.h"

/*
 * port_init() ignores SIGPIPE where the program has not said what is to be done about it. A handler of the program's
 * own is called when a peer of bulk data resets: splice(2), which moves that on Linux, has no MSG_NOSIGNAL.
 */

/*
 * Signals that are blocked while port_wait() waits, and only there. A program
 * that blocks its signals and leaves them out of this set is interrupted in the
 * wait and nowhere else: no signal can come in the moment between a look at the
 * handlers' flags and the wait. Copied. NULL: nothing is changed by the wait,
 * as after port_init().
 */
void embed_signals(struct port *p, const sigset_t *during_wait);

#endif

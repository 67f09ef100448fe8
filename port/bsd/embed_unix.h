/*
 * Signals, for programs that embed anklet on Linux or POSIX.
 */
#ifndef ANKLET_BSD_EMBED_UNIX_H
#define ANKLET_BSD_EMBED_UNIX_H

#include <signal.h>

#include "port.h"

/*
 * Signals that are blocked while port_wait() waits, and only there. A program
 * that blocks its signals and leaves them out of this set is interrupted in the
 * wait and nowhere else: no signal can come in the moment between a look at the
 * handlers' flags and the wait. Copied. NULL: nothing is changed by the wait,
 * as after port_init().
 */
void embed_signals(struct port *p, const sigset_t *during_wait);

#endif

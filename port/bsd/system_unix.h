/*
 * What system_unix.c needs of Linux and of POSIX besides system.h.
 */
#ifndef ANKLET_SYSTEM_UNIX_H
#define ANKLET_SYSTEM_UNIX_H

/* Opens p->system.helper, for port_random() or system_is_local(): a descriptor, or -1, and those two then fail. */
int system_open_helper(void);

#endif

/*
 * What system_unix.c needs of Linux and of POSIX besides system.h, and of the build's choice.
 */
#ifndef ANKLET_SYSTEM_UNIX_H
#define ANKLET_SYSTEM_UNIX_H

#include <stdbool.h>
#include <time.h>

/* Opens p->system.helper, for port_random() or system_is_local(): a descriptor, or -1, and those two then fail. */
int system_open_helper(void);

/*
 * The log's time, by time_local.c or time_utc.c: what has to be done once before; and its parts. False: none is known.
 */
void time_start(void);
bool time_parts(time_t now, struct tm *parts);

#endif

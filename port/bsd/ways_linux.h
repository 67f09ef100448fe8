/*
 * What the files of Linux share. See ways_linux.c.
 */
#ifndef ANKLET_BSD_WAYS_LINUX_H
#define ANKLET_BSD_WAYS_LINUX_H

#include "internal.h"

/* How a socket is waited for: warm, in the two sets, until it has stood there through a whole round of waits. */
enum way_warmth { WAY_FRESH, WAY_STANDING, WAY_COLD };

/* The pipe that has bytes of it; NULL: none has. */
struct system_pipe *way_pipe(struct port *p, port_sock s);

/* Closes one, with all that is in it. */
void way_close_pipe(struct system_pipe *pipe);

#endif

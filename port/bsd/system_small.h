/*
 * What lwIP and Zephyr do alike, for their own files.
 */
#ifndef ANKLET_BSD_SYSTEM_SMALL_H
#define ANKLET_BSD_SYSTEM_SMALL_H

#include "base/address.h"

/*
 * bind() at that address, to a port that nobody can guess, which is drawn until one is free: the stack's own choice may
 * count upwards. 0, or -1 and errno.
 */
int small_bind_somewhere(int fd, const struct address *at);

#endif

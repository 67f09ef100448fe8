/*
 * Who listens where this program wanted to.
 */
#ifndef ANKLET_POSIX_HOLDER_H
#define ANKLET_POSIX_HOLDER_H

#include "base/address.h"
#include "base/text.h"

/*
 * Appends the process that listens at 'at' ('::': at that port of any address),
 * as far as the system tells: " by nginx, process 4711", or " by a process of user 33";
 * nothing when it does not. Meant for a program that
 * is about to end: it reads the system's tables, at some length but bounded.
 */
void text_holder(struct text *t, const struct address *at);

#endif

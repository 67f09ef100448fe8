/*
 * Why the program cannot start, in words, and what can be done about it.
 */
#ifndef ANKLET_POSIX_FAILURE_H
#define ANKLET_POSIX_FAILURE_H

#include "anklet.h"
#include "base/text.h"

/* Appends the sentences about a failed anklet_start(). */
void text_failure(struct text *t, const struct anklet_failure *failure);

#endif

/*
 * 'anklet top': who uses how much, live, on a terminal.
 */
#ifndef ANKLET_POSIX_TOP_H
#define ANKLET_POSIX_TOP_H

#include <stddef.h>

#include "anklet_config.h"

/*
 * Shows it until 'q' or a signal, asking at path every two seconds; once, where standard output is no terminal. memory
 * has at least TOP_MEMORY bytes, aligned as for any type. Returns the status to end with.
 */
#define TOP_MEMORY ((size_t)CONFIG_ANKLET_SESSIONS * 300 + 8192)
int top_run(const char *path, void *memory);

#endif

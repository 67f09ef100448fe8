/*
 * Names that nobody is asked for: literals, localhost, and what no query can carry. For ports
 * whose stack has a resolver of its own.
 */
#ifndef ANKLET_PORT_NAMES_KNOWN_H
#define ANKLET_PORT_NAMES_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

#define NAMES_KNOWN_MAX 2

/*
 * How many addresses a name of len bytes has, put into at with port 0: 0 when it can
 * have none; negative: somebody has to be asked.
 */
int names_known(const char *name, size_t len, struct address at[NAMES_KNOWN_MAX]);

#endif

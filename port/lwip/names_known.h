/*
 * Names that nobody is asked for: literals, localhost, and what no query can carry.
 */
#ifndef ANKLET_LWIP_NAMES_KNOWN_H
#define ANKLET_LWIP_NAMES_KNOWN_H

#include <stddef.h>

#include "address.h"

#define NAMES_KNOWN_MAX 2

/*
 * How many addresses a name of len octets has, put into at with port 0: 0 when it can
 * have none; negative: lwIP has to be asked. Called in lwIP's thread, for a literal may
 * have an interface's name behind '%'.
 */
int names_known(const char *name, size_t len, struct address at[NAMES_KNOWN_MAX]);

#endif

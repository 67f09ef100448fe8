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

/* Which interface the text behind '%' in a literal names: false for none. */
typedef bool names_zone(const char *zone, size_t len, uint32_t *scope);

/*
 * How many addresses a name of len octets has, put into at with port 0: 0 when it can
 * have none; negative: somebody has to be asked.
 */
int names_known(const char *name, size_t len, names_zone *zone, struct address at[NAMES_KNOWN_MAX]);

#endif

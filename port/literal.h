/*
 * Addresses as text, an IPv6 link-local one perhaps with a zone: fe80::1%eth0, fe80::1%2. For every port.
 */
#ifndef ANKLET_PORT_LITERAL_H
#define ANKLET_PORT_LITERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

/* Sets *at, with port 0. False, and *at is left alone: it is no such text, or names no interface of this host. */
bool literal_parse(const char *text, size_t len, struct address *at);

/* ---- What a port brings ---- */

/* The number of the interface of that name, or 0: there is none. PORT_ZONE_MAX of its port_arch.h is the highest. */
uint32_t literal_zone(const char *name);

#endif

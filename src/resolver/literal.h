/*
 * Addresses as text, an IPv6 link-local one perhaps with a zone: fe80::1%eth0, fe80::1%2.
 */
#ifndef ANKLET_LITERAL_H
#define ANKLET_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

/* Sets *at, with port 0. False, and *at is left alone: it is no such text, or names no interface of this host. */
bool literal_parse(const char *text, size_t len, struct address *at);

#endif

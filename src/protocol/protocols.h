/*
 * The protocols that clients speak, all of them at one port: a row each.
 *
 * From a row come the calls in request.c, the room for a reply, and the prototypes of what src/protocol/NAME.c brings
 * (request.h says what each of these does): NAME_read(), NAME_code() and NAME_reply(). Where the feature is 0 they fall
 * away. A protocol that greets has messages before its request, in which a client offers ways to say who it is, and
 * says it; the sessions' steps for them are there. Of another one nothing is read but the request.
 */
#ifndef ANKLET_PROTOCOLS_H
#define ANKLET_PROTOCOLS_H

#include "anklet_config.h"

/* X(VERSION, first byte, name, feature, it greets, its replies can hold an address of IPv6, the longest reply) */
#define PROTOCOLS(X)                     \
	X(SOCKS4, 4, socks4, 1, 0, 0, 8) \
	X(SOCKS5, 5, socks5, CONFIG_ANKLET_SOCKS5, 1, 1, 22)

#endif

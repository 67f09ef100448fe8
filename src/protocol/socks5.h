/*
 * The messages of SOCKS5: what a client says, and what a server answers.
 *
 * Source: RFC 1928 and RFC 1929. Formats only: which method is taken and what is done about a request is not decided here.
 * GSSAPI (method 1, RFC 1961) is never offered, whatever section 3 says: it wraps all that follows.
 */
#ifndef ANKLET_SOCKS5_H
#define ANKLET_SOCKS5_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "protocol/parse.h"
#include "protocol/request.h"

/* REP, section 6. */
enum socks5_code {
	SOCKS5_GRANTED = 0,
	SOCKS5_FAILED = 1,
	SOCKS5_DENIED = 2,
	SOCKS5_NO_NETWORK = 3,
	SOCKS5_NO_HOST = 4,
	SOCKS5_REFUSED = 5,
	SOCKS5_TIMEOUT = 6, /* "TTL expired" is what there is for it */
	SOCKS5_NO_COMMAND = 7,
	SOCKS5_NO_ADDRESS_TYPE = 8,
};

#define SOCKS5_REPLY_MAX \
	22 /* one with an address of IPv6; with one of IPv4, and where it refuses, it has 10 */

/* As greeting_read(), for one that begins with 5 (section 3). Unknown methods are passed over; there may be none. */
enum parse socks5_read_greeting(struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used);

/* As password_read() (RFC 1929, section 2). */
enum parse socks5_read_password(struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used);

/*
 * As request_read(), for the request behind a greeting (section 4). RSV is ignored. A name is one of 4A, but
 * that it may be an address, too: without brackets, if it is one of IPv6.
 */
enum parse socks5_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used);

/* REP for a verdict that is not VERDICT_NONE. */
uint8_t socks5_code(enum verdict verdict);

/* The reply to a request: its length. An address is told as one, never as a name, and '::' as 0.0.0.0. */
size_t socks5_reply(uint8_t reply[SOCKS5_REPLY_MAX], uint8_t code, const struct address *at);

#endif

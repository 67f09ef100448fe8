/*
 * The messages of SOCKS4 and SOCKS4A: the request of a client, the reply of a server.
 *
 * Source: the SOCKS 4 and SOCKS 4A memos of Ying-Da Lee. Formats only: what is
 * done about a request is not decided here.
 */
#ifndef ANKLET_SOCKS4_H
#define ANKLET_SOCKS4_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "protocol/parse.h"
#include "protocol/request.h"

enum socks4_code {
	SOCKS4_GRANTED = 90,
	SOCKS4_REJECTED = 91,     /* rejected or failed */
	SOCKS4_NO_IDENTD = 92,    /* identd of the client cannot be reached */
	SOCKS4_OTHER_USERID = 93, /* identd reports another userid */
};

#define SOCKS4_REPLY_LEN 8

/* As request_read(), for a request that begins with 4. DSTIP 0.0.0.x, x not 0, announces a name: 4A. */
enum parse socks4_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used);

/* The code for a verdict; 0: nothing is replied. */
uint8_t socks4_code(enum verdict verdict);

/* The reply: VN 0, the code, and an address in IPv4 (anything else is written as 0.0.0.0). */
void socks4_reply(uint8_t reply[SOCKS4_REPLY_LEN], uint8_t code, const struct address *at);

#endif

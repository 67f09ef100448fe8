/*
 * The messages of SOCKS4 and SOCKS4A: the request of a client, the reply of a server.
 *
 * Source: the SOCKS 4 and SOCKS 4A memos of Ying-Da Lee. Formats only: what is
 * done about a request is not decided here.
 */
#ifndef ANKLET_SOCKS4_H
#define ANKLET_SOCKS4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "protocol/parse.h"

_Static_assert(CONFIG_ANKLET_USERID_MAX <= 255, "a userid's length fits an octet");
_Static_assert(CONFIG_ANKLET_NAME_MAX <= 255, "a name's length fits an octet");

enum socks4_command { SOCKS4_CONNECT = 1, SOCKS4_BIND = 2 };

enum socks4_code {
	SOCKS4_GRANTED = 90,
	SOCKS4_REJECTED = 91,     /* rejected or failed */
	SOCKS4_NO_IDENTD = 92,    /* identd of the client cannot be reached */
	SOCKS4_OTHER_USERID = 93, /* identd reports another userid */
};

/* Why a request is malformed. */
enum socks4_fault {
	SOCKS4_OK,
	SOCKS4_NOT_SOCKS,   /* the first byte is none of these */
	SOCKS4_IS_SOCKS5,   /* it is 5 */
	SOCKS4_IS_HTTP,     /* it is one that a method of HTTP begins with */
	SOCKS4_IS_TLS,      /* it is 22, as a handshake of TLS begins */
	SOCKS4_BAD_COMMAND, /* CD is neither CONNECT nor BIND */
	SOCKS4_LONG_USERID, /* longer than CONFIG_ANKLET_USERID_MAX; it is never cut short */
	SOCKS4_EMPTY_NAME,
	SOCKS4_LONG_NAME, /* longer than CONFIG_ANKLET_NAME_MAX */
	SOCKS4_BAD_NAME,  /* with an octet up to 0x20, or 0x7f */
};

/*
 * A request, while it is read and afterwards. All zero is a request of which
 * nothing has been read. userid and name are terminated by a NUL, without which
 * the lengths count.
 */
struct socks4_request {
	uint8_t field; /* which one is being read: of use to socks4_read() alone */
	uint8_t field_at;
	uint8_t fault; /* enum socks4_fault, after PARSE_MALFORMED */
	uint8_t vn;
	uint8_t cd;
	uint8_t userid_len;
	uint8_t name_len; /* 0: the request is plain SOCKS4 */
	uint16_t port;    /* DSTPORT, host order */
	uint8_t ip[4];    /* DSTIP */
	char userid[CONFIG_ANKLET_USERID_MAX + 1];
	char name[CONFIG_ANKLET_NAME_MAX + 1];
};

#define SOCKS4_REPLY_LEN 8

/*
 * Reads on. Sets *used to the octets of data that belong to the request; what
 * follows them is the client's application data. PARSE_MALFORMED sets r->fault;
 * in a field that is still too long or wrong, at the first octet that makes it so.
 * Not to be called again after DONE or MALFORMED.
 */
enum parse socks4_read(struct socks4_request *r, const uint8_t *data, size_t len, size_t *used);

/* DSTIP of a whole request as an address. 0.0.0.x with x not 0 announces a name: 4A. */
struct ip socks4_ip(const struct socks4_request *r);

/* The reply: VN 0, the code, and an address in IPv4 (anything else is written as 0.0.0.0). */
void socks4_reply(uint8_t reply[SOCKS4_REPLY_LEN], enum socks4_code code, const struct address *at);

#endif

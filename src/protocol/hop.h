/*
 * The client's side of SOCKS4, SOCKS4A and SOCKS5: what is said to a next hop, and its replies.
 *
 * SOCKS4 is one message and one reply. In SOCKS5 the request comes after a greeting, and perhaps a password, each of
 * which has a reply of its own: nothing is sent before that has come, for not every server keeps what it reads early.
 *
 * Sources: the SOCKS 4 and SOCKS 4A memos, RFC 1928, RFC 1929. Formats only: no I/O.
 */
#ifndef ANKLET_HOP_H
#define ANKLET_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "protocol/parse.h"
#include "protocol/request.h"

/* What the hop is asked for. */
struct hop_request {
	uint8_t command;   /* enum command */
	struct address to; /* of SOCKS4 IPv4; where there is a name the port alone counts */
	const char
		*userid; /* NUL-terminated, as are the next two; of SOCKS5 only with a password */
	const char *password; /* SOCKS5; NULL: there is none */
	const char *name;     /* to be looked up by the hop; NULL: by address */
};

/* The messages, in the order in which SOCKS5 has them. */
enum hop_step { HOP_GREETING, HOP_PASSWORD, HOP_REQUEST };

#define HOP_REPLY_KEPT 22 /* bytes of the longest reply that says an address */

/* How far it got. */
struct hop {
	uint8_t version; /* 4 or 5 */
	uint8_t step;    /* enum hop_step: whose message is to be sent, and whose reply is read */
	uint16_t len;    /* bytes of the reply so far */
	uint8_t byte
		[HOP_REPLY_KEPT]; /* its first bytes; the last two are its port, wherever that stood */
};

/* Before the first message; before the second reply to a BIND, which needs none. */
void hop_begin(struct hop *hop, uint8_t version);
void hop_begin_second(struct hop *hop, uint8_t version);

/*
 * Puts the bytes of the step's message from the skip-th on into buf, at most size of
 * them, and returns how many; 0: all of it lies before skip. So a message of
 * any length is sent in pieces with no room kept for it.
 */
size_t hop_message(const struct hop *hop, const struct hop_request *request, size_t skip,
	uint8_t *buf, size_t size);

/*
 * Reads on in the step's reply; *used never goes beyond it. PARSE_DONE: it is whole, as far as anybody needs it: of a
 * SOCKS5 refusal that is two bytes, for some servers send no more. PARSE_MALFORMED: it is none of that SOCKS. In
 * SOCKS4, VN is 0 or 4 (some servers write one, some the other); VER of a password's reply 1 or, by some, 5.
 */
enum parse hop_read(struct hop *hop, const uint8_t *data, size_t len, size_t *used);

/* What a whole reply says. */
enum hop_answer {
	HOP_GRANTED,
	HOP_NEXT,        /* the next step's message is to be sent */
	HOP_REFUSED,     /* hop_code() is why */
	HOP_NO_METHOD,   /* it takes none of the methods that were offered */
	HOP_NO_PASSWORD, /* it does not accept the password */
};

/* Takes note of it: where it goes on, the step is the next. */
enum hop_answer hop_answer(struct hop *hop, const struct hop_request *request);

/* CD or REP. */
uint8_t hop_code(const struct hop *hop);

/* DSTIP and DSTPORT, or BND.ADDR and BND.PORT: 0.0.0.0 where that is a name. */
struct address hop_address(const struct hop *hop);

#endif

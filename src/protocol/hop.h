/*
 * The client's side of SOCKS4 and SOCKS4A: what is said to a next hop, and its replies.
 *
 * Source: the SOCKS 4 and SOCKS 4A memos. Formats only: no I/O.
 */
#ifndef ANKLET_HOP_H
#define ANKLET_HOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "protocol/socks4.h"

/* What the hop is asked for. */
struct hop_request {
	uint8_t command;    /* enum command */
	struct address to;  /* IPv4; not looked at where there is a name */
	const char *userid; /* NUL-terminated, as is the next */
	const char *name;   /* 4A: DSTIP is then 0.0.0.1. NULL: by address */
};

/*
 * Puts the bytes of the request from the skip-th on into buf, at most size of
 * them, and returns how many; 0: all of it lies before skip. So a request of
 * any length is sent in pieces with no room kept for it.
 */
size_t hop_request(const struct hop_request *request, size_t skip, uint8_t *buf, size_t size);

/* A reply while it is read. All zero is one of which nothing has come. */
struct hop_reply {
	uint8_t len; /* bytes of it so far */
	uint8_t octet[SOCKS4_REPLY_LEN];
};

/*
 * Reads on; *used never goes beyond the reply. PARSE_DONE: it is whole, and the next two can be asked.
 * PARSE_MALFORMED: VN is neither 0 nor 4 (some servers write one, some the other).
 */
enum parse hop_read(struct hop_reply *reply, const uint8_t *data, size_t len, size_t *used);

/* Of a whole reply: does it grant; CD, which says why not; DSTIP and DSTPORT. */
bool hop_granted(const struct hop_reply *reply);
uint8_t hop_code(const struct hop_reply *reply);
struct address hop_address(const struct hop_reply *reply);

#endif

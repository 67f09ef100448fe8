/*
 * The client's side of SOCKS4 and SOCKS4A. See hop.h.
 */
#include "protocol/hop.h"

#include <string.h>

#define HEADER_LEN 8

static const uint8_t named[4] = {0, 0, 0, 1}; /* DSTIP before a name */

static void put_header(const struct hop_request *request, uint8_t header[HEADER_LEN])
{
	header[0] = 4;
	header[1] = request->command;
	header[2] = (uint8_t)(request->to.port >> 8);
	header[3] = (uint8_t)request->to.port;
	memcpy(header + 4, request->name != NULL ? named : request->to.ip.octet + 12, 4);
}

size_t hop_request(const struct hop_request *request, size_t skip, uint8_t *buf, size_t size)
{
	uint8_t header[HEADER_LEN];
	const void *const field[] = {header, request->userid, request->name};
	size_t put = 0;

	put_header(request, header);
	for (unsigned i = 0; i < 3 && field[i] != NULL; i++) {
		size_t len = i == 0 ? HEADER_LEN : strlen(field[i]) + 1;
		size_t from = skip < len ? skip : len;
		size_t n = len - from < size - put ? len - from : size - put;

		memcpy(buf + put, (const uint8_t *)field[i] + from, n);
		put += n;
		skip -= from;
	}
	return put;
}

enum parse hop_read(struct hop_reply *reply, const uint8_t *data, size_t len, size_t *used)
{
	size_t room = SOCKS4_REPLY_LEN - reply->len;
	size_t n = len < room ? len : room;

	memcpy(reply->octet + reply->len, data, n);
	reply->len = (uint8_t)(reply->len + n);
	*used = n;
	if (reply->octet[0] != 0 && reply->octet[0] != 4)
		return PARSE_MALFORMED;
	return reply->len == SOCKS4_REPLY_LEN ? PARSE_DONE : PARSE_MORE;
}

bool hop_granted(const struct hop_reply *reply)
{
	return hop_code(reply) == SOCKS4_GRANTED;
}

uint8_t hop_code(const struct hop_reply *reply)
{
	return reply->octet[1];
}

struct address hop_address(const struct hop_reply *reply)
{
	const uint8_t *octet = reply->octet;
	struct address at = {.ip = ip_v4(octet[4], octet[5], octet[6], octet[7])};

	at.port = (uint16_t)(octet[2] << 8 | octet[3]);
	return at;
}

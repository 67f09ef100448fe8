/*
 * The messages of SOCKS4 and SOCKS4A: the request of a client, the reply of a server. See protocols.h.
 *
 * DSTIP 0.0.0.x, x not 0, announces a name: 4A. The reply: VN 0, the code, and an address of IPv4; any other one is
 * written as 0.0.0.0.
 */
#include "protocol/socks4.h"

#include <string.h>

#include "protocol/request.h"

_Static_assert(SOCKS4_REPLY_LEN <= REPLY_ROOM, "there is room for a reply");

#define HEADER_LEN 8 /* VN, CD, DSTPORT and DSTIP: what stands before the userid */

enum field { FIELD_HEADER, FIELD_USERID, FIELD_NAME };

/* A request while it is read. */
struct reading {
	struct request_reader *at;
	struct request *r;
};

static enum parse malformed(struct reading *reading, enum request_error error)
{
	reading->at->error = (uint8_t)error;
	return PARSE_MALFORMED;
}

static bool announces_name(const struct request *r)
{
	const uint8_t *ip = r->ip.byte + IP_V4_AT;

	return ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0;
}

static enum parse take_command(struct reading *reading, uint8_t byte)
{
	reading->r->command = byte;
	if (byte == COMMAND_CONNECT || byte == COMMAND_BIND)
		return PARSE_MORE;
	return malformed(reading, REQUEST_BAD_COMMAND);
}

static enum parse take_header(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;
	unsigned at = reading->at->field_at++;

	if (at == 0)
		r->ip = ip_v4(0, 0, 0, 0);
	else if (at == 1)
		return take_command(reading, byte);
	else if (at < 4)
		r->port = (uint16_t)(r->port << 8 | byte);
	else
		r->ip.byte[IP_V4_AT + at - 4] = byte;
	if (at == HEADER_LEN - 1)
		reading->at->field = FIELD_USERID;
	return PARSE_MORE;
}

static enum parse take_userid(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;

	if (byte != 0 && r->userid_len == CONFIG_ANKLET_USERID_MAX)
		return malformed(reading, REQUEST_LONG_USERID);
	r->userid[r->userid_len] = (char)byte;
	if (byte != 0) {
		r->userid_len++;
		return PARSE_MORE;
	}
	if (!announces_name(r))
		return PARSE_DONE;
	reading->at->field = FIELD_NAME;
	return PARSE_MORE;
}

static enum parse take_name(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;

	if (byte == 0 && r->name_len == 0)
		return malformed(reading, REQUEST_EMPTY_NAME);
	if (byte != 0 && r->name_len == CONFIG_ANKLET_NAME_MAX)
		return malformed(reading, REQUEST_LONG_NAME);
	if (byte != 0 && (byte <= 0x20 || byte == 0x7f))
		return malformed(reading, REQUEST_BAD_NAME);
	r->name[r->name_len] = (char)byte;
	if (byte == 0)
		return PARSE_DONE;
	r->name_len++;
	return PARSE_MORE;
}

static enum parse take(struct reading *reading, uint8_t byte)
{
	if (reading->at->field == FIELD_HEADER)
		return take_header(reading, byte);
	if (reading->at->field == FIELD_USERID)
		return take_userid(reading, byte);
	return take_name(reading, byte);
}

enum parse socks4_read(enum stage stage, struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used)
{
	struct reading reading = {reader, r};
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	(void)stage;
	while (answer == PARSE_MORE && at < len)
		answer = take(&reading, data[at++]);
	*used = at;
	return answer;
}

uint16_t socks4_code(enum stage stage, enum verdict verdict)
{
	(void)stage;
	if (verdict == VERDICT_GRANTED)
		return SOCKS4_GRANTED;
	if (verdict == VERDICT_NO_IDENTD)
		return SOCKS4_NO_IDENTD;
	return verdict == VERDICT_OTHER_USERID ? SOCKS4_OTHER_USERID : SOCKS4_REJECTED;
}

size_t socks4_reply(
	enum stage stage, uint16_t code, const struct address *at, uint8_t buf[REPLY_ROOM])
{
	(void)stage;
	memset(buf, 0, SOCKS4_REPLY_LEN);
	buf[1] = (uint8_t)code;
	buf[2] = (uint8_t)(at->port >> 8);
	buf[3] = (uint8_t)at->port;
	if (ip_is_v4(&at->ip))
		memcpy(buf + 4, at->ip.byte + IP_V4_AT, 4);
	return SOCKS4_REPLY_LEN;
}

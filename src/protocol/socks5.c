/*
 * The messages of SOCKS5: what a client says, and what a server answers. See protocols.h.
 *
 * Source: RFC 1928 and RFC 1929.
 */
#include "protocol/socks5.h"

#include <string.h>

#include "protocol/request.h"

_Static_assert(
	!CONFIG_ANKLET_SOCKS5 || SOCKS5_REPLY_MAX <= REPLY_ROOM, "there is room for a reply");

enum address_type { TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 }; /* ATYP, section 5 */

/* The first one of either message is 0: nothing of it has come. */
enum greeting_field { GREETING_VERSION, GREETING_COUNT, GREETING_METHODS };
enum password_field {
	PASSWORD_VERSION,
	PASSWORD_NAME_LEN,
	PASSWORD_NAME,
	PASSWORD_LEN,
	PASSWORD_PASSWORD
};
enum field {
	FIELD_VERSION,
	FIELD_COMMAND,
	FIELD_RESERVED,
	FIELD_TYPE,
	FIELD_NAME_LEN,
	FIELD_NAME,
	FIELD_IP,
	FIELD_PORT
};

/* A message while it is read. */
struct reading {
	struct request_reader *at;
	struct request *r;
};

static enum parse malformed(struct reading *reading, enum request_error error)
{
	reading->at->error = (uint8_t)error;
	return PARSE_MALFORMED;
}

/* The next field begins at its byte 'at'. */
static enum parse go_on(struct reading *reading, int field, unsigned at)
{
	reading->at->field = (uint8_t)field;
	reading->at->field_at = (uint8_t)at;
	return PARSE_MORE;
}

/* ---- The greeting (RFC 1928, section 3): of no method may be one, and unknown ones are passed over ---- */

static enum parse take_greeting(struct reading *reading, uint8_t byte)
{
	struct request_reader *at = reading->at;

	switch ((enum greeting_field)at->field) {
	case GREETING_VERSION:
		return go_on(reading, GREETING_COUNT, 0);
	case GREETING_COUNT:
		go_on(reading, GREETING_METHODS, byte); /* so many are to come */
		return byte == 0 ? PARSE_DONE : PARSE_MORE;
	case GREETING_METHODS:
		break;
	}
	if (byte == SOCKS5_METHOD_NONE)
		at->offered |= OFFER_NOTHING;
	if (byte == SOCKS5_METHOD_PASSWORD)
		at->offered |= OFFER_PASSWORD;
	return --at->field_at == 0 ? PARSE_DONE : PARSE_MORE;
}

/* ---- A name and its password (RFC 1929, section 2) ---- */

#define PASSWORD_MESSAGE 1 /* the version of it and of its answer */

static enum parse take_user_len(struct reading *reading, uint8_t byte)
{
	unsigned len = byte;

	if (len > CONFIG_ANKLET_USERID_MAX)
		return malformed(reading, REQUEST_LONG_USERID);
	reading->r->name_len = byte; /* not in use until the password's */
	return go_on(reading, byte > 0 ? PASSWORD_NAME : PASSWORD_LEN, 0);
}

static enum parse take_password_len(struct reading *reading, uint8_t byte)
{
	unsigned len = byte;

	if (len > CONFIG_ANKLET_NAME_MAX)
		return malformed(reading, REQUEST_LONG_PASSWORD);
	reading->r->name_len = byte;
	go_on(reading, PASSWORD_PASSWORD, 0);
	return byte > 0 ? PARSE_MORE : PARSE_DONE;
}

static enum parse take_password(struct reading *reading, uint8_t byte)
{
	struct request_reader *at = reading->at;
	struct request *r = reading->r;

	switch ((enum password_field)at->field) {
	case PASSWORD_VERSION:
		return byte == PASSWORD_MESSAGE ? go_on(reading, PASSWORD_NAME_LEN, 0)
						: malformed(reading, REQUEST_BAD_VERSION);
	case PASSWORD_NAME_LEN:
		return take_user_len(reading, byte);
	case PASSWORD_NAME:
		r->userid[r->userid_len++] = (char)byte;
		return r->userid_len == r->name_len ? go_on(reading, PASSWORD_LEN, 0) : PARSE_MORE;
	case PASSWORD_LEN:
		return take_password_len(reading, byte);
	case PASSWORD_PASSWORD:
		break;
	}
	r->name[at->field_at++] = (char)byte;
	return at->field_at == r->name_len ? PARSE_DONE : PARSE_MORE;
}

/*
 * ---- The request (section 4) ----
 *
 * A name is one of 4A, but that it may be an address, too: without brackets, if it is one of IPv6. RSV is ignored.
 */

static enum parse take_command(struct reading *reading, uint8_t byte)
{
	reading->r->command = byte;
	if (byte != COMMAND_CONNECT && byte != COMMAND_BIND)
		return malformed(reading, REQUEST_BAD_COMMAND);
	return go_on(reading, FIELD_RESERVED, 0);
}

static enum parse take_type(struct reading *reading, uint8_t byte)
{
	switch (byte) {
	case TYPE_IPV4:
		reading->r->ip = ip_v4(0, 0, 0, 0);
		return go_on(reading, FIELD_IP, sizeof reading->r->ip - 4);
	case TYPE_IPV6:
		return CONFIG_ANKLET_IPV6 ? go_on(reading, FIELD_IP, 0)
					  : malformed(reading, REQUEST_BAD_ADDRESS_TYPE);
	case TYPE_NAME:
		return go_on(reading, FIELD_NAME_LEN, 0);
	default:
		return malformed(reading, REQUEST_BAD_ADDRESS_TYPE);
	}
}

static enum parse take_name_len(struct reading *reading, uint8_t byte)
{
	unsigned len = byte;

	if (len == 0)
		return malformed(reading, REQUEST_EMPTY_NAME);
	if (len > CONFIG_ANKLET_NAME_MAX)
		return malformed(reading, REQUEST_LONG_NAME);
	reading->r->name_len = byte;
	return go_on(reading, FIELD_NAME, 0);
}

static enum parse take_name(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;

	if (byte <= 0x20 || byte == 0x7f)
		return malformed(reading, REQUEST_BAD_NAME);
	r->name[reading->at->field_at++] = (char)byte;
	return reading->at->field_at == r->name_len ? go_on(reading, FIELD_PORT, 0) : PARSE_MORE;
}

static enum parse take_ip(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;

	r->ip.byte[reading->at->field_at++] = byte;
	return reading->at->field_at == sizeof r->ip ? go_on(reading, FIELD_PORT, 0) : PARSE_MORE;
}

static enum parse take_request(struct reading *reading, uint8_t byte)
{
	struct request *r = reading->r;

	switch ((enum field)reading->at->field) {
	case FIELD_VERSION:
		return byte == SOCKS5 ? go_on(reading, FIELD_COMMAND, 0)
				      : malformed(reading, REQUEST_BAD_VERSION);
	case FIELD_COMMAND:
		return take_command(reading, byte);
	case FIELD_RESERVED:
		return go_on(reading, FIELD_TYPE, 0);
	case FIELD_TYPE:
		return take_type(reading, byte);
	case FIELD_NAME_LEN:
		return take_name_len(reading, byte);
	case FIELD_NAME:
		return take_name(reading, byte);
	case FIELD_IP:
		return take_ip(reading, byte);
	case FIELD_PORT:
		break;
	}
	r->port = (uint16_t)(r->port << 8 | byte);
	return reading->at->field_at++ == 0 ? PARSE_MORE : PARSE_DONE;
}

/* ---- Each of them ---- */

static enum parse take(enum stage stage, struct reading *reading, uint8_t byte)
{
	if (stage == STAGE_GREETING)
		return take_greeting(reading, byte);
	if (CONFIG_ANKLET_PASSWORDS && stage == STAGE_PASSWORD)
		return take_password(reading, byte);
	return take_request(reading, byte);
}

enum parse socks5_read(enum stage stage, struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used)
{
	struct reading reading = {reader, r};
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	while (answer == PARSE_MORE && at < len)
		answer = take(stage, &reading, data[at++]);
	*used = at;
	return answer;
}

/* ---- The answers ---- */

static uint8_t reply_field(enum verdict verdict)
{
	static const uint8_t codes[] = {
		[VERDICT_GRANTED] = SOCKS5_GRANTED,
		[VERDICT_FAILED] = SOCKS5_FAILED,
		[VERDICT_DENIED] = SOCKS5_DENIED,
		[VERDICT_NO_COMMAND] = SOCKS5_NO_COMMAND,
		[VERDICT_NO_ADDRESS_TYPE] = SOCKS5_NO_ADDRESS_TYPE,
		[VERDICT_NO_NETWORK] = SOCKS5_NO_NETWORK,
		[VERDICT_UNREACHABLE] = SOCKS5_NO_HOST,
		[VERDICT_CONNECTION_REFUSED] = SOCKS5_REFUSED,
		[VERDICT_TIMEOUT] = SOCKS5_TIMEOUT,
		[VERDICT_NO_IDENTD] = SOCKS5_DENIED,
		[VERDICT_OTHER_USERID] = SOCKS5_DENIED,
	};

	return codes[verdict];
}

uint16_t socks5_code(enum stage stage, enum verdict verdict)
{
	if (stage == STAGE_REQUEST)
		return reply_field(verdict);
	if (CONFIG_ANKLET_PASSWORDS && stage == STAGE_PASSWORD)
		return verdict != VERDICT_GRANTED;
	if (CONFIG_ANKLET_PASSWORDS && verdict == VERDICT_PASSWORD)
		return SOCKS5_METHOD_PASSWORD;
	return verdict == VERDICT_GRANTED ? SOCKS5_METHOD_NONE : SOCKS5_METHOD_UNACCEPTABLE;
}

/* An address is told as one, never as a name, and '::' as 0.0.0.0. */
size_t socks5_reply(
	enum stage stage, uint16_t code, const struct address *at, uint8_t buf[REPLY_ROOM])
{
	bool v6 = CONFIG_ANKLET_IPV6 && !ip_is_v4(&at->ip) && !ip_is_zero(&at->ip);
	size_t ip_len = v6 ? sizeof at->ip : 4, len = 4 + ip_len + 2;

	if (!CONFIG_ANKLET_SOCKS5)
		return 0; /* nobody speaks it, and there is no room */
	buf[0] = stage == STAGE_PASSWORD ? PASSWORD_MESSAGE : SOCKS5;
	buf[1] = (uint8_t)code;
	if (stage != STAGE_REQUEST)
		return 2;
	buf[2] = 0;
	buf[3] = v6 ? TYPE_IPV6 : TYPE_IPV4;
	memcpy(buf + 4, at->ip.byte + sizeof at->ip - ip_len, ip_len);
	buf[len - 2] = (uint8_t)(at->port >> 8);
	buf[len - 1] = (uint8_t)at->port;
	return len;
}

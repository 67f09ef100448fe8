/*
 * The messages of SOCKS5. See socks5.h.
 */
#include "protocol/socks5.h"

#include <string.h>

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

typedef enum parse take(struct reading *reading, uint8_t byte);

static enum parse malformed(struct reading *reading, enum request_fault fault)
{
	reading->at->fault = (uint8_t)fault;
	return PARSE_MALFORMED;
}

/* The next field begins at its byte 'at'. */
static enum parse go_on(struct reading *reading, int field, unsigned at)
{
	reading->at->field = (uint8_t)field;
	reading->at->field_at = (uint8_t)at;
	return PARSE_MORE;
}

static enum parse read_message(struct request_reader *reader, struct request *r, take *take_byte,
	const uint8_t *data, size_t len, size_t *used)
{
	struct reading reading = {reader, r};
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	while (answer == PARSE_MORE && at < len)
		answer = take_byte(&reading, data[at++]);
	*used = at;
	return answer;
}

/* ---- The greeting ---- */

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
	if (byte == METHOD_NONE || byte == METHOD_PASSWORD)
		at->offered |= (uint8_t)METHOD_BIT(byte);
	return --at->field_at == 0 ? PARSE_DONE : PARSE_MORE;
}

enum parse socks5_read_greeting(struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used)
{
	return read_message(reader, r, take_greeting, data, len, used);
}

/* ---- A name and its password ---- */

#define PASSWORD_MESSAGE 1 /* its version */

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

enum parse socks5_read_password(struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used)
{
	return read_message(reader, r, take_password, data, len, used);
}

/* ---- The request ---- */

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
		return go_on(reading, FIELD_IP, 0);
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

	r->ip.octet[reading->at->field_at++] = byte;
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

enum parse socks5_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used)
{
	return read_message(reader, r, take_request, data, len, used);
}

/* ---- The reply ---- */

uint8_t socks5_code(enum verdict verdict)
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

size_t socks5_reply(uint8_t reply[SOCKS5_REPLY_MAX], uint8_t code, const struct address *at)
{
	bool v6 = !ip_is_v4(&at->ip) && !ip_is_zero(&at->ip);
	size_t ip_len = v6 ? sizeof at->ip : 4, len = 4 + ip_len + 2;

	memset(reply, 0, SOCKS5_REPLY_MAX);
	reply[0] = SOCKS5;
	reply[1] = code;
	reply[3] = v6 ? TYPE_IPV6 : TYPE_IPV4;
	memcpy(reply + 4, at->ip.octet + sizeof at->ip - ip_len, ip_len);
	reply[len - 2] = (uint8_t)(at->port >> 8);
	reply[len - 1] = (uint8_t)at->port;
	return len;
}

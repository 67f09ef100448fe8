/*
 * The Identification Protocol (RFC 1413). See ident.h.
 *
 * Where the RFC leaves room: the keywords are read in either case, and a port
 * may have leading zeros within its five digits (section 6, <integer>). Section
 * 6 counts blanks before the userid as part of it; every identd in use
 * sends one there that it does not mean, so they are not.
 */
#include "protocol/ident.h"

#include "base/check.h"
#include "base/text.h"

#define PORT_DIGITS 5
#define NOT_OTHER UINT32_MAX

enum field {
	FIELD_PORT_ON_CLIENT,
	FIELD_PORT_ON_PROXY,
	FIELD_KEYWORD,
	FIELD_SYSTEM,
	FIELD_USERID,
	FIELD_ERROR,
	FIELD_LINE_END, /* CR was read */
};

enum { CR = 0x0d, LF = 0x0a };

size_t ident_query(char query[IDENT_QUERY_SIZE], uint16_t port_on_client, uint16_t port_on_proxy)
{
	struct text t;

	text_init(&t, query, IDENT_QUERY_SIZE);
	text_num(&t, port_on_client);
	text_str_num(&t, " , ", port_on_proxy);
	text_str(&t, "\r\n");
	return t.len;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static enum parse enter(struct ident_answer *a, enum field field)
{
	a->field = (uint8_t)field;
	a->field_at = 0;
	a->number = 0;
	return PARSE_MORE;
}

/* field_at counts the digits; a blank after them counts for all that may still come. */
static enum parse take_port(
	struct ident_answer *a, uint8_t byte, uint16_t asked, uint8_t end, enum field next)
{
	if (is_blank(byte)) {
		if (a->field_at > 0)
			a->field_at = PORT_DIGITS;
		return PARSE_MORE;
	}
	if (byte == end && a->field_at > 0 && a->number == asked)
		return enter(a, next);
	if (byte < '0' || byte > '9' || a->field_at == PORT_DIGITS)
		return PARSE_MALFORMED;
	a->field_at++;
	a->number = a->number * 10 + (byte - (uint32_t)'0');
	return PARSE_MORE;
}

/* field_at counts the letters, number says which word they are held against. */
static enum parse take_keyword(struct ident_answer *a, uint8_t byte)
{
	static const char words[2][8] = {"userid", "error"};
	uint8_t lower = byte | 0x20;

	if (a->field_at == 0) {
		if (is_blank(byte))
			return PARSE_MORE;
		a->number = lower == (uint8_t)words[1][0];
	}
	if (words[a->number][a->field_at] == '\0') {
		if (byte == ':')
			return enter(a, a->number == 0 ? FIELD_SYSTEM : FIELD_ERROR);
		return is_blank(byte) ? PARSE_MORE : PARSE_MALFORMED;
	}
	if (lower != (uint8_t)words[a->number][a->field_at])
		return PARSE_MALFORMED;
	a->field_at++;
	return PARSE_MORE;
}

/*
 * number counts the letters of OTHER that were read, and is NOT_OTHER once there was something else. A comma ends
 * the name of the system, a character set follows. field_at says whether there was anything but blanks, here and
 * in the field of an error.
 */
static enum parse take_system(struct ident_answer *a, uint8_t byte)
{
	static const char other[] = "other";
	bool whole = a->number == sizeof other - 1;

	if (byte == CR || byte == LF)
		return PARSE_MALFORMED;
	if (byte == ':' || byte == ',')
		a->nobody = a->nobody || whole;
	if (byte == ':')
		return a->field_at > 0 ? enter(a, FIELD_USERID) : PARSE_MALFORMED;
	if (is_blank(byte) && (a->field_at == 0 || whole))
		return PARSE_MORE;
	a->field_at = 1;
	if (a->number < sizeof other - 1 && (byte | 0x20) == other[a->number])
		a->number++;
	else
		a->number = NOT_OTHER;
	return PARSE_MORE;
}

static enum parse end_line(struct ident_answer *a, uint8_t byte, enum ident_verdict verdict)
{
	a->verdict = (uint8_t)verdict;
	return byte == LF ? PARSE_DONE : enter(a, FIELD_LINE_END);
}

/* field_at counts the bytes that are the same. */
static enum parse take_userid(
	struct ident_answer *a, const char *userid, size_t userid_len, uint8_t byte)
{
	bool begun = a->field_at > 0 || a->differs;

	if (byte == CR || byte == LF) {
		bool same = !a->differs && !a->nobody && a->field_at == userid_len;

		if (!begun)
			return PARSE_MALFORMED;
		return end_line(a, byte, same ? IDENT_SAME : IDENT_OTHER);
	}
	if (!begun && is_blank(byte))
		return PARSE_MORE;
	if (a->field_at < userid_len && (uint8_t)userid[a->field_at] == byte)
		a->field_at++;
	else
		a->differs = true;
	return PARSE_MORE;
}

static enum parse take_error(struct ident_answer *a, uint8_t byte)
{
	if (byte == CR || byte == LF)
		return a->field_at > 0 ? end_line(a, byte, IDENT_ERROR) : PARSE_MALFORMED;
	if (!is_blank(byte))
		a->field_at = 1;
	return PARSE_MORE;
}

static enum parse take(struct ident_answer *a, const char *userid, size_t userid_len, uint8_t byte)
{
	if (byte == 0)
		return PARSE_MALFORMED;
	switch ((enum field)a->field) {
	case FIELD_PORT_ON_CLIENT:
		return take_port(a, byte, a->port_on_client, ',', FIELD_PORT_ON_PROXY);
	case FIELD_PORT_ON_PROXY:
		return take_port(a, byte, a->port_on_proxy, ':', FIELD_KEYWORD);
	case FIELD_KEYWORD:
		return take_keyword(a, byte);
	case FIELD_SYSTEM:
		return take_system(a, byte);
	case FIELD_USERID:
		return take_userid(a, userid, userid_len, byte);
	case FIELD_ERROR:
		return take_error(a, byte);
	case FIELD_LINE_END:
		break;
	}
	return byte == LF ? PARSE_DONE : PARSE_MALFORMED;
}

enum parse ident_read(struct ident_answer *a, const char *userid, size_t userid_len,
	const uint8_t *data, size_t len, size_t *used)
{
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	check(userid_len <= UINT8_MAX); /* field_at counts it */
	while (answer == PARSE_MORE && at < len) {
		answer = take(a, userid, userid_len, data[at++]);
		if (++a->bytes == IDENT_ANSWER_MAX && answer == PARSE_MORE)
			answer = PARSE_MALFORMED;
	}
	*used = at;
	return answer;
}

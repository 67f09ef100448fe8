/*
 * Which protocol a client speaks. See request.h.
 */
#include "protocol/request.h"

#include <string.h>

enum { TLS_HANDSHAKE = 22 };

/* CONNECT, DELETE, GET, HEAD, OPTIONS, POST and others, TRACE */
static bool is_http(uint8_t first)
{
	return first != 0 && strchr("CDGHOPT", first) != NULL;
}

static enum request_error error_of(uint8_t first)
{
	if (first == SOCKS5)
		return REQUEST_IS_SOCKS5;
	if (first == TLS_HANDSHAKE)
		return REQUEST_IS_TLS;
	return is_http(first) ? REQUEST_IS_HTTP : REQUEST_NOT_SOCKS;
}

#define GREETS(version, first, name, feature, greets, ...) \
	|| ((feature) && (greets) && first_byte == (first))

static bool greets(uint8_t first_byte)
{
	return false PROTOCOLS(GREETS);
}

#define READ(version_, first, name, feature, ...)  \
	if ((feature) && r->version == (version_)) \
		return name##_read(stage, reader, r, data, len, used);

enum parse request_read(enum stage stage, struct request_reader *reader, struct request *r,
	const uint8_t *data, size_t len, size_t *used)
{
	*used = 0;
	if (len == 0)
		return PARSE_MORE;
	if (r->version == 0)
		r->version = data[0];
	if (CONFIG_ANKLET_SOCKS5 && stage == STAGE_GREETING && !greets(r->version))
		return PARSE_DONE;
	PROTOCOLS(READ)
	*used = 1;
	reader->error = (uint8_t)error_of(r->version);
	return PARSE_MALFORMED;
}

/* For whoever looks at it with a browser, or takes it for another kind of proxy. */
static const char http_refusal[] = "HTTP/1.1 501 Not Implemented\r\n"
				   "Content-Type: text/plain\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "This is a " ANKLET_TEXT(CONFIG_ANKLET_SOCKS5, "SOCKS",
					   "SOCKS4") " proxy. It does not speak HTTP.\r\n";

/* RFC 1928, section 3: no acceptable methods; so that the client can say why. */
static const uint8_t not_socks5[] = {SOCKS5, 255};

#define CODE(version_, first, name, feature, ...) \
	if ((feature) && version == (version_))   \
		return name##_code(stage, verdict);

uint16_t reply_code(uint8_t version, enum stage stage, enum verdict verdict)
{
	if (verdict == VERDICT_NONE)
		return 0;
	PROTOCOLS(CODE)
	return 0;
}

#define REPLY(version_, first, name, feature, ...)                                        \
	if ((feature) && version == (version_)) {                                         \
		*len = name##_reply(stage, reply_code(version, stage, verdict), at, buf); \
		return buf;                                                               \
	}

const void *reply_bytes(uint8_t version, enum stage stage, enum verdict verdict,
	const struct address *at, uint8_t buf[REPLY_ROOM], size_t *len)
{
	*len = 0;
	if (verdict == VERDICT_NONE)
		return buf;
	PROTOCOLS(REPLY)
	if (version == SOCKS5) {
		*len = sizeof not_socks5;
		return not_socks5;
	}
	if (CONFIG_ANKLET_HINTS && is_http(version)) {
		*len = sizeof http_refusal - 1;
		return http_refusal;
	}
	return buf;
}

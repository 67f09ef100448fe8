/*
 * Which protocol a client speaks. See request.h.
 */
#include "protocol/request.h"

#include <string.h>

#include "protocol/socks4.h"
#include "protocol/socks5.h"

enum { TLS_HANDSHAKE = 22 };

_Static_assert(SOCKS4_REPLY_LEN <= REPLY_ROOM, "there is room for a reply");
_Static_assert(
	!CONFIG_ANKLET_SOCKS5 || SOCKS5_REPLY_MAX == REPLY_ROOM, "there is room for a reply");

/* CONNECT, DELETE, GET, HEAD, OPTIONS, POST and others, TRACE */
static bool is_http(uint8_t first)
{
	return first != 0 && strchr("CDGHOPT", first) != NULL;
}

static enum request_fault fault_of(uint8_t first)
{
	if (first == SOCKS5)
		return REQUEST_IS_SOCKS5;
	if (first == TLS_HANDSHAKE)
		return REQUEST_IS_TLS;
	return is_http(first) ? REQUEST_IS_HTTP : REQUEST_NOT_SOCKS;
}

enum parse greeting_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used)
{
	*used = 0;
	if (len == 0)
		return PARSE_MORE;
	if (r->version == 0)
		r->version = data[0];
	if (r->version != SOCKS5)
		return PARSE_DONE;
	return socks5_read_greeting(reader, r, data, len, used);
}

void method_reply(uint8_t reply[METHOD_REPLY_LEN], enum method method)
{
	reply[0] = SOCKS5;
	reply[1] = (uint8_t)method;
}

enum parse password_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used)
{
	return socks5_read_password(reader, r, data, len, used);
}

/* RFC 1929, section 2: its version is 1. */
const uint8_t password_reply[PASSWORD_REPLY_LEN] = {1, 0};
static const uint8_t wrong_password[PASSWORD_REPLY_LEN] = {1, 1};

enum parse request_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used)
{
	*used = 0;
	if (len == 0)
		return PARSE_MORE;
	if (CONFIG_ANKLET_SOCKS5 ? r->version == 0 : reader->field_at == 0)
		r->version = data[0];
	if (r->version == SOCKS4)
		return socks4_read(reader, r, data, len, used);
	if (CONFIG_ANKLET_SOCKS5 && r->version == SOCKS5)
		return socks5_read(reader, r, data, len, used);
	*used = 1;
	reader->fault = (uint8_t)fault_of(r->version);
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
static const uint8_t no_method[] = {SOCKS5, METHOD_UNACCEPTABLE};

const void *reply_bytes(uint8_t version, enum stage stage, enum verdict verdict,
	const struct address *at, uint8_t buf[REPLY_ROOM], size_t *len)
{
	uint8_t code = reply_code(version, stage, verdict);

	*len = 0;
	if (CONFIG_ANKLET_SOCKS5 && version == SOCKS5 && verdict == VERDICT_NONE)
		return buf;
	if (CONFIG_ANKLET_SOCKS5 && version == SOCKS5 && stage == STAGE_REQUEST) {
		*len = socks5_reply(buf, code, at);
	} else if (version == SOCKS5) {
		*len = sizeof no_method;
		return CONFIG_ANKLET_PASSWORDS && stage == STAGE_PASSWORD ? wrong_password
									  : no_method;
	} else if (code != 0) {
		socks4_reply(buf, code, at);
		*len = SOCKS4_REPLY_LEN;
	} else if (CONFIG_ANKLET_HINTS && is_http(version)) {
		*len = sizeof http_refusal - 1;
		return http_refusal;
	}
	return buf;
}

uint8_t reply_code(uint8_t version, enum stage stage, enum verdict verdict)
{
	if (CONFIG_ANKLET_SOCKS5 && version == SOCKS5 && verdict != VERDICT_NONE)
		return stage == STAGE_REQUEST    ? socks5_code(verdict)
		       : stage == STAGE_PASSWORD ? wrong_password[1]
						 : METHOD_UNACCEPTABLE;
	return version == SOCKS4 ? socks4_code(verdict) : 0;
}

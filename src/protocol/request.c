/*
 * Which protocol a client speaks. See request.h.
 */
#include "protocol/request.h"

#include <string.h>

#include "protocol/socks4.h"

enum { SOCKS4 = 4, SOCKS5 = 5, TLS_HANDSHAKE = 22 };

_Static_assert(SOCKS4_REPLY_LEN <= REPLY_ROOM, "there is room for a reply");

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

enum parse request_read(struct request_reader *reader, struct request *r, const uint8_t *data,
	size_t len, size_t *used)
{
	*used = 0;
	if (len == 0)
		return PARSE_MORE;
	if (reader->field_at == 0)
		r->version = data[0];
	if (r->version == SOCKS4)
		return socks4_read(reader, r, data, len, used);
	*used = 1;
	reader->fault = (uint8_t)fault_of(r->version);
	return PARSE_MALFORMED;
}

/* For whoever looks at it with a browser, or takes it for another kind of proxy. */
static const char http_refusal[] = "HTTP/1.1 501 Not Implemented\r\n"
				   "Content-Type: text/plain\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "This is a SOCKS4 proxy. It does not speak HTTP.\r\n";

/* RFC 1928, section 3: no acceptable methods; so that the client can say why. */
static const uint8_t socks5_refusal[] = {5, 0xff};

const void *reply_bytes(uint8_t version, enum verdict verdict, const struct address *at,
	uint8_t buf[REPLY_ROOM], size_t *len)
{
	uint8_t code = reply_code(version, verdict);

	*len = 0;
	if (code != 0) {
		socks4_reply(buf, code, at);
		*len = SOCKS4_REPLY_LEN;
	} else if (version == SOCKS5) {
		*len = sizeof socks5_refusal;
		return socks5_refusal;
	} else if (CONFIG_ANKLET_HINTS && is_http(version)) {
		*len = sizeof http_refusal - 1;
		return http_refusal;
	}
	return buf;
}

uint8_t reply_code(uint8_t version, enum verdict verdict)
{
	return version == SOCKS4 ? socks4_code(verdict) : 0;
}

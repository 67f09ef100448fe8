/*
 * The messages of SOCKS4 and SOCKS4A. See socks4.h.
 */
#include "protocol/socks4.h"

#include <string.h>

#define HEADER_LEN 8 /* VN, CD, DSTPORT and DSTIP: what stands in front of the userid */

enum field { FIELD_HEADER, FIELD_USERID, FIELD_NAME };

static enum parse malformed(struct socks4_request *r, enum socks4_fault fault)
{
	r->fault = (uint8_t)fault;
	return PARSE_MALFORMED;
}

static bool announces_name(const struct socks4_request *r)
{
	return r->ip[0] == 0 && r->ip[1] == 0 && r->ip[2] == 0 && r->ip[3] != 0;
}

static enum parse take_version(struct socks4_request *r, uint8_t octet)
{
	r->vn = octet;
	if (octet == 4)
		return PARSE_MORE;
	if (octet == 5)
		return malformed(r, SOCKS4_IS_SOCKS5);
	if (octet == 22)
		return malformed(r, SOCKS4_IS_TLS);
	/* CONNECT, DELETE, GET, HEAD, OPTIONS, POST and others, TRACE */
	return malformed(r,
		octet != 0 && strchr("CDGHOPT", octet) != NULL ? SOCKS4_IS_HTTP : SOCKS4_NOT_SOCKS);
}

static enum parse take_command(struct socks4_request *r, uint8_t octet)
{
	r->cd = octet;
	if (octet == SOCKS4_CONNECT || octet == SOCKS4_BIND)
		return PARSE_MORE;
	return malformed(r, SOCKS4_BAD_COMMAND);
}

static enum parse take_header(struct socks4_request *r, uint8_t octet)
{
	unsigned at = r->field_at++;

	if (at == 0)
		return take_version(r, octet);
	if (at == 1)
		return take_command(r, octet);
	if (at < 4)
		r->port = (uint16_t)(r->port << 8 | octet);
	else
		r->ip[at - 4] = octet;
	if (at == HEADER_LEN - 1)
		r->field = FIELD_USERID;
	return PARSE_MORE;
}

static enum parse take_userid(struct socks4_request *r, uint8_t octet)
{
	if (octet != 0 && r->userid_len == CONFIG_ANKLET_USERID_MAX)
		return malformed(r, SOCKS4_LONG_USERID);
	r->userid[r->userid_len] = (char)octet;
	if (octet != 0) {
		r->userid_len++;
		return PARSE_MORE;
	}
	if (!announces_name(r))
		return PARSE_DONE;
	r->field = FIELD_NAME;
	return PARSE_MORE;
}

static enum parse take_name(struct socks4_request *r, uint8_t octet)
{
	if (octet == 0 && r->name_len == 0)
		return malformed(r, SOCKS4_EMPTY_NAME);
	if (octet != 0 && r->name_len == CONFIG_ANKLET_NAME_MAX)
		return malformed(r, SOCKS4_LONG_NAME);
	if (octet != 0 && (octet <= 0x20 || octet == 0x7f))
		return malformed(r, SOCKS4_BAD_NAME);
	r->name[r->name_len] = (char)octet;
	if (octet == 0)
		return PARSE_DONE;
	r->name_len++;
	return PARSE_MORE;
}

static enum parse take(struct socks4_request *r, uint8_t octet)
{
	if (r->field == FIELD_HEADER)
		return take_header(r, octet);
	if (r->field == FIELD_USERID)
		return take_userid(r, octet);
	return take_name(r, octet);
}

enum parse socks4_read(struct socks4_request *r, const uint8_t *data, size_t len, size_t *used)
{
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	while (answer == PARSE_MORE && at < len)
		answer = take(r, data[at++]);
	*used = at;
	return answer;
}

struct ip socks4_ip(const struct socks4_request *r)
{
	return ip_v4(r->ip[0], r->ip[1], r->ip[2], r->ip[3]);
}

void socks4_reply(uint8_t reply[SOCKS4_REPLY_LEN], enum socks4_code code, const struct address *at)
{
	memset(reply, 0, SOCKS4_REPLY_LEN);
	reply[1] = (uint8_t)code;
	reply[2] = (uint8_t)(at->port >> 8);
	reply[3] = (uint8_t)at->port;
	if (ip_is_v4(&at->ip))
		memcpy(reply + 4, at->ip.octet + 12, 4);
}

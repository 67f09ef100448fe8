/*
 * The client's side of SOCKS4, SOCKS4A and SOCKS5. See hop.h.
 */
#include "protocol/hop.h"

#include <string.h>

#include "protocol/socks4.h"
#include "protocol/socks5.h"

#define PASSWORD_VERSION 1 /* RFC 1929, section 2 */

enum atyp { ATYP_IPV4 = 1, ATYP_NAME = 3, ATYP_IPV6 = 4 }; /* RFC 1928, section 4 */

#define REPLY_HEAD 5 /* bytes of a SOCKS5 reply that say how long it is */
#define PORT_AT (HOP_REPLY_KEPT - 2)

void hop_begin(struct hop *hop, uint8_t version)
{
	*hop = (struct hop){.version = version,
		.step = CONFIG_ANKLET_SOCKS5 && version == 5 ? HOP_GREETING : HOP_REQUEST};
}

void hop_begin_second(struct hop *hop, uint8_t version)
{
	*hop = (struct hop){.version = version, .step = HOP_REQUEST};
}

/* ---- Messages ---- */

/* A message is a few fields one after the other. What none of its own strings is, it has room for. */
struct message {
	uint8_t head[8], port[2];
	uint8_t fields;
	struct {
		const void *at;
		size_t len;
	} field[4];
};

static void add(struct message *m, const void *at, size_t len)
{
	m->field[m->fields].at = at;
	m->field[m->fields++].len = len;
}

static void socks4_request(struct message *m, const struct hop_request *r)
{
	static const uint8_t named[4] = {0, 0, 0, 1}; /* DSTIP before a name */

	m->head[0] = 4;
	m->head[1] = r->command;
	memcpy(m->head + 2, m->port, 2);
	memcpy(m->head + 4, r->name != NULL ? named : r->to.ip.byte + IP_V4_AT, 4);
	add(m, m->head, 8);
	add(m, r->userid, strlen(r->userid) + 1);
	if (r->name != NULL)
		add(m, r->name, strlen(r->name) + 1);
}

static void socks5_request(struct message *m, const struct hop_request *r)
{
	bool v4 = ip_is_v4(&r->to.ip);

	m->head[0] = 5;
	m->head[1] = r->command;
	m->head[3] = r->name != NULL ? ATYP_NAME : v4 ? ATYP_IPV4 : ATYP_IPV6;
	if (r->name != NULL) {
		m->head[4] = (uint8_t)strlen(r->name);
		add(m, m->head, 5);
		add(m, r->name, m->head[4]);
	} else {
		add(m, m->head, 4);
		add(m, r->to.ip.byte + (v4 ? IP_V4_AT : 0), v4 ? 4 : IP_BYTES);
	}
	add(m, m->port, 2);
}

/* Without a password that method is not offered: a server that prefers it would only say no later. */
static void greeting(struct message *m, const struct hop_request *r)
{
	m->head[0] = 5;
	m->head[1] = r->password != NULL ? 2 : 1;
	m->head[2] = SOCKS5_METHOD_NONE;
	m->head[3] = SOCKS5_METHOD_PASSWORD;
	add(m, m->head, 2u + m->head[1]);
}

static void password(struct message *m, const struct hop_request *r)
{
	m->head[0] = PASSWORD_VERSION;
	m->head[1] = (uint8_t)strlen(r->userid);
	m->head[2] = (uint8_t)strlen(r->password);
	add(m, m->head, 2);
	add(m, r->userid, m->head[1]);
	add(m, m->head + 2, 1);
	add(m, r->password, m->head[2]);
}

size_t hop_message(const struct hop *hop, const struct hop_request *request, size_t skip,
	uint8_t *buf, size_t size)
{
	struct message m = {.port = {(uint8_t)(request->to.port >> 8), (uint8_t)request->to.port}};
	size_t put = 0;

	if (!CONFIG_ANKLET_SOCKS5 || hop->version == 4)
		socks4_request(&m, request);
	else if (hop->step == HOP_GREETING)
		greeting(&m, request);
	else if (hop->step == HOP_PASSWORD)
		password(&m, request);
	else
		socks5_request(&m, request);
	for (unsigned i = 0; i < m.fields; i++) {
		size_t len = m.field[i].len;
		size_t from = skip < len ? skip : len;
		size_t n = len - from < size - put ? len - from : size - put;

		memcpy(buf + put, (const uint8_t *)m.field[i].at + from, n);
		put += n;
		skip -= from;
	}
	return put;
}

/* ---- Replies ---- */

/* Its length, or as much of it as has to be read to know that. */
static size_t whole_len(const struct hop *hop)
{
	if (!CONFIG_ANKLET_SOCKS5 || hop->version == 4)
		return SOCKS4_REPLY_LEN;
	if (hop->step != HOP_REQUEST || (hop->len >= 2 && hop->byte[1] != 0))
		return 2;
	if (hop->len < REPLY_HEAD)
		return REPLY_HEAD;
	switch (hop->byte[3]) {
	case ATYP_NAME:
		return REPLY_HEAD + hop->byte[4] + 2u;
	case ATYP_IPV4:
		return REPLY_HEAD + 3 + 2;
	default:
		return REPLY_HEAD + 15 + 2;
	}
}

/* Puts the next byte of the reply where it is kept: the port at the end, of a name what there is room for. */
static void keep(struct hop *hop, size_t whole, uint8_t byte)
{
	size_t at = hop->len++;

	if (hop->version == 5 && whole > REPLY_HEAD && at + 2 >= whole)
		at += HOP_REPLY_KEPT - whole;
	if (at < HOP_REPLY_KEPT)
		hop->byte[at] = byte;
}

/* Is the byte that was kept last as it can be? */
static bool is_valid(const struct hop *hop)
{
	uint8_t byte = hop->byte[hop->len <= 4 ? hop->len - 1 : 0];

	if (!CONFIG_ANKLET_SOCKS5 || hop->version == 4)
		return hop->len > 1 || byte == 0 || byte == 4;
	if (hop->len == 1)
		return byte == 5 || (hop->step == HOP_PASSWORD && byte == PASSWORD_VERSION);
	return hop->len != 4 || byte == ATYP_IPV4 || byte == ATYP_NAME || byte == ATYP_IPV6;
}

enum parse hop_read(struct hop *hop, const uint8_t *data, size_t len, size_t *used)
{
	size_t whole;

	for (*used = 0; hop->len < (whole = whole_len(hop));) {
		if (*used == len)
			return PARSE_MORE;
		keep(hop, whole, data[(*used)++]);
		if (!is_valid(hop))
			return PARSE_MALFORMED;
	}
	return PARSE_DONE;
}

/* To the message of another step. */
static enum hop_answer go_on(struct hop *hop, enum hop_step step)
{
	hop->step = (uint8_t)step;
	hop->len = 0;
	return HOP_NEXT;
}

enum hop_answer hop_answer(struct hop *hop, const struct hop_request *request)
{
	uint8_t code = hop_code(hop);

	if (!CONFIG_ANKLET_SOCKS5 || hop->version == 4)
		return code == SOCKS4_GRANTED ? HOP_GRANTED : HOP_REFUSED;
	switch (hop->step) {
	case HOP_GREETING:
		if (code == SOCKS5_METHOD_PASSWORD && request->password != NULL)
			return go_on(hop, HOP_PASSWORD);
		return code == SOCKS5_METHOD_NONE ? go_on(hop, HOP_REQUEST) : HOP_NO_METHOD;
	case HOP_PASSWORD:
		return code == 0 ? go_on(hop, HOP_REQUEST) : HOP_NO_PASSWORD;
	default:
		return code == 0 ? HOP_GRANTED : HOP_REFUSED;
	}
}

uint8_t hop_code(const struct hop *hop)
{
	return hop->byte[1];
}

struct address hop_address(const struct hop *hop)
{
	bool socks5 = CONFIG_ANKLET_SOCKS5 && hop->version == 5;
	const uint8_t *ip = hop->byte + 4, *port = hop->byte + (socks5 ? PORT_AT : 2);
	struct address at = {.ip = ip_v4(0, 0, 0, 0)};

	if (!socks5 || hop->byte[3] == ATYP_IPV4)
		at.ip = ip_v4(ip[0], ip[1], ip[2], ip[3]);
	else if (CONFIG_ANKLET_IPV6 && hop->byte[3] == ATYP_IPV6)
		memcpy(at.ip.byte, ip, sizeof at.ip.byte);
	at.port = (uint16_t)(port[0] << 8 | port[1]);
	return at;
}

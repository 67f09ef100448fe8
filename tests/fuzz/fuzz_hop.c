/*
 * What is said to a next hop, and its replies: sizes of the pieces change nothing.
 *
 * The input: a byte that says how long the pieces are, one for the command, whether there is a name, and which SOCKS
 * and step of it, the userid (which is the password, too) and the name up to a NUL each, and what the hop sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/hop.h"

#define FRONT 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* What was put together in pieces is a request that request_read() takes for the same. */
static void check_request(const struct hop_request *r, const uint8_t *bytes, size_t len)
{
	struct request_reader reader = {.field = 0};
	struct request read = {.version = 0};
	size_t used;
	enum parse answer = request_read(STAGE_REQUEST, &reader, &read, bytes, len, &used);

	if (r->name != NULL && answer == PARSE_MALFORMED)
		return; /* a name that no client may send */
	expect(answer == PARSE_DONE && used == len);
	expect(read.command == r->command && read.port == r->to.port);
	expect(strcmp(read.userid, r->userid) == 0);
	expect(strcmp(read.name, r->name != NULL ? r->name : "") == 0);
}

static void ask(const struct hop *hop, const struct hop_request *r, size_t piece)
{
	uint8_t whole[3 + 256 + 256 + 8], cut[sizeof whole];
	size_t whole_len = hop_message(hop, r, 0, whole, sizeof whole), at = 0, n;

	while ((n = hop_message(hop, r, at, cut + at,
			sizeof cut - at < piece ? sizeof cut - at : piece)) > 0)
		at += n;
	expect(at == whole_len && memcmp(whole, cut, at) == 0);
	if (hop->version == 4)
		check_request(r, whole, whole_len);
}

static enum parse read_in_pieces(
	struct hop *hop, const uint8_t *data, size_t len, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	for (*total = 0; answer == PARSE_MORE && *total < len;) {
		size_t n = len - *total < piece ? len - *total : piece, used;

		answer = hop_read(hop, data + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

/* Returns whether the conversation goes on after the reply, of which *len is set to the length. */
static bool hear(struct hop *hop, const struct hop_request *r, const uint8_t *data, size_t *len,
	size_t piece)
{
	struct hop whole = *hop, cut = *hop;
	size_t whole_used, cut_used;
	enum parse answer = read_in_pieces(&whole, data, *len, *len, &whole_used);
	enum hop_answer said;
	struct address one, other;

	expect(read_in_pieces(&cut, data, *len, piece, &cut_used) == answer);
	expect(whole_used == cut_used && whole_used <= 5 + 255 + 2);
	expect(*len == 0 || hop->version == 5 ||
		(answer == PARSE_MALFORMED) == (data[0] != 0 && data[0] != 4));
	*len = whole_used;
	*hop = whole;
	if (answer != PARSE_DONE)
		return false;
	one = hop_address(&whole);
	other = hop_address(&cut);
	said = hop_answer(hop, r);
	expect(hop_code(&whole) == data[1] && hop_answer(&cut, r) == said);
	expect(said != HOP_GRANTED || address_equal(&one, &other));
	return said == HOP_NEXT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end, *name_end, *userid = data + FRONT;
	struct hop_request r = {.userid = (const char *)userid};
	struct hop hop;
	size_t piece, used, steps = 0;
	bool asks = true;

	if (len < FRONT || (end = memchr(userid, 0, len - FRONT)) == NULL ||
		(name_end = memchr(end + 1, 0, len - (size_t)(end + 1 - data))) == NULL ||
		end - userid > UINT8_MAX || name_end - (end + 1) > UINT8_MAX)
		return 0;
	piece = data[0] % 32u + 1u;
	r.command = data[1] & 1 ? COMMAND_BIND : COMMAND_CONNECT;
	r.name = data[1] & 2 ? (const char *)(end + 1) : NULL;
	r.password = data[1] & 8 ? r.userid : NULL;
	r.to.ip = ip_v4(198, 51, data[0], data[1]);
	r.to.port = (uint16_t)(data[0] << 8 | data[1]);
	hop_begin(&hop, CONFIG_ANKLET_SOCKS5 && data[1] & 4 ? 5 : 4);
	len -= (size_t)(name_end + 1 - data);
	for (data = name_end + 1; asks; data += used, len -= used) {
		ask(&hop, &r, piece);
		used = len;
		asks = hear(&hop, &r, data, &used, piece);
		expect(steps++ < 3);
	}
	return 0;
}

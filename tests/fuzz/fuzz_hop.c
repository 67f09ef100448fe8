/*
 * What is said to a next hop, and its reply: sizes of the pieces change nothing.
 *
 * The input: an octet that says how long the pieces are, one for the command
 * and whether there is a name, the userid and the name up to a NUL each, and what the hop sends.
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
static void check_request(const struct hop_request *r, const uint8_t *octets, size_t len)
{
	struct request_reader reader = {.field = 0};
	struct request read = {.version = 0};
	size_t used;
	enum parse answer = request_read(&reader, &read, octets, len, &used);

	if (r->name != NULL && answer == PARSE_MALFORMED)
		return; /* a name that no client may send */
	expect(answer == PARSE_DONE && used == len);
	expect(read.command == r->command && read.port == r->to.port);
	expect(strcmp(read.userid, r->userid) == 0);
	expect(strcmp(read.name, r->name != NULL ? r->name : "") == 0);
}

static void ask(const struct hop_request *r, size_t piece)
{
	uint8_t whole[8 + 256 + 256], cut[sizeof whole];
	size_t whole_len = hop_request(r, 0, whole, sizeof whole), at = 0, n;

	while ((n = hop_request(
			r, at, cut + at, sizeof cut - at < piece ? sizeof cut - at : piece)) > 0)
		at += n;
	expect(at == whole_len && memcmp(whole, cut, at) == 0);
	check_request(r, whole, whole_len);
}

static enum parse read_in_pieces(
	struct hop_reply *reply, const uint8_t *data, size_t len, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	memset(reply, 0, sizeof *reply);
	for (*total = 0; answer == PARSE_MORE && *total < len;) {
		size_t n = len - *total < piece ? len - *total : piece, used;

		answer = hop_read(reply, data + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

static void hear(const uint8_t *data, size_t len, size_t piece)
{
	struct hop_reply whole, cut;
	size_t whole_used, cut_used;
	enum parse answer = read_in_pieces(&whole, data, len, len, &whole_used);

	expect(read_in_pieces(&cut, data, len, piece, &cut_used) == answer);
	expect(whole_used <= SOCKS4_REPLY_LEN);
	if (len == 0)
		return;
	expect((answer == PARSE_MALFORMED) == (data[0] != 0 && data[0] != 4));
	if (answer != PARSE_DONE)
		return;
	expect(whole_used == SOCKS4_REPLY_LEN && cut_used == SOCKS4_REPLY_LEN);
	expect(memcmp(whole.octet, data, SOCKS4_REPLY_LEN) == 0);
	expect(memcmp(cut.octet, data, SOCKS4_REPLY_LEN) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end, *name_end, *userid = data + FRONT;
	struct hop_request r = {.userid = (const char *)userid};
	size_t piece;

	if (len < FRONT || (end = memchr(userid, 0, len - FRONT)) == NULL ||
		(name_end = memchr(end + 1, 0, len - (size_t)(end + 1 - data))) == NULL ||
		end - userid > UINT8_MAX || name_end - (end + 1) > UINT8_MAX)
		return 0;
	piece = data[0] % 32u + 1u;
	r.command = data[1] & 1 ? COMMAND_BIND : COMMAND_CONNECT;
	r.name = data[1] & 2 ? (const char *)(end + 1) : NULL;
	r.to.ip = ip_v4(198, 51, data[0], data[1]);
	r.to.port = (uint16_t)(data[0] << 8 | data[1]);
	ask(&r, piece);
	hear(name_end + 1, len - (size_t)(name_end + 1 - data), piece);
	return 0;
}

/*
 * Requests: whatever the bytes and however they are cut, the outcome is one.
 *
 * The first byte of the input says how long the pieces are, the rest is what
 * the client sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct outcome {
	struct request_reader reader;
	struct request r;
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static enum parse read_in_pieces(
	struct outcome *o, const uint8_t *data, size_t len, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	memset(o, 0, sizeof *o);
	for (*total = 0; answer == PARSE_MORE && *total < len;) {
		size_t n = len - *total < piece ? len - *total : piece, used;

		answer = request_read(STAGE_REQUEST, &o->reader, &o->r, data + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

static bool same(const struct outcome *x, const struct outcome *y)
{
	const struct request *a = &x->r, *b = &y->r;

	return x->reader.error == y->reader.error && a->version == b->version &&
	       a->command == b->command && a->port == b->port && ip_equal(&a->ip, &b->ip) &&
	       a->userid_len == b->userid_len &&
	       memcmp(a->userid, b->userid, sizeof a->userid) == 0 && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, sizeof a->name) == 0;
}

static void check_done(const struct request *r, size_t used)
{
	const uint8_t *ip = r->ip.byte + IP_V4_AT;
	bool named = r->name_len > 0;

	expect(r->version == 4 && (r->command == COMMAND_CONNECT || r->command == COMMAND_BIND));
	expect(strlen(r->userid) == r->userid_len && strlen(r->name) == r->name_len);
	expect(named == (ip[0] == 0 && ip[1] == 0 && ip[2] == 0 && ip[3] != 0));
	expect(used == 8u + r->userid_len + 1u + (named ? r->name_len + 1u : 0));
	for (size_t i = 0; i < r->name_len; i++)
		expect((uint8_t)r->name[i] > 0x20 && r->name[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct outcome whole, cut;
	size_t whole_used, cut_used;
	enum parse answer;

	/* What begins with a greeting is fuzz_socks5's. */
	if (len == 0 || (len > 1 && data[1] == SOCKS5))
		return 0;
	answer = read_in_pieces(&whole, data + 1, len - 1, len, &whole_used);
	expect(read_in_pieces(&cut, data + 1, len - 1, data[0] % 32u + 1u, &cut_used) == answer);
	expect(whole_used == cut_used && same(&whole, &cut));
	expect((answer == PARSE_MALFORMED) == (whole.reader.error != REQUEST_OK));
	if (answer == PARSE_DONE)
		check_done(&whole.r, whole_used);
	return 0;
}

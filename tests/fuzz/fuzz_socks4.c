/*
 * Requests: whatever the octets and however they are cut, the outcome is one.
 *
 * The first octet of the input says how long the pieces are, the rest is what
 * the client sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/socks4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static enum parse read_in_pieces(
	struct socks4_request *r, const uint8_t *data, size_t len, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	memset(r, 0, sizeof *r);
	for (*total = 0; answer == PARSE_MORE && *total < len;) {
		size_t n = len - *total < piece ? len - *total : piece, used;

		answer = socks4_read(r, data + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

static bool same(const struct socks4_request *a, const struct socks4_request *b)
{
	return a->fault == b->fault && a->vn == b->vn && a->cd == b->cd && a->port == b->port &&
	       memcmp(a->ip, b->ip, sizeof a->ip) == 0 && a->userid_len == b->userid_len &&
	       memcmp(a->userid, b->userid, sizeof a->userid) == 0 && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, sizeof a->name) == 0;
}

static void check_done(const struct socks4_request *r, size_t used)
{
	bool named = r->name_len > 0;

	expect(r->vn == 4 && (r->cd == SOCKS4_CONNECT || r->cd == SOCKS4_BIND));
	expect(strlen(r->userid) == r->userid_len && strlen(r->name) == r->name_len);
	expect(named == (r->ip[0] == 0 && r->ip[1] == 0 && r->ip[2] == 0 && r->ip[3] != 0));
	expect(used == 8u + r->userid_len + 1u + (named ? r->name_len + 1u : 0));
	for (size_t i = 0; i < r->name_len; i++)
		expect((uint8_t)r->name[i] > 0x20 && r->name[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct socks4_request whole, cut;
	size_t whole_used, cut_used;
	enum parse answer;

	if (len == 0)
		return 0;
	answer = read_in_pieces(&whole, data + 1, len - 1, len, &whole_used);
	expect(read_in_pieces(&cut, data + 1, len - 1, data[0] % 32u + 1u, &cut_used) == answer);
	expect(whole_used == cut_used && same(&whole, &cut));
	expect((answer == PARSE_MALFORMED) == (whole.fault != SOCKS4_OK));
	if (answer == PARSE_DONE)
		check_done(&whole, whole_used);
	return 0;
}

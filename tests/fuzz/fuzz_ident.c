/*
 * Answers of an identd: whatever the bytes and however they are cut, the outcome is one.
 *
 * The input: a byte that says how long the pieces are, two ports of two bytes
 * each, the claimed userid up to a NUL, and what the identd sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/ident.h"

#define FRONT 5

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	uint16_t port_on_client, port_on_proxy;
	const char *userid;
	size_t userid_len;
	const uint8_t *line;
	size_t len;
};

static enum parse read_in_pieces(
	struct ident_answer *a, const struct input *in, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	memset(a, 0, sizeof *a);
	a->port_on_client = in->port_on_client;
	a->port_on_proxy = in->port_on_proxy;
	for (*total = 0; answer == PARSE_MORE && *total < in->len;) {
		size_t n = in->len - *total < piece ? in->len - *total : piece, used;

		answer = ident_read(a, in->userid, in->userid_len, in->line + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

static bool same(const struct ident_answer *a, const struct ident_answer *b)
{
	return a->bytes == b->bytes && a->verdict == b->verdict && a->field == b->field &&
	       a->field_at == b->field_at && a->nobody == b->nobody && a->differs == b->differs &&
	       a->number == b->number;
}

/* What a whole line must look like for each verdict, whatever stands before it. */
static void check_done(const struct input *in, enum ident_verdict verdict, size_t used)
{
	size_t end = used - 1;

	expect(in->line[end] == '\n' && memchr(in->line, '\n', end) == NULL);
	expect(memchr(in->line, '\0', used) == NULL);
	if (verdict != IDENT_SAME)
		return;
	if (in->line[end - 1] == '\r')
		end--;
	expect(in->userid_len > 0 && in->userid_len < end);
	expect(memcmp(in->line + end - in->userid_len, in->userid, in->userid_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ident_answer whole, cut;
	size_t whole_used, cut_used;
	struct input in;
	const uint8_t *nul;
	enum parse answer;

	if (len < FRONT || (nul = memchr(data + FRONT, 0, len - FRONT)) == NULL)
		return 0;
	in.port_on_client = (uint16_t)(data[1] << 8 | data[2]);
	in.port_on_proxy = (uint16_t)(data[3] << 8 | data[4]);
	in.userid = (const char *)data + FRONT;
	in.userid_len = strlen(in.userid);
	in.line = nul + 1;
	in.len = len - (size_t)(in.line - data);
	if (in.userid_len > UINT8_MAX)
		return 0;
	answer = read_in_pieces(&whole, &in, len, &whole_used);
	expect(read_in_pieces(&cut, &in, data[0] % 32u + 1u, &cut_used) == answer);
	expect(whole_used == cut_used && same(&whole, &cut));
	expect(whole_used <= IDENT_ANSWER_MAX && whole.bytes == whole_used);
	if (answer == PARSE_DONE)
		check_done(&in, whole.verdict, whole_used);
	return 0;
}

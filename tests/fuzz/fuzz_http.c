/*
 * Heads of HTTP: whatever the bytes and however they are cut, the outcome is one, and what is whole is sound.
 *
 * The input: a byte that says how long the pieces are, and what somebody sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static enum parse read_in_pieces(
	struct http_reader *r, const uint8_t *data, size_t len, size_t piece, size_t *total)
{
	enum parse answer = PARSE_MORE;

	memset(r, 0, sizeof *r);
	for (*total = 0; answer == PARSE_MORE && *total < len;) {
		size_t n = len - *total < piece ? len - *total : piece, used;

		answer = http_read(r, "here.example", data + *total, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
	}
	return answer;
}

static void check_target(const char *target)
{
	struct word word = http_query(target, "after");

	expect(target[0] == '/' && memchr(target, '\0', HTTP_TARGET_MAX + 1) != NULL);
	for (const char *at = target; *at != '\0'; at++)
		expect(*at != ' ' && *at != '\n');
	expect(word.at == NULL || word.at + word.len <= target + strlen(target));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct http_reader whole, cut;
	size_t whole_used, cut_used;
	enum parse answer;

	if (len < 1)
		return 0;
	answer = read_in_pieces(&whole, data + 1, len - 1, len, &whole_used);
	expect(read_in_pieces(&cut, data + 1, len - 1, data[0] % 32u + 1u, &cut_used) == answer);
	expect(whole_used == cut_used && memcmp(&whole, &cut, sizeof whole) == 0);
	expect(whole_used <= HTTP_HEAD_MAX && whole.bytes == whole_used);
	if (answer == PARSE_DONE)
		check_target(whole.target);
	if (answer == PARSE_MALFORMED)
		expect(whole.wrong != HTTP_OK);
	return 0;
}

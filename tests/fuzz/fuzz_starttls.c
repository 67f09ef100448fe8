/*
 * Servers that are asked for TLS: whatever they say and however it is cut, the outcome is one.
 *
 * The input: a byte for the protocol and how long the pieces are, and what the server says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/starttls.h"

#define KEEP_SIZE (STARTTLS_ANSWER_MAX + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct outcome {
	enum parse answer;
	size_t used;
	size_t kept;
	unsigned lines; /* of ours */
	struct starttls s;
	uint8_t keep[KEEP_SIZE];
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

static void send_lines(struct outcome *o)
{
	const char *line = starttls_line(&o->s);

	if (line == NULL)
		return;
	expect(strlen(line) > 2 && strcmp(line + strlen(line) - 2, "\r\n") == 0);
	starttls_sent(&o->s);
	expect(starttls_line(&o->s) == NULL);
	o->lines++;
}

static void converse(
	struct outcome *o, uint8_t protocol, const uint8_t *data, size_t len, size_t piece)
{
	memset(o, 0, sizeof *o);
	o->s.protocol = protocol;
	o->answer = PARSE_MORE;
	while (o->answer == PARSE_MORE && o->used < len) {
		size_t n = len - o->used < piece ? len - o->used : piece, used, kept;

		send_lines(o);
		n = n < KEEP_SIZE - o->kept ? n : KEEP_SIZE - o->kept;
		o->answer =
			starttls_read(&o->s, data + o->used, n, &used, o->keep + o->kept, &kept);
		expect(used > 0 && used <= n && kept <= used);
		expect(o->answer != PARSE_MORE || used == n || starttls_line(&o->s) != NULL);
		o->used += used;
		o->kept += kept;
	}
}

static bool same(const struct starttls *a, const struct starttls *b)
{
	return a->error == b->error && a->step == b->step && a->line_sent == b->line_sent &&
	       a->start_len == b->start_len && memcmp(a->start, b->start, sizeof a->start) == 0 &&
	       a->line_len == b->line_len && a->answer_len == b->answer_len &&
	       a->skipping == b->skipping && a->cr_read == b->cr_read;
}

static bool is_line(const uint8_t *data, size_t len)
{
	return len >= 2 && data[len - 2] == '\r' && data[len - 1] == '\n';
}

/* Whatever the dialogue, what was agreed to is text in whole lines, and so is what the client is shown. */
static void check_done(const struct outcome *o, const uint8_t *data)
{
	static const unsigned lines[STARTTLS_PROTOCOLS] = {2, 1, 1, 1};

	expect(o->lines == lines[o->s.protocol]);
	expect(is_line(data, o->used) && is_line(o->keep, o->kept));
	expect(o->used <= STARTTLS_ANSWER_MAX && o->kept < o->used);
	for (size_t i = 0; i < o->used; i++) {
		expect(data[i] >= ' ' || data[i] == '\t' || data[i] == '\r' || data[i] == '\n');
		expect((data[i] == '\n') == (i > 0 && data[i - 1] == '\r'));
	}
	expect(o->s.protocol != STARTTLS_IMAP || memcmp(o->keep + 4, " [", 2) != 0 ||
		memcmp(data + 4, " [", 2) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct outcome whole, cut;
	uint8_t protocol;

	if (len < 1)
		return 0;
	protocol = data[0] % STARTTLS_PROTOCOLS;
	converse(&whole, protocol, data + 1, len - 1, len);
	converse(&cut, protocol, data + 1, len - 1, data[0] / STARTTLS_PROTOCOLS + 1u);
	expect(whole.answer == cut.answer && whole.used == cut.used && whole.lines == cut.lines);
	expect(whole.kept == cut.kept && memcmp(whole.keep, cut.keep, whole.kept) == 0);
	expect(same(&whole.s, &cut.s));
	expect(whole.used <= STARTTLS_ANSWER_MAX + 1);
	expect((whole.answer == PARSE_MALFORMED) == (whole.s.error != STARTTLS_OK));
	if (whole.answer == PARSE_DONE)
		check_done(&whole, data + 1);
	return 0;
}

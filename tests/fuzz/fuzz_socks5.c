/*
 * Greetings and requests of SOCKS5: whatever the bytes and however they are cut, the outcome is one.
 *
 * The first byte of the input says how long the pieces are, the rest is what the client sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct outcome {
	struct request_reader reader;
	struct request r;
	uint8_t offered;
	enum parse greeting, request;
	size_t greeting_used, used; /* the latter of both */
};

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* Reads one message from o->used on. */
static enum parse read_in_pieces(
	struct outcome *o, enum stage stage, const uint8_t *data, size_t len, size_t piece)
{
	enum parse answer = PARSE_MORE;

	memset(&o->reader, 0, sizeof o->reader);
	while (answer == PARSE_MORE && o->used < len) {
		size_t n = len - o->used < piece ? len - o->used : piece, used;

		answer = request_read(stage, &o->reader, &o->r, data + o->used, n, &used);
		expect(used <= n && (answer != PARSE_MORE || used == n));
		o->used += used;
	}
	return answer;
}

static void read_both(struct outcome *o, const uint8_t *data, size_t len, size_t piece)
{
	memset(o, 0, sizeof *o);
	o->greeting = read_in_pieces(o, STAGE_GREETING, data, len, piece);
	o->greeting_used = o->used;
	o->offered = o->reader.offered;
	o->request = PARSE_MORE;
	if (o->greeting == PARSE_DONE && o->used > 0)
		o->request = read_in_pieces(o, STAGE_REQUEST, data, len, piece);
}

static bool same(const struct outcome *x, const struct outcome *y)
{
	const struct request *a = &x->r, *b = &y->r;

	return x->greeting == y->greeting && x->request == y->request && x->used == y->used &&
	       x->greeting_used == y->greeting_used && x->offered == y->offered &&
	       x->reader.error == y->reader.error && a->version == b->version &&
	       a->command == b->command && a->port == b->port && ip_equal(&a->ip, &b->ip) &&
	       a->name_len == b->name_len && memcmp(a->name, b->name, sizeof a->name) == 0;
}

/* The greeting has as many bytes as it says, and what it offers stands in it. */
static void check_greeting(const struct outcome *o, const uint8_t *data)
{
	const uint8_t *methods = data + 2;
	size_t count;

	if (o->greeting_used == 0) {
		expect(data[0] != SOCKS5);
		return;
	}
	count = data[1];
	expect(data[0] == SOCKS5 && o->greeting_used == 2 + count);
	expect((memchr(methods, 0, count) != NULL) == ((o->offered & OFFER_NOTHING) != 0));
	expect((memchr(methods, 2, count) != NULL) == ((o->offered & OFFER_PASSWORD) != 0));
	expect((o->offered & ~(OFFER_NOTHING | OFFER_PASSWORD)) == 0);
}

static void check_request(const struct outcome *o, const uint8_t *data)
{
	const struct request *r = &o->r;
	size_t used = o->used - o->greeting_used;

	expect(r->command == COMMAND_CONNECT || r->command == COMMAND_BIND);
	expect(strlen(r->name) == r->name_len);
	expect(used == (data[3] == 1 ? 10u : data[3] == 4 ? 22u : 7u + r->name_len));
	expect(r->port == (data[used - 2] << 8 | data[used - 1]));
	expect((r->name_len > 0) == (data[3] == 3));
	expect(data[3] != 1 || ip_is_v4(&r->ip));
	for (size_t i = 0; i < r->name_len; i++)
		expect((uint8_t)r->name[i] > 0x20 && r->name[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct outcome whole, cut;

	if (len < 2)
		return 0;
	read_both(&whole, data + 1, len - 1, len);
	read_both(&cut, data + 1, len - 1, data[0] % 32u + 1u);
	expect(same(&whole, &cut));
	expect((whole.request == PARSE_MALFORMED) == (whole.reader.error != REQUEST_OK));
	if (whole.greeting == PARSE_DONE)
		check_greeting(&whole, data + 1);
	if (whole.request == PARSE_DONE)
		check_request(&whole, data + 1 + whole.greeting_used);
	return 0;
}

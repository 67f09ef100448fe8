/*
 * hop: requests of every length in pieces of every size, and replies of every form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/hop.h"

#define LITERAL(s) (s), sizeof(s) - 1

/* The whole of a request in pieces of 'piece' octets, each flush against a guard page. */
static size_t collect(const struct hop_request *r, size_t piece, uint8_t *out)
{
	uint8_t *buf = guard_copy(out, piece);
	size_t at = 0, n;

	while ((n = hop_request(r, at, buf, piece)) > 0) {
		assert_true(n <= piece);
		memcpy(out + at, buf, n);
		at += n;
		if (n < piece)
			assert_int_equal(hop_request(r, at, buf, piece), 0);
	}
	guard_free(buf, piece);
	return at;
}

static void says(const struct hop_request *r, const char *expected, size_t len)
{
	for (size_t piece = 1; piece <= len + 1; piece++) {
		uint8_t got[1024] = {0};

		assert_int_equal(collect(r, piece, got), len);
		assert_memory_equal(got, expected, len);
	}
	for (size_t skip = 0; skip <= len + 300; skip++) {
		uint8_t got[1024];
		size_t left = skip < len ? len - skip : 0;

		assert_int_equal(hop_request(r, skip, got, sizeof got), left);
		if (left > 0)
			assert_memory_equal(got, expected + skip, left);
	}
}

static void by_address(void **state)
{
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = "Fred"};

	(void)state;
	r.to.ip = ip_v4(66, 102, 7, 99);
	r.to.port = 80;
	says(&r, LITERAL("\x04\x01\x00\x50\x42\x66\x07\x63"
			 "Fred\0"));
	r.command = COMMAND_BIND;
	r.to.port = 0xfedc;
	r.userid = "";
	says(&r, LITERAL("\x04\x02\xfe\xdc\x42\x66\x07\x63\0"));
}

static void by_name(void **state)
{
	struct hop_request r = {.command = COMMAND_BIND, .userid = "Fred", .name = "example.com"};

	(void)state;
	r.to.ip = ip_v4(10, 1, 2, 3); /* not looked at */
	r.to.port = 21;
	says(&r, LITERAL("\x04\x02\x00\x15\x00\x00\x00\x01"
			 "Fred\0example.com\0"));
	r.userid = "";
	says(&r, LITERAL("\x04\x02\x00\x15\x00\x00\x00\x01\0example.com\0"));
}

static void longest(void **state)
{
	char userid[256], name[256], expected[520];
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = userid, .name = name};

	(void)state;
	memset(userid, 'u', 255);
	memset(name, 'n', 255);
	userid[255] = name[255] = '\0';
	r.to.port = 65535;
	memcpy(expected, "\x04\x01\xff\xff\0\0\0\x01", 8);
	memcpy(expected + 8, userid, 256);
	memcpy(expected + 264, name, 256);
	says(&r, expected, 520);
}

struct outcome {
	enum parse answer;
	size_t used;
	struct hop_reply reply;
};

static void read_cut(struct outcome *o, const uint8_t *data, size_t len, size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	size_t start = 0;

	memset(o, 0, sizeof *o);
	o->answer = PARSE_MORE;
	for (unsigned i = 0; i < 3 && o->answer == PARSE_MORE; i++) {
		size_t piece_len = ends[i] - start, used = SIZE_MAX;
		uint8_t *piece = guard_copy(data + start, piece_len);

		o->answer = hop_read(&o->reply, piece, piece_len, &used);
		guard_free(piece, piece_len);
		assert_true(used <= piece_len);
		if (o->answer == PARSE_MORE)
			assert_int_equal(used, piece_len);
		o->used += used;
		start = ends[i];
	}
}

static void done(const char *text, size_t len, uint8_t code, struct address at)
{
	const uint8_t *data = (const uint8_t *)text;
	struct outcome o;
	struct address got;

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			read_cut(&o, data, len, a, b);
			assert_int_equal(o.answer, PARSE_DONE);
			assert_int_equal(o.used, SOCKS4_REPLY_LEN);
			assert_int_equal(hop_code(&o.reply), code);
			got = hop_address(&o.reply);
			assert_true(address_equal(&got, &at));
		}
	for (size_t n = 0; n < SOCKS4_REPLY_LEN; n++)
		for (size_t a = 0; a <= n; a++) {
			read_cut(&o, data, n, a, n);
			assert_int_equal(o.answer, PARSE_MORE);
		}
}

static void replies(void **state)
{
	struct address at = {.ip = ip_v4(198, 51, 100, 7), .port = 0xabcd};
	struct address zero = {.ip = ip_v4(0, 0, 0, 0)};

	(void)state;
	done(LITERAL("\x00\x5a\xab\xcd\xc6\x33\x64\x07"), 90, at);
	done(LITERAL("\x04\x5a\xab\xcd\xc6\x33\x64\x07"), 90, at);
	done(LITERAL("\x00\x5b\0\0\0\0\0\0"), 91, zero);
	done(LITERAL("\x00\x5c\0\0\0\0\0\0"), 92, zero);
	done(LITERAL("\x00\x5d\0\0\0\0\0\0"), 93, zero);
	done(LITERAL("\x00\x00\0\0\0\0\0\0"), 0, zero);
	done(LITERAL("\x00\xff\0\0\0\0\0\0"), 255, zero);
}

/* What stands behind the reply comes from the destination, or from the second reply. */
static void stops_behind_the_reply(void **state)
{
	struct address at = {.ip = ip_v4(192, 0, 2, 1), .port = 21};

	(void)state;
	done(LITERAL("\x00\x5a\x00\x15\xc0\x00\x02\x01"
		     "220 ready\r\n"),
		90, at);
}

/* No octet behind a wrong VN is waited for. */
static void other_versions(void **state)
{
	(void)state;
	for (unsigned vn = 0; vn <= UINT8_MAX; vn++) {
		uint8_t data[SOCKS4_REPLY_LEN] = {(uint8_t)vn, SOCKS4_GRANTED};
		bool good = vn == 0 || vn == 4;
		struct outcome o;

		for (size_t len = 1; len <= sizeof data; len++) {
			read_cut(&o, data, len, len, len);
			if (good)
				assert_int_equal(
					o.answer, len < sizeof data ? PARSE_MORE : PARSE_DONE);
			else
				assert_int_equal(o.answer, PARSE_MALFORMED);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_address),
		cmocka_unit_test(by_name),
		cmocka_unit_test(longest),
		cmocka_unit_test(replies),
		cmocka_unit_test(stops_behind_the_reply),
		cmocka_unit_test(other_versions),
	};

	return cmocka_run_group_tests_name("hop", tests, NULL, NULL);
}

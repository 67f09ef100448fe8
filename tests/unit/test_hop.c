/*
 * hop: messages of every length in pieces of every size, replies of every form at every cut, and what follows them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/hop.h"
#include "../skip.h"

#define LITERAL(s) (s), sizeof(s) - 1

static void needs_socks5(void)
{
	if (!CONFIG_ANKLET_SOCKS5)
		skip_because("built without SOCKS5");
}

static struct hop at_step(uint8_t version, enum hop_step step)
{
	struct hop hop;

	hop_begin(&hop, version);
	hop.step = (uint8_t)step;
	return hop;
}

/* The whole of a message in pieces of 'piece' bytes, each flush against a guard page. */
static size_t collect(
	const struct hop *hop, const struct hop_request *r, size_t piece, uint8_t *out)
{
	uint8_t *buf = guard_copy(out, piece);
	size_t at = 0, n;

	while ((n = hop_message(hop, r, at, buf, piece)) > 0) {
		assert_true(n <= piece);
		memcpy(out + at, buf, n);
		at += n;
		if (n < piece)
			assert_int_equal(hop_message(hop, r, at, buf, piece), 0);
	}
	guard_free(buf, piece);
	return at;
}

static void says(
	const struct hop *hop, const struct hop_request *r, const char *expected, size_t len)
{
	for (size_t piece = 1; piece <= len + 1; piece++) {
		uint8_t got[1024] = {0};

		assert_int_equal(collect(hop, r, piece, got), len);
		assert_memory_equal(got, expected, len);
	}
	for (size_t skip = 0; skip <= len + 300; skip++) {
		uint8_t got[1024];
		size_t left = skip < len ? len - skip : 0;

		assert_int_equal(hop_message(hop, r, skip, got, sizeof got), left);
		if (left > 0)
			assert_memory_equal(got, expected + skip, left);
	}
}

static void socks4_by_address(void **state)
{
	struct hop hop = at_step(4, HOP_REQUEST);
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = "Fred"};

	(void)state;
	r.to.ip = ip_v4(66, 102, 7, 99);
	r.to.port = 80;
	says(&hop, &r,
		LITERAL("\x04\x01\x00\x50\x42\x66\x07\x63"
			"Fred\0"));
	r.command = COMMAND_BIND;
	r.to.port = 0xfedc;
	r.userid = "";
	says(&hop, &r, LITERAL("\x04\x02\xfe\xdc\x42\x66\x07\x63\0"));
}

static void socks4_by_name(void **state)
{
	struct hop hop = at_step(4, HOP_REQUEST);
	struct hop_request r = {.command = COMMAND_BIND, .userid = "Fred", .name = "example.com"};

	(void)state;
	r.to.ip = ip_v4(10, 1, 2, 3); /* not looked at */
	r.to.port = 21;
	says(&hop, &r,
		LITERAL("\x04\x02\x00\x15\x00\x00\x00\x01"
			"Fred\0example.com\0"));
	r.userid = "";
	says(&hop, &r, LITERAL("\x04\x02\x00\x15\x00\x00\x00\x01\0example.com\0"));
}

static void socks4_longest(void **state)
{
	char userid[256], name[256], expected[520];
	struct hop hop = at_step(4, HOP_REQUEST);
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = userid, .name = name};

	(void)state;
	memset(userid, 'u', 255);
	memset(name, 'n', 255);
	userid[255] = name[255] = '\0';
	r.to.port = 65535;
	memcpy(expected, "\x04\x01\xff\xff\0\0\0\x01", 8);
	memcpy(expected + 8, userid, 256);
	memcpy(expected + 264, name, 256);
	says(&hop, &r, expected, 520);
}

/* The method with a password is offered by whoever has one only. */
static void socks5_greeting(void **state)
{
	struct hop hop = at_step(5, HOP_GREETING);
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = "Fred"};

	(void)state;
	needs_socks5();
	says(&hop, &r, LITERAL("\x05\x01\x00"));
	r.password = "";
	says(&hop, &r, LITERAL("\x05\x02\x00\x02"));
}

static void socks5_password(void **state)
{
	struct hop hop = at_step(5, HOP_PASSWORD);
	struct hop_request r = {.userid = "Fred", .password = "secret"};
	char longest[256], expected[513] = "\x01\xff";

	(void)state;
	needs_socks5();
	says(&hop, &r,
		LITERAL("\x01\x04"
			"Fred\x06secret"));
	r.userid = r.password = "";
	says(&hop, &r, LITERAL("\x01\x00\x00"));
	memset(longest, 'x', 255);
	longest[255] = '\0';
	r.userid = r.password = longest;
	memset(expected + 2, 'x', 511);
	expected[257] = (char)255;
	says(&hop, &r, expected, 513);
}

static void socks5_request(void **state)
{
	struct hop hop = at_step(5, HOP_REQUEST);
	struct hop_request r = {.command = COMMAND_CONNECT, .userid = "Fred"};
	char name[256], expected[262] = "\x05\x01\x00\x03\xff";

	(void)state;
	needs_socks5();
	r.to.ip = ip_v4(66, 102, 7, 99);
	r.to.port = 80;
	says(&hop, &r, LITERAL("\x05\x01\x00\x01\x42\x66\x07\x63\x00\x50"));
	assert_true(ip_parse("2001:db8::a", 11, &r.to.ip));
	r.command = COMMAND_BIND;
	says(&hop, &r,
		LITERAL("\x05\x02\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a\x00\x50"));
	r.name = "example.com";
	says(&hop, &r,
		LITERAL("\x05\x02\x00\x03\x0b"
			"example.com\x00\x50"));
	memset(name, 'n', 255);
	name[255] = '\0';
	r.name = name;
	r.command = COMMAND_CONNECT;
	r.to.port = 0xfedc;
	memcpy(expected + 5, name, 255);
	memcpy(expected + 260, "\xfe\xdc", 2);
	says(&hop, &r, expected, 262);
}

struct outcome {
	enum parse answer;
	size_t used;
	struct hop hop;
};

static void read_cut(struct outcome *o, const struct hop *hop, const uint8_t *data, size_t len,
	size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	size_t start = 0;

	*o = (struct outcome){.answer = PARSE_MORE, .hop = *hop};
	for (unsigned i = 0; i < 3 && o->answer == PARSE_MORE; i++) {
		size_t piece_len = ends[i] - start, used = SIZE_MAX;
		uint8_t *piece = guard_copy(data + start, piece_len);

		o->answer = hop_read(&o->hop, piece, piece_len, &used);
		guard_free(piece, piece_len);
		assert_true(used <= piece_len);
		if (o->answer == PARSE_MORE)
			assert_int_equal(used, piece_len);
		o->used += used;
		start = ends[i];
	}
}

/* A reply of 'whole' bytes; what stands after it comes from the destination, or is the next reply. */
static void done(const struct hop *hop, const char *text, size_t len, size_t whole, uint8_t code,
	struct address at)
{
	const uint8_t *data = (const uint8_t *)text;
	struct outcome o;
	struct address got;

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			read_cut(&o, hop, data, len, a, b);
			assert_int_equal(o.answer, PARSE_DONE);
			assert_int_equal(o.used, whole);
			assert_int_equal(hop_code(&o.hop), code);
			if (code != 0 && hop->version == 5)
				continue;
			got = hop_address(&o.hop);
			assert_true(address_equal(&got, &at));
		}
	for (size_t n = 0; n < whole; n++)
		for (size_t a = 0; a <= n; a++) {
			read_cut(&o, hop, data, n, a, n);
			assert_int_equal(o.answer, PARSE_MORE);
		}
}

static void socks4_replies(void **state)
{
	struct address at = {.ip = ip_v4(198, 51, 100, 7), .port = 0xabcd};
	struct address zero = {.ip = ip_v4(0, 0, 0, 0)};
	struct hop hop = at_step(4, HOP_REQUEST);

	(void)state;
	done(&hop, LITERAL("\x00\x5a\xab\xcd\xc6\x33\x64\x07"), 8, 90, at);
	done(&hop, LITERAL("\x04\x5a\xab\xcd\xc6\x33\x64\x07"), 8, 90, at);
	done(&hop, LITERAL("\x00\x5b\0\0\0\0\0\0"), 8, 91, zero);
	done(&hop, LITERAL("\x00\x5c\0\0\0\0\0\0"), 8, 92, zero);
	done(&hop, LITERAL("\x00\x5d\0\0\0\0\0\0"), 8, 93, zero);
	done(&hop, LITERAL("\x00\x00\0\0\0\0\0\0"), 8, 0, zero);
	done(&hop, LITERAL("\x00\xff\0\0\0\0\0\0"), 8, 255, zero);
	done(&hop,
		LITERAL("\x00\x5a\xab\xcd\xc6\x33\x64\x07"
			"220 ready\r\n"),
		8, 90, at);
}

static void socks5_replies(void **state)
{
	struct address at = {.ip = ip_v4(198, 51, 100, 7), .port = 0xabcd};
	struct hop greeting = at_step(5, HOP_GREETING), password = at_step(5, HOP_PASSWORD);
	struct hop request = at_step(5, HOP_REQUEST);

	(void)state;
	needs_socks5();
	done(&request, LITERAL("\x05\0\0\x01\xc6\x33\x64\x07\xab\xcd"), 10, 0, at);
	done(&request, LITERAL("\x05\0\xff\x01\xc6\x33\x64\x07\xab\xcd\x05\0"), 10, 0, at);
	assert_true(ip_parse("2001:db8::a", 11, &at.ip));
	done(&request, LITERAL("\x05\0\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x0a\xab\xcd!!"),
		22, 0, at);
	/* A name is read and not used: nothing but its port is. */
	at.ip = ip_v4(0, 0, 0, 0);
	done(&request, LITERAL("\x05\0\0\x03\x00\xab\xcd!"), 7, 0, at);
	done(&request, LITERAL("\x05\0\0\x03\x01x\xab\xcd!"), 8, 0, at);
	done(&request, LITERAL("\x05\0\0\x03\x10long.example.com\xab\xcd"), 23, 0, at);
	done(&request, LITERAL("\x05\0\0\x03\x14much.longer.example.\xab\xcd"), 27, 0, at);
	/* A refusal is one, however much of it comes. */
	for (char rep = 1; rep <= 9; rep++) {
		const char reply[] = {5, rep, 0, 1, 0, 0, 0, 0, 0, 0};

		for (size_t len = 2; len <= sizeof reply; len++)
			done(&request, reply, len, 2, (uint8_t)rep, at);
	}
	done(&greeting, LITERAL("\x05\x02\x05"), 2, 2, at);
	done(&greeting, LITERAL("\x05\xff"), 2, 255, at);
	done(&password, LITERAL("\x01\x01"), 2, 1, at);
	done(&password, LITERAL("\x05\x01"), 2, 1, at); /* the wrong VER, by some */
}

static void socks5_longest_name(void **state)
{
	struct address at = {.ip = ip_v4(0, 0, 0, 0), .port = 0xabcd};
	struct hop request = at_step(5, HOP_REQUEST);
	struct outcome o;
	struct address got;
	uint8_t data[263] = {5, 0, 0, 3, 255};

	(void)state;
	needs_socks5();
	memset(data + 5, 'n', 255);
	memcpy(data + 260, "\xab\xcd!", 3);
	for (size_t a = 0; a <= sizeof data; a++) {
		read_cut(&o, &request, data, sizeof data, a, sizeof data);
		assert_int_equal(o.answer, PARSE_DONE);
		assert_int_equal(o.used, 262);
		got = hop_address(&o.hop);
		assert_true(address_equal(&got, &at));
	}
}

/* No byte after a wrong one is waited for. */
static void wrong_byte(const struct hop *hop, size_t at, const char *allowed, size_t count)
{
	for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
		uint8_t first = hop->version == 4 ? 0 : hop->step == HOP_PASSWORD ? 1 : 5;
		uint8_t data[4] = {first, 0, 0, 1};
		bool good = memchr(allowed, (int)byte, count) != NULL;
		struct outcome o;

		data[at] = (uint8_t)byte;
		read_cut(&o, hop, data, at + 1, at, at + 1);
		if (good) {
			assert_int_equal(o.answer, PARSE_MORE);
			continue;
		}
		assert_int_equal(o.answer, PARSE_MALFORMED);
		assert_int_equal(o.used, at + 1);
	}
}

static void socks4_versions(void **state)
{
	struct hop hop = at_step(4, HOP_REQUEST);

	(void)state;
	wrong_byte(&hop, 0, LITERAL("\0\x04"));
}

static void socks5_versions(void **state)
{
	struct hop greeting = at_step(5, HOP_GREETING), password = at_step(5, HOP_PASSWORD);
	struct hop request = at_step(5, HOP_REQUEST);

	(void)state;
	needs_socks5();
	wrong_byte(&greeting, 0, LITERAL("\x05"));
	wrong_byte(&password, 0, LITERAL("\x01\x05"));
	wrong_byte(&request, 0, LITERAL("\x05"));
	wrong_byte(&request, 3, LITERAL("\x01\x03\x04"));
}

/* ---- From one message to the next ---- */

static enum hop_answer answered(
	struct hop *hop, const struct hop_request *r, const char *text, size_t len)
{
	size_t used;

	assert_int_equal(hop_read(hop, (const uint8_t *)text, len, &used), PARSE_DONE);
	return hop_answer(hop, r);
}

static void socks4_answers(void **state)
{
	struct hop_request r = {.command = COMMAND_CONNECT};
	struct hop hop;

	(void)state;
	hop_begin(&hop, 4);
	assert_int_equal(answered(&hop, &r, LITERAL("\0\x5a\0\0\0\0\0\0")), HOP_GRANTED);
	hop_begin_second(&hop, 4);
	assert_int_equal(answered(&hop, &r, LITERAL("\0\x5b\0\0\0\0\0\0")), HOP_REFUSED);
}

static void socks5_answers(void **state)
{
	struct hop_request r = {.command = COMMAND_BIND};
	struct hop hop;

	(void)state;
	needs_socks5();
	hop_begin(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\0")), HOP_NEXT);
	assert_int_equal(hop.step, HOP_REQUEST);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\0\0\x01\0\0\0\0\0\0")), HOP_GRANTED);
	hop_begin_second(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\x05")), HOP_REFUSED);
	/* Nobody has offered a password. */
	hop_begin(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\x02")), HOP_NO_METHOD);
	r.password = "secret";
	hop_begin(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\x02")), HOP_NEXT);
	assert_int_equal(hop.step, HOP_PASSWORD);
	assert_int_equal(answered(&hop, &r, LITERAL("\x01\0")), HOP_NEXT);
	assert_int_equal(hop.step, HOP_REQUEST);
	hop_begin(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\0")), HOP_NEXT);
	assert_int_equal(hop.step, HOP_REQUEST);
	hop_begin(&hop, 5);
	assert_int_equal(answered(&hop, &r, LITERAL("\x05\xff")), HOP_NO_METHOD);
	hop = at_step(5, HOP_PASSWORD);
	assert_int_equal(answered(&hop, &r, LITERAL("\x01\x01")), HOP_NO_PASSWORD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(socks4_by_address),
		cmocka_unit_test(socks4_by_name),
		cmocka_unit_test(socks4_longest),
		cmocka_unit_test(socks5_greeting),
		cmocka_unit_test(socks5_password),
		cmocka_unit_test(socks5_request),
		cmocka_unit_test(socks4_replies),
		cmocka_unit_test(socks5_replies),
		cmocka_unit_test(socks5_longest_name),
		cmocka_unit_test(socks4_versions),
		cmocka_unit_test(socks5_versions),
		cmocka_unit_test(socks4_answers),
		cmocka_unit_test(socks5_answers),
	};

	return cmocka_run_group_tests_name("hop", tests, NULL, NULL);
}

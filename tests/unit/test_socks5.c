/*
 * socks5: greetings and requests in any pieces, every error, and the replies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/request.h"
#include "protocol/socks5.h"
#include "room.h"

#define WHOLE_MAX 640 /* bytes of the longest conversation here */

/* What has come of a greeting, and of the request after it. */
struct outcome {
	enum parse greeting, request; /* the latter MORE where the greeting is not whole */
	size_t used;
	uint8_t offered;
	struct request_reader reader;
	struct request r;
};

/* As a session reads: one message after the other, each by its own reader. */
static void read_piece(struct outcome *o, const uint8_t *data, size_t len)
{
	uint8_t *piece = guard_copy(data, len);
	size_t used = 0;

	if (o->greeting == PARSE_MORE) {
		o->greeting = request_read(STAGE_GREETING, &o->reader, &o->r, piece, len, &used);
		assert_true(used <= len);
		assert_int_not_equal(o->greeting, PARSE_MALFORMED);
		if (o->greeting == PARSE_MORE)
			assert_int_equal(used, len);
		o->used += used;
		if (o->greeting == PARSE_DONE) {
			o->offered = o->reader.offered;
			memset(&o->reader, 0, sizeof o->reader);
		}
	}
	if (o->greeting == PARSE_DONE && o->request == PARSE_MORE) {
		size_t rest = len - used, more = 0;

		o->request =
			request_read(STAGE_REQUEST, &o->reader, &o->r, piece + used, rest, &more);
		assert_true(more <= rest);
		if (o->request == PARSE_MORE)
			assert_int_equal(more, rest);
		o->used += more;
	}
	guard_free(piece, len);
}

/* Reads data in three pieces that end at a, b and len; empty ones are pieces too. */
static void read_cut(struct outcome *o, const uint8_t *data, size_t len, size_t a, size_t b)
{
	needs(CONFIG_ANKLET_SOCKS5);
	memset(o, 0, sizeof *o);
	o->greeting = o->request = PARSE_MORE;
	read_piece(o, data, a);
	read_piece(o, data + a, b - a);
	read_piece(o, data + b, len - b);
}

static void same_outcome(const struct outcome *a, const struct outcome *b)
{
	assert_int_equal(a->greeting, b->greeting);
	assert_int_equal(a->request, b->request);
	assert_int_equal(a->used, b->used);
	assert_int_equal(a->offered, b->offered);
	assert_memory_equal(&a->reader, &b->reader, sizeof a->reader);
	assert_memory_equal(&a->r, &b->r, sizeof a->r);
}

/* Reads data at once, then cut in two and three at every place: the outcome must be one. */
static void read_every_way(struct outcome *whole, const void *data, size_t len)
{
	struct outcome cut;
	size_t step = len < 64 ? 1 : len / 24; /* the second cut of long ones: some places */

	read_cut(whole, data, len, len, len);
	for (size_t a = 0; a <= len; a++) {
		read_cut(&cut, data, len, a, len);
		same_outcome(whole, &cut);
		for (size_t b = a; b <= len; b += step) {
			read_cut(&cut, data, len, a, b);
			same_outcome(whole, &cut);
		}
	}
}

#define LITERAL(s) (s), sizeof(s) - 1
#define GREETING "\x05\x01\x00" /* no way to say who it is */
#define EARLY "\x16\x03\x01 early data"

/* A greeting, the request, and what the client sends after it. */
static size_t join(uint8_t *out, const char *request, size_t len)
{
	memcpy(out, LITERAL(GREETING));
	memcpy(out + 3, request, len);
	memcpy(out + 3 + len, LITERAL(EARLY));
	return 3 + len;
}

static void done(struct outcome *o, const char *request, size_t len)
{
	uint8_t data[WHOLE_MAX];
	size_t end = join(data, request, len);

	read_every_way(o, data, end + sizeof EARLY - 1);
	assert_int_equal(o->request, PARSE_DONE);
	assert_int_equal(o->used, end);
	assert_int_equal(o->reader.error, REQUEST_OK);
	assert_int_equal(o->r.version, 5);
	assert_int_equal(o->r.userid_len, 0);
	assert_int_equal(strlen(o->r.name), o->r.name_len);
}

/* It is malformed at the byte 'at' of the request, the first being 1. */
static void malformed(const char *request, size_t len, enum request_error error, size_t at)
{
	uint8_t data[WHOLE_MAX];
	size_t end = join(data, request, len);
	struct outcome o;

	read_every_way(&o, data, end + sizeof EARLY - 1);
	assert_int_equal(o.request, PARSE_MALFORMED);
	assert_int_equal(o.reader.error, error);
	assert_int_equal(o.used, 3 + at);
}

/* ---- The greeting ---- */

static void greeting(const void *data, size_t len, size_t used, unsigned offered)
{
	struct outcome o;

	read_every_way(&o, data, len);
	assert_int_equal(o.greeting, PARSE_DONE);
	assert_int_equal(o.r.version, 5);
	assert_true(o.used >= used);
	assert_int_equal(o.offered, offered);
}

#define NONE OFFER_NOTHING
#define PASSWORD OFFER_PASSWORD

static void methods_are_noted_and_unknown_ones_skipped(void **state)
{
	(void)state;
	greeting(LITERAL("\x05\x01\x00"), 3, NONE);
	greeting(LITERAL("\x05\x01\x02"), 3, PASSWORD);
	greeting(LITERAL("\x05\x03\x00\x01\x02"), 5, NONE | PASSWORD);
	greeting(LITERAL("\x05\x04\x80\x82\x01\xff"), 6, 0);
	greeting(LITERAL("\x05\x02\x02\x00\x05"), 4, NONE | PASSWORD);
	greeting(LITERAL("\x05\x01\x03\x05"), 3, 0);
}

static void a_greeting_without_methods_is_whole(void **state)
{
	struct outcome o;

	(void)state;
	greeting(LITERAL("\x05\x00"), 2, 0);
	read_every_way(&o, "\x05\x00\x04", 3);
	assert_int_equal(o.used, 3); /* what follows is the request */
	assert_int_equal(o.reader.error, REQUEST_BAD_VERSION);
}

static void greeting_of_255_methods(void **state)
{
	uint8_t data[2 + 255 + 2] = {5, 255};

	(void)state;
	memset(data + 2, 0x80, 255);
	greeting(data, 2 + 255, 2 + 255, 0);
	data[2] = 2;
	data[2 + 254] = 0;
	data[2 + 255] = 0; /* of no greeting any more */
	greeting(data, sizeof data - 1, 2 + 255, NONE | PASSWORD);
	data[2 + 254] = 0x80;
	greeting(data, sizeof data - 1, 2 + 255, PASSWORD);
}

static void every_prefix_of_a_greeting_wants_more(void **state)
{
	static const uint8_t data[] = {5, 3, 0, 1, 2};
	struct outcome o;

	(void)state;
	for (size_t len = 0; len < sizeof data; len++) {
		read_every_way(&o, data, len);
		assert_int_equal(o.greeting, PARSE_MORE);
		assert_int_equal(o.used, len);
	}
}

/* Whoever speaks another protocol has no greeting, and not a byte is taken of what it says. */
static void others_have_none(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_SOCKS5);
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t data[] = {(uint8_t)byte, 1, 0};
		struct request_reader reader = {0};
		struct request r = {0};
		size_t used = 7;

		if (byte == 5)
			continue;
		assert_int_equal(
			request_read(STAGE_GREETING, &reader, &r, data, sizeof data, &used),
			PARSE_DONE);
		assert_int_equal(used, 0);
		assert_int_equal(r.version, byte);
	}
}

/* The answer to what the stage is about. */
static void answers(enum stage stage, enum verdict verdict, const char *bytes)
{
	static const struct address nowhere;
	uint8_t buf[REPLY_ROOM];
	size_t len;
	const void *reply = reply_bytes(5, stage, verdict, &nowhere, buf, &len);

	assert_int_equal(len, 2);
	assert_memory_equal(reply, bytes, 2);
	assert_int_equal(reply_code(5, stage, verdict), (uint8_t)bytes[1]);
}

static void answers_to_a_greeting(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_SOCKS5);
	answers(STAGE_GREETING, VERDICT_GRANTED, "\x05\x00");
	if (CONFIG_ANKLET_PASSWORDS)
		answers(STAGE_GREETING, VERDICT_PASSWORD, "\x05\x02");
	for (unsigned verdict = VERDICT_FAILED; verdict <= VERDICT_OTHER_USERID; verdict++)
		answers(STAGE_GREETING, (enum verdict)verdict, "\x05\xff");
}

/* ---- A name and its password ---- */

static void read_password_cut(
	struct outcome *o, const uint8_t *data, size_t len, size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	size_t start = 0;

	needs(CONFIG_ANKLET_PASSWORDS);
	memset(o, 0, sizeof *o);
	o->r.version = 5;
	o->request = PARSE_MORE;
	for (unsigned i = 0; i < 3 && o->request == PARSE_MORE; i++) {
		size_t piece_len = ends[i] - start, used = 7;
		uint8_t *piece = guard_copy(data + start, piece_len);

		o->request =
			request_read(STAGE_PASSWORD, &o->reader, &o->r, piece, piece_len, &used);
		guard_free(piece, piece_len);
		assert_true(used <= piece_len);
		o->used += used;
		start = ends[i];
	}
}

static void password(
	struct outcome *o, const void *data, size_t len, enum parse answer, size_t used)
{
	struct outcome cut;

	read_password_cut(o, data, len, len, len);
	for (size_t a = 0; a <= len; a++) {
		for (size_t b = a; b <= len; b += len < 64 ? 1 : len / 16) {
			read_password_cut(&cut, data, len, a, b);
			same_outcome(o, &cut);
		}
	}
	assert_int_equal(o->request, answer);
	assert_int_equal(o->used, used);
}

static void name_and_password(void **state)
{
	struct outcome o;

	(void)state;
	password(&o,
		"\x01\x04"
		"fred"
		"\x06"
		"secret"
		"\x05",
		14, PARSE_DONE, 13);
	assert_string_equal(o.r.userid, "fred");
	assert_int_equal(o.r.userid_len, 4);
	assert_memory_equal(o.r.name, "secret", 6);
	assert_int_equal(o.r.name_len, 6);
	password(&o,
		"\x01\x01"
		"u"
		"\x00"
		"\x05",
		5, PARSE_DONE, 4);
	assert_int_equal(o.r.name_len, 0);
	password(&o,
		"\x01\x00\x01"
		"p"
		"\x05",
		5, PARSE_DONE, 4);
	assert_int_equal(o.r.userid_len, 0);
	password(&o, "\x01\x00\x00\x05", 4, PARSE_DONE, 3);
	password(&o,
		"\x01\x02"
		"a\0"
		"\x02"
		"\0b",
		7, PARSE_DONE, 7);
	assert_int_equal(o.r.userid_len, 2);
	assert_memory_equal(o.r.name, "\0b", 2);
	for (size_t len = 0; len < 13; len++)
		password(&o,
			"\x01\x04"
			"fred"
			"\x06"
			"secret",
			len, PARSE_MORE, len);
}

static void long_names_and_passwords(void **state)
{
	uint8_t data[3 + 255 + 255];
	struct outcome o;
	size_t user = CONFIG_ANKLET_USERID_MAX, len = CONFIG_ANKLET_NAME_MAX;

	(void)state;
	memset(data, 'x', sizeof data);
	data[0] = 1;
	data[1] = (uint8_t)user;
	data[2 + user] = (uint8_t)len;
	password(&o, data, 3 + user + len, PARSE_DONE, 3 + user + len);
	assert_int_equal(o.r.userid_len, user);
	assert_int_equal(o.r.name_len, len);
	if (len < 255) {
		data[2 + user]++;
		password(&o, data, 3 + user, PARSE_MALFORMED, 3 + user);
		assert_int_equal(o.reader.error, REQUEST_LONG_PASSWORD);
	}
	if (user < 255) {
		data[1]++;
		password(&o, data, 3, PARSE_MALFORMED, 2);
		assert_int_equal(o.reader.error, REQUEST_LONG_USERID);
	}
}

static void version_of_the_password(void **state)
{
	struct outcome o;

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t data[] = {(uint8_t)byte, 1, 'u', 1, 'p'};

		password(&o, data, sizeof data, byte == 1 ? PARSE_DONE : PARSE_MALFORMED,
			byte == 1 ? sizeof data : 1);
		assert_int_equal(o.reader.error, byte == 1 ? REQUEST_OK : REQUEST_BAD_VERSION);
	}
}

/* The answer's version is 1, too. */
static void answers_to_a_password(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_PASSWORDS);
	answers(STAGE_PASSWORD, VERDICT_GRANTED, "\x01\x00");
	for (unsigned verdict = VERDICT_FAILED; verdict <= VERDICT_OTHER_USERID; verdict++)
		answers(STAGE_PASSWORD, (enum verdict)verdict, "\x01\x01");
}

/* ---- The request ---- */

#define CONNECT "\x05\x01\x00"
#define BIND "\x05\x02\x00"

static void by_ipv4(void **state)
{
	struct ip expected = ip_v4(10, 1, 2, 3);
	struct outcome o;

	(void)state;
	done(&o, LITERAL(CONNECT "\x01\x0a\x01\x02\x03\x00\x50"));
	assert_int_equal(o.r.command, COMMAND_CONNECT);
	assert_int_equal(o.r.port, 80);
	assert_int_equal(o.r.name_len, 0);
	assert_true(ip_equal(&o.r.ip, &expected));
	done(&o, LITERAL(BIND "\x01\x00\x00\x00\x00\xff\xfe"));
	assert_int_equal(o.r.command, COMMAND_BIND);
	assert_int_equal(o.r.port, 65534);
	expected = ip_v4(0, 0, 0, 0);
	assert_true(ip_equal(&o.r.ip, &expected));
}

/* An address of IPv4 within one of IPv6 is that one. */
static void by_ipv6(void **state)
{
	struct ip expected, v4 = ip_v4(192, 0, 2, 1);
	struct outcome o;

	(void)state;
	needs(CONFIG_ANKLET_IPV6);
	done(&o, LITERAL(CONNECT "\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x01\xbb"));
	assert_true(ip_parse("2001:db8::5", 11, &expected));
	assert_true(ip_equal(&o.r.ip, &expected));
	assert_int_equal(o.r.port, 443);
	done(&o, LITERAL(CONNECT "\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01\x01\xbb"));
	assert_true(ip_equal(&o.r.ip, &v4));
	done(&o, LITERAL(BIND "\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
	assert_true(ip_is_zero(&o.r.ip));
	assert_int_equal(o.r.port, 0);
}

static void by_name(void **state)
{
	static const char *const names[] = {"a", "www.example.com.", "xn--bcher-kva.example",
		"_a_.b", "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "\x80\xff"};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint8_t len = (uint8_t)strlen(names[i]);
		char request[64] = CONNECT "\x03";

		request[4] = (char)len;
		memcpy(request + 5, names[i], len);
		request[5 + len] = 0x1f;
		request[6 + len] = (char)0x90;
		done(&o, request, 7u + len);
		assert_string_equal(o.r.name, names[i]);
		assert_int_equal(o.r.port, 8080);
	}
}

/* A name of 'len' bytes; room for 255. */
static size_t name_request(char *request, size_t len)
{
	memcpy(request, LITERAL(CONNECT "\x03"));
	request[4] = (char)len;
	memset(request + 5, 'n', len);
	memcpy(request + 5 + len, "\x00\x50", 2);
	return 5 + len + 2;
}

static void name_at_the_limit(void **state)
{
	char request[WHOLE_MAX];
	struct outcome o;
	size_t len = name_request(request, CONFIG_ANKLET_NAME_MAX);

	(void)state;
	done(&o, request, len);
	assert_int_equal(o.r.name_len, CONFIG_ANKLET_NAME_MAX);
	if (CONFIG_ANKLET_NAME_MAX < 255) {
		len = name_request(request, CONFIG_ANKLET_NAME_MAX + 1);
		malformed(request, len, REQUEST_LONG_NAME, 5);
	}
}

static void malformed_names(void **state)
{
	(void)state;
	malformed(LITERAL(CONNECT "\x03\x00\x00\x50"), REQUEST_EMPTY_NAME, 5);
	for (unsigned byte = 0; byte < 256; byte++) {
		char request[] = CONNECT "\x03\x03"
					 "a?b\x00\x50";
		struct outcome o;

		request[6] = (char)byte;
		if (byte <= 0x20 || byte == 0x7f) {
			malformed(request, sizeof request - 1, REQUEST_BAD_NAME, 7);
		} else {
			done(&o, request, sizeof request - 1);
			assert_int_equal((uint8_t)o.r.name[1], byte);
		}
	}
}

static void version_of_the_request(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char request[] = CONNECT "\x01\x0a\x01\x02\x03\x00\x50";
		struct outcome o;

		request[0] = (char)byte;
		if (byte == 5)
			done(&o, request, sizeof request - 1);
		else
			malformed(request, sizeof request - 1, REQUEST_BAD_VERSION, 1);
	}
}

static void command(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char request[] = CONNECT "\x01\x0a\x01\x02\x03\x00\x50";
		struct outcome o;

		request[1] = (char)byte;
		if (byte == COMMAND_CONNECT || byte == COMMAND_BIND)
			done(&o, request, sizeof request - 1);
		else
			malformed(request, sizeof request - 1, REQUEST_BAD_COMMAND, 2);
	}
}

static void reserved_byte_is_ignored(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char request[] = CONNECT "\x01\x0a\x01\x02\x03\x00\x50";
		struct outcome o;

		request[2] = (char)byte;
		done(&o, request, sizeof request - 1);
	}
}

static void address_type(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char request[] = CONNECT "?\x0a\x01\x02\x03\x00\x50";

		request[3] = (char)byte;
		if (byte != 1 && byte != 3 && (byte != 4 || !CONFIG_ANKLET_IPV6))
			malformed(request, sizeof request - 1, REQUEST_BAD_ADDRESS_TYPE, 4);
	}
}

static void every_prefix_of_a_request_wants_more(void **state)
{
	static const char requests[][25] = {
		GREETING CONNECT "\x01\x0a\x01\x02\x03\x00\x50",
		GREETING CONNECT "\x03\x0b"
				 "example.com\x00\x50",
		GREETING BIND "\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\x01\xbb",
	};
	static const size_t lens[] = {13, 21, 25};

	(void)state;
	for (size_t i = 0; i < (CONFIG_ANKLET_IPV6 ? 3 : 2); i++) {
		for (size_t len = 3; len < lens[i]; len++) {
			struct outcome o;

			read_every_way(&o, requests[i], len);
			assert_int_equal(o.request, PARSE_MORE);
			assert_int_equal(o.used, len);
		}
	}
}

/* ---- Replies ---- */

static void replies(void **state)
{
	struct address at = {.ip = ip_v4(192, 0, 2, 7), .port = 8080}, none = {.port = 0};
	uint8_t reply[SOCKS5_REPLY_MAX + 1];

	(void)state;
	needs(CONFIG_ANKLET_SOCKS5);
	memset(reply, 0xee, sizeof reply);
	assert_int_equal(socks5_reply(STAGE_REQUEST, SOCKS5_GRANTED, &at, reply), 10);
	assert_memory_equal(reply, "\x05\x00\x00\x01\xc0\x00\x02\x07\x1f\x90", 10);
	assert_int_equal(socks5_reply(STAGE_REQUEST, SOCKS5_DENIED, &none, reply), 10);
	assert_memory_equal(reply, "\x05\x02\x00\x01\0\0\0\0\0\0", 10);
	assert_int_equal(reply[10], 0xee);
	if (!CONFIG_ANKLET_IPV6)
		return;
	assert_true(ip_parse("2001:db8::7", 11, &at.ip));
	assert_int_equal(socks5_reply(STAGE_REQUEST, SOCKS5_GRANTED, &at, reply), 22);
	assert_memory_equal(
		reply, "\x05\x00\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x1f\x90", 22);
	assert_int_equal(reply[SOCKS5_REPLY_MAX], 0xee);
}

static const struct {
	enum verdict verdict;
	uint8_t code;
} codes[] = {
	{VERDICT_GRANTED, 0},
	{VERDICT_FAILED, 1},
	{VERDICT_DENIED, 2},
	{VERDICT_NO_NETWORK, 3},
	{VERDICT_UNREACHABLE, 4},
	{VERDICT_CONNECTION_REFUSED, 5},
	{VERDICT_TIMEOUT, 6},
	{VERDICT_NO_COMMAND, 7},
	{VERDICT_NO_ADDRESS_TYPE, 8},
	{VERDICT_NO_IDENTD, 2},
	{VERDICT_OTHER_USERID, 2},
};

/* Each verdict has its code; one that refuses is told in ten bytes, whatever the address. */
static void each_verdict_has_a_reply(void **state)
{
	static const struct address nowhere;
	uint8_t buf[REPLY_ROOM];
	size_t len;

	(void)state;
	needs(CONFIG_ANKLET_SOCKS5);
	assert_int_equal(sizeof codes / sizeof *codes, VERDICT_OTHER_USERID);
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		const uint8_t *reply =
			reply_bytes(5, STAGE_REQUEST, codes[i].verdict, &nowhere, buf, &len);

		assert_int_equal(reply_code(5, STAGE_REQUEST, codes[i].verdict), codes[i].code);
		assert_int_equal(len, 10);
		assert_int_equal(reply[0], 5);
		assert_int_equal(reply[1], codes[i].code);
		assert_memory_equal(reply + 2, "\x00\x01\0\0\0\0\0\0", 8);
	}
	reply_bytes(5, STAGE_REQUEST, VERDICT_NONE, &nowhere, buf, &len);
	assert_int_equal(len, 0);
	reply_bytes(5, STAGE_GREETING, VERDICT_NONE, &nowhere, buf, &len);
	assert_int_equal(len, 0);
}

static void only_its_replies_hold_ipv6(void **state)
{
	(void)state;
	for (unsigned version = 0; version < 256; version++)
		assert_int_equal(
			reply_holds_ipv6((uint8_t)version), CONFIG_ANKLET_SOCKS5 && version == 5);
}

/* It is the first byte of the greeting that says whose request comes then. */
static void the_greeting_says_who_reads_the_request(void **state)
{
	static const uint8_t data[] = {5, 1, 0, 4, 1};
	struct request_reader reader = {0};
	struct request r = {0};
	size_t used;

	(void)state;
	needs(CONFIG_ANKLET_SOCKS5);
	assert_int_equal(
		request_read(STAGE_GREETING, &reader, &r, data, sizeof data, &used), PARSE_DONE);
	assert_int_equal(used, 3);
	memset(&reader, 0, sizeof reader);
	assert_int_equal(
		request_read(STAGE_REQUEST, &reader, &r, data + 3, 2, &used), PARSE_MALFORMED);
	assert_int_equal(reader.error, REQUEST_BAD_VERSION);
	assert_int_equal(used, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_are_noted_and_unknown_ones_skipped),
		cmocka_unit_test(a_greeting_without_methods_is_whole),
		cmocka_unit_test(greeting_of_255_methods),
		cmocka_unit_test(every_prefix_of_a_greeting_wants_more),
		cmocka_unit_test(others_have_none),
		cmocka_unit_test(answers_to_a_greeting),
		cmocka_unit_test(name_and_password),
		cmocka_unit_test(long_names_and_passwords),
		cmocka_unit_test(version_of_the_password),
		cmocka_unit_test(answers_to_a_password),
		cmocka_unit_test(by_ipv4),
		cmocka_unit_test(by_ipv6),
		cmocka_unit_test(by_name),
		cmocka_unit_test(name_at_the_limit),
		cmocka_unit_test(malformed_names),
		cmocka_unit_test(version_of_the_request),
		cmocka_unit_test(command),
		cmocka_unit_test(reserved_byte_is_ignored),
		cmocka_unit_test(address_type),
		cmocka_unit_test(every_prefix_of_a_request_wants_more),
		cmocka_unit_test(replies),
		cmocka_unit_test(each_verdict_has_a_reply),
		cmocka_unit_test(only_its_replies_hold_ipv6),
		cmocka_unit_test(the_greeting_says_who_reads_the_request),
	};

	return cmocka_run_group_tests_name("socks5", tests, NULL, NULL);
}

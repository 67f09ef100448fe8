/*
 * socks4: requests in any pieces, every error, and the reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/request.h"
#include "protocol/socks4.h"

#define CONNECT_HEADER "\x04\x01\x00\x50\x0a\x01\x02\x03" /* 10.1.2.3:80 */
#define NAME_HEADER "\x04\x01\x01\xbb\x00\x00\x00\x01"    /* a name, port 443 */
#define HTTP_REFUSAL_LEN (CONFIG_ANKLET_SOCKS5 ? 125 : 126)
#define WHOLE_MAX 640 /* bytes of the longest message here */

struct outcome {
	enum parse answer;
	size_t used;
	struct request_reader reader;
	struct request r;
};

/* Reads data in three pieces that end at a, b and len; empty ones are pieces too. */
static void read_cut(struct outcome *o, const uint8_t *data, size_t len, size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	size_t start = 0;

	memset(o, 0, sizeof *o);
	o->answer = PARSE_MORE;
	for (unsigned i = 0; i < 3 && o->answer == PARSE_MORE; i++) {
		size_t piece_len = ends[i] - start, used = SIZE_MAX;
		uint8_t *piece = guard_copy(data + start, piece_len);

		o->answer = request_read(STAGE_REQUEST, &o->reader, &o->r, piece, piece_len, &used);
		guard_free(piece, piece_len);
		assert_true(used <= piece_len);
		if (o->answer == PARSE_MORE)
			assert_int_equal(used, piece_len);
		o->used += used;
		start = ends[i];
	}
}

static void same_outcome(const struct outcome *a, const struct outcome *b)
{
	assert_int_equal(a->answer, b->answer);
	assert_int_equal(a->used, b->used);
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

/* A message put together from pieces; the NUL after a string literal is not part of it. */
static size_t join(uint8_t *out, const char *header, const void *userid, size_t userid_len,
	const char *rest, size_t rest_len)
{
	memcpy(out, header, 8);
	memcpy(out + 8, userid, userid_len);
	memcpy(out + 8 + userid_len, rest, rest_len);
	return 8 + userid_len + rest_len;
}

static void done(struct outcome *o, const void *data, size_t len, size_t used)
{
	read_every_way(o, data, len);
	assert_int_equal(o->answer, PARSE_DONE);
	assert_int_equal(o->used, used);
	assert_int_equal(o->reader.error, REQUEST_OK);
	assert_int_equal(o->r.version, 4);
	assert_int_equal(strlen(o->r.userid), o->r.userid_len);
	assert_int_equal(strlen(o->r.name), o->r.name_len);
}

static void malformed(const void *data, size_t len, enum request_error error, size_t used)
{
	struct outcome o;

	read_every_way(&o, data, len);
	assert_int_equal(o.answer, PARSE_MALFORMED);
	assert_int_equal(o.reader.error, error);
	assert_int_equal(o.used, used);
}

static void more(const void *data, size_t len)
{
	struct outcome o;

	read_every_way(&o, data, len);
	assert_int_equal(o.answer, PARSE_MORE);
	assert_int_equal(o.used, len);
	assert_int_equal(o.reader.error, REQUEST_OK);
}

#define LITERAL(s) (s), sizeof(s) - 1

static void plain_connect(void **state)
{
	static const char request[] = CONNECT_HEADER "fred";
	struct ip expected = ip_v4(10, 1, 2, 3);
	struct outcome o;

	(void)state;
	done(&o, request, sizeof request, sizeof request);
	assert_int_equal(o.r.command, COMMAND_CONNECT);
	assert_int_equal(o.r.port, 80);
	assert_string_equal(o.r.userid, "fred");
	assert_int_equal(o.r.name_len, 0);
	assert_true(ip_equal(&o.r.ip, &expected));
}

static void bind_with_high_port(void **state)
{
	static const char request[] = "\x04\x02\xff\xfe\xc0\xa8\xfe\xff";
	struct ip expected = ip_v4(192, 168, 254, 255);
	struct outcome o;

	(void)state;
	done(&o, request, sizeof request, sizeof request);
	assert_int_equal(o.r.command, COMMAND_BIND);
	assert_int_equal(o.r.port, 65534);
	assert_int_equal(o.r.userid_len, 0);
	assert_true(ip_equal(&o.r.ip, &expected));
}

static void name_follows_only_0_0_0_x(void **state)
{
	static const char no_name[][9] = {"\x04\x01\x00\x50\x00\x00\x00\x00",
		"\x04\x01\x00\x50\x00\x00\x01\x00", "\x04\x01\x00\x50\x00\x00\x01\x01",
		"\x04\x01\x00\x50\x00\x01\x00\x01", "\x04\x01\x00\x50\x01\x00\x00\x01"};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < sizeof no_name / sizeof no_name[0]; i++) {
		uint8_t request[WHOLE_MAX];
		size_t len = join(request, no_name[i], LITERAL("me"), LITERAL("\0early data"));

		done(&o, request, len, 8 + 3);
		assert_int_equal(o.r.name_len, 0);
	}
	done(&o, LITERAL("\x04\x01\x00\x50\x00\x00\x00\xff\0a\0"), 11);
	assert_string_equal(o.r.name, "a");
	assert_int_equal(o.r.ip.byte[15], 255);
}

static void name_and_userid(void **state)
{
	static const char request[] = NAME_HEADER "fred\0www.example.com.";
	struct outcome o;

	(void)state;
	done(&o, request, sizeof request, sizeof request);
	assert_int_equal(o.r.port, 443);
	assert_string_equal(o.r.userid, "fred");
	assert_string_equal(o.r.name, "www.example.com.");
	done(&o, LITERAL(NAME_HEADER "\0[2001:db8::1]\0"), 8 + 1 + 14);
	assert_int_equal(o.r.userid_len, 0);
	assert_string_equal(o.r.name, "[2001:db8::1]");
}

static void application_data_is_left_alone(void **state)
{
	struct outcome o;

	(void)state;
	done(&o, LITERAL(CONNECT_HEADER "u\0GET / HTTP/1.0\r\n\0\x04\x01"), 8 + 2);
	done(&o, LITERAL(NAME_HEADER "u\0n\0\0\0\0"), 8 + 4);
	done(&o, LITERAL(NAME_HEADER "\0name\0\x16\x03\x01"), 8 + 6);
}

static void userid_is_any_bytes_but_nul(void **state)
{
	uint8_t request[WHOLE_MAX], userid[CONFIG_ANKLET_USERID_MAX];
	struct outcome o;

	(void)state;
	for (size_t first = 0; first < 255; first += sizeof userid) {
		for (size_t i = 0; i < sizeof userid; i++)
			userid[i] = (uint8_t)((first + i) % 255 + 1);
		done(&o, request, join(request, CONNECT_HEADER, userid, sizeof userid, "\0", 1),
			8 + sizeof userid + 1);
		assert_int_equal(o.r.userid_len, sizeof userid);
		assert_memory_equal(o.r.userid, userid, sizeof userid);
	}
}

static void userid_over_the_limit(void **state)
{
	uint8_t request[WHOLE_MAX], userid[CONFIG_ANKLET_USERID_MAX + 1];
	size_t len;

	(void)state;
	memset(userid, 'u', sizeof userid);
	len = join(request, CONNECT_HEADER, userid, sizeof userid, "\0", 1);
	malformed(request, len, REQUEST_LONG_USERID, len - 1);
	more(request, len - 2);
}

static void name_at_the_limit(void **state)
{
	uint8_t request[WHOLE_MAX], name[CONFIG_ANKLET_NAME_MAX + 2] = {0};
	struct outcome o;
	size_t len;

	(void)state;
	memset(name + 1, 'n', CONFIG_ANKLET_NAME_MAX);
	len = join(request, NAME_HEADER, name, sizeof name - 1, "\0rest", 5);
	done(&o, request, len, len - 4);
	assert_int_equal(o.r.name_len, CONFIG_ANKLET_NAME_MAX);
	assert_memory_equal(o.r.name, name + 1, CONFIG_ANKLET_NAME_MAX);

	name[CONFIG_ANKLET_NAME_MAX + 1] = 'n';
	len = join(request, NAME_HEADER, name, sizeof name, "\0rest", 5);
	malformed(request, len, REQUEST_LONG_NAME, len - 5);
}

static void name_must_not_be_empty(void **state)
{
	(void)state;
	malformed(LITERAL(NAME_HEADER "me\0\0rest"), REQUEST_EMPTY_NAME, 8 + 4);
	malformed(LITERAL(NAME_HEADER "\0\0"), REQUEST_EMPTY_NAME, 8 + 2);
}

static void name_takes_no_controls(void **state)
{
	(void)state;
	for (unsigned byte = 1; byte < 256; byte++) {
		bool bad = byte <= 0x20 || byte == 0x7f;
		uint8_t request[] = NAME_HEADER "\0a?b";
		struct outcome o;

		request[10] = (uint8_t)byte;
		if (bad) {
			malformed(request, sizeof request, REQUEST_BAD_NAME, 11);
		} else {
			done(&o, request, sizeof request, sizeof request);
			assert_int_equal((uint8_t)o.r.name[1], byte);
		}
	}
}

/* What a client speaks that does not speak SOCKS4: what its first byte says. */
static enum request_error first_byte_error(unsigned byte)
{
	switch (byte) {
	case 5:
		return REQUEST_IS_SOCKS5;
	case 22:
		return REQUEST_IS_TLS;
	case 'C':
	case 'D':
	case 'G':
	case 'H':
	case 'O':
	case 'P':
	case 'T':
		return REQUEST_IS_HTTP;
	default:
		return REQUEST_NOT_SOCKS;
	}
}

static void first_byte(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t request[] = CONNECT_HEADER;
		struct outcome o;

		request[0] = (uint8_t)byte;
		if (byte == 4)
			done(&o, request, sizeof request, sizeof request);
		else if (byte == 5 && CONFIG_ANKLET_SOCKS5)
			continue; /* it begins with a greeting: test_socks5.c */
		else
			malformed(request, sizeof request, first_byte_error(byte), 1);
	}
}

static void command(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t request[] = CONNECT_HEADER;
		struct outcome o;

		request[1] = (uint8_t)byte;
		if (byte == COMMAND_CONNECT || byte == COMMAND_BIND)
			done(&o, request, sizeof request, sizeof request);
		else
			malformed(request, sizeof request, REQUEST_BAD_COMMAND, 2);
	}
}

static void every_prefix_wants_more(void **state)
{
	static const char request[] = NAME_HEADER "fred\0example.com";

	(void)state;
	for (size_t len = 0; len < sizeof request; len++)
		more(request, len);
}

static void replies(void **state)
{
	static const uint8_t granted[] = {0, 90, 0x1f, 0x90, 192, 0, 2, 7};
	static const uint8_t other[] = {0, 93, 0, 0, 0, 0, 0, 0};
	static const uint8_t v6[] = {0, 91, 0, 1, 0, 0, 0, 0};
	struct address at = {.ip = ip_v4(192, 0, 2, 7), .port = 8080}, none = {.port = 0};
	uint8_t reply[REPLY_ROOM + 1];

	(void)state;
	memset(reply, 0xee, sizeof reply);
	assert_int_equal(socks4_reply(STAGE_REQUEST, SOCKS4_GRANTED, &at, reply), SOCKS4_REPLY_LEN);
	assert_memory_equal(reply, granted, sizeof granted);
	assert_int_equal(
		socks4_reply(STAGE_REQUEST, SOCKS4_OTHER_USERID, &none, reply), SOCKS4_REPLY_LEN);
	assert_memory_equal(reply, other, sizeof other);
	assert_true(ip_parse("2001:db8::7", 11, &at.ip));
	at.port = 1;
	assert_int_equal(
		socks4_reply(STAGE_REQUEST, SOCKS4_REJECTED, &at, reply), SOCKS4_REPLY_LEN);
	assert_memory_equal(reply, v6, sizeof v6);
	assert_int_equal(reply[SOCKS4_REPLY_LEN], 0xee);
}

/* What a client gets for a verdict that is not its own protocol's matter, and 0 where nothing is said. */
static void codes(void **state)
{
	(void)state;
	assert_int_equal(reply_code(4, STAGE_REQUEST, VERDICT_NONE), 0);
	assert_int_equal(reply_code(4, STAGE_REQUEST, VERDICT_GRANTED), SOCKS4_GRANTED);
	for (unsigned verdict = VERDICT_FAILED; verdict <= VERDICT_TIMEOUT; verdict++)
		assert_int_equal(
			reply_code(4, STAGE_REQUEST, (enum verdict)verdict), SOCKS4_REJECTED);
	assert_int_equal(reply_code(4, STAGE_REQUEST, VERDICT_NO_IDENTD), SOCKS4_NO_IDENTD);
	assert_int_equal(reply_code(4, STAGE_REQUEST, VERDICT_OTHER_USERID), SOCKS4_OTHER_USERID);
	for (unsigned version = 0; version < 256; version++)
		assert_true(version == 4 || version == (CONFIG_ANKLET_SOCKS5 ? 5 : 4) ||
			    reply_code((uint8_t)version, STAGE_REQUEST, VERDICT_FAILED) == 0);
}

/* What begins with no 4 gets what it understands, or nothing; whatever the verdict. */
static void replies_to_others(void **state)
{
	struct address at = {.ip = ip_v4(192, 0, 2, 7), .port = 8080};
	uint8_t buf[REPLY_ROOM];
	size_t len;

	(void)state;
	for (unsigned version = 0; version < 256; version++) {
		const void *reply = reply_bytes(
			(uint8_t)version, STAGE_GREETING, VERDICT_FAILED, &at, buf, &len);

		if (version == 4)
			assert_memory_equal(reply, "\x00\x5b\x1f\x90\xc0\x00\x02\x07", len);
		else if (version == 5)
			assert_memory_equal(reply, "\x05\xff", len);
		else if (CONFIG_ANKLET_HINTS && first_byte_error(version) == REQUEST_IS_HTTP)
			assert_memory_equal(reply, "HTTP/1.1 501 ", 13);
		assert_int_equal(
			len, version == 4   ? SOCKS4_REPLY_LEN
			     : version == 5 ? 2
			     : CONFIG_ANKLET_HINTS && first_byte_error(version) == REQUEST_IS_HTTP
				     ? HTTP_REFUSAL_LEN
				     : 0);
	}
	reply_bytes(4, STAGE_REQUEST, VERDICT_NONE, &at, buf, &len);
	assert_int_equal(len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_connect),
		cmocka_unit_test(bind_with_high_port),
		cmocka_unit_test(name_follows_only_0_0_0_x),
		cmocka_unit_test(name_and_userid),
		cmocka_unit_test(application_data_is_left_alone),
		cmocka_unit_test(userid_is_any_bytes_but_nul),
		cmocka_unit_test(userid_over_the_limit),
		cmocka_unit_test(name_at_the_limit),
		cmocka_unit_test(name_must_not_be_empty),
		cmocka_unit_test(name_takes_no_controls),
		cmocka_unit_test(first_byte),
		cmocka_unit_test(command),
		cmocka_unit_test(every_prefix_wants_more),
		cmocka_unit_test(replies),
		cmocka_unit_test(codes),
		cmocka_unit_test(replies_to_others),
	};

	return cmocka_run_group_tests_name("socks4", tests, NULL, NULL);
}

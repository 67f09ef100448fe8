/*
 * starttls: each dialogue to its good end and to every bad one, in any pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/starttls.h"

#define LITERAL(s) (s), sizeof(s) - 1
#define KEEP_SIZE (STARTTLS_ANSWER_MAX + 1)

/* A dialogue that was gone through. */
struct outcome {
	enum parse answer;
	enum starttls_error error;
	size_t used;
	size_t sent_len;
	size_t kept_len;
	char sent[128];
	uint8_t kept[KEEP_SIZE];
};

static void send_lines(struct starttls *s, struct outcome *o)
{
	const char *line;

	while ((line = starttls_line(s)) != NULL) {
		size_t len = strlen(line);

		assert_true(o->sent_len + len < sizeof o->sent);
		memcpy(o->sent + o->sent_len, line, len);
		o->sent_len += len;
		starttls_sent(s);
	}
}

/* One piece of the server's; what is not used at once is given again, as the bytes of a socket are. */
static void read_piece(struct starttls *s, struct outcome *o, const char *text, size_t len)
{
	size_t at = 0, used, kept;

	do {
		uint8_t *piece = guard_copy(text + at, len - at);
		uint8_t *keep = guard_copy(text + at, len - at);

		send_lines(s, o);
		o->answer = starttls_read(s, piece, len - at, &used, keep, &kept);
		assert_true(used <= len - at && kept <= used);
		memcpy(o->kept + o->kept_len, keep, kept);
		o->kept_len += kept;
		guard_free(piece, len - at);
		guard_free(keep, len - at);
		at += used;
		if (o->answer == PARSE_MORE && at < len)
			assert_non_null(starttls_line(s));
	} while (o->answer == PARSE_MORE && at < len);
	o->used += at;
}

static void converse_cut(struct outcome *o, enum starttls_protocol protocol, const char *text,
	size_t len, size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	struct starttls s = {.protocol = (uint8_t)protocol};
	size_t start = 0;

	memset(o, 0, sizeof *o);
	o->answer = PARSE_MORE;
	for (unsigned i = 0; i < 3 && o->answer == PARSE_MORE; i++) {
		read_piece(&s, o, text + start, ends[i] - start);
		start = ends[i];
	}
	send_lines(&s, o);
	o->error = s.error;
}

/* Once in one piece, and then cut in two and three at every place: the outcome must be one. */
static void converse(
	struct outcome *whole, enum starttls_protocol protocol, const char *text, size_t len)
{
	static struct outcome cut;
	size_t step = len < 40 ? 1 : len / 8, first = len < 1000 ? 1 : len / 10;

	converse_cut(whole, protocol, text, len, len, len);
	for (size_t a = 0; a <= len; a += first)
		for (size_t b = a; b <= len; b += step) {
			converse_cut(&cut, protocol, text, len, a, b);
			assert_memory_equal(whole, &cut, sizeof cut);
		}
}

static const char *const sent_by_us[STARTTLS_PROTOCOLS] = {
	[STARTTLS_SMTP] = "EHLO [127.0.0.1]\r\nSTARTTLS\r\n",
	[STARTTLS_IMAP] = "a001 STARTTLS\r\n",
	[STARTTLS_POP3] = "STLS\r\n",
	[STARTTLS_NNTP] = "STARTTLS\r\n",
};

static struct outcome outcome;

static void agrees(enum starttls_protocol protocol, const char *text, size_t len, const char *kept)
{
	converse(&outcome, protocol, text, len);
	assert_int_equal(outcome.answer, PARSE_DONE);
	assert_int_equal(outcome.error, STARTTLS_OK);
	assert_int_equal(outcome.used, len);
	assert_string_equal(outcome.sent, sent_by_us[protocol]);
	assert_int_equal(outcome.kept_len, strlen(kept));
	assert_memory_equal(outcome.kept, kept, strlen(kept));
}

static void fails(enum starttls_protocol protocol, const char *text, size_t len,
	enum starttls_error error, const char *sent)
{
	converse(&outcome, protocol, text, len);
	assert_int_equal(outcome.answer, PARSE_MALFORMED);
	assert_int_equal(outcome.error, error);
	assert_string_equal(outcome.sent, sent);
}

static void no_such_server(enum starttls_protocol protocol, const char *text, size_t len)
{
	fails(protocol, text, len, STARTTLS_NO_SUCH_SERVER, "");
}

/* The greeting says that it is the wrong time, or that we are not wanted. */
static void busy(enum starttls_protocol protocol, const char *text, size_t len)
{
	fails(protocol, text, len, STARTTLS_BUSY, "");
}

static void turned_away(enum starttls_protocol protocol, const char *text, size_t len)
{
	fails(protocol, text, len, STARTTLS_TURNED_AWAY, "");
}

static void refused(enum starttls_protocol protocol, const char *text, size_t len)
{
	fails(protocol, text, len, STARTTLS_REFUSED, sent_by_us[protocol]);
}

/* The server speaks first in all of them, and no line of ours goes out unasked. */
static void begins_with_silence(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < STARTTLS_PROTOCOLS; i++) {
		struct starttls s = {.protocol = i};

		assert_null(starttls_line(&s));
	}
}

static void smtp(void **state)
{
	(void)state;
	agrees(STARTTLS_SMTP,
		LITERAL("220 mail.example.com ESMTP\r\n250 mail.example.com\r\n220 Go ahead\r\n"),
		"220 mail.example.com ESMTP\r\n");
	agrees(STARTTLS_SMTP,
		LITERAL("220-a\r\n220-\r\n220 [192.0.2.1] b\r\n250-c\r\n250-STARTTLS\r\n250 "
			"HELP\r\n"
			"220-x\r\n220 y\r\n"),
		"220-a\r\n220-\r\n220 [192.0.2.1] b\r\n");
	agrees(STARTTLS_SMTP, LITERAL("220\r\n250\r\n220\r\n"), "220\r\n");
	turned_away(STARTTLS_SMTP, LITERAL("554 no service\r\n"));
	turned_away(STARTTLS_SMTP, LITERAL("554-no\r\n"));
	turned_away(STARTTLS_SMTP, LITERAL("220-a\r\n554 b\r\n"));
	busy(STARTTLS_SMTP, LITERAL("421 too many connections\r\n"));
	busy(STARTTLS_SMTP, LITERAL("421\r\n"));
	busy(STARTTLS_SMTP, LITERAL("450-later\r\n"));
	busy(STARTTLS_SMTP, LITERAL("220-a\r\n421 b\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("4211 a\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("42\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("4ab c\r\n"));
	fails(STARTTLS_SMTP, LITERAL("220 a\r\n421 going down\r\n"), STARTTLS_BUSY,
		"EHLO [127.0.0.1]\r\n");
	fails(STARTTLS_SMTP, LITERAL("220 a\r\n250 b\r\n421 going down\r\n"), STARTTLS_BUSY,
		sent_by_us[STARTTLS_SMTP]);
	no_such_server(STARTTLS_SMTP, LITERAL("2200 a\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("* OK a\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("22\r\n"));
	no_such_server(STARTTLS_SMTP, LITERAL("\r\n"));
	fails(STARTTLS_SMTP, LITERAL("220 a\r\n502 what\r\n"), STARTTLS_REFUSED,
		"EHLO [127.0.0.1]\r\n");
	fails(STARTTLS_SMTP, LITERAL("220 a\r\n250-b\r\n251 c\r\n"), STARTTLS_REFUSED,
		"EHLO [127.0.0.1]\r\n");
	refused(STARTTLS_SMTP, LITERAL("220 a\r\n250 b\r\n454 not now\r\n"));
	refused(STARTTLS_SMTP, LITERAL("220 a\r\n250 b\r\n501 no\r\n"));
	refused(STARTTLS_SMTP, LITERAL("220 a\r\n250 b\r\n250 no\r\n"));
}

static void imap(void **state)
{
	(void)state;
	agrees(STARTTLS_IMAP, LITERAL("* OK ready\r\na001 OK begin\r\n"), "* OK ready\r\n");
	agrees(STARTTLS_IMAP, LITERAL("* ok ready\r\na001 Ok\r\n"), "* ok ready\r\n");
	agrees(STARTTLS_IMAP,
		LITERAL("* OK ready\r\n* 3 EXISTS\r\n* OK a001 OK\r\n* \r\na001 OK begin\r\n"),
		"* OK ready\r\n");
	fails(STARTTLS_IMAP, LITERAL("* PREAUTH welcome\r\n"), STARTTLS_REFUSED, "");
	turned_away(STARTTLS_IMAP, LITERAL("* BYE go\r\n"));
	turned_away(STARTTLS_IMAP, LITERAL("* bye\r\n"));
	busy(STARTTLS_IMAP, LITERAL("* BYE [UNAVAILABLE] later\r\n"));
	busy(STARTTLS_IMAP, LITERAL("* BYE [INUSE] later\r\n"));
	busy(STARTTLS_IMAP, LITERAL("* BYE [LIMIT] later\r\n"));
	no_such_server(STARTTLS_IMAP, LITERAL("* BYEBYE\r\n"));
	fails(STARTTLS_IMAP, LITERAL("* OK ready\r\n* BYE go\r\n"), STARTTLS_TURNED_AWAY,
		sent_by_us[STARTTLS_IMAP]);
	no_such_server(STARTTLS_IMAP, LITERAL("* OKAY\r\n"));
	no_such_server(STARTTLS_IMAP, LITERAL("220 a\r\n"));
	refused(STARTTLS_IMAP, LITERAL("* OK ready\r\na001 NO not here\r\n"));
	refused(STARTTLS_IMAP, LITERAL("* OK ready\r\na001 BAD what\r\n"));
	refused(STARTTLS_IMAP, LITERAL("* OK ready\r\na002 OK begin\r\n"));
	refused(STARTTLS_IMAP, LITERAL("* OK ready\r\n*\r\n"));
	refused(STARTTLS_IMAP, LITERAL("* OK ready\r\n+ go on\r\n"));
}

static void imap_greeting_without_code(void **state)
{
	(void)state;
	agrees(STARTTLS_IMAP,
		LITERAL("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] Ready.\r\na001 OK "
			"x\r\n"),
		"* OK Ready.\r\n");
	agrees(STARTTLS_IMAP, LITERAL("* OK [ALERT]  a [b] c\r\na001 OK [d] e\r\n"),
		"* OK  a [b] c\r\n");
	agrees(STARTTLS_IMAP, LITERAL("* OK []Ready\r\na001 OK\r\n"), "* OK Ready\r\n");
	agrees(STARTTLS_IMAP, LITERAL("* OK [CAPABILITY]\r\na001 OK\r\n"), "* OK \r\n");
	agrees(STARTTLS_IMAP, LITERAL("* OK [CAPABILITY\r\na001 OK\r\n"), "* OK \r\n");
	agrees(STARTTLS_IMAP, LITERAL("* OK a [CAPABILITY] b\r\na001 OK\r\n"),
		"* OK a [CAPABILITY] b\r\n");
}

static void pop3(void **state)
{
	(void)state;
	agrees(STARTTLS_POP3, LITERAL("+OK POP3 <1896.697170952@example.com>\r\n+OK Begin\r\n"),
		"+OK POP3 <1896.697170952@example.com>\r\n");
	agrees(STARTTLS_POP3, LITERAL("+OK [a] b\r\n+OK\r\n"), "+OK [a] b\r\n");
	turned_away(STARTTLS_POP3, LITERAL("-ERR go away\r\n"));
	turned_away(STARTTLS_POP3, LITERAL("-err\r\n"));
	turned_away(STARTTLS_POP3, LITERAL("-ERR [SYS/PERM] no\r\n"));
	busy(STARTTLS_POP3, LITERAL("-ERR [SYS/TEMP] later\r\n"));
	busy(STARTTLS_POP3, LITERAL("-ERR [IN-USE] later\r\n"));
	no_such_server(STARTTLS_POP3, LITERAL("-ERROR\r\n"));
	no_such_server(STARTTLS_POP3, LITERAL("+OKAY\r\n"));
	refused(STARTTLS_POP3, LITERAL("+OK ready\r\n-ERR no\r\n"));
	refused(STARTTLS_POP3, LITERAL("+OK ready\r\n+ OK\r\n"));
}

static void nntp(void **state)
{
	(void)state;
	agrees(STARTTLS_NNTP, LITERAL("200 ready\r\n382 go on\r\n"), "200 ready\r\n");
	agrees(STARTTLS_NNTP, LITERAL("201 ready\r\n382\r\n"), "201 ready\r\n");
	busy(STARTTLS_NNTP, LITERAL("400 busy\r\n"));
	turned_away(STARTTLS_NNTP, LITERAL("502 gone\r\n"));
	fails(STARTTLS_NNTP, LITERAL("200 a\r\n400 going down\r\n"), STARTTLS_BUSY,
		sent_by_us[STARTTLS_NNTP]);
	no_such_server(STARTTLS_NNTP, LITERAL("202 what\r\n"));
	no_such_server(STARTTLS_NNTP, LITERAL("200-a\r\n"));
	refused(STARTTLS_NNTP, LITERAL("200 a\r\n580 cannot\r\n"));
	refused(STARTTLS_NNTP, LITERAL("200 a\r\n483 no\r\n"));
	refused(STARTTLS_NNTP, LITERAL("200 a\r\n502 no\r\n"));
	refused(STARTTLS_NNTP, LITERAL("200 a\r\n382-go\r\n"));
}

static const char *const good[STARTTLS_PROTOCOLS] = {
	[STARTTLS_SMTP] = "220-a\r\n220 b\r\n250-c\r\n250 d\r\n220 e\r\n",
	[STARTTLS_IMAP] = "* OK [C] a\r\n* b\r\na001 OK c\r\n",
	[STARTTLS_POP3] = "+OK a\r\n+OK b\r\n",
	[STARTTLS_NNTP] = "200 a\r\n382 b\r\n",
};

/* What stands after the go-ahead was not sent by whom we are about to speak to. */
static void stops_after_the_go_ahead(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < STARTTLS_PROTOCOLS; i++) {
		char text[128];
		size_t len = strlen(good[i]);

		memcpy(text, good[i], len);
		memcpy(text + len, "\r\n250 more\r\n", 12);
		converse(&outcome, i, text, len + 12);
		assert_int_equal(outcome.answer, PARSE_DONE);
		assert_int_equal(outcome.used, len);
		assert_string_equal(outcome.sent, sent_by_us[i]);
	}
}

/* As long as a line of ours waits, nothing is taken. */
static void listens_only_when_the_line_is_sent(void **state)
{
	static const char text[] = "220 a\r\n250 b\r\n";
	struct starttls s = {.protocol = STARTTLS_SMTP};
	uint8_t keep[sizeof text];
	size_t used, kept;

	(void)state;
	assert_int_equal(
		starttls_read(&s, (const uint8_t *)text, sizeof text - 1, &used, keep, &kept),
		PARSE_MORE);
	assert_int_equal(used, 7);
	assert_int_equal(kept, 7);
	for (unsigned i = 0; i < 2; i++) {
		assert_string_equal(starttls_line(&s), "EHLO [127.0.0.1]\r\n");
		assert_int_equal(
			starttls_read(&s, (const uint8_t *)text + 7, 7, &used, keep, &kept),
			PARSE_MORE);
		assert_int_equal(used, 0);
		assert_int_equal(kept, 0);
	}
	starttls_sent(&s);
	assert_null(starttls_line(&s));
	assert_int_equal(
		starttls_read(&s, (const uint8_t *)text + 7, 7, &used, keep, &kept), PARSE_MORE);
	assert_int_equal(used, 7);
	assert_int_equal(kept, 0);
	assert_string_equal(starttls_line(&s), "STARTTLS\r\n");
}

static void every_prefix_wants_more(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < STARTTLS_PROTOCOLS; i++)
		for (size_t len = 0; len < strlen(good[i]); len++) {
			converse(&outcome, i, good[i], len);
			assert_int_equal(outcome.answer, PARSE_MORE);
			assert_int_equal(outcome.used, len);
		}
}

/* A byte put into a good dialogue. */
static void put_in(uint8_t protocol, size_t at, char byte)
{
	char text[128];
	size_t len = strlen(good[protocol]);

	memcpy(text, good[protocol], at);
	text[at] = byte;
	memcpy(text + at + 1, good[protocol] + at, len - at);
	converse_cut(&outcome, protocol, text, len + 1, at, at);
	assert_int_equal(outcome.answer, PARSE_MALFORMED);
	assert_int_equal(outcome.error, STARTTLS_NOT_TEXT);
}

/* A CR or an LF left out: the other one stands alone. */
static void left_out(uint8_t protocol, size_t at)
{
	char text[128];
	size_t len = strlen(good[protocol]);

	memcpy(text, good[protocol], at);
	memcpy(text + at, good[protocol] + at + 1, len - at - 1);
	converse_cut(&outcome, protocol, text, len - 1, at, at);
	if (at == len - 1)
		assert_int_equal(outcome.answer, PARSE_MORE);
	else
		assert_int_equal(outcome.error, STARTTLS_NOT_TEXT);
}

static void bytes_that_are_in_no_line(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < STARTTLS_PROTOCOLS; i++)
		for (size_t at = 0; good[i][at] != '\0'; at++) {
			for (char byte = 0; byte < ' '; byte++)
				if (byte != '\t' && byte != '\r' && byte != '\n')
					put_in(i, at, byte);
			put_in(i, at, 0x7f);
			put_in(i, at, '\r');
			if (at < strlen(good[i]) - 1) /* after the go-ahead it is not read */
				put_in(i, at, '\n');
			if (good[i][at] == '\r' || good[i][at] == '\n')
				left_out(i, at);
		}
}

static void texts_of_other_languages(void **state)
{
	(void)state;
	agrees(STARTTLS_POP3, LITERAL("+OK Gr\xc3\xbc\xc3\x9f\tGott \xff\r\n+OK\r\n"),
		"+OK Gr\xc3\xbc\xc3\x9f\tGott \xff\r\n");
}

/* The greeting of STARTTLS_LINE_MAX bytes is kept whole; one more is not waited for. */
static void line_limit(void **state)
{
	char text[STARTTLS_LINE_MAX + 64];

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "+OK ", 4);
	memcpy(text + STARTTLS_LINE_MAX - 2, "\r\n+OK\r\n", 7);
	converse(&outcome, STARTTLS_POP3, text, STARTTLS_LINE_MAX + 5);
	assert_int_equal(outcome.answer, PARSE_DONE);
	assert_int_equal(outcome.kept_len, STARTTLS_LINE_MAX);
	assert_memory_equal(outcome.kept, text, STARTTLS_LINE_MAX);

	memcpy(text + STARTTLS_LINE_MAX - 2, "x\r\n", 3);
	converse(&outcome, STARTTLS_POP3, text, STARTTLS_LINE_MAX + 1);
	assert_int_equal(outcome.answer, PARSE_MALFORMED);
	assert_int_equal(outcome.error, STARTTLS_NOT_TEXT);
	assert_int_equal(outcome.used, STARTTLS_LINE_MAX + 1);
}

/* Lines that may be passed over come to an end all the same: at STARTTLS_ANSWER_MAX bytes. */
static void flood(
	enum starttls_protocol protocol, const char *front, const char *line, const char *go_ahead)
{
	static char text[STARTTLS_ANSWER_MAX + 64];
	size_t len = strlen(front), line_len = strlen(line), end_len = strlen(go_ahead);

	memcpy(text, front, len);
	for (; len + line_len + end_len <= STARTTLS_ANSWER_MAX; len += line_len)
		memcpy(text + len, line, line_len);
	memcpy(text + len, go_ahead, end_len);
	converse(&outcome, protocol, text, len + end_len);
	assert_int_equal(outcome.answer, PARSE_DONE);

	for (; len <= STARTTLS_ANSWER_MAX; len += line_len)
		memcpy(text + len, line, line_len);
	converse(&outcome, protocol, text, len);
	assert_int_equal(outcome.answer, PARSE_MALFORMED);
	assert_int_equal(outcome.error, STARTTLS_NOT_TEXT);
	assert_int_equal(outcome.used, STARTTLS_ANSWER_MAX + 1);
}

static void floods(void **state)
{
	(void)state;
	flood(STARTTLS_IMAP, "* OK\r\n", "* \r\n", "a001 OK\r\n");
	flood(STARTTLS_SMTP, "220\r\n", "250-x\r\n", "250\r\n220\r\n");
	flood(STARTTLS_SMTP, "", "220-x\r\n", "220\r\n250\r\n220\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_silence),
		cmocka_unit_test(smtp),
		cmocka_unit_test(imap),
		cmocka_unit_test(imap_greeting_without_code),
		cmocka_unit_test(pop3),
		cmocka_unit_test(nntp),
		cmocka_unit_test(stops_after_the_go_ahead),
		cmocka_unit_test(listens_only_when_the_line_is_sent),
		cmocka_unit_test(every_prefix_wants_more),
		cmocka_unit_test(bytes_that_are_in_no_line),
		cmocka_unit_test(texts_of_other_languages),
		cmocka_unit_test(line_limit),
		cmocka_unit_test(floods),
	};

	return cmocka_run_group_tests_name("starttls", tests, NULL, NULL);
}

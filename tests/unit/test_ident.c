/*
 * ident: the question, and answers of every form RFC 1413 allows or forbids, in any pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/ident.h"

#define ON_CLIENT 6193
#define ON_PROXY 23
#define PORTS "6193 , 23"
#define LITERAL(s) (s), sizeof(s) - 1

struct outcome {
	enum parse answer;
	size_t used;
	struct ident_answer a;
};

/* Reads line in three pieces that end at a, b and len; empty ones are pieces too. */
static void read_cut(struct outcome *o, const char *userid, size_t userid_len, const char *line,
	size_t len, size_t a, size_t b)
{
	const size_t ends[3] = {a, b, len};
	size_t start = 0;
	uint8_t *claimed = guard_copy(userid, userid_len);

	memset(o, 0, sizeof *o);
	o->answer = PARSE_MORE;
	o->a.port_on_client = ON_CLIENT;
	o->a.port_on_proxy = ON_PROXY;
	for (unsigned i = 0; i < 3 && o->answer == PARSE_MORE; i++) {
		size_t piece_len = ends[i] - start, used = SIZE_MAX;
		uint8_t *piece = guard_copy(line + start, piece_len);

		o->answer = ident_read(
			&o->a, (const char *)claimed, userid_len, piece, piece_len, &used);
		guard_free(piece, piece_len);
		assert_true(used <= piece_len);
		if (o->answer == PARSE_MORE)
			assert_int_equal(used, piece_len);
		o->used += used;
		start = ends[i];
	}
	guard_free(claimed, userid_len);
}

/* Reads line at once, then cut in two and three at every place: the outcome must be one. */
static void read_every_way(
	struct outcome *whole, const char *userid, size_t userid_len, const char *line, size_t len)
{
	struct outcome cut;
	size_t step = len < 64 ? 1 : len / 24; /* the second cut of long ones: some places */

	read_cut(whole, userid, userid_len, line, len, len, len);
	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b += step) {
			read_cut(&cut, userid, userid_len, line, len, a, b);
			assert_int_equal(whole->answer, cut.answer);
			assert_int_equal(whole->used, cut.used);
			assert_memory_equal(&whole->a, &cut.a, sizeof cut.a);
		}
}

static void done(const char *userid, const char *line, size_t len, enum ident_verdict verdict)
{
	struct outcome o;

	read_every_way(&o, userid, strlen(userid), line, len);
	assert_int_equal(o.answer, PARSE_DONE);
	assert_int_equal(o.used, len);
	assert_int_equal(o.a.bytes, len);
	assert_int_equal(o.a.verdict, verdict);
}

static void malformed(const char *line, size_t len)
{
	struct outcome o;

	read_every_way(&o, LITERAL("stjohns"), line, len);
	assert_int_equal(o.answer, PARSE_MALFORMED);
}

static void query(void **state)
{
	char text[IDENT_QUERY_SIZE];

	(void)state;
	assert_int_equal(ident_query(text, 6191, 23), 11);
	assert_string_equal(text, "6191 , 23\r\n");
	assert_int_equal(ident_query(text, 65535, 65535), IDENT_QUERY_SIZE - 1);
	assert_string_equal(text, "65535 , 65535\r\n");
}

/* The first is the RFC's own example (section 5). */
static void same_userid(void **state)
{
	(void)state;
	done("stjohns", LITERAL("6193, 23 : USERID : UNIX : stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL("6193,23:USERID:UNIX:stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL("6193 , 23 : USERID : UNIX : stjohns\n"), IDENT_SAME);
	done("stjohns", LITERAL("\t6193\t,\t23\t:\tUSERID\t:\tUNIX\t:\tstjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX , UTF-8 : stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS ":USERID:VMS,US-ASCII:stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : UserId : UNIX : stjohns\r\n"), IDENT_SAME);
	done("j\xc3\xb6", LITERAL(PORTS " : USERID : UNIX : j\xc3\xb6\r\n"), IDENT_SAME);
}

static void other_userid(void **state)
{
	(void)state;
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : stjohn\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : stjohnsx\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : Stjohns\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : xstjohns\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : stxohns\r\n"), IDENT_OTHER);
	done("", LITERAL(PORTS " : USERID : UNIX : stjohns\r\n"), IDENT_OTHER);
}

/* What identd calls by a name that is no user's is nobody's proof (section 5), however the name reads. */
static void other_names_no_user_of_the_system(void **state)
{
	(void)state;
	done("stjohns", LITERAL(PORTS " : USERID : OTHER : stjohns\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS ":USERID:OTHER,US-ASCII:stjohns\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : \tother , UTF-8 : stjohns\r\n"), IDENT_OTHER);
	done("", LITERAL(PORTS " : USERID : OTHER : stjohns\r\n"), IDENT_OTHER);
	/* Other systems, whose names only begin or end like it. */
	done("stjohns", LITERAL(PORTS " : USERID : OTHERS : stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : USERID : AN OTHER : stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : USERID : OTHER OS : stjohns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX,OTHER : stjohns\r\n"), IDENT_SAME);
}

/* After its first byte a userid is every byte up to the line's end. */
static void userid_with_blanks_and_colons(void **state)
{
	(void)state;
	done("st johns", LITERAL(PORTS " : USERID : UNIX : st johns\r\n"), IDENT_SAME);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : st johns\r\n"), IDENT_OTHER);
	done("stjohns", LITERAL(PORTS " : USERID : UNIX : stjohns \r\n"), IDENT_OTHER);
	done("stjohns ", LITERAL(PORTS " : USERID : UNIX : stjohns \r\n"), IDENT_SAME);
	done("a:b", LITERAL(PORTS " : USERID : UNIX : a:b\r\n"), IDENT_SAME);
	done("b", LITERAL(PORTS " : USERID : UNIX : a:b\r\n"), IDENT_OTHER);
	done(" root", LITERAL(PORTS " : USERID : UNIX : root\r\n"), IDENT_OTHER);
	done(" root", LITERAL(PORTS " : USERID : UNIX :  root\r\n"), IDENT_OTHER);
}

/* The longest claim there can be fills the byte that counts what is the same. */
static void longest_userid(void **state)
{
	char userid[256], line[IDENT_ANSWER_MAX];
	static const char start[] = PORTS ":USERID:UNIX:";
	size_t at = sizeof start - 1;

	(void)state;
	memset(userid, 'u', 255);
	userid[255] = '\0';
	memcpy(line, start, at);
	memset(line + at, 'u', 255);
	memcpy(line + at + 255, "\r\n", 2);
	done(userid, line, at + 257, IDENT_SAME);
	memcpy(line + at + 255, "u\r\n", 3);
	done(userid, line, at + 258, IDENT_OTHER);
	memcpy(line + at + 254, "\r\n", 2);
	done(userid, line, at + 256, IDENT_OTHER);
}

static void errors(void **state)
{
	(void)state;
	done("stjohns", LITERAL("6193 , 23 : ERROR : NO-USER\r\n"), IDENT_ERROR);
	done("stjohns", LITERAL("6193,23:ERROR:HIDDEN-USER\n"), IDENT_ERROR);
	done("stjohns", LITERAL(PORTS " : error : UNKNOWN-ERROR\r\n"), IDENT_ERROR);
	done("stjohns", LITERAL(PORTS " : ERROR : X-OF-ITS-OWN : stjohns\r\n"), IDENT_ERROR);
	malformed(LITERAL("0 , 0 : ERROR : INVALID-PORT\r\n"));
	malformed(LITERAL(PORTS " : ERROR\r\n"));
	malformed(LITERAL(PORTS " : ERROR : \r\n"));
	malformed(LITERAL(PORTS " : ERROR :\r\n"));
}

static void ports(void **state)
{
	(void)state;
	done("me", LITERAL("06193 , 00023 : USERID : UNIX : me\r\n"), IDENT_SAME);
	malformed(LITERAL("006193 , 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 , 000023 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6194 , 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 , 24 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("23 , 6193 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("71729 , 23 : USERID : UNIX : stjohns\r\n")); /* 6193 + 65536 */
	malformed(LITERAL("61 93 , 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("+6193 , 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL(", 23 : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 , : USERID : UNIX : stjohns\r\n"));
	malformed(LITERAL("6193 , 23\r\n"));
}

/* A port is compared as a whole: an empty one is not 0. */
static void port_zero_is_not_nothing(void **state)
{
	struct ident_answer a = {.port_on_client = 0, .port_on_proxy = 0};
	size_t used;

	(void)state;
	assert_int_equal(ident_read(&a, "me", 2, (const uint8_t *)LITERAL(" , 0 :"), &used),
		PARSE_MALFORMED);
	assert_int_equal(used, 2);
}

static void keywords_and_fields(void **state)
{
	(void)state;
	malformed(LITERAL(PORTS " : USER : UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERIDS : UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USE RID : UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : ERRORS : NO-USER\r\n"));
	malformed(LITERAL(PORTS " : ERR\r\n"));
	malformed(LITERAL(PORTS " : : UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERID UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERID : : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERID :: stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERID : UNIX\r\n"));
	malformed(LITERAL(PORTS " : USERID\n : UNIX : stjohns\r\n"));
	malformed(LITERAL(PORTS " : USERID : UNIX :\r\n"));
	malformed(LITERAL(PORTS " : USERID : UNIX :  \t\n"));
	malformed(LITERAL("\r\n"));
	malformed(LITERAL("220 ready\r\n"));
}

static void bytes_that_are_in_no_line(void **state)
{
	static const char line[] = "6193 , 23 : USERID : UNIX : stjohns\r\n";

	(void)state;
	for (size_t at = 0; at < sizeof line - 1; at++) {
		char with_nul[sizeof line];

		memcpy(with_nul, line, sizeof line);
		with_nul[at] = '\0';
		malformed(with_nul, sizeof line - 1);
	}
	malformed(LITERAL(PORTS " : USERID : UNIX : stjohns\rx\n"));
	malformed(LITERAL(PORTS " : USERID : UNIX : stjohns\r\r\n"));
	malformed(LITERAL(PORTS " : ERROR : NO-USER\rx\n"));
}

static void stops_after_the_line(void **state)
{
	struct outcome o;

	(void)state;
	read_every_way(&o, LITERAL("me"), LITERAL(PORTS ":USERID:UNIX:me\r\nmore"));
	assert_int_equal(o.answer, PARSE_DONE);
	assert_int_equal(o.used, strlen(PORTS ":USERID:UNIX:me\r\n"));
	assert_int_equal(o.a.verdict, IDENT_SAME);
}

static void every_prefix_wants_more(void **state)
{
	static const char line[] = PORTS " : USERID : UNIX : stjohns\r\n";
	struct outcome o;

	(void)state;
	for (size_t len = 0; len < sizeof line - 1; len++) {
		read_every_way(&o, LITERAL("stjohns"), line, len);
		assert_int_equal(o.answer, PARSE_MORE);
	}
}

/* IDENT_ANSWER_MAX bytes with the line's end are read, one more is not waited for. */
static void length_limit(void **state)
{
	char line[IDENT_ANSWER_MAX + 2];
	static const char start[] = PORTS " : USERID : UNIX : ";
	struct outcome o;

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, start, sizeof start - 1);
	memcpy(line + IDENT_ANSWER_MAX - 2, "\r\n", 2);
	done("stjohns", line, IDENT_ANSWER_MAX, IDENT_OTHER);

	memcpy(line + IDENT_ANSWER_MAX - 2, "x\r\n", 3);
	read_every_way(&o, LITERAL("stjohns"), line, IDENT_ANSWER_MAX + 1);
	assert_int_equal(o.answer, PARSE_MALFORMED);
	assert_int_equal(o.used, IDENT_ANSWER_MAX);

	memset(line, ' ', sizeof line);
	read_every_way(&o, LITERAL("stjohns"), line, sizeof line);
	assert_int_equal(o.answer, PARSE_MALFORMED);
	assert_int_equal(o.used, IDENT_ANSWER_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(query),
		cmocka_unit_test(same_userid),
		cmocka_unit_test(other_userid),
		cmocka_unit_test(other_names_no_user_of_the_system),
		cmocka_unit_test(userid_with_blanks_and_colons),
		cmocka_unit_test(longest_userid),
		cmocka_unit_test(errors),
		cmocka_unit_test(ports),
		cmocka_unit_test(port_zero_is_not_nothing),
		cmocka_unit_test(keywords_and_fields),
		cmocka_unit_test(bytes_that_are_in_no_line),
		cmocka_unit_test(stops_after_the_line),
		cmocka_unit_test(every_prefix_wants_more),
		cmocka_unit_test(length_limit),
	};

	return cmocka_run_group_tests_name("ident", tests, NULL, NULL);
}

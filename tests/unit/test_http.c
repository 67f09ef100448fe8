/*
 * http: heads of requests at every cut, whom they are for, what is asked, and how answers are framed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "protocol/http.h"

#define NAME "here.example"
#define GET "GET / HTTP/1.1\r\n"

/* Reads it in pieces that end at a, b and its end. */
static enum parse read_cut(
	struct http_reader *r, const char *head, size_t len, size_t a, size_t b, size_t *total)
{
	const size_t ends[3] = {a, b, len};
	enum parse answer = PARSE_MORE;
	size_t start = 0;

	memset(r, 0, sizeof *r);
	*total = 0;
	for (unsigned i = 0; i < 3 && answer == PARSE_MORE; i++) {
		size_t used, n = ends[i] - start;
		uint8_t *piece = guard_copy(head + start, n);

		answer = http_read(r, NAME, piece, n, &used);
		guard_free(piece, n);
		assert_true(used <= n && (answer != PARSE_MORE || used == n));
		*total += used;
		start = ends[i];
	}
	return answer;
}

/* At once and at every cut in two and, here and there, in three. */
static enum parse read_every_way(struct http_reader *r, const char *head, size_t len, size_t *used)
{
	enum parse answer = read_cut(r, head, len, len, len, used);

	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b += 7) {
			struct http_reader cut;
			size_t cut_used;

			assert_int_equal(read_cut(&cut, head, len, a, b, &cut_used), answer);
			assert_int_equal(cut_used, *used);
			assert_memory_equal(&cut, r, sizeof cut);
		}
	return answer;
}

static enum parse read_all(struct http_reader *r, const char *head)
{
	size_t used;

	return read_every_way(r, head, strlen(head), &used);
}

static void a_whole_head_and_not_a_byte_more(void **state)
{
	static const char head[] =
		"POST /end?session=7 HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\n\r\nbody";
	struct http_reader r;
	size_t used;

	(void)state;
	assert_int_equal(read_every_way(&r, head, sizeof head - 1, &used), PARSE_DONE);
	assert_int_equal(used, sizeof head - 1 - 4);
	assert_string_equal(r.target, "/end?session=7");
	assert_int_equal(r.method, HTTP_POST);
	assert_int_equal(r.host, HTTP_HOST_OWN);
	assert_false(r.old || r.from_other);
}

static void methods_and_versions(void **state)
{
	static const struct {
		const char *head;
		int method;
		bool old;
	} rows[] = {
		{"GET / HTTP/1.1\n\n", HTTP_GET, false},
		{"\r\n\nHEAD / HTTP/1.0\r\n\r\n", HTTP_HEAD, true},
		{"get / HTTP/1.1\r\n\r\n", HTTP_OTHER, false},
		{"PUT / HTTP/1.9\r\n\r\n", HTTP_OTHER, false},
	};
	struct http_reader r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(read_all(&r, rows[i].head), PARSE_DONE);
		assert_int_equal(r.method, rows[i].method);
		assert_int_equal(r.old, rows[i].old);
		assert_int_equal(r.host, HTTP_HOST_MISSING);
	}
}

static void for_whom(void **state)
{
	static const struct {
		const char *field;
		int host;
	} rows[] = {
		{"Host: 127.0.0.1\r\n", HTTP_HOST_OWN},
		{"host:127.0.0.1:1 \t\r\n", HTTP_HOST_OWN},
		{"HOST: [2001:db8::1]:8080\r\n", HTTP_HOST_OWN},
		{"Host: LOCALHOST\r\n", HTTP_HOST_OWN},
		{"Host: Here.Example:80\r\n", HTTP_HOST_OWN},
		{"Host: here.example.org\r\n", HTTP_HOST_OTHER},
		{"Host: here\r\n", HTTP_HOST_OTHER},
		{"Host: 127.0.0.1.example\r\n", HTTP_HOST_OTHER},
		{"Host: 0177.0.0.1\r\n", HTTP_HOST_OTHER},
		{"Host: localhos\x54\r\n", HTTP_HOST_OWN},
		{"Host: localhos\x34\r\n", HTTP_HOST_OTHER},
		{"Host:\r\n", HTTP_HOST_OTHER},
		{"Hos: 127.0.0.1\r\n", HTTP_HOST_MISSING},
	};
	char head[128];
	struct http_reader r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t;

		text_init(&t, head, sizeof head);
		text_str(&t, GET);
		text_str(&t, rows[i].field);
		text_str(&t, "\r\n");
		assert_int_equal(read_all(&r, head), PARSE_DONE);
		if (r.host != rows[i].host)
			fail_msg("%s", rows[i].field);
	}
}

static void on_behalf_of_another_site(void **state)
{
	struct http_reader r;

	(void)state;
	assert_int_equal(read_all(&r, GET "Sec-Fetch-Site: none\r\n\r\n"), PARSE_DONE);
	assert_false(r.from_other);
	assert_int_equal(read_all(&r, GET "sec-fetch-site:same-origin\r\n\r\n"), PARSE_DONE);
	assert_false(r.from_other);
	assert_int_equal(read_all(&r, GET "Sec-Fetch-Site: same-site\r\n\r\n"), PARSE_DONE);
	assert_true(r.from_other);
	assert_int_equal(
		read_all(&r, GET "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: none\r\n\r\n"),
		PARSE_DONE);
	assert_true(r.from_other);
}

static void what_is_wrong(void **state)
{
	static const struct {
		const char *head;
		int status;
	} rows[] = {
		{"GET /\r\n", HTTP_BAD_REQUEST},
		{"GET\r\n", HTTP_BAD_REQUEST},
		{"GET / HTTP/1.1 \r\n", HTTP_BAD_REQUEST},
		{"GET / HTTP/2.0\r\n", HTTP_BAD_REQUEST},
		{"GET / http/1.1\r\n", HTTP_BAD_REQUEST},
		{"GET x HTTP/1.1\r\n", HTTP_BAD_REQUEST},
		{"GET  HTTP/1.1\r\n", HTTP_BAD_REQUEST},
		{"GET /\x7f HTTP/1.1\r\n", HTTP_BAD_REQUEST},
		{GET "Host: a\r\nhost: a\r\n", HTTP_BAD_REQUEST},
		{GET " X: 1\r\n", HTTP_BAD_REQUEST},
		{GET ": 1\r\n", HTTP_BAD_REQUEST},
		{GET "X\t: 1\r\n", HTTP_BAD_REQUEST},
		{GET "X: a\rb\r\n", HTTP_BAD_REQUEST},
	};
	struct http_reader r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(read_all(&r, rows[i].head), PARSE_MALFORMED);
		assert_int_equal(r.wrong, rows[i].status);
	}
}

/* The longest of each, and one byte more. */
static void what_is_too_long(void **state)
{
	char head[HTTP_HEAD_MAX + 1];
	struct http_reader r;
	size_t used;

	(void)state;
	memset(head, 'a', sizeof head);
	memcpy(head, "GET /", 5);
	memcpy(head + 4 + HTTP_TARGET_MAX, " HTTP/1.1\r\n\r\n", 13);
	assert_int_equal(read_cut(&r, head, sizeof head, 50, 99, &used), PARSE_DONE);
	assert_int_equal(strlen(r.target), HTTP_TARGET_MAX);
	memcpy(head + 4 + HTTP_TARGET_MAX, "a HTTP/1.1\r\n\r\n", 14);
	assert_int_equal(read_cut(&r, head, sizeof head, 50, 99, &used), PARSE_MALFORMED);
	assert_int_equal(r.wrong, HTTP_LONG_TARGET);
	/* A line past the window says nothing, but ends. */
	memset(head, 'a', sizeof head);
	memcpy(head, GET "Cookie: ", strlen(GET "Cookie: "));
	memcpy(head + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(read_cut(&r, head, HTTP_HEAD_MAX, 300, 301, &used), PARSE_DONE);
	head[HTTP_HEAD_MAX - 4] = 'a';
	head[HTTP_HEAD_MAX - 3] = '\r';
	head[HTTP_HEAD_MAX - 2] = '\n';
	head[HTTP_HEAD_MAX - 1] = '\r';
	head[HTTP_HEAD_MAX] = '\n';
	assert_int_equal(read_cut(&r, head, HTTP_HEAD_MAX + 1, 300, 301, &used), PARSE_MALFORMED);
	assert_int_equal(used, HTTP_HEAD_MAX);
	assert_int_equal(r.wrong, HTTP_LONG_HEAD);
}

/* Of a line that is longer than the window nobody knows the end: so it is not believed. */
static void lines_longer_than_the_window(void **state)
{
	static const struct {
		const char *line;
		char more, end;
		enum parse answer;
		int host;
		bool from_other;
	} rows[] = {
		{"GET /", 'a', 'a', PARSE_MALFORMED, HTTP_HOST_MISSING, false},
		{GET "Host: 127.0.0.1:", '1', '1', PARSE_DONE, HTTP_HOST_OTHER, false},
		{GET "Sec-Fetch-Site: none", ' ', 'x', PARSE_DONE, HTTP_HOST_MISSING, true},
		{GET "Sec-Fetch-Sit: none", ' ', 'x', PARSE_DONE, HTTP_HOST_MISSING, false},
	};
	char head[2 * HTTP_WINDOW];
	struct http_reader r;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		memset(head, rows[i].more, sizeof head);
		memcpy(head, rows[i].line, strlen(rows[i].line));
		head[sizeof head - 5] = rows[i].end;
		memcpy(head + sizeof head - 4, "\r\n\r\n", 4);
		assert_int_equal(read_cut(&r, head, sizeof head, 99, 300, &used), rows[i].answer);
		assert_int_equal(r.host, rows[i].host);
		assert_int_equal(r.from_other, rows[i].from_other);
		if (rows[i].answer == PARSE_MALFORMED)
			assert_int_equal(r.wrong, HTTP_LONG_TARGET);
	}
}

static void paths_and_queries(void **state)
{
	static const char target[] = "/sessions?after=12&limit=&x&=y&after=13";
	struct word word = http_query(target, "after");

	(void)state;
	assert_true(http_path_is(target, "/sessions"));
	assert_false(http_path_is(target, "/session"));
	assert_false(http_path_is(target, "/"));
	assert_true(http_path_is("/", "/"));
	assert_int_equal(word.len, 2);
	assert_memory_equal(word.at, "12", 2);
	assert_true(http_query(target, "limit").at != NULL);
	assert_int_equal(http_query(target, "limit").len, 0);
	assert_null(http_query(target, "x").at);
	assert_null(http_query(target, "afte").at);
	assert_null(http_query("/sessions", "after").at);
}

static void chunks(void **state)
{
	char chunk[HTTP_CHUNK_BEFORE + 10 + HTTP_CHUNK_AFTER + HTTP_CHUNK_LAST];

	(void)state;
	memcpy(chunk + HTTP_CHUNK_BEFORE, "0123456789", 10);
	assert_int_equal(http_chunk(chunk, 10, false), 18);
	assert_memory_equal(chunk, "000a\r\n0123456789\r\n", 18);
	assert_int_equal(http_chunk(chunk, 10, true), sizeof chunk);
	assert_memory_equal(chunk, "000a\r\n0123456789\r\n0\r\n\r\n", sizeof chunk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_head_and_not_a_byte_more),
		cmocka_unit_test(methods_and_versions),
		cmocka_unit_test(for_whom),
		cmocka_unit_test(on_behalf_of_another_site),
		cmocka_unit_test(what_is_wrong),
		cmocka_unit_test(what_is_too_long),
		cmocka_unit_test(lines_longer_than_the_window),
		cmocka_unit_test(paths_and_queries),
		cmocka_unit_test(chunks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What port/bsd does over Zephyr that the contract tests cannot see: look-ups that another
 * thread answers, TCP without half-closed connections, MSG_PEEK that must show all.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>

#include "files.h"
#include "host.h"
#include "internal.h"
#include "questions.h"

#define NAME "www.example.test"
#define WAIT_MS 5000

static struct port port;
static const struct address loopback = {.ip.octet = {[10] = 0xff, 0xff, 127, 0, 0, 1}};

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	host_clear();
	questions = (struct questions){.hold = true};
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return host_questions() == 0 ? 0 : -1;
}

/* ---- Zephyr's sockets, where this host's do otherwise ---- */

static bool peeks_short; /* some MSG_PEEK had less room than there can be octets */

/* The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (flags & MSG_PEEK && len < CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE)
		peeks_short = true;
	return __real_recv(fd, buf, len, flags);
}

int __wrap_shutdown(int fd, int how)
{
	(void)fd;
	(void)how;
	errno = ENOTSUP;
	return -1;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Streams ---- */

/* Two ends of one connection, and no more of the listener. */
static void pair(port_sock *a, port_sock *b)
{
	struct address at = loopback;
	port_sock listener;

	assert_int_equal(port_listen(&port, &at, 1, &listener), 0);
	assert_int_equal(port_local(&port, listener, &at), 0);
	assert_int_equal(port_connect(&port, NULL, &at, a), 0);
	while (port_accept(&port, listener, b, &at) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	while (port_connected(&port, *a) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	port_close(&port, &listener);
}

static void send_text(port_sock s, const char *text)
{
	assert_int_equal(port_send(&port, s, text, strlen(text)), strlen(text));
}

/* Waits until the port names s. */
static void await(port_sock s)
{
	uint32_t began = port_now(&port);
	port_sock ready;

	while (port_now(&port) - began < WAIT_MS) {
		assert_true(port_wait(&port, WAIT_MS) >= 0);
		while ((ready = port_next(&port)) != PORT_NONE)
			if (ready == s)
				return;
	}
	fail_msg("%d never became ready", s);
}

static int read_some(port_sock s, char *buf, size_t size)
{
	int n;

	while ((n = port_read(&port, s, buf, size)) == PORT_AGAIN)
		await(s);
	return n;
}

/* What was sent before arrives, then the end; and reading here has ended too. */
static void an_end_ends_both_directions(void **state)
{
	port_sock a, b;
	char buf[16];

	(void)state;
	pair(&a, &b);
	send_text(a, "last words");
	port_shutdown(&port, a);
	assert_int_equal(read_some(b, buf, sizeof buf), 10);
	assert_memory_equal(buf, "last words", 10);
	assert_int_equal(read_some(b, buf, sizeof buf), PORT_EOF);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_EOF);
	assert_int_equal(port_peer_closed(&port, a), PORT_EOF);
	assert_int_equal(port_local(&port, a, &(struct address){.port = 0}), PORT_FAILED);
	port_shutdown(&port, a);
	port_close(&port, &a);
	port_reset(&port, &b);
}

/* Whoever waits to read from the side that is ended is told. */
static void who_waits_is_told_of_the_end(void **state)
{
	port_sock a, b;
	char buf[16];

	(void)state;
	pair(&a, &b);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_AGAIN);
	port_shutdown(&port, a);
	await(a);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_EOF);
}

/* Also who waits for the peer to leave; and then nothing is left to look at. */
static void who_watches_is_told_of_the_end(void **state)
{
	port_sock a, b;

	(void)state;
	pair(&a, &b);
	assert_int_equal(port_peer_closed(&port, a), PORT_AGAIN);
	port_shutdown(&port, a);
	await(a);
	assert_int_equal(port_peer_closed(&port, a), PORT_EOF);
	port_reset(&port, &a);
}

/* Moving with a budget below what lies there, peeking, and looking whether the peer has gone. */
static void all_that_lies_unread_is_shown(void **state)
{
	port_sock a, b, c, d, culprit;
	const uint8_t *data;
	char buf[8];

	(void)state;
	pair(&a, &b);
	pair(&c, &d);
	peeks_short = false;
	send_text(a, "0123456789");
	while (port_peek(&port, b, &data) == PORT_AGAIN)
		await(b);
	assert_int_equal(port_peer_closed(&port, b), PORT_AGAIN);
	assert_int_equal(port_move(&port, b, c, 4, &culprit), 4);
	assert_int_equal(read_some(d, buf, sizeof buf), 4);
	assert_memory_equal(buf, "0123", 4);
	assert_int_equal(port_peek(&port, b, &data), 6);
	assert_memory_equal(data, "456789", 6);
	assert_false(peeks_short);
}

/* ---- Names ---- */

static port_sock ask(const char *name, enum port_families families)
{
	port_sock s;

	assert_int_equal(port_resolve(&port, name, strlen(name), families, &s), 0);
	return s;
}

static void answer(const char *name, enum dns_query_type type, enum dns_resolve_status status,
	const char *const addresses[])
{
	struct host_question question;

	assert_true(host_take(name, type, &question));
	host_answer(&question, status, addresses);
}

static int resolved(port_sock s, struct address at[], size_t max)
{
	int n;

	while ((n = port_resolved(&port, s, at, max)) == PORT_AGAIN)
		await(s);
	return n;
}

static void assert_at(const struct address *at, const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, strlen(text), &ip));
	assert_true(ip_equal(&at->ip, &ip));
	assert_int_equal(at->port, 0);
}

static void families_take_turns(void **state)
{
	static const char *const four[] = {"192.0.2.1", "192.0.2.2", NULL};
	static const char *const six[] = {"2001:db8::1", NULL};
	struct address at[4];
	port_sock s = ask(NAME ".", PORT_BOTH);

	(void)state;
	assert_int_equal(port_resolved(&port, s, at, 4), PORT_AGAIN);
	answer(NAME, DNS_QUERY_TYPE_A, DNS_EAI_ALLDONE, four);
	answer(NAME, DNS_QUERY_TYPE_AAAA, DNS_EAI_ALLDONE, six);
	assert_int_equal(resolved(s, at, 4), 3);
	assert_at(&at[0], "2001:db8::1");
	assert_at(&at[1], "192.0.2.1");
	assert_at(&at[2], "192.0.2.2");
	assert_int_equal(port_resolved(&port, s, at, 1), 1);
	assert_at(&at[0], "2001:db8::1");
	port_close(&port, &s);
}

/* The other family is waited for, but not for long; its question is cancelled at the close. */
static void one_family_is_enough(void **state)
{
	static const char *const four[] = {"192.0.2.1", NULL};
	struct address at;
	port_sock s = ask(NAME, PORT_BOTH);

	(void)state;
	answer(NAME, DNS_QUERY_TYPE_A, DNS_EAI_ALLDONE, four);
	assert_int_equal(resolved(s, &at, 1), 1);
	assert_at(&at, "192.0.2.1");
	assert_int_equal(host_questions(), 1);
	port_close(&port, &s);
	assert_int_equal(host_questions(), 0);
}

static void no_name_and_no_answer(void **state)
{
	struct address at;
	port_sock s = ask(NAME, PORT_BOTH);

	(void)state;
	answer(NAME, DNS_QUERY_TYPE_A, DNS_EAI_NODATA, NULL);
	answer(NAME, DNS_QUERY_TYPE_AAAA, DNS_EAI_NONAME, NULL);
	assert_int_equal(resolved(s, &at, 1), PORT_NO_NAME);
	port_close(&port, &s);
	s = ask(NAME, PORT_IPV4);
	assert_int_equal(host_questions(), 1);
	answer(NAME, DNS_QUERY_TYPE_A, DNS_EAI_CANCELED, NULL); /* as when time has run out */
	assert_int_equal(resolved(s, &at, 1), PORT_NAME_FAILED);
	port_close(&port, &s);
}

/* An answer that was under way when its look-up was closed finds nobody, also where the next one is. */
static void a_late_answer_finds_nobody(void **state)
{
	static const char *const wrong[] = {"192.0.2.66", NULL}, *const right[] = {
									 "192.0.2.1", NULL};
	struct host_question late;
	struct address at[2];
	port_sock s = ask(NAME, PORT_IPV4);

	(void)state;
	assert_true(host_take(NAME, DNS_QUERY_TYPE_A, &late));
	port_close(&port, &s);
	s = ask(NAME, PORT_IPV4);
	host_answer(&late, DNS_EAI_ALLDONE, wrong);
	assert_int_equal(port_resolved(&port, s, at, 2), PORT_AGAIN);
	answer(NAME, DNS_QUERY_TYPE_A, DNS_EAI_ALLDONE, right);
	assert_int_equal(resolved(s, at, 2), 1);
	assert_at(&at[0], "192.0.2.1");
}

/* Every place is taken once, and free again; the port's end cancels what is asked. */
static void places_are_given_back(void **state)
{
	port_sock s[PORT_LOOKUPS], more;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < PORT_LOOKUPS; i++)
			s[i] = ask(NAME, PORT_BOTH);
		assert_int_equal(host_questions(), 2 * PORT_LOOKUPS);
		assert_int_equal(port_resolve(&port, NAME, sizeof NAME - 1, PORT_BOTH, &more),
			PORT_NO_RESOURCES);
		assert_int_equal(more, PORT_NONE);
		for (int i = 0; i < PORT_LOOKUPS && round < 2; i++)
			port_close(&port, &s[i]);
	}
}

/* A resolver that takes no question is said to do so, once until it takes one. */
static void a_refusal_of_questions_is_said(void **state)
{
	struct address at;
	port_sock s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		questions.refuse = true;
		host.log_len = 0;
		s = ask(NAME, PORT_BOTH);
		assert_int_equal(resolved(s, &at, 1), PORT_NAME_FAILED);
		port_close(&port, &s);
		assert_non_null(strstr(host_log_text(), "warning: names cannot be looked up"));
		host.log_len = 0;
		s = ask(NAME, PORT_BOTH);
		assert_int_equal(resolved(s, &at, 1), PORT_NAME_FAILED);
		port_close(&port, &s);
		assert_string_equal(host_log_text(), "");
		questions.refuse = false;
		s = ask(NAME, PORT_BOTH);
		port_close(&port, &s);
	}
}

static void nobody_is_asked(void **state)
{
	static const struct {
		const char *name;
		int count;
		const char *first;
	} rows[] = {
		{"192.0.2.7", 1, "192.0.2.7"},
		{"2001:db8::7", 1, "2001:db8::7"},
		{"fe80::1%1", 1, "fe80::1"},
		{"localhost", 2, "::1"},
		{"a.LocalHost", 2, "::1"},
		{"fe80::1%no-such-interface", PORT_NO_NAME, NULL},
		{"a..b", PORT_NO_NAME, NULL},
		{".a", PORT_NO_NAME, NULL},
	};
	struct address at[2];
	port_sock s;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		s = ask(rows[i].name, PORT_BOTH);
		if (host_questions() > 0) /* the name of no interface may look like a host's */
			port_close(&port, &s);
		if (s == PORT_NONE)
			continue;
		assert_int_equal(resolved(s, at, 2), rows[i].count);
		if (rows[i].count > 0)
			assert_at(&at[0], rows[i].first);
		port_close(&port, &s);
	}
}

/* ---- The rest ---- */

static void the_log_has_levels(void **state)
{
	(void)state;
	port_log(&port, PORT_ERROR, "100%s wrong", 11);
	port_log(&port, PORT_WARNING, "unwise", 6);
	port_log(&port, PORT_INFO, "so it is", 8);
	port_log(&port, PORT_DEBUG, "state", 5);
	assert_string_equal(
		host_log_text(), "error: 100%s wrong\nwarning: unwise\nso it is\ndebug: state\n");
}

/* Name servers of the configuration would be passed over: that is said. */
static void name_servers_are_zephyrs(void **state)
{
	const struct port_config config = {.name_servers = 1};

	(void)state;
	port_fini(&port);
	assert_int_equal(port_init(&port, &config), 0);
	assert_non_null(strstr(host_log_text(), "warning: dns: "));
}

static void files_have_names(void **state)
{
	static const struct zephyr_file files[] = {
		{"", (const uint8_t *)"all", 3}, {"key.pem", (const uint8_t *)"secret", 6}};
	const uint8_t *data;

	(void)state;
	zephyr_files(files, 2);
	assert_int_equal(port_load(&port, "key.pem", 2, &data), 4);
	assert_string_equal((const char *)data, "cret");
	assert_int_equal(port_load(&port, "key.pem", 6, &data), 0);
	assert_int_equal(port_load(&port, "", 0, &data), 3);
	assert_int_equal(port_load(&port, "key", 0, &data), PORT_NO_NAME);
	zephyr_files(NULL, 0);
	assert_int_equal(port_load(&port, "key.pem", 0, &data), PORT_NO_NAME);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_end_ends_both_directions),
		TEST(who_waits_is_told_of_the_end),
		TEST(who_watches_is_told_of_the_end),
		TEST(all_that_lies_unread_is_shown),
		TEST(families_take_turns),
		TEST(one_family_is_enough),
		TEST(no_name_and_no_answer),
		TEST(a_late_answer_finds_nobody),
		TEST(places_are_given_back),
		TEST(a_refusal_of_questions_is_said),
		TEST(nobody_is_asked),
		TEST(the_log_has_levels),
		TEST(name_servers_are_zephyrs),
		TEST(files_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * endpoint: every way to write one. What can be wrong with one is in test_config_transport.c.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../skip.h"
#include "config/endpoint.h"
#include "config/value.h"
#include "guard.h"
#include "protocol/starttls.h"
#include "room.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LABEL_63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static struct string_table strings;
static struct reading reading;

/* Reads it flush against an unreadable page. type: a VALUE_LISTEN, FORWARD, TARGET or HOP. */
static bool read_as(int type, const char *text, struct endpoint *e)
{
	size_t len = strlen(text);
	char *copy = (char *)guard_copy(text, len);
	bool right;

	reading = (struct reading){.tls = true, .strings = &strings};
	right = endpoint_read(&reading, type, (struct word){copy, len}, e);
	if (!right) {
		assert_true(reading.error.at.at >= copy);
		assert_true(reading.error.at.at + reading.error.at.len <= copy + len);
	}
	guard_free((uint8_t *)copy, len);
	return right;
}

/* Is the last error that something is disabled, which is so? */
#define IS_DISABLED(name) (CONFIG_ANKLET_##name == 0 && is_about(ERROR_DISABLED, SETTING_##name))

static bool is_about(int kind, int about)
{
	return reading.error.kind == kind && reading.error.about == about;
}

/* As a listener's, of a host that has to be looked up: without names that is what is wrong. */
static bool read_name(const char *text, struct endpoint *e)
{
	bool right = read_as(VALUE_LISTEN, text, e);

	assert_true(right == CONFIG_ANKLET_NAMES);
	if (!right)
		assert_true(IS_DISABLED(NAMES));
	return right;
}

static int empty_strings(void **state)
{
	(void)state;
	memset(&strings, 0, sizeof strings);
	return 0;
}

static void printed_whole_whatever_was_written(void **state)
{
	static const char *const cases[][2] = {
		{"tcp://127.0.0.1:80", "tcp://127.0.0.1:80"},
		{"TCP://127.0.0.1:80", "tcp://127.0.0.1:80"},
		{"127.0.0.1:80", "tcp://127.0.0.1:80"},
		{"127.0.0.1", "tcp://127.0.0.1:1080"},
		{"tcp://127.0.0.1", "tcp://127.0.0.1:1080"},
		{"0.0.0.0:0", "tcp://0.0.0.0:0"},
		{"127.0.0.1:65535", "tcp://127.0.0.1:65535"},
		{"127.0.0.1:00080", "tcp://127.0.0.1:80"},
		{"[::1]", "tcp://[::1]:1080"},
		{"[::]:81", "tcp://[::]:81"},
		{"tcp://[2001:DB8:0::1]:82", "tcp://[2001:db8::1]:82"},
		{"[::ffff:10.0.0.1]:83", "tcp://10.0.0.1:83"},
		{"[fe80::1]:84", "tcp://[fe80::1]:84"},
		{"[fe80::1%eth0]:85", "tcp://[fe80::1%eth0]:85"},
		{"[fe80::1%2]", "tcp://[fe80::1%2]:1080"},
		{"[fe80::1%br-lan.100_x]", "tcp://[fe80::1%br-lan.100_x]:1080"},
		{"*", "tcp://*:1080"},
		{"*:1081", "tcp://*:1081"},
		{"tcp://*:0", "tcp://*:0"},
		{"localhost", "tcp://localhost:1080"},
		{"Host-1.example.COM.:86", "tcp://Host-1.example.COM.:86"},
		{"_x.1.a1:87", "tcp://_x.1.a1:87"},
		{"SSL://h:1?cert=c", "tls://h:1?cert=c"},
		{"tls://*?min=1.3&psk=p", "tls://*:1080?psk=p&min=1.3"},
		{"tls://h?cert=%2fa%2Fb+c%20%c3%A4\xc3\xa4",
			"tls://h:1080?cert=/a/b+c%20%C3%A4%C3%A4"},
		{"tls://h?cert=a://b?c=d#e\"<", "tls://h:1080?cert=a://b?c=d%23e%22%3C"},
		{LABEL_63 ".de", "tcp://" LABEL_63 ".de:1080"},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e, again;
		char buf[300];
		struct text t;

		if (!read_as(VALUE_LISTEN, cases[i][0], &e)) {
			if (!IS_DISABLED(NAMES))
				fail_msg("'%s' is an endpoint", cases[i][0]);
			continue;
		}
		text_init(&t, buf, sizeof buf);
		text_endpoint(&t, &e, &strings);
		assert_string_equal(buf, cases[i][1]);
		assert_true(read_as(VALUE_FORWARD, buf, &again));
		assert_memory_equal(&e, &again, sizeof e);
	}
}

/* Every one of these is a target, or a hop; false: it is disabled, or not known where SOCKS5 is. */
static bool read_scheme(const char *text, struct endpoint *e)
{
	int type = tolower((unsigned char)text[0]) == 's' && tolower((unsigned char)text[1]) == 'o'
			   ? VALUE_HOP
			   : VALUE_TARGET;

	if (read_as(type, text, e))
		return true;
	if (!IS_DISABLED(UDP_FLOWS) && (CONFIG_ANKLET_SOCKS5 || strncmp(text + 1, "ocks5", 5) != 0))
		fail_msg("'%s' is an endpoint", text);
	return false;
}

/* Every scheme, for whoever connects. */
static void printed_with_its_scheme(void **state)
{
	static const char *const cases[][2] = {
		{"tcp://[::9]:1", "tcp://[::9]:1"},
		{"Udp://[::9]:1", "udp://[::9]:1"},
		{"tls://[::9]:1", "tls://[::9]:1"},
		{"ssl://[::9]:1?verify=none&name=::1", "tls://[::9]:1?name=::1&verify=none"},
		{"SMTP+StartTLS://[::9]:1", "smtp+starttls://[::9]:1"},
		{"imap+starttls://[::9]:1?ca=x", "imap+starttls://[::9]:1?ca=x"},
		{"pop3+starttls://[::9]:1", "pop3+starttls://[::9]:1"},
		{"nntp+starttls://[::9]:1?truncated=eof&halfclose=defer",
			"nntp+starttls://[::9]:1?truncated=eof&halfclose=defer"},
		{"socks4://[::9]:1", "socks4://[::9]:1"},
		{"socks4a://[::9]:1", "socks4a://[::9]:1"},
		{"socks4+tls://[::9]:1", "socks4+tls://[::9]:1"},
		{"SOCKS4A+TLS://[::9]:1?psk=p&alpn=x", "socks4a+tls://[::9]:1?psk=p&alpn=x"},
		{"socks5://[::9]:1", "socks5://[::9]:1"},
		{"socks5h://[::9]:1", "socks5h://[::9]:1"},
		{"socks5+tls://[::9]:1?ca=x", "socks5+tls://[::9]:1?ca=x"},
#if ANKLET_HAS_HOP_PASSWORDS
		{"socks5://[::9]:1?password=x%20y", "socks5://[::9]:1?password=x%20y"},
		{"socks5h+tls://[::9]:1?password=y&ca=x", "socks5h+tls://[::9]:1?ca=x&password=y"},
#endif
		{"Socks5H+TLS://[::9]:1?psk=p", "socks5h+tls://[::9]:1?psk=p"},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e, again;
		char buf[300];
		struct text t;

		if (!read_scheme(cases[i][0], &e))
			continue;
		text_init(&t, buf, sizeof buf);
		text_endpoint(&t, &e, &strings);
		assert_string_equal(buf, cases[i][1]);
		assert_true(read_scheme(buf, &again));
		assert_memory_equal(&e, &again, sizeof e);
	}
}

static void what_a_scheme_is(void **state)
{
	static const struct {
		const char *text;
		int starttls; /* -1: no STARTTLS */
		bool tls;
		uint8_t socks; /* of a hop; 0: it is none */
		bool takes_names;
	} cases[] = {
		{"tcp://[::9]:1", -1, false, 0, false},
		{"udp://[::9]:1", -1, false, 0, false},
		{"tls://[::9]:1", -1, true, 0, false},
		{"smtp+starttls://[::9]:1", STARTTLS_SMTP, true, 0, false},
		{"imap+starttls://[::9]:1", STARTTLS_IMAP, true, 0, false},
		{"pop3+starttls://[::9]:1", STARTTLS_POP3, true, 0, false},
		{"nntp+starttls://[::9]:1", STARTTLS_NNTP, true, 0, false},
		{"socks4://[::9]:1", -1, false, 4, false},
		{"socks4a://[::9]:1", -1, false, 4, true},
		{"socks4+tls://[::9]:1", -1, true, 4, false},
		{"socks4a+tls://[::9]:1", -1, true, 4, true},
		{"socks5://[::9]:1", -1, false, 5, false},
		{"socks5h://[::9]:1", -1, false, 5, true},
		{"socks5+tls://[::9]:1", -1, true, 5, false},
		{"socks5h+tls://[::9]:1", -1, true, 5, true},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	assert_int_equal(
		COUNT(cases) - (CONFIG_ANKLET_SOCKS5 ? 0 : 4), ENDPOINT_SSL - ENDPOINT_TCP);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e;
		uint8_t protocol = 99;

		if (!read_scheme(cases[i].text, &e))
			continue;
		assert_int_equal(e.scheme, ENDPOINT_TCP + i);
		assert_int_equal(endpoint_has_tls(&e), cases[i].tls);
		assert_int_equal(endpoint_is_hop(&e), cases[i].socks != 0);
		if (cases[i].socks != 0) {
			assert_int_equal(endpoint_socks(&e), cases[i].socks);
			assert_int_equal(endpoint_takes_names(&e), cases[i].takes_names);
		}
		assert_int_equal(endpoint_starttls(&e, &protocol), cases[i].starttls >= 0);
		if (cases[i].starttls >= 0)
			assert_int_equal(protocol, cases[i].starttls);
	}
}

static void kinds_of_host(void **state)
{
	struct endpoint e;
	struct ip v4 = ip_v4(10, 0, 0, 1);

	(void)state;
	assert_true(read_as(VALUE_LISTEN, "10.0.0.1:5", &e));
	assert_int_equal(e.scheme, ENDPOINT_TCP);
	assert_int_equal(e.host, ENDPOINT_IP);
	assert_true(ip_equal(&e.ip, &v4));
	assert_int_equal(e.port, 5);
	assert_int_equal(e.name, STRING_NONE);
	assert_true(read_as(VALUE_LISTEN, "*:5", &e));
	assert_int_equal(e.host, ENDPOINT_ANY);
	if (read_name("a:5", &e)) {
		assert_int_equal(e.host, ENDPOINT_NAME);
		assert_string_equal(string_table_at(&strings, e.name), "a");
	}
	if (!read_name("[fe80::1%eth0]:5", &e))
		return;
	assert_int_equal(e.host, ENDPOINT_NAME);
	assert_string_equal(string_table_at(&strings, e.name), "fe80::1%eth0");
}

static void a_port_without_a_default_must_be_written(void **state)
{
	struct endpoint e;

	(void)state;
	needs(ANKLET_HAS_FORWARDS);
	assert_false(read_as(VALUE_FORWARD, "10.0.0.1", &e));
	assert_true(is_about(ERROR_MISSING, VALUE_PORT));
	assert_false(read_as(VALUE_TARGET, "[::1]", &e));
	assert_true(is_about(ERROR_MISSING, VALUE_PORT));
	assert_false(read_as(VALUE_TARGET, "80", &e)); /* a listener's alone may be a port */
	assert_true(read_as(VALUE_FORWARD, "[::1]:0", &e));
	assert_int_equal(e.port, 0);
	assert_true(read_as(VALUE_LISTEN, "[::1]", &e));
	assert_int_equal(e.port, 1080);
}

static void long_names(void **state)
{
	const size_t most = CONFIG_ANKLET_NAME_MAX < 253 ? CONFIG_ANKLET_NAME_MAX : 253;
	char name[300];
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	assert_true(word_is_name((struct word){name, most}));
	assert_false(word_is_name((struct word){name, most + 1}));
	name[most] = '.';
	assert_int_equal(
		word_is_name((struct word){name, most + 1}), most < CONFIG_ANKLET_NAME_MAX);
	assert_false(word_is_name((struct word){name, 0}));
	name[most] = '\0';
	if (read_name(name, &e))
		assert_string_equal(string_table_at(&strings, e.name), name);
}

static void a_full_table_is_an_error(void **state)
{
	char filler[CONFIG_ANKLET_CONFIG_TEXT - 8];
	struct endpoint e;

	(void)state;
	memset(filler, 'x', sizeof filler);
	assert_int_not_equal(
		string_table_add(&strings, (struct word){filler, sizeof filler}), STRING_NONE);
	if (!read_name("abcde:1", &e))
		return;
	memset(&strings, 0, sizeof strings);
	string_table_add(&strings, (struct word){filler, sizeof filler});
	assert_false(read_as(VALUE_LISTEN, "abcdef:1", &e));
	assert_true(is_about(ERROR_FULL, SETTING_CONFIG_TEXT));
}

static void strings_of_the_table(void **state)
{
	struct string_table t = {0};
	uint16_t a, b;

	(void)state;
	assert_string_equal(string_table_at(&t, STRING_NONE), "");
	assert_int_equal(string_table_add(&t, (struct word){"", 0}), STRING_NONE);
	a = string_table_add(&t, (struct word){"abc", 3});
	b = string_table_add(&t, (struct word){"abcd", 2});
	assert_string_equal(string_table_at(&t, a), "abc");
	assert_string_equal(string_table_at(&t, b), "ab");
	assert_string_equal(string_table_at(&t, STRING_NONE), "");
	assert_int_equal(string_table_add(&t, (struct word){"abc", 3}), a);
	assert_int_equal(string_table_add(&t, (struct word){"ab", 2}), b);
	assert_int_not_equal(string_table_add(&t, (struct word){"bc", 2}), (uint16_t)(a + 1));
	assert_int_equal(t.len, 1 + 4 + 3 + 3);
}

static void a_full_string_table_stays_whole(void **state)
{
	struct string_table t = {0};
	unsigned added = 0;
	char text[16];

	(void)state;
	for (unsigned n = 0; n < CONFIG_ANKLET_CONFIG_TEXT; n++) {
		snprintf(text, sizeof text, "%07u", n);
		added += string_table_add(&t, (struct word){text, 7}) != STRING_NONE;
	}
	assert_int_equal(added, (CONFIG_ANKLET_CONFIG_TEXT - 1) / 8);
	assert_true(t.len <= sizeof t.text);
	for (unsigned n = 0; n < added; n++) {
		snprintf(text, sizeof text, "%07u", n);
		assert_string_equal(
			string_table_at(&t, string_table_add(&t, (struct word){text, 7})), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(printed_whole_whatever_was_written, empty_strings),
		cmocka_unit_test_setup(printed_with_its_scheme, empty_strings),
		cmocka_unit_test_setup(what_a_scheme_is, empty_strings),
		cmocka_unit_test_setup(kinds_of_host, empty_strings),
		cmocka_unit_test_setup(a_port_without_a_default_must_be_written, empty_strings),
		cmocka_unit_test_setup(long_names, empty_strings),
		cmocka_unit_test_setup(a_full_table_is_an_error, empty_strings),
		cmocka_unit_test(strings_of_the_table),
		cmocka_unit_test(a_full_string_table_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

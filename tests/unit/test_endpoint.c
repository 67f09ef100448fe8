/*
 * endpoint: every way to write one, and every way to get it wrong.
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
#include "guard.h"
#include "protocol/starttls.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define LABEL_63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static struct string_table strings;
static struct config_fault fault;

/* Any scheme, and what serves clients as well as what is connected to. */
static struct endpoint_use use_of(uint16_t default_port, bool listens)
{
	return (struct endpoint_use){.default_port = default_port,
		.schemes = (1u << ENDPOINT_SCHEMES) - 1,
		.fault = FAULT_ENDPOINT,
		.listens = listens,
		.tls = true};
}

/* Parses with the text flush against an unreadable page; the fault then speaks of 'text'. */
static bool parse_for(const struct endpoint_use *use, const char *text, struct endpoint *e)
{
	size_t len = strlen(text);
	char *copy = (char *)guard_copy(text, len);
	bool parsed = endpoint_parse(copy, len, use, &strings, e, &fault);

	if (!parsed) {
		assert_true(fault.wrong.at >= copy);
		assert_true(fault.wrong.at + fault.wrong.len <= copy + len);
		fault.wrong.at = text + (fault.wrong.at - copy);
	}
	guard_free((uint8_t *)copy, len);
	return parsed;
}

static bool parse(const char *text, uint16_t default_port, struct endpoint *e)
{
	struct endpoint_use use = use_of(default_port, true);

	return parse_for(&use, text, e);
}

/* Is the last fault that names are left out of this build? */
static bool is_absent_name(void)
{
	if (fault.kind != FAULT_NAME_ABSENT)
		return false;
	assert_int_equal(CONFIG_ANKLET_NAMES, 0);
	return true;
}

/* As parse(), of a host that has to be looked up: without names that is what is wrong. */
static bool parse_name(const char *text, uint16_t default_port, struct endpoint *e)
{
	bool parsed = parse(text, default_port, e);

	assert_true(parsed == CONFIG_ANKLET_NAMES);
	if (!parsed)
		assert_true(is_absent_name());
	return parsed;
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

		if (!parse(cases[i][0], 1080, &e)) {
			if (!is_absent_name())
				fail_msg("'%s' is an endpoint", cases[i][0]);
			continue;
		}
		text_init(&t, buf, sizeof buf);
		text_endpoint(&t, &e, &strings);
		assert_string_equal(buf, cases[i][1]);
		assert_true(parse(buf, 0, &again));
		assert_memory_equal(&e, &again, sizeof e);
	}
}

/* Is it one of datagrams, and refused because they are left out of this build? */
static bool is_absent_udp(const struct endpoint_use *use, const char *text)
{
	struct endpoint e;

	if (CONFIG_ANKLET_ASSOCIATIONS > 0 || tolower((unsigned char)text[0]) != 'u')
		return false;
	assert_false(parse_for(use, text, &e));
	assert_int_equal(fault.kind, FAULT_SCHEME_ABSENT);
	return true;
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
	};
	struct endpoint_use use = use_of(0, false);

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e, again;
		char buf[300];
		struct text t;

		if (is_absent_udp(&use, cases[i][0]))
			continue;
		if (!parse_for(&use, cases[i][0], &e))
			fail_msg("'%s' is an endpoint", cases[i][0]);
		text_init(&t, buf, sizeof buf);
		text_endpoint(&t, &e, &strings);
		assert_string_equal(buf, cases[i][1]);
		assert_true(parse_for(&use, buf, &again));
		assert_memory_equal(&e, &again, sizeof e);
	}
}

static void what_a_scheme_is(void **state)
{
	static const struct {
		const char *text;
		int starttls; /* -1: no STARTTLS */
		bool tls, hop;
	} cases[] = {
		{"tcp://[::9]:1", -1, false, false},
		{"udp://[::9]:1", -1, false, false},
		{"tls://[::9]:1", -1, true, false},
		{"smtp+starttls://[::9]:1", STARTTLS_SMTP, true, false},
		{"imap+starttls://[::9]:1", STARTTLS_IMAP, true, false},
		{"pop3+starttls://[::9]:1", STARTTLS_POP3, true, false},
		{"nntp+starttls://[::9]:1", STARTTLS_NNTP, true, false},
		{"socks4://[::9]:1", -1, false, true},
		{"socks4a://[::9]:1", -1, false, true},
		{"socks4+tls://[::9]:1", -1, true, true},
		{"socks4a+tls://[::9]:1", -1, true, true},
	};
	struct endpoint_use use = use_of(0, false);

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	assert_int_equal(COUNT(cases), ENDPOINT_SCHEMES);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e;
		uint8_t protocol = 99;

		if (is_absent_udp(&use, cases[i].text))
			continue;
		assert_true(parse_for(&use, cases[i].text, &e));
		assert_int_equal(e.scheme, i);
		assert_int_equal(endpoint_has_tls(&e), cases[i].tls);
		assert_int_equal(endpoint_is_hop(&e), cases[i].hop);
		assert_int_equal(endpoint_starttls(&e, &protocol), cases[i].starttls >= 0);
		assert_int_equal(protocol, cases[i].starttls >= 0 ? cases[i].starttls : 99);
	}
}

static void kinds_of_host(void **state)
{
	struct endpoint e;
	struct ip v4 = ip_v4(10, 0, 0, 1);

	(void)state;
	assert_true(parse("10.0.0.1:5", 0, &e));
	assert_int_equal(e.scheme, ENDPOINT_TCP);
	assert_int_equal(e.host, ENDPOINT_IP);
	assert_true(ip_equal(&e.ip, &v4));
	assert_int_equal(e.port, 5);
	assert_int_equal(e.name, STRING_NONE);
	assert_true(parse("*:5", 0, &e));
	assert_int_equal(e.host, ENDPOINT_ANY);
	if (parse_name("a:5", 0, &e)) {
		assert_int_equal(e.host, ENDPOINT_NAME);
		assert_string_equal(string_table_at(&strings, e.name), "a");
	}
	if (!parse_name("[fe80::1%eth0]:5", 0, &e))
		return;
	assert_int_equal(e.host, ENDPOINT_NAME);
	assert_string_equal(string_table_at(&strings, e.name), "fe80::1%eth0");
}

/* Which scheme was meant is a remedy. */
#define UNKNOWN_NEAR (CONFIG_ANKLET_REMEDIES ? FAULT_SCHEME_NEAR : FAULT_ENDPOINT)

static void says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *wrong;
		enum config_fault_kind kind;
	} cases[] = {
		{"htp://127.0.0.1:1080", "htp", FAULT_ENDPOINT},
		{"tcp4://x", "tcp4", UNKNOWN_NEAR},
		{"tc://x", "tc", UNKNOWN_NEAR},
		{"http://x", "http", FAULT_ENDPOINT},
		{"://x", "://x", FAULT_ENDPOINT},
		{"socks5://x:1", "socks5", FAULT_SOCKS5},
		{"Socks5+TLS://x:1", "Socks5+TLS", FAULT_SOCKS5},
		{"sock4a://x", "sock4a", UNKNOWN_NEAR},
		{"smtp+startls://x", "smtp+startls", UNKNOWN_NEAR},
		{"sslv2://x:1", "sslv2", FAULT_SSLV2},
		{"sslv3://x:1", "sslv3", FAULT_SSLV3},
		{"SSLv3://x:1", "SSLv3", FAULT_SSLV3},
		{"tcp://x:1?a=b", "?a=b", FAULT_OPTIONS},
		{"x?", "?", FAULT_OPTIONS},
		{"?", "?", FAULT_NO_HOST},
		{"?cert=a", "?cert=a", FAULT_NO_HOST},
		{"tls://?cert=a", "tls://?cert=a", FAULT_NO_HOST},
		{"tls://x?cert=a%1", "%1", FAULT_PERCENT},
		{"tls://x?cert=%", "%", FAULT_PERCENT},
		{"tls://x?cert=a%7fb", "%7f", FAULT_OPTION_CONTROL},
		{"tls://x?cert=\x1b", "\x1b", FAULT_OPTION_CONTROL},
		{"tls://x?Cert=a", "Cert",
			CONFIG_ANKLET_REMEDIES ? FAULT_OPTION_NEAR : FAULT_OPTION},
		{"tls://x?cert=a&", "&", FAULT_OPTION_ABSENT},
		{"tls://x?cert=", "", FAULT_OPTION_ABSENT},
		{"tcp://", "tcp://", FAULT_NO_HOST},
		{"tcp://:80", ":80", FAULT_NO_HOST},
		{":80", ":80", FAULT_NO_HOST},
		{":", ":", FAULT_NO_HOST},
		{"host:", ":", FAULT_NO_PORT},
		{"[::1]:", ":", FAULT_NO_PORT},
		{"host:65536", "65536", FAULT_PORT},
		{"host:http", "http", FAULT_PORT},
		{"host:-1", "-1", FAULT_PORT},
		{"host:80/", "80/", FAULT_PORT},
		{"[::1]:99999999999", "99999999999", FAULT_PORT},
		{"[::1", "[::1", FAULT_BRACKET},
		{"tcp://[", "[", FAULT_BRACKET},
		{"[::1]x", "x", FAULT_BEHIND_BRACKET},
		{"[::1]]:80", "]:80", FAULT_BEHIND_BRACKET},
		{"[]:80", "[]", FAULT_NOT_IPV6},
		{"[1.2.3.4]:80", "[1.2.3.4]", FAULT_NOT_IPV6},
		{"[host]:80", "[host]", FAULT_NOT_IPV6},
		{"[1:2]:80", "[1:2]", FAULT_NOT_IPV6},
		{"::1", "::1", FAULT_BARE_IPV6},
		{"2001:db8::1:80", "2001:db8::1:80", FAULT_BARE_IPV6},
		{"a:80:80", "a:80:80", FAULT_BARE_IPV6},
		{"[fe80::1%]:80", "fe80::1%", FAULT_ZONE},
		{"[fe80::1%a b]:80", "fe80::1%a b", FAULT_ZONE},
		{"[fe80::1%0123456789abcdef]", "fe80::1%0123456789abcdef", FAULT_ZONE},
		{"[2001:db8::1%eth0]:80", "2001:db8::1%eth0", FAULT_ZONE},
		{"[169.254.1.1%eth0]:80", "169.254.1.1%eth0", FAULT_ZONE},
		{"[%eth0]:80", "%eth0", FAULT_ZONE},
		{"[fe80::1%a%b]:80", "fe80::1%a%b", FAULT_ZONE},
		{"1.2.3:80", "1.2.3", FAULT_NAME},
		{"1.2.3.256", "1.2.3.256", FAULT_NAME},
		{"010.0.0.1", "010.0.0.1", FAULT_NAME},
		{"127.1", "127.1", FAULT_NAME},
		{"2130706433", "2130706433", FAULT_NAME},
		{"10.0.0.1.", "10.0.0.1.", FAULT_NAME},
		{"a..b", "a..b", FAULT_NAME},
		{".a", ".a", FAULT_NAME},
		{".", ".", FAULT_NAME},
		{"a b", "a b", FAULT_NAME},
		{"user@host:80", "user@host", FAULT_NAME},
		{"*.example.com:80", "*.example.com", FAULT_NAME},
		{"**", "**", FAULT_NAME},
		{"10.0.0.0/8", "10.0.0.0/8", FAULT_NAME},
		{"h\xc3\xb6st", "h\xc3\xb6st", FAULT_NAME},
		{"a" LABEL_63, "a" LABEL_63, FAULT_NAME},
	};

	(void)state;
	if (!ANKLET_HAS_TLS)
		skip_because("built without TLS");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct endpoint e = {.port = 4711};
		size_t len = strlen(cases[i].wrong);

		if (parse(cases[i].text, 1080, &e))
			fail_msg("'%s' was taken for an endpoint", cases[i].text);
		if (is_absent_name())
			continue;
		if (fault.kind != cases[i].kind || fault.wrong.len != len ||
			memcmp(fault.wrong.at, cases[i].wrong, len) != 0)
			fail_msg("'%s': kind %d, '%.*s'", cases[i].text, (int)fault.kind,
				(int)fault.wrong.len, fault.wrong.at);
		assert_int_equal(e.port, 4711);
	}
}

static void a_port_without_a_default_must_be_written(void **state)
{
	struct endpoint e;

	(void)state;
	assert_false(parse("host", 0, &e));
	assert_int_equal(fault.kind, FAULT_PORT_ABSENT);
	assert_false(parse("[::1]", 0, &e));
	assert_int_equal(fault.kind, FAULT_PORT_ABSENT);
	assert_true(parse("[::1]:0", 0, &e));
	assert_int_equal(e.port, 0);
}

static void long_names(void **state)
{
	const size_t most = CONFIG_ANKLET_NAME_MAX < 253 ? CONFIG_ANKLET_NAME_MAX : 253;
	char name[300];
	struct endpoint e;

	(void)state;
	for (size_t i = 0; i < sizeof name; i++)
		name[i] = i % 50 == 49 ? '.' : 'a';
	assert_true(endpoint_is_name(name, most));
	assert_false(endpoint_is_name(name, most + 1));
	name[most] = '.';
	assert_int_equal(endpoint_is_name(name, most + 1), most < CONFIG_ANKLET_NAME_MAX);
	assert_false(endpoint_is_name(name, 0));
	name[most] = '\0';
	if (parse_name(name, 1080, &e))
		assert_string_equal(string_table_at(&strings, e.name), name);
}

static void a_full_table_is_an_error(void **state)
{
	char filler[CONFIG_ANKLET_CONFIG_TEXT - 8];
	struct endpoint e;

	(void)state;
	memset(filler, 'x', sizeof filler);
	assert_int_not_equal(string_table_add(&strings, filler, sizeof filler), STRING_NONE);
	if (!parse_name("abcde:1", 0, &e))
		return;
	memset(&strings, 0, sizeof strings);
	string_table_add(&strings, filler, sizeof filler);
	assert_false(parse("abcdef:1", 0, &e));
	assert_int_equal(fault.kind, FAULT_STRINGS);
}

static void strings_of_the_table(void **state)
{
	struct string_table t = {0};
	uint16_t a, b;

	(void)state;
	assert_string_equal(string_table_at(&t, STRING_NONE), "");
	assert_int_equal(string_table_add(&t, "", 0), STRING_NONE);
	a = string_table_add(&t, "abc", 3);
	b = string_table_add(&t, "abcd", 2);
	assert_string_equal(string_table_at(&t, a), "abc");
	assert_string_equal(string_table_at(&t, b), "ab");
	assert_string_equal(string_table_at(&t, STRING_NONE), "");
	assert_int_equal(string_table_add(&t, "abc", 3), a);
	assert_int_equal(string_table_add(&t, "ab", 2), b);
	assert_int_not_equal(string_table_add(&t, "bc", 2), (uint16_t)(a + 1));
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
		added += string_table_add(&t, text, 7) != STRING_NONE;
	}
	assert_int_equal(added, (CONFIG_ANKLET_CONFIG_TEXT - 1) / 8);
	assert_true(t.len <= sizeof t.text);
	for (unsigned n = 0; n < added; n++) {
		snprintf(text, sizeof text, "%07u", n);
		assert_string_equal(string_table_at(&t, string_table_add(&t, text, 7)), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(printed_whole_whatever_was_written, empty_strings),
		cmocka_unit_test_setup(printed_with_its_scheme, empty_strings),
		cmocka_unit_test_setup(what_a_scheme_is, empty_strings),
		cmocka_unit_test_setup(kinds_of_host, empty_strings),
		cmocka_unit_test_setup(says_what_is_wrong_and_where, empty_strings),
		cmocka_unit_test_setup(a_port_without_a_default_must_be_written, empty_strings),
		cmocka_unit_test_setup(long_names, empty_strings),
		cmocka_unit_test_setup(a_full_table_is_an_error, empty_strings),
		cmocka_unit_test(strings_of_the_table),
		cmocka_unit_test(a_full_string_table_stays_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * files: lines of resolv.conf and hosts, sensible and not, and such files as they are found in the wild.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>

#include <cmocka.h>

#include "guard.h"
#include "resolver/files.h"
#include "resolver/literal.h"
#include "room.h"

/* ---- resolv.conf ---- */

/* Each line against an unreadable page. */
static void take(struct resolv_conf *conf, const char *line)
{
	size_t len = strlen(line);
	uint8_t *copy = guard_copy(line, len);

	resolv_conf_read(conf, (const char *)copy, len);
	guard_free(copy, len);
}

static void assert_server(const struct resolv_conf *conf, unsigned i, const char *expected)
{
	struct address at = {.port = 1};

	assert_true(i < conf->servers);
	assert_true(literal_parse(expected, strlen(expected), &at));
	assert_true(address_equal(&at, &conf->server[i]));
	assert_int_equal(at.port, 0);
}

static void test_servers(void **state)
{
	struct resolv_conf conf;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&conf);
	take(&conf, "nameserver 192.0.2.1 # the router");
	take(&conf, " \tnameserver\t2001:db8::53\r");
	take(&conf, "nameserver");
	take(&conf, "nameserver ");
	take(&conf, "nameserver router.example");
	take(&conf, "nameserver 192.0.2.256");
	take(&conf, "nameserver fe80::1%no-such-interface-here");
	take(&conf, "nameservers 192.0.2.7");
	take(&conf, "Nameserver 192.0.2.7");
	take(&conf, "#nameserver 192.0.2.7");
	take(&conf, "; nameserver 192.0.2.7");
	take(&conf, "");
	assert_int_equal(conf.servers, 2);
	take(&conf, "nameserver fe80::1%lo");
	take(&conf, "nameserver 192.0.2.4");
	assert_int_equal(conf.servers, FILES_SERVERS < 4 ? FILES_SERVERS : 4);
	assert_server(&conf, 0, "192.0.2.1");
	assert_server(&conf, 1, "2001:db8::53");
	assert_server(&conf, 2, "fe80::1%lo");
	assert_int_equal(conf.server[2].scope, if_nametoindex("lo"));
}

static void test_search(void **state)
{
	struct resolv_conf conf;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&conf);
	take(&conf, "domain first.example other.example");
	assert_int_equal(conf.searches, 1);
	assert_string_equal(resolv_conf_search(&conf, 0), "first.example");
	take(&conf, "search a.example. b%d.example  c.example . # d.example");
	assert_int_equal(conf.searches, 2);
	assert_string_equal(resolv_conf_search(&conf, 0), "a.example");
	assert_string_equal(resolv_conf_search(&conf, 1), "c.example");
	take(&conf, "search");
	assert_int_equal(conf.searches, 0);
}

static void test_search_is_bounded(void **state)
{
	struct resolv_conf conf;
	char line[2048] = "search";
	size_t total = 0;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&conf);
	for (size_t len = strlen(line); len + 4 < sizeof line; len += 3)
		memcpy(line + len, " ab", 4);
	take(&conf, line);
	assert_int_equal(
		conf.searches, FILES_SEARCH / 3 < UINT8_MAX ? FILES_SEARCH / 3 : UINT8_MAX);
	assert_true(conf.searches_left > 0);
	for (unsigned i = 0; i < conf.searches; i++)
		total += strlen(resolv_conf_search(&conf, i)) + 1;
	assert_true(total <= sizeof conf.search);
}

static void test_options(void **state)
{
	struct resolv_conf conf;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&conf);
	assert_int_equal(conf.ndots, 1);
	assert_int_equal(conf.timeout_s, 5);
	assert_int_equal(conf.attempts, 2);
	take(&conf, "options rotate ndots:3 timeout:1 edns0 attempts:4");
	assert_int_equal(conf.ndots, 3);
	assert_int_equal(conf.timeout_s, 1);
	assert_int_equal(conf.attempts, 4);
	take(&conf, "options ndots:99 timeout:99 attempts:99");
	assert_int_equal(conf.ndots, 15);
	assert_int_equal(conf.timeout_s, 30);
	assert_int_equal(conf.attempts, 5);
	take(&conf, "options ndots: timeout:-1 attempts:2x ndots timeout:99999999999 ndots:0x1");
	assert_int_equal(conf.ndots, 15);
	assert_int_equal(conf.timeout_s, 30);
	assert_int_equal(conf.attempts, 5);
	take(&conf, "options ndots:0 timeout:0 attempts:0");
	assert_int_equal(conf.ndots, 0);
	assert_int_equal(conf.timeout_s, 1);
	assert_int_equal(conf.attempts, 1);
}

static void test_junk(void **state)
{
	struct resolv_conf conf, untouched;
	uint32_t seed = 1;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&untouched);
	resolv_conf_init(&conf);
	for (unsigned i = 0; i < 2000; i++) {
		char line[40] = {0};

		for (unsigned at = 0; at < i % sizeof line; at++) {
			seed = seed * 1664525 + 1013904223;
			line[at] = (char)(seed >> 24);
		}
		take(&conf, line);
	}
	assert_memory_equal(&conf, &untouched, sizeof conf);
}

/* ---- Literals ---- */

static void test_literals(void **state)
{
	static const char *const none[] = {"", "%", "%1", "fe80::1%", "fe80::1%0", "::1%1",
		"192.0.2.1%1", "2001:db8::1%lo", "fe80::1%4294967296", "[::1]", "fe80::1%lo%lo",
		"fe80::1%an-interface-with-a-long-name", "1.2.3", "localhost"};
	struct address at = {.port = 9};

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(literal_parse(none[i], strlen(none[i]), &at));
	assert_int_equal(at.port, 9);
	assert_true(literal_parse("fe80::1%77", 10, &at));
	assert_int_equal(at.scope, 77);
	assert_int_equal(at.port, 0);
	assert_true(literal_parse("fe80::1%lo", 10, &at));
	assert_int_equal(at.scope, if_nametoindex("lo"));
	assert_true(literal_parse("192.0.2.1", 9, &at));
	assert_int_equal(at.scope, 0);
}

/* ---- hosts ---- */

static bool in_line(const char *line, const char *name, unsigned *v4, unsigned *v6)
{
	struct dns_addresses four = {0}, six = {0};
	size_t len = strlen(line);
	uint8_t *copy = guard_copy(line, len);

	hosts_read((const char *)copy, len, name, strlen(name), &four, &six);
	guard_free(copy, len);
	*v4 = four.count;
	*v6 = six.count;
	return four.count + six.count > 0;
}

static void test_hosts_lines(void **state)
{
	unsigned v4, v6;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	assert_true(in_line("192.0.2.1\tA.example  alias\r", "a.example", &v4, &v6));
	assert_int_equal(v4, 1);
	assert_int_equal(v6, 0);
	assert_true(in_line("  2001:db8::1 a.example alias", "alias", &v4, &v6));
	assert_int_equal(v4, 0);
	assert_int_equal(v6, 1);
	assert_false(in_line("192.0.2.1 a.example", "a.exampl", &v4, &v6));
	assert_false(in_line("192.0.2.1 a.example", "xa.example", &v4, &v6));
	assert_false(in_line("192.0.2.1 b #a.example", "a.example", &v4, &v6));
	assert_false(in_line("192.0.2.1 b # a.example", "a.example", &v4, &v6));
	assert_true(in_line("192.0.2.1 a.example#b", "a.example", &v4, &v6));
	assert_false(in_line("192.0.2.1 b#c a.example", "a.example", &v4, &v6));
	assert_true(in_line("192.0.2.1 b ;c a.example", "a.example", &v4, &v6));
	assert_false(in_line("#192.0.2.1 a.example", "a.example", &v4, &v6));
	assert_false(in_line("192.0.2.1", "192.0.2.1", &v4, &v6));
	assert_false(in_line("192.0.2.300 a.example", "a.example", &v4, &v6));
	assert_false(in_line("a.example a.example", "a.example", &v4, &v6));
	assert_false(in_line("", "a.example", &v4, &v6));
}

static void test_many_lines(void **state)
{
	unsigned v4, v6;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	assert_true(
		in_line("192.0.2.1 a\n\n192.0.2.2 b a\n2001:db8::1 a\n192.0.2.3 c", "a", &v4, &v6));
	assert_int_equal(v4, ANKLET_ADDRESSES < 2 ? ANKLET_ADDRESSES : 2);
	assert_int_equal(v6, 1);
	assert_true(in_line("192.0.2.1 a\n192.0.2.3 c", "c", &v4, &v6));
	assert_true(in_line("192.0.2.1 a\n192.0.2.3 c\n", "c", &v4, &v6));
}

/* ---- In the wild ---- */

/* What a resolv.conf comes to: servers and search list as texts, each with a blank after it. */
static const struct {
	const char *text, *servers, *searches;
	unsigned ndots, timeout_s, attempts, tcp;
} confs[] = {
	/* Kubernetes */
	{"search default.svc.cluster.local svc.cluster.local cluster.local\n"
	 "nameserver 10.96.0.10\noptions ndots:5\n",
		"10.96.0.10 ", "default.svc.cluster.local svc.cluster.local cluster.local ", 5, 5,
		2, 0},
	/* systemd-resolved */
	{"# This is /run/systemd/resolve/stub-resolv.conf managed by man:systemd-resolved(8).\n#\n"
	 "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
		"127.0.0.53 ", "", 1, 5, 2, 0},
	/* Tailscale */
	{"# resolv.conf(5) file generated by tailscale\n\nnameserver 100.100.100.100\n"
	 "search tail1a2b3.ts.net lan\n",
		"100.100.100.100 ", "tail1a2b3.ts.net lan ", 1, 5, 2, 0},
	/* OpenWrt */
	{"search lan\nnameserver 127.0.0.1\nnameserver ::1\n", "127.0.0.1 ::1 ", "lan ", 1, 5, 2,
		0},
	/* NetworkManager */
	{"# Generated by NetworkManager\nsearch fritz.box\nnameserver 192.168.178.1\n"
	 "nameserver fd00::1\nnameserver 2001:db8::53\n# NOTE: the libc resolver may not support "
	 "more "
	 "than 3 nameservers.\n# The nameservers listed below may not be recognized.\n"
	 "nameserver 192.0.2.9\n",
		"192.168.178.1 fd00::1 2001:db8::53 ", "fritz.box ", 1, 5, 2, 0},
	/* Docker, with names over TCP only; written with Windows' line ends */
	{"nameserver 127.0.0.11\r\noptions ndots:0 use-vc timeout:1 attempts:3\r\n", "127.0.0.11 ",
		"", 0, 1, 3, 1},
	/* The last search or domain counts. */
	{"domain old.example\nsearch a.example b.example\nnameserver 192.0.2.1", "192.0.2.1 ",
		"a.example b.example ", 1, 5, 2, 0},
	{"", "", "", 1, 5, 2, 0},
};

static void test_confs_in_the_wild(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	needs(FILES_SERVERS == 3 && FILES_SEARCH >= 64);
	for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
		char servers[200] = "", searches[200] = "";
		struct resolv_conf conf;

		resolv_conf_init(&conf);
		take(&conf, confs[i].text);
		for (unsigned k = 0; k < conf.servers; k++) {
			struct text t;

			text_init(&t, servers + strlen(servers), sizeof servers - strlen(servers));
			text_ip(&t, &conf.server[k].ip);
			text_char(&t, ' ');
		}
		for (unsigned k = 0; k < conf.searches; k++) {
			strcat(searches, resolv_conf_search(&conf, k));
			strcat(searches, " ");
		}
		assert_string_equal(servers, confs[i].servers);
		assert_string_equal(searches, confs[i].searches);
		assert_int_equal(conf.ndots, confs[i].ndots);
		assert_int_equal(conf.timeout_s, confs[i].timeout_s);
		assert_int_equal(conf.attempts, confs[i].attempts);
		assert_int_equal(conf.tcp, confs[i].tcp);
	}
}

/* 12 long domains: glibc has had no limit since 2.26. */
static void test_long_search(void **state)
{
	struct resolv_conf conf;
	char text[1200] = "search";

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	needs(FILES_SEARCH >= 12 * 61);
	for (char c = 'a'; c < 'm'; c++) {
		size_t len = strlen(text);

		snprintf(text + len, sizeof text - len,
			" %c.a-long-name-of-a-department.of-a-large-company.example.com", c);
	}
	resolv_conf_init(&conf);
	take(&conf, text);
	assert_int_equal(conf.searches, 12);
	assert_int_equal(conf.searches_left, 0);
	assert_string_equal(resolv_conf_search(&conf, 11),
		"l.a-long-name-of-a-department.of-a-large-company.example.com");
}

static void test_what_does_not_fit_is_counted(void **state)
{
	struct resolv_conf conf;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	resolv_conf_init(&conf);
	for (unsigned i = 0; i < FILES_SERVERS + 2; i++)
		take(&conf, "nameserver 192.0.2.1");
	assert_int_equal(conf.servers_left, 2);
	take(&conf, "search b%d a.example");
	assert_int_equal(conf.searches_left, 1);
}

/* Debian's, a block list's, and one of Windows. */
static void test_hosts_in_the_wild(void **state)
{
	static const char text[] = "127.0.0.1\tlocalhost\n127.0.1.1\tbox.example.org\tbox\n\n"
				   "# The following lines are desirable for IPv6 capable hosts\n"
				   "::1     localhost ip6-localhost ip6-loopback\n"
				   "ff02::1 ip6-allnodes\nfe80::1%lo0 localhost\n"
				   "0.0.0.0 ads.example #[tracker]\r\n0.0.0.0 more.ads.example\r\n"
				   "    192.168.1.20  NAS.lan nas\r\n";
	unsigned v4, v6;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES && CONFIG_ANKLET_NAME_SEARCH >= 1024);
	assert_true(in_line(text, "localhost", &v4, &v6));
	assert_true(v4 == 1 && v6 == 1);
	assert_true(in_line(text, "box", &v4, &v6));
	assert_true(in_line(text, "ads.example", &v4, &v6));
	assert_true(in_line(text, "more.ads.example", &v4, &v6));
	assert_true(in_line(text, "nas.lan", &v4, &v6));
	assert_true(in_line(text, "nas", &v4, &v6));
	assert_false(in_line(text, "capable", &v4, &v6));
	assert_false(in_line(text, "lan", &v4, &v6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_search_is_bounded),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_hosts_lines),
		cmocka_unit_test(test_many_lines),
		cmocka_unit_test(test_confs_in_the_wild),
		cmocka_unit_test(test_long_search),
		cmocka_unit_test(test_what_does_not_fit_is_counted),
		cmocka_unit_test(test_hosts_in_the_wild),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * name_files: lines of resolv.conf and hosts, sensible and not, and files that change, grow or are none.
 */
#define _DEFAULT_SOURCE /* mkdtemp(), mkfifo() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "guard.h"
#include "literal.h"
#include "names/lines.h"
#include "names/name_files.h"
#include "room.h"

/* ---- resolv.conf ---- */

/* Each line against an unreadable page. */
static void take(struct resolv_conf *conf, const char *line)
{
	size_t len = strlen(line);
	uint8_t *copy = guard_copy(line, len);

	resolv_conf_line(conf, (const char *)copy, len);
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
	assert_int_equal(conf.servers, 3);
	assert_server(&conf, 0, "192.0.2.1");
	assert_server(&conf, 1, "2001:db8::53");
	assert_server(&conf, 2, "fe80::1%lo");
	assert_int_equal(conf.server[2].scope, if_nametoindex("lo"));
}

static void test_search(void **state)
{
	struct resolv_conf conf;

	(void)state;
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
	resolv_conf_init(&conf);
	for (size_t len = strlen(line); len + 4 < sizeof line; len += 3)
		memcpy(line + len, " ab", 4);
	take(&conf, line);
	assert_int_equal(conf.searches, RESOLV_CONF_SEARCH / 3);
	for (unsigned i = 0; i < conf.searches; i++)
		total += strlen(resolv_conf_search(&conf, i)) + 1;
	assert_true(total <= sizeof conf.search);
}

static void test_options(void **state)
{
	struct resolv_conf conf;

	(void)state;
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
	bool found = hosts_line((const char *)copy, len, name, strlen(name),
		v4 != NULL ? &four : NULL, v6 != NULL ? &six : NULL);

	guard_free(copy, len);
	if (v4 != NULL)
		*v4 = four.count;
	if (v6 != NULL)
		*v6 = six.count;
	return found;
}

static void test_hosts_lines(void **state)
{
	unsigned v4, v6;

	(void)state;
	assert_true(in_line("192.0.2.1\tA.example  alias\r", "a.example", &v4, &v6));
	assert_int_equal(v4, 1);
	assert_int_equal(v6, 0);
	assert_true(in_line("  2001:db8::1 a.example alias", "alias", &v4, &v6));
	assert_int_equal(v4, 0);
	assert_int_equal(v6, 1);
	assert_false(in_line("2001:db8::1 a.example", "a.example", &v4, NULL));
	assert_false(in_line("192.0.2.1 a.example", "a.example", NULL, &v6));
	assert_false(in_line("192.0.2.1 a.example", "a.exampl", &v4, &v6));
	assert_false(in_line("192.0.2.1 a.example", "xa.example", &v4, &v6));
	assert_false(in_line("192.0.2.1 b #a.example", "a.example", &v4, &v6));
	assert_false(in_line("192.0.2.1 b # a.example", "a.example", &v4, &v6));
	assert_false(in_line("#192.0.2.1 a.example", "a.example", &v4, &v6));
	assert_false(in_line("192.0.2.1", "192.0.2.1", &v4, &v6));
	assert_false(in_line("192.0.2.300 a.example", "a.example", &v4, &v6));
	assert_false(in_line("a.example a.example", "a.example", &v4, &v6));
	assert_false(in_line("", "a.example", &v4, &v6));
}

/* ---- Files ---- */

struct place {
	char directory[64];
	char resolv_conf[96], hosts[96];
	struct name_files files;
};

static int set_up(void **state)
{
	static struct place place;
	struct place *at = &place;

	strcpy(at->directory, "/tmp/anklet-name-files-XXXXXX");
	if (mkdtemp(at->directory) == NULL)
		return -1;
	snprintf(at->resolv_conf, sizeof at->resolv_conf, "%.60s/resolv.conf", at->directory);
	snprintf(at->hosts, sizeof at->hosts, "%.60s/hosts", at->directory);
	name_files_init(&at->files);
	at->files.resolv_conf_path = at->resolv_conf;
	at->files.hosts_path = at->hosts;
	*state = at;
	return 0;
}

static int tear_down(void **state)
{
	struct place *at = *state;

	unlink(at->resolv_conf);
	unlink(at->hosts);
	return rmdir(at->directory);
}

/* Writes text 'times' times. */
static void write_file(const char *path, const char *text, unsigned times)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (unsigned i = 0; i < times; i++)
		assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_usual_paths(void **state)
{
	struct name_files files;

	(void)state;
	name_files_init(&files);
	assert_string_equal(files.resolv_conf_path, "/etc/resolv.conf");
	assert_string_equal(files.hosts_path, "/etc/hosts");
}

static void test_no_files(void **state)
{
	struct place *at = *state;
	struct dns_addresses v4 = {0}, v6 = {0};

	assert_true(name_files_refresh(&at->files, 5));
	assert_int_equal(at->files.conf.servers, 1);
	assert_server(&at->files.conf, 0, "127.0.0.1");
	assert_int_equal(at->files.conf.attempts, 2);
	assert_false(name_files_refresh(&at->files, 2000));
	assert_int_equal(name_files_hosts(&at->files, "a", 1, &v4, &v6), 0);
}

static void test_refresh(void **state)
{
	struct place *at = *state;
	uint32_t now = UINT32_MAX - 500; /* the clock wraps meanwhile */

	write_file(at->resolv_conf, "nameserver 192.0.2.1\n\nsearch x.example", 1);
	assert_true(name_files_refresh(&at->files, now));
	assert_int_equal(at->files.conf.servers, 1);
	assert_server(&at->files.conf, 0, "192.0.2.1");
	assert_string_equal(resolv_conf_search(&at->files.conf, 0), "x.example");
	write_file(at->resolv_conf, "nameserver 192.0.2.2\nnameserver 192.0.2.3\n", 1);
	assert_false(name_files_refresh(&at->files, now + 1));
	assert_false(name_files_refresh(&at->files, now + 999));
	assert_true(name_files_refresh(&at->files, now + 1000));
	assert_int_equal(at->files.conf.servers, 2);
	assert_server(&at->files.conf, 1, "192.0.2.3");
	assert_int_equal(at->files.conf.searches, 0);
	assert_false(name_files_refresh(&at->files, now + 2000));
	unlink(at->resolv_conf);
	assert_true(name_files_refresh(&at->files, now + 3000));
	assert_server(&at->files.conf, 0, "127.0.0.1");
}

static void write_at(const char *path, const char *text, long ns)
{
	const struct timespec times[2] = {{1000, ns}, {1000, ns}};

	write_file(path, text, 1);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Each of time, length and identity shows alone that a file is another one. */
static void test_changed_files(void **state)
{
	struct place *at = *state;
	char other[128];

	snprintf(other, sizeof other, "%s/other", at->directory);
	write_at(at->resolv_conf, "nameserver 192.0.2.1\n", 0);
	assert_true(name_files_refresh(&at->files, 0));
	write_at(other, "nameserver 192.0.2.2\n", 0);
	assert_int_equal(rename(other, at->resolv_conf), 0);
	assert_true(name_files_refresh(&at->files, 1000));
	assert_server(&at->files.conf, 0, "192.0.2.2");
	write_at(at->resolv_conf, "nameserver 192.0.2.33\n", 0);
	assert_true(name_files_refresh(&at->files, 2000));
	assert_server(&at->files.conf, 0, "192.0.2.33");
	write_at(at->resolv_conf, "nameserver 192.0.2.44\n", 1000);
	assert_true(name_files_refresh(&at->files, 3000));
	assert_server(&at->files.conf, 0, "192.0.2.44");
}

static void test_fifo_is_no_file(void **state)
{
	static const char text[] = "nameserver 192.0.2.1\n";
	struct place *at = *state;
	struct dns_addresses v4 = {0};
	int fd;

	assert_int_equal(mkfifo(at->resolv_conf, 0600), 0);
	assert_int_equal(mkfifo(at->hosts, 0600), 0);
	fd = open(at->resolv_conf, O_RDWR);
	assert_true(write(fd, text, sizeof text - 1) > 0);
	alarm(60);
	assert_true(name_files_refresh(&at->files, 0));
	assert_int_equal(name_files_hosts(&at->files, "a", 1, &v4, NULL), 0);
	alarm(0);
	assert_server(&at->files.conf, 0, "127.0.0.1");
	close(fd);
}

/* With no descriptor left what was read holds, and nothing is taken for missing. */
static void test_no_descriptors(void **state)
{
	struct place *at = *state;
	struct name_files first = at->files;
	struct dns_addresses v4 = {0};
	struct rlimit limit, none;

	write_file(at->resolv_conf, "nameserver 192.0.2.1\n", 1);
	assert_true(name_files_refresh(&at->files, 0));
	write_file(at->resolv_conf, "nameserver 192.0.2.22\n", 1);
	write_file(at->hosts, "192.0.2.9 a\n", 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(name_files_refresh(&at->files, 1000));
	assert_int_equal(name_files_hosts(&at->files, "a", 1, &v4, NULL), -1);
	assert_true(name_files_refresh(&first, 0));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_server(&at->files.conf, 0, "192.0.2.1");
	assert_true(name_files_refresh(&at->files, 2000));
	assert_server(&at->files.conf, 0, "192.0.2.22");
	/* Whoever had nothing before makes do with the default until the next look. */
	assert_server(&first.conf, 0, "127.0.0.1");
	assert_true(name_files_refresh(&first, 1000));
	assert_server(&first.conf, 0, "192.0.2.22");
}

static void test_hosts_file(void **state)
{
	struct place *at = *state;
	struct dns_addresses v4 = {0}, v6 = {0};
	struct ip first = ip_v4(192, 0, 2, 1);

	needs(ANKLET_ADDRESSES >= 2);
	write_file(at->hosts,
		"# hosts\n192.0.2.1 a.example\n192.0.2.9 b\n2001:db8::1 a.example\n"
		"192.0.2.1 A.EXAMPLE\n\n192.0.2.2 x a.example",
		1);
	assert_true(name_files_hosts(&at->files, "a.example", 9, &v4, &v6) > 0);
	assert_int_equal(v4.count, 2);
	assert_true(ip_equal(&v4.ip[0], &first));
	assert_int_equal(v6.count, 1);
	assert_int_equal(name_files_hosts(&at->files, "c", 1, &v4, &v6), 0);
}

/* Lines longer than the buffer are passed over as a whole, whatever they end with. */
static void test_long_lines(void **state)
{
	struct place *at = *state;
	struct dns_addresses v4 = {0};
	FILE *file;

	for (unsigned len = LINES_LINE_MAX - 40; len < 3 * LINES_LINE_MAX; len += 7) {
		file = fopen(at->hosts, "w");
		assert_non_null(file);
		fprintf(file, "192.0.2.1 x\n192.0.2.2 %*s a\n192.0.2.3 b\n192.0.2.4%*s b", (int)len,
			"192.0.2.2", (int)(2 * LINES_LINE_MAX), "192.0.2.4");
		assert_int_equal(fclose(file), 0);
		memset(&v4, 0, sizeof v4);
		assert_int_equal(name_files_hosts(&at->files, "a", 1, &v4, NULL) > 0,
			len + 12 < LINES_LINE_MAX);
		memset(&v4, 0, sizeof v4);
		assert_true(name_files_hosts(&at->files, "b", 1, &v4, NULL) > 0);
		assert_int_equal(v4.count, 1);
		assert_int_equal(v4.ip[0].octet[15], 3);
	}
}

static void test_huge_files(void **state)
{
	struct place *at = *state;
	struct dns_addresses v4 = {0};
	FILE *file;

	write_file(at->hosts, "192.0.2.1 blocked.example\n", HOSTS_SIZE_MAX / 26 + 1);
	file = fopen(at->hosts, "a");
	fputs("\n192.0.2.2 a\n", file);
	fclose(file);
	assert_true(name_files_hosts(&at->files, "blocked.example", 15, &v4, NULL) > 0);
	assert_int_equal(name_files_hosts(&at->files, "a", 1, &v4, NULL), 0);
	write_file(at->resolv_conf, "# junk junk junk junk\n", RESOLV_CONF_SIZE_MAX / 22 + 1);
	file = fopen(at->resolv_conf, "a");
	fputs("\nnameserver 192.0.2.2\n", file);
	fclose(file);
	assert_true(name_files_refresh(&at->files, 0));
	assert_server(&at->files.conf, 0, "127.0.0.1");
}

/* The last line that may be read is cut, and half an address is another one: it does not count. */
static void test_cut_line_does_not_count(void **state)
{
	struct place *at = *state;
	char line[] = "nameserver 192.0.2.111\n";
	FILE *file = fopen(at->resolv_conf, "w");
	size_t fill = RESOLV_CONF_SIZE_MAX - (sizeof line - 3);

	assert_non_null(file);
	for (size_t i = 0; i < fill; i++)
		fputc(i % 64 == 63 || i + 1 == fill ? '\n' : '#', file);
	fputs(line, file);
	fclose(file);
	assert_true(name_files_refresh(&at->files, 0));
	assert_server(&at->files.conf, 0, "127.0.0.1");
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

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
		cmocka_unit_test(test_usual_paths),
		WITH_FILES(test_no_files),
		WITH_FILES(test_refresh),
		WITH_FILES(test_changed_files),
		WITH_FILES(test_fifo_is_no_file),
		WITH_FILES(test_no_descriptors),
		WITH_FILES(test_hosts_file),
		WITH_FILES(test_long_lines),
		WITH_FILES(test_huge_files),
		WITH_FILES(test_cut_line_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

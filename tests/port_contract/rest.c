/*
 * The contract: names, random numbers, stored files, the log, the whole.
 */
#include "contract.h"

#include <stdio.h>

/* The answer of a look-up, waited for. */
static int resolve(struct port *p, const char *name, enum port_families families,
	struct address *addresses, size_t max)
{
	port_sock s;
	int answer = port_resolve(p, name, strlen(name), families, &s);

	if (answer != 0) {
		assert_int_equal(s, PORT_NONE);
		return answer;
	}
	answer = port_resolved(p, s, addresses, max);
	while (answer == PORT_AGAIN && named_within(p, s, SOON_MS))
		answer = port_resolved(p, s, addresses, max);
	port_close(p, &s);
	assert_int_equal(s, PORT_NONE);
	return answer;
}

static void literals_are_resolved(void **state)
{
	struct port *p = *state;
	struct ip four = ip_v4(192, 0, 2, 33), six = {{0x20, 0x01, 0x0d, 0xb8, [15] = 5}};
	struct address at[4];

	if (!CONFIG_ANKLET_NAMES)
		skip_because("built without names");
	assert_int_equal(resolve(p, "192.0.2.33", PORT_BOTH, at, COUNT(at)), 1);
	assert_true(ip_equal(&at[0].ip, &four));
	assert_int_equal(at[0].port, 0);
	assert_int_equal(resolve(p, "192.0.2.33", PORT_IPV4, at, COUNT(at)), 1);
	assert_int_equal(resolve(p, "192.0.2.33", PORT_IPV6, at, COUNT(at)), PORT_NO_NAME);
	assert_int_equal(resolve(p, "2001:db8::5", PORT_BOTH, at, 1), 1);
	assert_true(ip_equal(&at[0].ip, &six));
	assert_int_equal(at[0].port, 0);
	assert_int_equal(resolve(p, "2001:db8::5", PORT_IPV6, at, COUNT(at)), 1);
	assert_int_equal(resolve(p, "2001:db8::5", PORT_IPV4, at, COUNT(at)), PORT_NO_NAME);
}

/* localhost is loopback (RFC 6761, 6.3), of the families asked for, IPv6 first, at most max. */
static void localhost_is_loopback(void **state)
{
	struct port *p = *state;
	struct ip four = ip_v4(127, 0, 0, 1), six = {{[15] = 1}};
	struct address at[4];

	if (!CONFIG_ANKLET_NAMES)
		skip_because("built without names");
	assert_int_equal(resolve(p, "localhost", PORT_IPV4, at, COUNT(at)), 1);
	assert_true(ip_equal(&at[0].ip, &four));
	assert_int_equal(resolve(p, "localhost", PORT_BOTH, at, COUNT(at)), 2);
	assert_true(ip_equal(&at[0].ip, &six));
	assert_true(ip_equal(&at[1].ip, &four));
	assert_int_equal(at[0].port, 0);
	assert_int_equal(resolve(p, "localhost", PORT_BOTH, at, 1), 1);
}

/* 'all look-ups taken: try again later'; 'Closing s cancels.' */
static void lookups_can_be_cancelled(void **state)
{
	static port_sock taken[PORT_SOCKETS];
	struct port *p = *state;
	struct address at[2];
	int count, again;

	if (!CONFIG_ANKLET_NAMES)
		skip_because("built without names");
	for (int round = 0; round < 2; round++) {
		port_sock s = 0;

		for (count = 0; count < PORT_SOCKETS; count++)
			if (port_resolve(p, "localhost", 9, PORT_BOTH, &taken[count]) != 0)
				break;
		assert_true(count > 1);
		again = port_resolve(p, "localhost", 9, PORT_BOTH, &s);
		assert_int_equal(again, PORT_NO_RESOURCES);
		assert_int_equal(s, PORT_NONE);
		for (int i = 0; i < count; i++)
			port_close(p, &taken[i]);
	}
	assert_true(resolve(p, "localhost", PORT_IPV4, at, 2) == 1);
}

/* ---- Random numbers ---- */

static void random_octets_differ(void **state)
{
	struct port *p = *state;
	uint8_t a[600] = {0}, b[600] = {0};
	int zeros = 0;

	assert_int_equal(port_random(p, a, sizeof a), 0);
	assert_int_equal(port_random(p, b, sizeof b), 0);
	assert_memory_not_equal(a, b, 16);
	for (size_t i = 0; i < sizeof a; i++)
		zeros += a[i] == 0;
	assert_in_range(zeros, 0, 30); /* all of buf is filled: 2 or 3 are to be expected */
	assert_int_equal(port_random(p, a, 0), 0);
}

static void no_random_is_a_failure(void **state)
{
	struct port *p = *state;
	uint8_t a[16];

	if (!harness_no_random(p, true))
		skip_because("random numbers cannot be made to fail here");
	assert_int_equal(port_random(p, a, sizeof a), PORT_NO_RANDOM);
	(void)harness_no_random(p, false);
	assert_int_equal(port_random(p, a, sizeof a), 0);
}

/* ---- Stored files ---- */

static uint8_t stored[200000];

static const char *store(struct port *p, size_t len)
{
	const char *name;

	for (size_t i = 0; i < len; i++)
		stored[i] = octet_at(i);
	name = harness_file(p, stored, len);
	if (name == NULL)
		skip_because("this port has no files");
	return name;
}

/* 'how many octets of it': all of them, piece by piece; 'behind them stands a NUL'; 'at least 32 KiB'. */
static void files_are_shown(void **state)
{
	static const size_t lens[] = {1, 32768, sizeof stored};
	struct port *p = *state;
	const uint8_t *data;
	int n;

	for (size_t i = 0; i < COUNT(lens); i++) {
		const char *name = store(p, lens[i]);

		for (size_t at = 0; at < lens[i]; at += (size_t)n) {
			n = port_load(p, name, at, &data);
			assert_in_range(
				n, lens[i] - at < 32768 ? lens[i] - at : 32768, lens[i] - at);
			assert_memory_equal(data, stored + at, (size_t)n);
			assert_int_equal(data[n], '\0');
		}
	}
}

/* '0: the file ends there': at its end, behind it, and at once in an empty one. */
static void files_end(void **state)
{
	struct port *p = *state;
	const char *name = store(p, 100), *empty = store(p, 0);
	const uint8_t *data;

	assert_int_equal(port_load(p, name, 99, &data), 1);
	assert_int_equal(data[0], stored[99]);
	assert_int_equal(port_load(p, name, 100, &data), 0);
	assert_int_equal(port_load(p, name, 101, &data), 0);
	assert_int_equal(port_load(p, name, SIZE_MAX / 4, &data), 0);
	assert_int_equal(port_load(p, empty, 0, &data), 0);
	assert_int_equal(port_load(p, name, 0, &data), 100); /* from the beginning, again */
}

static void files_that_cannot_be_had(void **state)
{
	struct port *p = *state;
	const char *name = store(p, 100);
	const uint8_t *data;

	assert_int_equal(port_load(p, "no such file", 0, &data), PORT_NO_NAME);
	if (!harness_forbid(p, name))
		skip_because("no file can be forbidden here");
	assert_int_equal(port_load(p, name, 0, &data), PORT_DENIED);
}

/* 'May be called before port_init()': at least after port_fini(). */
static void files_need_no_port(void **state)
{
	struct port *p = *state;
	const char *name = store(p, 100);
	const uint8_t *data;

	port_fini(p);
	assert_int_equal(port_load(p, name, 0, &data), 100);
	assert_memory_equal(data, stored, 100);
}

/* ---- The log ---- */

static char logged[1 << 20];

static void log_line(struct port *p, enum port_level level, const char *line)
{
	port_log(p, level, line, strlen(line));
}

static void lines_are_logged(void **state)
{
	struct port *p = *state;
	const char *first, *second;

	if (!harness_log_begin(p))
		skip_because("this port has no log that a test could read");
	log_line(p, PORT_INFO, "the first line");
	log_line(p, PORT_ERROR, "the %s line");
	(void)harness_log_text(p, logged, sizeof logged);
	harness_log_end(p);
	first = strstr(logged, "the first line\n");
	second = strstr(logged, "the %s line\n");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
}

/* 'a line that cannot be taken is dropped and counted, and the count is logged when lines are taken again' */
static void a_stalled_log_stops_nobody(void **state)
{
	struct port *p = *state;
	unsigned taken = 0, dropped = 0;
	enum { LINES = 5000 };

	if (!harness_log_begin(p))
		skip_because("this port has no log that a test could read");
	harness_log_stalled(p, true);
	for (int i = 0; i < LINES; i++)
		log_line(p, PORT_INFO, "a line that nobody reads, for the time being");
	harness_log_stalled(p, false);
	log_line(p, PORT_INFO, "afterwards");
	log_line(p, PORT_INFO, "the last");
	assert_true(harness_log_text(p, logged, sizeof logged) < sizeof logged);
	harness_log_end(p);
	for (const char *at = logged; (at = strstr(at, "a line that nobody")) != NULL; at++)
		taken++;
	assert_in_range(taken, 0, LINES - 1);
	for (const char *at = strstr(logged, "dropped"); at > logged && at[-1] != '\n'; at--)
		if (at[-1] == ' ' && sscanf(at, "%u log line", &dropped) == 1)
			break;
	assert_int_equal(taken + dropped, LINES);
	assert_non_null(strstr(logged, "afterwards\n"));
	assert_non_null(strstr(logged, "the last\n"));
}

/* ---- The whole ---- */

/* port_fini() 'resets every socket that is still open'; the port can be made again. */
static void fini_ends_all(void **state)
{
	static const struct port_config config;
	struct port *p = *state;
	struct pair pair = make_pair(p);
	struct address at;
	const uint8_t *data;
	port_sock listener = listen_at(p, PORT_IPV4, &at), lookup;

	assert_int_equal(port_resolve(p, "localhost", 9, PORT_BOTH, &lookup), 0);
	assert_int_equal(port_peek(p, pair.a, &data), PORT_AGAIN);
	send_octets(p, pair.b, 0, 1);
	port_fini(p);
	assert_int_equal(port_init(p, &config), 0);
	assert_int_equal(port_wait(p, 0), 0);
	assert_int_equal(port_next(p), PORT_NONE);
	assert_int_equal(port_listen(p, &at, 1, &listener), 0); /* the old one is gone */
}

const struct CMUnitTest rest_tests[] = {
	CONTRACT(literals_are_resolved),
	CONTRACT(localhost_is_loopback),
	CONTRACT(lookups_can_be_cancelled),
	CONTRACT(random_octets_differ),
	CONTRACT(no_random_is_a_failure),
	CONTRACT(files_are_shown),
	CONTRACT(files_end),
	CONTRACT(files_that_cannot_be_had),
	CONTRACT(files_need_no_port),
	CONTRACT(lines_are_logged),
	CONTRACT(a_stalled_log_stops_nobody),
	CONTRACT(fini_ends_all),
};
const size_t rest_tests_count = COUNT(rest_tests);

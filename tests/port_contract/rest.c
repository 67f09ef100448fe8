/*
 * The contract: random numbers, stored files, the log, the whole.
 */
#include "contract.h"

#include <stdio.h>

/* ---- Random numbers ---- */

static void random_bytes_differ(void **state)
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
		stored[i] = byte_at(i);
	name = harness_file(p, stored, len);
	if (name == NULL)
		skip_because("this port has no files");
	return name;
}

/* 'how many bytes of it': all of them, piece by piece; 'after them stands a NUL'; 'at least 32 KiB'. */
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

/* '0: the file ends there': at its end, after it, and at once in an empty one. */
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

/* A file that has not changed has the same stamp, if any; one that there is not has none. */
static void a_file_has_a_stamp(void **state)
{
	struct port *p = *state;
	const char *name = store(p, 100);
	uint32_t stamp = port_stamp(p, name);

	assert_int_equal(port_stamp(p, "no such file"), 0);
	assert_int_equal(port_stamp(p, name), stamp);
}

/* 'A file that there is not can be read by nobody', nor can one that is forbidden. */
static void who_can_read_a_file(void **state)
{
	struct port *p = *state;
	const char *name = store(p, 100);

	assert_false(port_others_read(p, "no such file"));
	if (!harness_forbid(p, name))
		skip_because("no file can be forbidden here");
	assert_false(port_others_read(p, name));
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

static bool log_line(struct port *p, enum port_level level, const char *line)
{
	return port_log(p, level, line, strlen(line));
}

static void lines_are_logged(void **state)
{
	struct port *p = *state;
	const char *first, *second;

	if (!harness_log_begin(p))
		skip_because("this port has no log that a test could read");
	assert_true(log_line(p, PORT_INFO, "the first line"));
	log_line(p, PORT_ERROR, "the %s line");
	port_fini(p);
	log_line(p, PORT_INFO, "the last line");
	(void)harness_log_text(p, logged, sizeof logged);
	harness_log_end(p);
	first = strstr(logged, "the first line\n");
	second = strstr(logged, "the %s line\n");
	assert_non_null(first);
	assert_non_null(second);
	assert_true(first < second);
	assert_non_null(strstr(second, "the last line\n"));
}

/* 'a line that cannot be taken is dropped and counted, and the count is logged when lines are taken again' */
static void a_stalled_log_stops_nobody(void **state)
{
	struct port *p = *state;
	unsigned taken = 0, dropped = 0, told = 0;
	enum { LINES = 5000 };

	if (!harness_log_begin(p))
		skip_because("this port has no log that a test could read");
	harness_log_stalled(p, true);
	for (int i = 0; i < LINES; i++)
		told += log_line(p, PORT_INFO, "a line that nobody reads, for the time being");
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
	assert_int_equal(told, taken);
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
	port_sock listener = listen_at(p, PORT_IPV4, &at), datagrams;

	assert_int_equal(port_datagram(p, NULL, &at, &datagrams), 0);
	assert_int_equal(port_peek(p, pair.a, &data), PORT_AGAIN);
	send_bytes(p, pair.b, 0, 1);
	port_fini(p);
	assert_int_equal(port_init(p, &config), 0);
	assert_int_equal(port_wait(p, 0), 0);
	assert_int_equal(port_next(p), PORT_NONE);
	assert_int_equal(port_listen(p, &at, 1, &listener), 0); /* the old one is gone */
}

const struct CMUnitTest rest_tests[] = {
	CONTRACT(random_bytes_differ),
	CONTRACT(no_random_is_a_failure),
	CONTRACT(files_are_shown),
	CONTRACT(files_end),
	CONTRACT(files_that_cannot_be_had),
	CONTRACT(a_file_has_a_stamp),
	CONTRACT(who_can_read_a_file),
	CONTRACT(files_need_no_port),
	CONTRACT(lines_are_logged),
	CONTRACT(a_stalled_log_stops_nobody),
	CONTRACT(fini_ends_all),
};
const size_t rest_tests_count = COUNT(rest_tests);

/*
 * Whole lookups in a test: the resolver, the port, its files, and name servers on loopback, in one loop.
 *
 * Included after the definition of _DEFAULT_SOURCE (mkdtemp()). Each test runs
 * between resolve_set_up() and resolve_tear_down(), which sees that nothing stays open.
 */
#ifndef ANKLET_TEST_RESOLVE_H
#define ANKLET_TEST_RESOLVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "name_server.h"
#include "port.h"
#include "resolver/literal.h"
#include "resolver/resolver.h"
#include "room.h"

/*
 * A machine may stand still for seconds: a question is given up after TRY_MS, which is longer than
 * any test waits. What is to be given up sooner is begun by begin_in_haste().
 */
#define PATIENCE_MS 15000
#define TRY_MS 30000
#define FIRST_TRY_MS 120
#define GRACE_MS 50

static struct port port;
static struct loop loop;
static struct resolver resolver;
static struct address by_hand[CONFIG_ANKLET_NAME_SERVERS];
static uint8_t by_hand_count;
static unsigned next_asker; /* each question has another one */
static char directory[64], resolv_conf[96], hosts[96];
static struct address found[2 * CONFIG_ANKLET_ADDRESSES];
static int32_t patience_ms = 2; /* for one wait: how long the servers may be left alone */

/* ---- Surroundings ---- */

static inline uint32_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static inline void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void start_port(void)
{
	const struct port_config config = {0};

	assert_int_equal(port_init(&port, &config), 0);
	port.system.names_file[PORT_RESOLV_CONF] = resolv_conf;
	port.system.names_file[PORT_HOSTS] = hosts;
	memset(&loop, 0, sizeof loop);
	memset(&resolver, 0, sizeof resolver);
	loop_init(&loop, &port);
	clients_share(&loop.clients, 0);
	resolver_init(&resolver, &loop, by_hand, by_hand_count);
	resolver.server_port = ns.port;
	resolver.first_try_ms = TRY_MS;
	next_asker = 0;
}

static inline int resolve_set_up(void **state)
{
	(void)state;
	patience_ms = 2;
	by_hand_count = 0;
	strcpy(directory, "/tmp/anklet-resolve-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(resolv_conf, sizeof resolv_conf, "%s/resolv.conf", directory);
	snprintf(hosts, sizeof hosts, "%s/hosts", directory);
	write_file(resolv_conf, "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:30\n");
	write_file(hosts, "");
	if (!name_servers_start())
		return -1;
	start_port();
	return 0;
}

/* After every test nothing is left open. */
static inline int resolve_tear_down(void **state)
{
	(void)state;
	assert_int_equal(resolver.used, 0);
	assert_int_equal(resolver.first, 0);
	for (int entry = 0; entry < PORT_SOCKETS; entry++)
		assert_int_equal(port.entry[entry].kind, 0);
	port_fini(&port);
	name_servers_stop();
	unlink(resolv_conf);
	unlink(hosts);
	return rmdir(directory);
}

/* One tick of port and servers. */
static inline void tick(void)
{
	int32_t ms = resolver_next(&resolver, port_now(&port));
	port_sock ready;

	name_servers_tick();
	port_wait(&port, ms < 0 || ms > patience_ms ? patience_ms : ms);
	while ((ready = port_next(&port)) != PORT_NONE)
		resolver_ready(&resolver, loop.owner[ready].index);
	resolver_run(&resolver);
}

/* Ticks until as many have been counted. */
static inline void ticks_until(const unsigned *count, unsigned n)
{
	uint32_t start = milliseconds();

	while (*count < n) {
		assert_true(milliseconds() - start < PATIENCE_MS);
		tick();
	}
}

static inline void run_ticks(unsigned n)
{
	while (n-- > 0)
		tick();
}

/* A question, by its asker's number. */
struct question {
	const char *name;
	enum port_families families;
	unsigned asker;
};

static inline int ask_again(const struct question *q)
{
	const struct resolver_question question = {
		q->name, (uint8_t)strlen(q->name), (uint8_t)q->families, CLIENT_NONE};

	return resolver_find(&resolver, q->asker, &question, found, sizeof found / sizeof *found);
}

static inline int wait_for(struct question q)
{
	uint32_t start = milliseconds();
	int answer;

	while ((answer = ask_again(&q)) == PORT_AGAIN) {
		assert_true(milliseconds() - start < PATIENCE_MS);
		tick();
	}
	return answer;
}

static inline struct question begin(const char *name, enum port_families families)
{
	struct question q = {name, families, next_asker++ % RESOLVER_ASKERS};

	assert_int_equal(ask_again(&q), PORT_AGAIN);
	return q;
}

/* The first questions are given up after FIRST_TRY_MS; those to the next server are not. */
static inline struct question begin_in_haste(const char *name, enum port_families families)
{
	struct question q;

	(void)port_clock(&port);
	resolver.first_try_ms = FIRST_TRY_MS;
	q = begin(name, families);
	resolver.first_try_ms = TRY_MS;
	return q;
}

static inline int look_up_for(const char *name, enum port_families families)
{
	return wait_for((struct question){name, families, next_asker++ % RESOLVER_ASKERS});
}

static inline int look_up(const char *name)
{
	return look_up_for(name, PORT_BOTH);
}

static inline void assert_found(unsigned i, const char *expected)
{
	struct address at;

	assert_true(literal_parse(expected, strlen(expected), &at));
	assert_true(address_equal(&found[i], &at));
}

/* Of n addresses those that are kept. */
static inline int addresses_kept(int n)
{
	return n < ANKLET_ADDRESSES ? n : ANKLET_ADDRESSES;
}

/* How many addresses answer_both() comes to; the last one is 192.0.2.(this - 1). */
static inline int both_kept(void)
{
	return 1 + addresses_kept(3);
}

static inline void assert_found_v4(int i, int last_byte)
{
	char expected[16];

	snprintf(expected, sizeof expected, "192.0.2.%d", last_byte);
	assert_found((unsigned)i, expected);
}

/* ---- What servers do in most tests ---- */

static inline void answer_both(const struct ns_question *q)
{
	ns_answer(q, 60, 1, q->type == NS_A ? 3 : 1);
}

static inline void refuse(const struct ns_question *q)
{
	ns_answer_rcode(q, NS_REFUSED);
}

/* 100 addresses, for which UDP has no room. */
static inline void answer_over_tcp(const struct ns_question *q)
{
	if (q->connection < 0)
		ns_answer_truncated(q);
	else
		ns_answer(q, 60, 1, 100);
}

/* ---- Where names are disabled ---- */

/* What stays of the tables is next to nothing. */
static inline void names_are_disabled(void **state)
{
	(void)state;
	assert_true(sizeof resolver < 4096);
}

/* A build for a board is told its servers otherwise: the images are tested with real ones. */
static void lookups_by_a_resolv_conf(void **state)
{
	(void)state;
	needs(RESOLVER_HAS_FILES && RESOLVER_HAS_SEARCH && RESOLVER_HAS_TCP);
}

static inline int run_look_ups(const struct CMUnitTest *tests, size_t count)
{
	const struct CMUnitTest disabled[] = {cmocka_unit_test(names_are_disabled)};
	const struct CMUnitTest without[] = {cmocka_unit_test(lookups_by_a_resolv_conf)};

	if (!CONFIG_ANKLET_NAMES)
		return cmocka_run_group_tests(disabled, NULL, NULL);
	if (!RESOLVER_HAS_FILES || !RESOLVER_HAS_SEARCH || !RESOLVER_HAS_TCP)
		return cmocka_run_group_tests(without, NULL, NULL);
	return _cmocka_run_group_tests("lookups", tests, count, NULL, NULL);
}

#define LOOK_UP_TEST(test) cmocka_unit_test_setup_teardown(test, resolve_set_up, resolve_tear_down)

#endif

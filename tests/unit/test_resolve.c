/*
 * resolve: whole look-ups through the port, against name servers that answer, fail, keep silent and lie.
 */
#define _DEFAULT_SOURCE /* mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <net/if.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "name_server.h"
#include "port.h"

#define PATIENCE_MS 4000
#define FIRST_TRY_MS 120

static struct port port;
static char directory[64], resolv_conf[96], hosts[96];
static struct address found[2 * CONFIG_ANKLET_ADDRESSES];

/* ---- Surroundings ---- */

static uint32_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void start_port(const struct port_config *config)
{
	assert_int_equal(port_init(&port, config), 0);
	port.resolver.files.resolv_conf_path = resolv_conf;
	port.resolver.files.hosts_path = hosts;
	port.resolver.server_port = ns.port;
	port.resolver.first_try_ms = FIRST_TRY_MS;
}

static int set_up(void **state)
{
	const struct port_config config = {0};

	(void)state;
	strcpy(directory, "/tmp/anklet-resolve-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(resolv_conf, sizeof resolv_conf, "%s/resolv.conf", directory);
	snprintf(hosts, sizeof hosts, "%s/hosts", directory);
	write_file(resolv_conf, "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1\n");
	write_file(hosts, "");
	if (!name_servers_start())
		return -1;
	start_port(&config);
	return 0;
}

/* After every test nothing is left open. */
static int tear_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < POSIX_LOOKUPS; i++)
		assert_int_equal(port.resolver.lookup[i].state, LOOKUP_FREE);
	for (int entry = PORT_SOCKETS; entry < PORT_ENTRIES; entry++)
		assert_int_equal(port.entry[entry].kind, 0);
	for (unsigned i = 0; i < RESOLVE_TCP_BUFFERS; i++)
		assert_false(port.resolver.tcp[i].taken);
	port_fini(&port);
	name_servers_stop();
	unlink(resolv_conf);
	unlink(hosts);
	return rmdir(directory);
}

/* One turn of port and servers. True when s was named as ready. */
static bool turn(port_sock s)
{
	port_sock ready;
	bool named = false;

	name_servers_turn();
	port_wait(&port, 2);
	while ((ready = port_next(&port)) != PORT_NONE)
		named = named || ready == s;
	return named;
}

/* Waits as the core does: the answer is asked for again only once the look-up was named. */
static int wait_for(port_sock s)
{
	uint32_t start = milliseconds();
	int answer = port_resolved(&port, s, found, sizeof found / sizeof *found);

	while (answer == PORT_AGAIN) {
		assert_true(milliseconds() - start < PATIENCE_MS);
		if (turn(s))
			answer = port_resolved(&port, s, found, sizeof found / sizeof *found);
	}
	return answer;
}

static port_sock begin(const char *name, enum port_families families)
{
	port_sock s;

	assert_int_equal(port_resolve(&port, name, strlen(name), families, &s), 0);
	assert_int_not_equal(s, PORT_NONE);
	return s;
}

static int look_up_for(const char *name, enum port_families families)
{
	port_sock s = begin(name, families);
	int answer = wait_for(s);

	port_close(&port, &s);
	return answer;
}

static int look_up(const char *name)
{
	return look_up_for(name, PORT_BOTH);
}

static void assert_found(unsigned i, const char *expected)
{
	struct address at;

	assert_true(address_literal(expected, strlen(expected), &at));
	assert_true(address_equal(&found[i], &at));
}

/* ---- How the servers behave ---- */

static void answer_both(const struct ns_question *q)
{
	ns_answer(q, 60, 1, q->type == NS_A ? 3 : 1);
}

static void answer_v4(const struct ns_question *q)
{
	ns_answer(q, 60, 1, q->type == NS_A ? 1 : 0);
}

static void answer_no_name(const struct ns_question *q)
{
	ns_answer_rcode(q, NS_NXDOMAIN);
}

static void answer_v4_and_silence(const struct ns_question *q)
{
	if (q->type == NS_A)
		ns_answer(q, 60, 1, 1);
}

static void answer_from_second(const struct ns_question *q)
{
	if (q->server == 1)
		answer_both(q);
}

static void fail_at_first(const struct ns_question *q)
{
	if (q->server == 0)
		ns_answer_rcode(q, NS_SERVFAIL);
	else
		answer_both(q);
}

static void refuse(const struct ns_question *q)
{
	ns_answer_rcode(q, NS_REFUSED);
}

static void fail_v6(const struct ns_question *q)
{
	if (q->type == NS_A)
		answer_both(q);
	else
		ns_answer_rcode(q, NS_SERVFAIL);
}

static void fail_v6_and_nothing(const struct ns_question *q)
{
	if (q->type == NS_A)
		ns_answer_rcode(q, NS_NXDOMAIN);
	else
		ns_answer_rcode(q, NS_SERVFAIL);
}

/* First lies in every way, each with an address of its own, then the truth. */
static void lie(const struct ns_question *q)
{
	static struct ns_message m;
	int elsewhere = ns_bind(SOCK_DGRAM, 1, 0), other_host = ns_bind(SOCK_DGRAM, 3, ns.port);

	assert_true(elsewhere >= 0 && other_host >= 0);
	ns_begin(&m, q, NS_OK);
	ns_add_address(&m, q, 60, 66);
	ns_send_from(elsewhere, &m, q);
	ns_send_from(other_host, &m, q);
	m.octets[0] ^= 1;
	ns_send(&m, q);
	m.octets[0] ^= 1;
	m.octets[13] ^= 1;
	ns_send(&m, q);
	m.octets[13] ^= 1;
	m.octets[2] &= 0x7f;
	ns_send(&m, q);
	m.len = 5;
	ns_send(&m, q);
	close(elsewhere);
	close(other_host);
	answer_both(q);
}

static void answer_garbage(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	ns_add_address(&m, q, 60, 66);
	m.len--;
	ns_send(&m, q);
}

static void answer_alias(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	/* www.example is an alias of its own tail, example. */
	ns_add(&m, NS_CNAME, 60, "\xc0\x10", 2);
	ns_put(&m, "\xc0\x10", 2);
	if (q->type == NS_A)
		ns_put(&m, "\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x4d", 14);
	else
		ns_put(&m, "\0\2\0\1\0\0\0\x3c\0\4\xc0\0\2\x4d", 14);
	m.octets[7]++;
	ns_send(&m, q);
}

static void answer_alias_loop(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	ns_add(&m, NS_CNAME, 60, "\xc0\x0c", 2);
	ns_send(&m, q);
}

/* 100 addresses, for which UDP has no room. */
static void answer_over_tcp(const struct ns_question *q)
{
	if (q->connection < 0)
		ns_answer_truncated(q);
	else
		ns_answer(q, 60, 1, 100);
}

static void answer_too_long(const struct ns_question *q)
{
	if (q->server == 1)
		answer_both(q);
	else if (q->connection < 0)
		ns_answer_truncated(q);
	else
		ns_answer(q, 60, 1, 200 + RESOLVE_TCP_MAX / 16);
}

static void answer_if_in_lan(const struct ns_question *q)
{
	size_t len = strlen(q->name);

	if (len > 4 && strcmp(q->name + len - 4, ".lan") == 0)
		answer_both(q);
	else
		ns_answer_rcode(q, NS_NXDOMAIN);
}

static void answer_by_name(const struct ns_question *q)
{
	unsigned n = (unsigned)strtoul(q->name + 1, NULL, 10);

	ns_answer(q, 60, n, n);
}

/* ---- Answers ---- */

static void test_both_families(void **state)
{
	(void)state;
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
	assert_found(0, "2001:db8::1");
	assert_found(1, "192.0.2.1");
	assert_found(2, "192.0.2.2");
	assert_found(3, "192.0.2.3");
	assert_int_equal(ns.asked, 2);
}

static void test_at_most_max(void **state)
{
	port_sock s;

	(void)state;
	ns.behave = answer_both;
	s = begin("www.example", PORT_BOTH);
	assert_int_equal(wait_for(s), 4);
	memset(found, 0, sizeof found);
	assert_int_equal(port_resolved(&port, s, found, 2), 2);
	assert_found(1, "192.0.2.1");
	assert_int_equal(found[2].ip.octet[15], 0);
	assert_int_equal(port_resolved(&port, s, found, 9), 4);
	port_close(&port, &s);
}

static void test_one_family(void **state)
{
	(void)state;
	ns.behave = answer_v4;
	assert_int_equal(look_up("www.example"), 1);
	assert_found(0, "192.0.2.1");
	ns.behave = answer_both;
	assert_int_equal(look_up_for("four.example", PORT_IPV4), 3);
	assert_int_equal(look_up_for("six.example", PORT_IPV6), 1);
	assert_found(0, "2001:db8::1");
	assert_string_equal(
		ns.names, "www.example/28 www.example/1 four.example/1 six.example/28 ");
}

static void test_no_name(void **state)
{
	(void)state;
	ns.behave = answer_no_name;
	assert_int_equal(look_up("www.example"), PORT_NO_NAME);
	assert_int_equal(ns.asked, 2);
	ns.behave = answer_v4;
	assert_int_equal(look_up_for("six.example", PORT_IPV6), PORT_NO_NAME);
}

static void test_aliases(void **state)
{
	(void)state;
	ns.behave = answer_alias;
	assert_int_equal(look_up("www.example"), 1);
	assert_found(0, "192.0.2.77");
	ns.behave = answer_alias_loop;
	assert_int_equal(look_up("loop.example"), PORT_NAME_FAILED);
}

/* ---- Servers that fail ---- */

static void test_silence_then_second_server(void **state)
{
	uint32_t start = milliseconds(), took;

	(void)state;
	ns.behave = answer_from_second;
	assert_int_equal(look_up("www.example"), 4);
	took = milliseconds() - start;
	assert_true(took >= FIRST_TRY_MS - 2 && took < FIRST_TRY_MS + 400);
	assert_int_equal(ns.asked_server[0], 2);
	assert_int_equal(ns.asked_server[1], 2);
}

static void test_silence(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n");
	assert_int_equal(look_up("www.example"), PORT_NAME_FAILED);
	assert_int_equal(ns.asked, 4);
}

static void test_failure_then_second_server(void **state)
{
	uint32_t start = milliseconds();

	(void)state;
	ns.behave = fail_at_first;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked, 4);
	assert_true(milliseconds() - start < FIRST_TRY_MS);
}

static void test_port_unreachable_then_second_server(void **state)
{
	uint32_t start = milliseconds();

	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.3\nnameserver 127.0.0.2\n");
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked_server[1], 2);
	assert_true(milliseconds() - start < FIRST_TRY_MS);
}

static void test_all_fail(void **state)
{
	(void)state;
	ns.behave = refuse;
	assert_int_equal(look_up("www.example"), PORT_NAME_FAILED);
	assert_int_equal(ns.asked, 8);
	ns.behave = answer_garbage;
	assert_int_equal(look_up("garbage.example"), PORT_NAME_FAILED);
	/* Failures are not kept. */
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
}

static void test_one_family_fails(void **state)
{
	(void)state;
	ns.behave = fail_v6;
	assert_int_equal(look_up("www.example"), 3);
	assert_found(0, "192.0.2.1");
	ns.behave = fail_v6_and_nothing;
	assert_int_equal(look_up("none.example"), PORT_NAME_FAILED);
}

static void test_lies(void **state)
{
	(void)state;
	ns.behave = lie;
	assert_int_equal(look_up("www.example"), 4);
	assert_found(0, "2001:db8::1");
	assert_found(1, "192.0.2.1");
	assert_int_equal(ns.asked, 2);
}

static void test_grace(void **state)
{
	uint32_t start = milliseconds(), took;

	(void)state;
	ns.behave = answer_v4_and_silence;
	assert_int_equal(look_up("www.example"), 1);
	took = milliseconds() - start;
	assert_true(took >= RESOLVE_GRACE_MS - 2 && took < FIRST_TRY_MS);
}

/* ---- TCP ---- */

static void test_tcp(void **state)
{
	(void)state;
	ns.behave = answer_over_tcp;
	assert_int_equal(look_up("www.example"), 2 * CONFIG_ANKLET_ADDRESSES);
	assert_found(0, "2001:db8::1");
	assert_found(2 * CONFIG_ANKLET_ADDRESSES - 1, "192.0.2.8");
	assert_int_equal(ns.asked_tcp, 2);
}

static void test_tcp_buffers_are_shared(void **state)
{
	port_sock s[6];
	char name[] = "a.example";

	(void)state;
	ns.behave = answer_over_tcp;
	for (unsigned i = 0; i < 6; i++) {
		name[0] = (char)('a' + i);
		s[i] = begin(name, PORT_BOTH);
	}
	/* One that may be at it is cancelled. */
	for (unsigned i = 0; i < 4; i++)
		turn(PORT_NONE);
	port_close(&port, &s[0]);
	for (unsigned i = 1; i < 6; i++) {
		assert_int_equal(wait_for(s[i]), 2 * CONFIG_ANKLET_ADDRESSES);
		port_close(&port, &s[i]);
	}
}

static void test_tcp_too_long(void **state)
{
	(void)state;
	ns.behave = answer_too_long;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked_tcp, 2);
	assert_int_equal(ns.asked_server[1], 2);
}

static void test_tcp_refused(void **state)
{
	uint32_t start = milliseconds();

	(void)state;
	close(ns.listener);
	ns.listener = -1;
	ns.behave = answer_too_long;
	assert_int_equal(look_up("www.example"), 4);
	assert_true(milliseconds() - start < FIRST_TRY_MS);
}

/* ---- What is not asked ---- */

static void test_cache(void **state)
{
	(void)state;
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(look_up("WWW.Example."), 4);
	assert_found(3, "192.0.2.3");
	assert_int_equal(ns.asked, 2);
	ns.behave = answer_no_name;
	assert_int_equal(look_up("none.example"), PORT_NO_NAME);
	assert_int_equal(look_up("none.example"), PORT_NO_NAME);
	assert_int_equal(ns.asked, 4);
}

static void test_literals(void **state)
{
	(void)state;
	assert_int_equal(look_up("192.0.2.7"), 1);
	assert_found(0, "192.0.2.7");
	assert_int_equal(look_up("2001:db8::7"), 1);
	assert_found(0, "2001:db8::7");
	assert_int_equal(look_up("fe80::1%lo"), 1);
	assert_found(0, "fe80::1%lo");
	assert_int_equal(found[0].scope, if_nametoindex("lo"));
	assert_int_equal(look_up_for("192.0.2.7", PORT_IPV6), PORT_NO_NAME);
	assert_int_equal(look_up_for("::1", PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(ns.asked, 0);
}

static void test_special_names(void **state)
{
	(void)state;
	assert_int_equal(look_up("localhost"), 2);
	assert_found(0, "::1");
	assert_found(1, "127.0.0.1");
	assert_int_equal(look_up_for("a.b.LOCALHOST.", PORT_IPV4), 1);
	assert_found(0, "127.0.0.1");
	assert_int_equal(look_up("a.invalid"), PORT_NO_NAME);
	assert_int_equal(look_up("abc.onion"), PORT_NO_NAME);
	assert_int_equal(ns.asked, 0);
	ns.behave = answer_both;
	assert_int_equal(look_up("notlocalhost"), 4);
}

static void test_impossible_names(void **state)
{
	static const char *const names[] = {"", ".", "a..b", "a b", "a\\046b", "fe80::1%nowhere"};
	char name[CONFIG_ANKLET_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(look_up(names[i]), PORT_NO_NAME);
	memset(name, 'x', sizeof name);
	name[64] = '\0';
	assert_int_equal(look_up(name), PORT_NO_NAME);
	for (unsigned i = 0; i + 1 < sizeof name; i++)
		name[i] = i % 2 != 0 ? '.' : 'x';
	name[CONFIG_ANKLET_NAME_MAX] = '\0';
	assert_int_equal(look_up(name), PORT_NO_NAME);
	assert_int_equal(ns.asked, 0);
	/* The longest there is, and a dot. */
	name[254] = '\0';
	ns.behave = answer_both;
	assert_int_equal(look_up(name), 4);
}

static void test_hosts(void **state)
{
	(void)state;
	write_file(hosts, "192.0.2.9 printer www.example\n2001:db8::9 www.example\n");
	ns.behave = answer_both;
	assert_int_equal(look_up("WWW.example"), 2);
	assert_found(0, "2001:db8::9");
	assert_found(1, "192.0.2.9");
	assert_int_equal(look_up("printer"), 1);
	assert_int_equal(ns.asked, 0);
	assert_int_equal(look_up_for("printer", PORT_IPV6), 1);
	assert_found(0, "2001:db8::1");
	assert_int_equal(ns.asked, 1);
}

/* ---- Names made of names ---- */

static void test_search_list(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\nsearch corp.example lan\n");
	ns.behave = answer_if_in_lan;
	assert_int_equal(look_up_for("nas", PORT_IPV4), 3);
	assert_string_equal(ns.names, "nas.corp.example/1 nas.lan/1 ");
	ns.names[0] = '\0';
	assert_int_equal(look_up_for("nas.", PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(look_up_for("a.nas", PORT_IPV4), 3);
	assert_string_equal(ns.names, "nas/1 a.nas/1 a.nas.corp.example/1 a.nas.lan/1 ");
	ns.behave = answer_no_name;
	ns.names[0] = '\0';
	assert_int_equal(look_up_for("gone", PORT_IPV4), PORT_NO_NAME);
	assert_string_equal(ns.names, "gone.corp.example/1 gone.lan/1 gone/1 ");
}

static void test_ndots(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\nsearch lan\noptions ndots:2\n");
	ns.behave = answer_no_name;
	assert_int_equal(look_up_for("a.b", PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(look_up_for("a.b.c", PORT_IPV4), PORT_NO_NAME);
	assert_string_equal(ns.names, "a.b.lan/1 a.b/1 a.b.c/1 a.b.c.lan/1 ");
}

static void test_failure_ends_the_search(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\nsearch lan\noptions attempts:1\n");
	ns.behave = refuse;
	assert_int_equal(look_up_for("nas", PORT_IPV4), PORT_NAME_FAILED);
	assert_string_equal(ns.names, "nas.lan/1 ");
}

/* ---- The table ---- */

static void test_table_full(void **state)
{
	port_sock s[POSIX_LOOKUPS], more;
	char name[16];

	(void)state;
	ns.behave = answer_by_name;
	for (unsigned i = 0; i < POSIX_LOOKUPS; i++) {
		snprintf(name, sizeof name, "n%u.example", i + 1);
		s[i] = begin(name, PORT_BOTH);
	}
	more = 0;
	assert_int_equal(port_resolve(&port, "b", 1, PORT_BOTH, &more), PORT_NO_RESOURCES);
	assert_int_equal(more, PORT_NONE);
	for (unsigned i = 0; i < POSIX_LOOKUPS; i++) {
		assert_int_equal(wait_for(s[i]), 2);
		assert_int_equal(found[1].ip.octet[15], i + 1);
		port_close(&port, &s[i]);
	}
	assert_int_equal(look_up("n99.example"), 2);
}

/* The answer to a look-up that was closed reaches nobody, whoever has its place now. */
static void test_cancel(void **state)
{
	port_sock s;

	(void)state;
	ns.behave = answer_by_name;
	s = begin("n1.example", PORT_BOTH);
	port_close(&port, &s);
	assert_int_equal(s, PORT_NONE);
	assert_int_equal(look_up("n2.example"), 2);
	assert_found(1, "192.0.2.2");
	assert_int_equal(ns.asked, 4);
}

static void test_end_of_port(void **state)
{
	const struct port_config config = {0};

	(void)state;
	ns.behave = answer_over_tcp;
	(void)begin("www.example", PORT_BOTH);
	for (unsigned i = 0; i < 4; i++)
		turn(PORT_NONE);
	port_fini(&port);
	start_port(&config);
}

/* Without descriptors the question counts as lost; by the next try there are some. */
static void test_no_descriptors(void **state)
{
	struct rlimit limit, none;
	port_sock s;

	(void)state;
	ns.behave = answer_both;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	s = begin("www.example", PORT_BOTH);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	port.resolver.server[0] = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	assert_int_equal(wait_for(s), 4);
	port_close(&port, &s);
}

/* ---- Configuration ---- */

static void test_changed_resolv_conf(void **state)
{
	(void)state;
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked_server[1], 0);
	write_file(resolv_conf, "nameserver 127.0.0.2\n");
	port.resolver.files.looked_at -= 1000; /* a second later */
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked_server[1], 2);
}

static void test_servers_by_hand(void **state)
{
	struct port_config config = {.name_servers = 2};

	(void)state;
	port_fini(&port);
	config.name_server[0] = (struct address){.ip = ip_v4(127, 0, 0, 3), .port = 1};
	config.name_server[1] = (struct address){.ip = ip_v4(127, 0, 0, 2), .port = ns.port};
	start_port(&config);
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), 4);
	assert_int_equal(ns.asked_server[0], 0);
	assert_int_equal(ns.asked_server[1], 2);
}

#define LOOK_UP_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOK_UP_TEST(test_both_families),
		LOOK_UP_TEST(test_at_most_max),
		LOOK_UP_TEST(test_one_family),
		LOOK_UP_TEST(test_no_name),
		LOOK_UP_TEST(test_aliases),
		LOOK_UP_TEST(test_silence_then_second_server),
		LOOK_UP_TEST(test_silence),
		LOOK_UP_TEST(test_failure_then_second_server),
		LOOK_UP_TEST(test_port_unreachable_then_second_server),
		LOOK_UP_TEST(test_all_fail),
		LOOK_UP_TEST(test_one_family_fails),
		LOOK_UP_TEST(test_lies),
		LOOK_UP_TEST(test_grace),
		LOOK_UP_TEST(test_tcp),
		LOOK_UP_TEST(test_tcp_buffers_are_shared),
		LOOK_UP_TEST(test_tcp_too_long),
		LOOK_UP_TEST(test_tcp_refused),
		LOOK_UP_TEST(test_cache),
		LOOK_UP_TEST(test_literals),
		LOOK_UP_TEST(test_special_names),
		LOOK_UP_TEST(test_impossible_names),
		LOOK_UP_TEST(test_hosts),
		LOOK_UP_TEST(test_search_list),
		LOOK_UP_TEST(test_ndots),
		LOOK_UP_TEST(test_failure_ends_the_search),
		LOOK_UP_TEST(test_table_full),
		LOOK_UP_TEST(test_cancel),
		LOOK_UP_TEST(test_end_of_port),
		LOOK_UP_TEST(test_no_descriptors),
		LOOK_UP_TEST(test_changed_resolv_conf),
		LOOK_UP_TEST(test_servers_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

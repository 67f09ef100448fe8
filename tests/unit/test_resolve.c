/*
 * resolve: which names are asked for and which not, and what the core gets, through the whole port.
 */
#define _DEFAULT_SOURCE /* mkdtemp() */

#include "resolve_test.h"

#include "guard.h"

#include <net/if.h>
#include <sys/resource.h>

/* ---- How the servers behave ---- */

static void answer_three(const struct ns_question *q)
{
	ns_answer(q, 60, 1, 3);
}

static void answer_v4(const struct ns_question *q)
{
	ns_answer(q, 60, 1, q->type == NS_A ? 1 : 0);
}

static void answer_no_name(const struct ns_question *q)
{
	ns_answer_rcode(q, NS_NXDOMAIN);
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
	m.bytes[7]++;
	ns_send(&m, q);
}

static void answer_alias_loop(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	ns_add(&m, NS_CNAME, 60, "\xc0\x0c", 2);
	ns_send(&m, q);
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
	assert_int_equal(look_up("www.example"), both_kept());
	assert_found(0, "2001:db8::1");
	for (int i = 1; i < both_kept(); i++)
		assert_found_v4(i, i);
	assert_int_equal(ns.asked, 2);
}

static void test_at_most_max(void **state)
{
	struct resolver_question q = {"www.example", 11, PORT_BOTH, CLIENT_NONE};

	(void)state;
	needs(ANKLET_ADDRESSES >= 3 && CONFIG_ANKLET_NAME_CACHE > 0);
	ns.behave = answer_three;
	assert_int_equal(look_up("www.example"), 6);
	memset(found, 0, sizeof found);
	assert_int_equal(resolver_find(&resolver, 0, &q, found, 3), 3);
	assert_found(2, "2001:db8::2");
	assert_int_equal(found[3].ip.byte[15], 0);
	assert_int_equal(resolver_find(&resolver, 0, &q, found, 9), 6);
}

static void test_one_family(void **state)
{
	(void)state;
	ns.behave = answer_v4;
	assert_int_equal(look_up("www.example"), 1);
	assert_found(0, "192.0.2.1");
	ns.behave = answer_both;
	assert_int_equal(look_up_for("four.example", PORT_IPV4), addresses_kept(3));
	assert_int_equal(look_up_for("six.example", PORT_IPV6), 1);
	assert_found(0, "2001:db8::1");
	assert_string_equal(
		ns.names, "www.example/28 www.example/1 four.example/1 six.example/28 ");
}

/* Of IPv6 nothing is heard. */
static void answer_v4_alone(const struct ns_question *q)
{
	if (q->type == NS_A)
		ns_answer(q, 60, 1, 1);
}

/* Once the answer is there nothing more is waited for, though it has not been taken yet. */
static void test_no_question_outlives_the_answer(void **state)
{
	struct question q;

	(void)state;
	ns.behave = answer_v4_alone;
	q = begin("www.example", PORT_BOTH);
	while (resolver.lookup[0].phase != LOOKUP_DONE)
		tick();
	assert_int_equal(ns.asked, 2);
	for (int entry = 0; entry < PORT_SOCKETS; entry++)
		assert_int_equal(port.entry[entry].kind, 0);
	assert_int_equal(ask_again(&q), 1);
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

/* ---- What is not asked ---- */

/* For each of two families a question, and without a cache the same once more. */
static void test_cache(void **state)
{
	const unsigned each = CONFIG_ANKLET_NAME_CACHE > 0 ? 1 : 2;

	(void)state;
	needs(CONFIG_ANKLET_NAME_CACHE == 0 || CONFIG_ANKLET_NAME_CACHE >= 4);
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(look_up("WWW.Example."), both_kept());
	assert_found_v4(both_kept() - 1, both_kept() - 1);
	assert_int_equal(ns.asked, 2 * each);
	ns.behave = answer_no_name;
	assert_int_equal(look_up("none.example"), PORT_NO_NAME);
	assert_int_equal(look_up("none.example"), PORT_NO_NAME);
	assert_int_equal(ns.asked, 4 * each);
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
	assert_int_equal(look_up("notlocalhost"), both_kept());
}

static void test_impossible_names(void **state)
{
	static const char *const names[] = {"", ".", "a..b", "a b", "a\\046b", "fe80::1%nowhere"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(look_up(names[i]), PORT_NO_NAME);
	assert_int_equal(ns.asked, 0);
}

/* Of a name so much is read as it is long: after it there may be nothing. */
static void test_end_of_name(void **state)
{
	static const char *const names[] = {
		"www.example", "WWW.EXAMPLE.", "localhost", "192.0.2.7"};

	(void)state;
	ns.behave = answer_v4;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t len = strlen(names[i]);
		uint8_t *copy = guard_copy(names[i], len);
		struct resolver_question q = {
			(const char *)copy, (uint8_t)len, PORT_IPV4, CLIENT_NONE};
		int n;

		while ((n = resolver_find(&resolver, 0, &q, found, 9)) == PORT_AGAIN)
			tick();
		assert_int_equal(n, 1);
		guard_free(copy, len);
	}
}

static void test_longest_names(void **state)
{
	char name[CONFIG_ANKLET_NAME_MAX + 1];

	(void)state;
	needs(CONFIG_ANKLET_NAME_MAX == 255);
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
	assert_int_equal(look_up(name), both_kept());
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

/* A block list: 'lines' lines, and one at the end. */
static void write_block_list(unsigned lines, const char *last)
{
	FILE *file = fopen(hosts, "w");

	assert_non_null(file);
	for (unsigned i = 0; i < lines; i++)
		fprintf(file, "0.0.0.0 ads%u.tracker.example\n", i);
	assert_true(fputs(last, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/*
 * 1.4 MB are looked through in slices of at most 64 KiB; what was found there, or not, is kept while the file is the
 * same.
 */
static void test_large_hosts(void **state)
{
	struct question q;
	unsigned ticks = 0;

	(void)state;
	needs(CONFIG_ANKLET_NAME_CACHE >= 4);
	write_block_list(40000, "192.0.2.9 nas");
	q = begin("nas", PORT_BOTH);
	for (int n = PORT_AGAIN; n == PORT_AGAIN; ticks++) {
		uint32_t before = resolver.lookup[0].offset;

		assert_int_equal(resolver_next(&resolver, port_now(&port)), 0);
		tick();
		assert_true(resolver.lookup[0].offset - before <= 65536);
		n = ask_again(&q);
		assert_true(n == PORT_AGAIN || n == 1);
	}
	assert_found(0, "192.0.2.9");
	assert_int_equal(ns.asked, 0);
	assert_in_range(ticks, 1300000 / 65536, 100);
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked, 2);
	/* At once, for nothing is read again. */
	q = (struct question){"www.example", PORT_BOTH, 0};
	assert_int_equal(ask_again(&q), both_kept());
	q.name = "nas";
	assert_int_equal(ask_again(&q), 1);
	/* And another file is another one. */
	write_file(hosts, "192.0.2.10 www.example\n");
	run_ticks(2);
	assert_int_equal(look_up("www.example"), 1);
	assert_found(0, "192.0.2.10");
}

/* The file is replaced while it is looked through. */
static void test_hosts_changed_meanwhile(void **state)
{
	struct question q;

	(void)state;
	write_block_list(40000, "192.0.2.9 nas\n");
	q = begin("nas", PORT_BOTH);
	run_ticks(2);
	write_block_list(39000, "192.0.2.11 nas\n");
	assert_int_equal(wait_for(q), 1);
	assert_found(0, "192.0.2.11");
}

/* A line longer than any piece of the file is passed over, and what comes after it is found. */
static void test_long_line_in_hosts(void **state)
{
	static char text[200000];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	for (size_t i = 100; i < sizeof text; i += 100)
		memcpy(text + i, " nas ", 5);
	memcpy(text, "192.0.2.1 ", 10);
	strcpy(text + sizeof text - 40, "\n192.0.2.9 nas\n");
	write_file(hosts, text);
	assert_int_equal(look_up("nas"), 1);
	assert_found(0, "192.0.2.9");
}

/* ---- Names made of names ---- */

static void test_search_list(void **state)
{
	(void)state;
	write_file(
		resolv_conf, "nameserver 127.0.0.1\nsearch corp.example lan\noptions timeout:30\n");
	ns.behave = answer_if_in_lan;
	assert_int_equal(look_up_for("nas", PORT_IPV4), addresses_kept(3));
	assert_string_equal(ns.names, "nas.corp.example/1 nas.lan/1 ");
	ns.names[0] = '\0';
	assert_int_equal(look_up_for("nas.", PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(look_up_for("a.nas", PORT_IPV4), addresses_kept(3));
	assert_string_equal(ns.names, "nas/1 a.nas/1 a.nas.corp.example/1 a.nas.lan/1 ");
	ns.behave = answer_no_name;
	ns.names[0] = '\0';
	assert_int_equal(look_up_for("gone", PORT_IPV4), PORT_NO_NAME);
	assert_string_equal(ns.names, "gone.corp.example/1 gone.lan/1 gone/1 ");
}

/* A name that is too long with a domain is tried without. */
static void test_search_of_long_name(void **state)
{
	char name[251];

	(void)state;
	needs(CONFIG_ANKLET_NAME_MAX >= 250);
	write_file(resolv_conf, "nameserver 127.0.0.1\nsearch lan a\noptions timeout:30\n");
	for (unsigned i = 0; i + 1 < sizeof name; i++)
		name[i] = i % 2 != 0 ? '.' : 'x';
	name[249] = 'x';
	name[250] = '\0';
	ns.behave = answer_no_name;
	assert_int_equal(look_up_for(name, PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(ns.asked, 2);
}

static void test_ndots(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\nsearch lan\noptions ndots:2 timeout:30\n");
	ns.behave = answer_no_name;
	assert_int_equal(look_up_for("a.b", PORT_IPV4), PORT_NO_NAME);
	assert_int_equal(look_up_for("a.b.c", PORT_IPV4), PORT_NO_NAME);
	assert_string_equal(ns.names, "a.b.lan/1 a.b/1 a.b.c/1 a.b.c.lan/1 ");
}

static void fail_in_lan(const struct ns_question *q)
{
	ns_answer_rcode(q, strstr(q->name, ".lan") != NULL ? NS_SERVFAIL : NS_NXDOMAIN);
}

static void fail_in_lan_alone(const struct ns_question *q)
{
	if (strstr(q->name, ".lan") != NULL)
		ns_answer_rcode(q, NS_SERVFAIL);
	else
		answer_both(q);
}

/* Where a server fails for one of the names, the next one is asked for; a failure stays one where nothing is found. */
static void test_search_goes_on_after_a_failure(void **state)
{
	(void)state;
	write_file(
		resolv_conf, "nameserver 127.0.0.1\nsearch lan\noptions attempts:1 timeout:30\n");
	ns.behave = fail_in_lan;
	assert_int_equal(look_up_for("nas", PORT_IPV4), PORT_NAME_FAILED);
	assert_string_equal(ns.names, "nas.lan/1 nas/1 ");
	ns.names[0] = '\0';
	ns.behave = fail_in_lan_alone;
	assert_int_equal(look_up_for("disk", PORT_IPV4), addresses_kept(3));
	assert_string_equal(ns.names, "disk.lan/1 disk/1 ");
}

/* Where no server says anything the search is over. */
static void test_silence_ends_the_search(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.3\nsearch lan\n");
	assert_int_equal(look_up_for("nas", PORT_IPV4), PORT_NAME_FAILED);
	assert_int_equal(resolver.lookup[0].candidates, 1);
}

/* ---- Those who wait ---- */

/* More than there are places for: each has its answer, in order. */
static void test_more_than_places(void **state)
{
	enum { MOST = CONFIG_ANKLET_LOOKUPS + 3 };
	static char name[MOST][16];
	struct question q[MOST];

	(void)state;
	needs(MOST <= RESOLVER_ASKERS && MOST <= 64); /* within the 50 ms of the slower family */
	ns.behave = answer_by_name;
	for (unsigned i = 0; i < MOST; i++) {
		snprintf(name[i], sizeof name[i], "n%u.example", i + 1);
		q[i] = begin(name[i], PORT_BOTH);
		name_servers_tick(); /* so many questions are more than wait at a socket */
	}
	assert_int_equal(ns.asked, 2 * CONFIG_ANKLET_LOOKUPS);
	assert_int_equal(resolver.asker[q[MOST - 1].asker].lookup, ASKER_WAITS);
	for (unsigned i = 0; i < MOST; i++) {
		assert_int_equal(wait_for(q[i]), 2);
		assert_int_equal(found[1].ip.byte[15], (uint8_t)(i + 1));
	}
	assert_int_equal(look_up("n99.example"), 2);
}

/* One question for all who want the same at the same time. */
static void test_identical_questions(void **state)
{
	struct question q[40];

	(void)state;
	needs(RESOLVER_ASKERS > 41);
	ns.behave = answer_both;
	for (unsigned i = 0; i < 40; i++)
		q[i] = begin(i % 2 == 0 ? "www.example" : "WWW.example", PORT_BOTH);
	resolver_forget(&resolver, q[0].asker); /* and it goes on for the others */
	for (unsigned i = 1; i < 40; i++)
		assert_int_equal(wait_for(q[i]), both_kept());
	assert_int_equal(ns.asked, 2);
}

/* The answer to a lookup that was closed reaches nobody, whoever has its place now. */
static void test_cancel(void **state)
{
	struct question q;

	(void)state;
	ns.behave = answer_by_name;
	q = begin("n1.example", PORT_BOTH);
	resolver_forget(&resolver, q.asker);
	assert_int_equal(look_up("n2.example"), 2);
	assert_found(1, "192.0.2.2");
	assert_int_equal(ns.asked, 4);
}

static int lowest_descriptor(void)
{
	int fd = dup(ns.udp[0]);

	assert_true(fd > 0);
	close(fd);
	return fd;
}

static void limit_descriptors(struct rlimit limit, int below)
{
	limit.rlim_cur = (rlim_t)below;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* With no descriptor the hosts file cannot be read, nor a question be asked: it rests until there is one. */
static void test_no_descriptors(void **state)
{
	struct rlimit limit;
	struct question q;
	int lowest = lowest_descriptor();

	(void)state;
	ns.behave = answer_v4;
	assert_int_equal(look_up_for("first.example", PORT_IPV4), 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit_descriptors(limit, lowest);
	q = begin("www.example", PORT_BOTH);
	run_ticks(4);
	assert_int_equal(ns.asked, 1);
	assert_true(resolver.lookup[0].resting);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(wait_for(q), 1);
	assert_int_equal(ns.asked, 3);
}

/* ---- Configuration ---- */

static void test_changed_resolv_conf(void **state)
{
	(void)state;
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_server[1], 0);
	write_file(resolv_conf, "nameserver 127.0.0.2\noptions timeout:30\n");
	run_ticks(1); /* a tick later */
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_server[1], 2);
}

/* Those in resolv.conf have no port of their own; other tests put in that of their servers. */
static void test_port_of_servers(void **state)
{
	(void)state;
	resolver_init(&resolver, &loop, NULL, 0);
	assert_int_equal(resolver.server_port, 53);
}

static void test_servers_by_hand(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_NAME_SERVERS >= 2);
	port_fini(&port);
	by_hand[0] = (struct address){.ip = ip_v4(127, 0, 0, 3), .port = 1};
	by_hand[1] = (struct address){.ip = ip_v4(127, 0, 0, 2), .port = ns.port};
	by_hand_count = 2;
	start_port();
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_server[0], 0);
	assert_int_equal(ns.asked_server[1], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOK_UP_TEST(test_both_families),
		LOOK_UP_TEST(test_at_most_max),
		LOOK_UP_TEST(test_one_family),
		LOOK_UP_TEST(test_no_question_outlives_the_answer),
		LOOK_UP_TEST(test_no_name),
		LOOK_UP_TEST(test_aliases),
		LOOK_UP_TEST(test_cache),
		LOOK_UP_TEST(test_literals),
		LOOK_UP_TEST(test_special_names),
		LOOK_UP_TEST(test_impossible_names),
		LOOK_UP_TEST(test_end_of_name),
		LOOK_UP_TEST(test_longest_names),
		LOOK_UP_TEST(test_hosts),
		LOOK_UP_TEST(test_large_hosts),
		LOOK_UP_TEST(test_hosts_changed_meanwhile),
		LOOK_UP_TEST(test_long_line_in_hosts),
		LOOK_UP_TEST(test_search_list),
		LOOK_UP_TEST(test_search_of_long_name),
		LOOK_UP_TEST(test_ndots),
		LOOK_UP_TEST(test_search_goes_on_after_a_failure),
		LOOK_UP_TEST(test_silence_ends_the_search),
		LOOK_UP_TEST(test_identical_questions),
		LOOK_UP_TEST(test_more_than_places),
		LOOK_UP_TEST(test_cancel),
		LOOK_UP_TEST(test_no_descriptors),
		LOOK_UP_TEST(test_changed_resolv_conf),
		LOOK_UP_TEST(test_port_of_servers),
		LOOK_UP_TEST(test_servers_by_hand),
	};

	return run_look_ups(tests, sizeof tests / sizeof tests[0]);
}

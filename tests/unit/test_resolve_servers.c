/*
 * resolve: name servers that fail, keep silent, lie, or have more to say than UDP holds.
 */
#define _DEFAULT_SOURCE /* mkdtemp() */

#include "resolve_test.h"

/* ---- How the servers behave ---- */

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

/* Questions that are answered later. */
static struct ns_question kept[4];
static unsigned kept_count;

static void keep(const struct ns_question *q)
{
	if (kept_count < sizeof kept / sizeof *kept)
		kept[kept_count++] = *q;
}

static void answer_kept(void)
{
	while (kept_count > 0)
		answer_both(&kept[--kept_count]);
}

/* Lies in every way; the truth is left to the test. */
static void lie(const struct ns_question *q)
{
	static struct ns_message m;
	int elsewhere = ns_bind(SOCK_DGRAM, 1, 0), other_host = ns_bind(SOCK_DGRAM, 3, ns.port);

	assert_true(elsewhere >= 0 && other_host >= 0);
	ns_begin(&m, q, NS_OK);
	ns_add_address(&m, q, 60, 66);
	ns_send_from(elsewhere, &m, q);
	ns_send_from(other_host, &m, q);
	m.bytes[0] ^= 1;
	ns_send(&m, q);
	m.bytes[0] ^= 1;
	m.bytes[13] ^= 1;
	ns_send(&m, q);
	m.bytes[13] ^= 1;
	m.bytes[2] &= 0x7f;
	ns_send(&m, q);
	m.len = 5;
	ns_send(&m, q);
	close(elsewhere);
	close(other_host);
	keep(q);
}

static void answer_garbage(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	ns_add_address(&m, q, 60, 66);
	m.len--;
	ns_send(&m, q);
}

static void answer_too_long(const struct ns_question *q)
{
	if (q->server == 1)
		answer_both(q);
	else if (q->connection < 0)
		ns_answer_truncated(q);
	else
		ns_answer(q, 60, 1, 200 + CONFIG_ANKLET_NAME_TCP / 16);
}

/* ---- Servers that fail ---- */

static void test_silence_then_second_server(void **state)
{
	uint32_t start = milliseconds();
	struct question s;

	(void)state;
	ns.behave = answer_from_second;
	s = begin_in_haste("www.example", PORT_BOTH);
	assert_int_equal(wait_for(s), both_kept());
	assert_true(milliseconds() - start >= FIRST_TRY_MS - 2);
	assert_int_equal(ns.asked_server[0], 2);
	assert_int_equal(ns.asked_server[1], 2);
}

static void test_silence(void **state)
{
	struct question s;

	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n");
	s = begin_in_haste("www.example", PORT_BOTH);
	assert_int_equal(wait_for(s), PORT_NAME_FAILED);
	assert_int_equal(ns.asked, 4);
}

static void test_failure_then_second_server(void **state)
{
	(void)state;
	ns.behave = fail_at_first;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked, 4);
}

static void test_port_unreachable_then_second_server(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.3\nnameserver 127.0.0.2\noptions timeout:30\n");
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_server[1], 2);
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
	assert_int_equal(look_up("www.example"), both_kept());
}

static void test_one_family_fails(void **state)
{
	(void)state;
	ns.behave = fail_v6;
	assert_int_equal(look_up("www.example"), addresses_kept(3));
	assert_found(0, "192.0.2.1");
	ns.behave = fail_v6_and_nothing;
	assert_int_equal(look_up("none.example"), PORT_NAME_FAILED);
}

static void test_lies(void **state)
{
	struct question s;

	(void)state;
	kept_count = 0;
	ns.behave = lie;
	s = begin("www.example", PORT_BOTH);
	ticks_until(&kept_count, 2);
	run_ticks(4); /* the lies are heard */
	answer_kept();
	assert_int_equal(wait_for(s), both_kept());
	assert_found(0, "2001:db8::1");
	assert_found(1, "192.0.2.1");
	assert_int_equal(ns.asked, 2);
}

/* Where there is but one try it gets all its time. */
static void test_late_answer(void **state)
{
	uint32_t start = milliseconds();
	struct question s;

	(void)state;
	kept_count = 0;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n");
	ns.behave = keep;
	s = begin_in_haste("www.example", PORT_BOTH);
	while (milliseconds() - start < FIRST_TRY_MS + 80)
		tick();
	answer_kept();
	assert_int_equal(wait_for(s), both_kept());
}

/* A server that not even a datagram can be sent to: the broadcast address is forbidden. */
static void test_no_way_to_first_server(void **state)
{
	(void)state;
	write_file(resolv_conf,
		"nameserver 255.255.255.255\nnameserver 127.0.0.2\noptions timeout:30\n");
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
}

static void test_grace(void **state)
{
	uint32_t start = milliseconds();

	(void)state;
	ns.behave = answer_v4_and_silence;
	assert_int_equal(look_up("www.example"), 1);
	assert_true(milliseconds() - start >= GRACE_MS - 2);
}

/* ---- Waiting ---- */

/* The port itself knows how long it may sleep: nothing here wakes it but the lookup. */
static void assert_wakes(struct question (*begins)(const char *, enum port_families),
	enum port_families families, uint32_t from_ms)
{
	uint32_t start = milliseconds();
	struct question s = begins("www.example", families);

	run_ticks(4);
	patience_ms = PATIENCE_MS;
	assert_int_not_equal(wait_for(s), PORT_AGAIN);
	assert_in_range(milliseconds() - start, from_ms, PATIENCE_MS - 1);
	patience_ms = 2;
}

static void test_wakes_for_each_try(void **state)
{
	(void)state;
	ns.behave = answer_from_second;
	assert_wakes(begin_in_haste, PORT_IPV4, FIRST_TRY_MS - 2);
	assert_wakes(begin_in_haste, PORT_IPV6, FIRST_TRY_MS - 2);
}

static void test_wakes_at_end_of_grace(void **state)
{
	(void)state;
	ns.behave = answer_v4_and_silence;
	assert_wakes(begin, PORT_BOTH, GRACE_MS - 2);
}

/* ---- TCP ---- */

/* Each family by itself, for the other one has only 50 ms, and a slow machine takes them. */
static void test_tcp(void **state)
{
	(void)state;
	ns.behave = answer_over_tcp;
	assert_int_equal(look_up_for("www.example", PORT_IPV6), ANKLET_ADDRESSES);
	assert_found(0, "2001:db8::1");
	assert_int_equal(look_up_for("www.example", PORT_IPV4), ANKLET_ADDRESSES);
	assert_found_v4(ANKLET_ADDRESSES - 1, ANKLET_ADDRESSES);
	assert_int_equal(ns.asked_tcp, 2);
}

static void test_tcp_at_the_same_time(void **state)
{
	struct question s[6];
	char name[6][12] = {
		"a.example", "b.example", "c.example", "d.example", "e.example", "f.example"};

	(void)state;
	needs(CONFIG_ANKLET_LOOKUPS >= 6);
	ns.behave = answer_over_tcp;
	for (unsigned i = 0; i < 6; i++)
		s[i] = begin(name[i], PORT_IPV4);
	/* One that may be at it is forgotten. */
	run_ticks(4);
	resolver_forget(&resolver, s[0].asker);
	for (unsigned i = 1; i < 6; i++)
		assert_int_equal(wait_for(s[i]), ANKLET_ADDRESSES);
}

/* Of an answer that there is no room for, what fits is taken: nobody else is asked. */
static void test_tcp_too_long(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_NAME_TCP <= 16384); /* more would be longer than a message may be */
	ns.behave = answer_too_long;
	assert_int_equal(look_up_for("www.example", PORT_IPV6), ANKLET_ADDRESSES);
	assert_found(0, "2001:db8::1");
	assert_int_equal(look_up_for("www.example", PORT_IPV4), ANKLET_ADDRESSES);
	assert_found_v4(ANKLET_ADDRESSES - 1, ANKLET_ADDRESSES);
	assert_int_equal(ns.asked_tcp, 2);
	assert_int_equal(ns.asked_server[1], 0);
}

/* options use-vc: the first question is over TCP already. */
static void test_tcp_first(void **state)
{
	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions use-vc timeout:30\n");
	ns.behave = answer_both;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_tcp, 2);
	assert_int_equal(ns.asked, 2);
}

static void answer_cut_off(const struct ns_question *q)
{
	if (q->server == 1) {
		answer_both(q);
	} else if (q->connection < 0) {
		ns_answer_truncated(q);
	} else {
		struct ns_connection *c = &ns.connection[q->connection];

		(void)!send(c->fd, "\1\0half", 6, MSG_NOSIGNAL);
		close(c->fd);
		c->fd = -1;
	}
}

static void fail_over_tcp(const struct ns_question *q)
{
	if (q->server == 1)
		answer_both(q);
	else if (q->connection < 0)
		ns_answer_truncated(q);
	else
		ns_answer_rcode(q, NS_SERVFAIL);
}

static void test_tcp_fails(void **state)
{
	(void)state;
	ns.behave = answer_cut_off;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_tcp, 1);
	ns.behave = fail_over_tcp;
	assert_int_equal(look_up("other.example"), both_kept());
	assert_int_equal(ns.asked_tcp, 3);
	assert_int_equal(ns.asked_server[1], 4);
}

static void test_tcp_refused(void **state)
{
	(void)state;
	close(ns.listener);
	ns.listener = -1;
	ns.behave = answer_too_long;
	assert_int_equal(look_up("www.example"), both_kept());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOK_UP_TEST(test_silence_then_second_server),
		LOOK_UP_TEST(test_silence),
		LOOK_UP_TEST(test_failure_then_second_server),
		LOOK_UP_TEST(test_port_unreachable_then_second_server),
		LOOK_UP_TEST(test_all_fail),
		LOOK_UP_TEST(test_one_family_fails),
		LOOK_UP_TEST(test_lies),
		LOOK_UP_TEST(test_late_answer),
		LOOK_UP_TEST(test_no_way_to_first_server),
		LOOK_UP_TEST(test_grace),
		LOOK_UP_TEST(test_wakes_for_each_try),
		LOOK_UP_TEST(test_wakes_at_end_of_grace),
		LOOK_UP_TEST(test_tcp),
		LOOK_UP_TEST(test_tcp_at_the_same_time),
		LOOK_UP_TEST(test_tcp_too_long),
		LOOK_UP_TEST(test_tcp_first),
		LOOK_UP_TEST(test_tcp_fails),
		LOOK_UP_TEST(test_tcp_refused),
	};

	return run_look_ups(tests, sizeof tests / sizeof tests[0]);
}

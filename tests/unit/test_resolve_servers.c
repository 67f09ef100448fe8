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

static void only_truncate(const struct ns_question *q)
{
	if (q->connection < 0)
		ns_answer_truncated(q);
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
		ns_answer(q, 60, 1, 200 + RESOLVE_TCP_MAX / 16);
}

/* ---- Servers that fail ---- */

/* What must not happen early is measured by the port's own clock, which may be behind all others. */
static uint32_t elapsed_since(uint32_t start)
{
	return port_now(&port) - start;
}

static void test_silence_then_second_server(void **state)
{
	uint32_t start = port_now(&port);
	port_sock s;

	(void)state;
	ns.behave = answer_from_second;
	s = begin_in_haste("www.example", PORT_BOTH);
	assert_int_equal(wait_for(s), both_kept());
	assert_true(elapsed_since(start) >= FIRST_TRY_MS);
	assert_int_equal(ns.asked_server[0], 2);
	assert_int_equal(ns.asked_server[1], 2);
	port_close(&port, &s);
}

static void test_silence(void **state)
{
	port_sock s;

	(void)state;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions timeout:1 attempts:2\n");
	s = begin_in_haste("www.example", PORT_BOTH);
	assert_int_equal(wait_for(s), PORT_NAME_FAILED);
	assert_int_equal(ns.asked, 4);
	port_close(&port, &s);
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
	port_sock s;

	(void)state;
	kept_count = 0;
	ns.behave = lie;
	s = begin("www.example", PORT_BOTH);
	turns_until(&kept_count, 2);
	turns(4); /* the lies are heard */
	answer_kept();
	assert_int_equal(wait_for(s), both_kept());
	assert_found(0, "2001:db8::1");
	assert_found(1, "192.0.2.1");
	assert_int_equal(ns.asked, 2);
	port_close(&port, &s);
}

/* Where there is but one try it gets all its time. */
static void test_late_answer(void **state)
{
	uint32_t start = milliseconds();
	port_sock s;

	(void)state;
	kept_count = 0;
	write_file(resolv_conf, "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n");
	ns.behave = keep;
	s = begin_in_haste("www.example", PORT_BOTH);
	while (milliseconds() - start < FIRST_TRY_MS + 80)
		turn(PORT_NONE);
	answer_kept();
	assert_int_equal(wait_for(s), both_kept());
	port_close(&port, &s);
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
	uint32_t start = port_now(&port);

	(void)state;
	ns.behave = answer_v4_and_silence;
	assert_int_equal(look_up("www.example"), 1);
	assert_true(elapsed_since(start) >= RESOLVE_GRACE_MS);
}

/* ---- Waiting ---- */

/* The port itself knows how long it may sleep: nothing here wakes it but the look-up. */
static void assert_wakes(port_sock (*begins)(const char *, enum port_families),
	enum port_families families, uint32_t from_ms)
{
	uint32_t start = port_now(&port);
	port_sock s = begins("www.example", families);

	turns(4);
	patience_ms = PATIENCE_MS;
	assert_int_not_equal(wait_for(s), PORT_AGAIN);
	assert_in_range(elapsed_since(start), from_ms, PATIENCE_MS - 1);
	port_close(&port, &s);
	patience_ms = 2;
}

static void test_wakes_for_each_try(void **state)
{
	(void)state;
	ns.behave = answer_from_second;
	assert_wakes(begin_in_haste, PORT_IPV4, FIRST_TRY_MS);
	assert_wakes(begin_in_haste, PORT_IPV6, FIRST_TRY_MS);
}

static void test_wakes_at_end_of_grace(void **state)
{
	(void)state;
	ns.behave = answer_v4_and_silence;
	assert_wakes(begin, PORT_BOTH, RESOLVE_GRACE_MS);
}

static void test_wakes_for_free_tcp_buffer(void **state)
{
	port_sock first, second;
	uint32_t start;

	(void)state;
	ns.behave = only_truncate;
	first = begin("a.example", PORT_BOTH);
	turns_until(&ns.asked_tcp, 2);
	second = begin("b.example", PORT_BOTH);
	turns_until(&ns.asked, 6);
	turns(8);
	assert_int_equal(ns.asked_tcp, 2);
	port_close(&port, &first);
	start = milliseconds();
	port_wait(&port, PATIENCE_MS);
	assert_true(milliseconds() - start < PATIENCE_MS);
	turns_until(&ns.asked_tcp, 4);
	port_close(&port, &second);
}

/* ---- TCP ---- */

static void test_tcp(void **state)
{
	(void)state;
	ns.behave = answer_over_tcp;
	assert_int_equal(look_up("www.example"), 2 * ANKLET_ADDRESSES);
	assert_found(0, "2001:db8::1");
	assert_found_v4(2 * ANKLET_ADDRESSES - 1, ANKLET_ADDRESSES);
	assert_int_equal(ns.asked_tcp, 2);
}

static void test_tcp_buffers_are_shared(void **state)
{
	port_sock s[6];
	char name[] = "a.example";

	(void)state;
	needs(PORT_LOOKUPS >= 6 && PORT_SOCKETS >= 6);
	ns.behave = answer_over_tcp;
	for (unsigned i = 0; i < 6; i++) {
		name[0] = (char)('a' + i);
		s[i] = begin(name, PORT_BOTH);
	}
	/* One that may be at it is cancelled. */
	turns(4);
	port_close(&port, &s[0]);
	for (unsigned i = 1; i < 6; i++) {
		assert_int_equal(wait_for(s[i]), 2 * ANKLET_ADDRESSES);
		port_close(&port, &s[i]);
	}
}

static void test_tcp_too_long(void **state)
{
	(void)state;
	ns.behave = answer_too_long;
	assert_int_equal(look_up("www.example"), both_kept());
	assert_int_equal(ns.asked_tcp, 2);
	assert_int_equal(ns.asked_server[1], 2);
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
	assert_int_equal(ns.asked_tcp, 2);
	ns.behave = fail_over_tcp;
	assert_int_equal(look_up("other.example"), both_kept());
	assert_int_equal(ns.asked_tcp, 4);
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
		LOOK_UP_TEST(test_wakes_for_free_tcp_buffer),
		LOOK_UP_TEST(test_tcp),
		LOOK_UP_TEST(test_tcp_buffers_are_shared),
		LOOK_UP_TEST(test_tcp_too_long),
		LOOK_UP_TEST(test_tcp_fails),
		LOOK_UP_TEST(test_tcp_refused),
	};

	return run_look_ups(tests, sizeof tests / sizeof tests[0]);
}

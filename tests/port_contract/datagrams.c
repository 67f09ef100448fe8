/*
 * The contract: datagrams.
 */
#include "contract.h"

#define LONGEST ANKLET_DATAGRAM_MAX

static uint8_t bytes[LONGEST], got[LONGEST];

/* A datagram as every test sends it: the place of its first byte and its length make it known. */
static void send_one(struct port *p, port_sock s, size_t from, size_t len,
	const struct address *leaves, const struct address *to)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(from + i);
	assert_int_equal(port_sendto(p, s, bytes, len, leaves, to), 0);
	memset(bytes, 0xee, len); /* what was taken was copied */
}

static int receive(
	struct port *p, port_sock s, size_t size, struct address *from, struct address *to)
{
	int n;

	memset(got, 0xdd, sizeof got);
	n = port_recvfrom(p, s, got, size, from, to);
	while (n == PORT_AGAIN && named_within(p, s, SOON_MS))
		n = port_recvfrom(p, s, got, size, from, to);
	return n;
}

static void expect_one(struct port *p, port_sock s, size_t place, size_t len, struct address *from,
	struct address *to)
{
	assert_int_equal(receive(p, s, LONGEST, from, to), len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(got[i], byte_at(place + i));
}

static void expect_nothing(struct port *p, port_sock s)
{
	struct address from, to;

	assert_int_equal(port_recvfrom(p, s, got, LONGEST, &from, &to), PORT_AGAIN);
	assert_false(named_within(p, s, WHILE_MS));
}

static void assert_same(const struct address *a, const struct address *b)
{
	assert_true(address_equal(a, b));
}

/* A socket that takes from anybody, at that address, port 0; *at says which port it is. */
static port_sock open_at(struct port *p, struct address *at)
{
	port_sock s;

	assert_int_equal(port_datagram(p, at, NULL, &s), 0);
	assert_int_equal(port_local(p, s, at), 0);
	assert_int_not_equal(at->port, 0);
	return s;
}

static port_sock open_loopback(struct port *p, enum port_families family, struct address *at)
{
	if (!harness_loopback(family, at))
		skip_because("this family of addresses is not here");
	return open_at(p, at);
}

static port_sock open_to(struct port *p, const struct address *peer, struct address *at)
{
	port_sock s;

	assert_int_equal(port_datagram(p, NULL, peer, &s), 0);
	assert_int_equal(port_local(p, s, at), 0);
	return s;
}

/* ---- There and back ---- */

static void there_and_back(struct port *p, enum port_families family)
{
	struct address at, client, from, to;
	port_sock server = open_loopback(p, family, &at);
	port_sock s = open_to(p, &at, &client);

	send_one(p, s, 0, 100, NULL, NULL);
	expect_one(p, server, 0, 100, &from, &to);
	assert_same(&from, &client);
	assert_same(&to, &at);
	send_one(p, server, 100, 50, &to, &from);
	expect_one(p, s, 100, 50, &from, &to);
	assert_same(&from, &at);
	assert_same(&to, &client);
	send_one(p, server, 150, 50, NULL, &client);
	expect_one(p, s, 150, 50, &from, &to);
	port_close(p, &s);
	port_close(p, &server);
	assert_int_equal(s, PORT_NONE);
}

static void they_go_there_and_back(void **state)
{
	there_and_back(*state, PORT_IPV4);
}

static void they_go_over_ipv6(void **state)
{
	there_and_back(*state, PORT_IPV6);
}

/* Each is one, whatever its length; 'a datagram longer than size is cut'. */
static void each_is_one(void **state)
{
	static const size_t lengths[] = {0, 1, 7, LONGEST};
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);

	for (size_t i = 0; i < COUNT(lengths); i++) {
		send_one(p, s, i, lengths[i], NULL, NULL);
		expect_one(p, server, i, lengths[i], &from, &to);
	}
	send_one(p, s, 0, 30, NULL, NULL);
	assert_int_equal(receive(p, server, 29, &from, &to), 30);
	assert_int_equal(got[28], byte_at(28));
	assert_int_equal(got[29], 0xdd); /* nothing is written after size */
	assert_same(&from, &client);
	send_one(p, s, 5, 29, NULL, NULL);
	assert_int_equal(receive(p, server, 29, &from, &to), 29);
	expect_nothing(p, server); /* nor is the rest of it another one */
}

/* Several may lie unread; which comes first is not promised. */
static void several_wait(void **state)
{
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);
	unsigned seen = 0;

	for (size_t i = 0; i < 5; i++)
		send_one(p, s, i, 10 + i, NULL, NULL);
	for (size_t i = 0; i < 5; i++) {
		int n = receive(p, server, LONGEST, &from, &to);

		assert_in_range(n, 10, 14);
		assert_int_equal(got[0], byte_at((size_t)n - 10));
		seen |= 1u << (n - 10);
	}
	assert_int_equal(seen, 31);
}

/* 'PORT_AGAIN records READ', and answers from memory until it is met. */
static void again_records_read(void **state)
{
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);

	send_one(p, s, 0, 10, NULL, NULL);
	let_pass(p, WHILE_MS);
	assert_false(was_named(server)); /* nobody had asked */
	expect_one(p, server, 0, 10, &from, &to);
	assert_int_equal(port_recvfrom(p, server, got, LONGEST, &from, &to), PORT_AGAIN);
	send_one(p, s, 1, 10, NULL, NULL);
	assert_true(named_within(p, server, SOON_MS));
	let_pass(p, WHILE_MS);
	assert_false(was_named(server)); /* it was met */
	expect_one(p, server, 1, 10, &from, &to);
}

/* ---- Who takes what ---- */

/* 'with a peer, from it alone' */
static void a_peer_is_the_only_one(void **state)
{
	struct port *p = *state;
	struct address at, other_at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at);
	port_sock other = open_loopback(p, PORT_IPV4, &other_at);
	port_sock s = open_to(p, &at, &client);

	send_one(p, other, 0, 10, NULL, &client);
	expect_nothing(p, s);
	send_one(p, server, 1, 10, NULL, &client);
	expect_one(p, s, 1, 10, &from, &to);
	assert_same(&from, &at);
}

/* 'at' and a peer: it leaves from there, and goes there. */
static void both_can_be_given(void **state)
{
	struct port *p = *state;
	struct address at, mine, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s;

	assert_true(harness_loopback(PORT_IPV4, &mine));
	assert_int_equal(port_datagram(p, &mine, &at, &s), 0);
	assert_int_equal(port_local(p, s, &mine), 0);
	assert_int_not_equal(mine.port, 0);
	send_one(p, s, 0, 10, NULL, NULL);
	expect_one(p, server, 0, 10, &from, &to);
	assert_same(&from, &mine);
}

/* Everywhere: *to is the address that was asked all the same. */
static void everywhere_is_told_where(void **state)
{
	struct port *p = *state;
	struct address any = {.ip = ip_v4(0, 0, 0, 0)}, at, client, from, to;
	port_sock server = open_at(p, &any), s;

	if (!harness_second_loopback(&at))
		skip_because("there is no second address of loopback here");
	at.port = any.port;
	s = open_to(p, &at, &client);
	send_one(p, s, 0, 10, NULL, NULL);
	expect_one(p, server, 0, 10, &from, &to);
	assert_same(&to, &at);
	send_one(p, server, 1, 10, &to, &from); /* a peer takes it from that address alone */
	expect_one(p, s, 1, 10, &from, &to);
	assert_same(&from, &at);
	assert_true(harness_loopback(PORT_IPV4, &at));
	at.port = any.port;
	send_one(p, server, 2, 10, &at, &client);
	expect_nothing(p, s);
}

static void each_family_has_its_own(void **state)
{
	struct port *p = *state;
	struct address any = {.port = 0}, four, client, to;
	port_sock six, s;

	if (!harness_loopback(PORT_IPV6, &to))
		skip_because("there is no ::1 here");
	six = open_at(p, &any);
	four = (struct address){.ip = ip_v4(0, 0, 0, 0), .port = any.port};
	assert_int_equal(port_datagram(p, &four, NULL, &s), 0);
	assert_true(harness_loopback(PORT_IPV4, &four));
	four.port = any.port;
	port_close(p, &s);
	s = open_to(p, &four, &client);
	assert_int_equal(port_sendto(p, s, "4", 1, NULL, NULL), 0);
	expect_nothing(p, six);
	to.port = 9;
	assert_int_equal(port_sendto(p, six, "6", 1, &four, &to), PORT_UNREACHABLE);
	assert_int_equal(port_datagram(p, &to, &four, &s), PORT_UNREACHABLE);
	assert_int_equal(s, PORT_NONE);
}

/* ---- Failures ---- */

static void addresses_are_refused(void **state)
{
	struct port *p = *state;
	struct address at, foreign;
	port_sock taken = open_loopback(p, PORT_IPV4, &at), s = 0;

	assert_int_equal(port_datagram(p, &at, NULL, &s), PORT_IN_USE);
	assert_int_equal(s, PORT_NONE);
	harness_foreign(&foreign);
	assert_int_equal(port_datagram(p, &foreign, NULL, &s), PORT_NOT_LOCAL);
	assert_int_equal(s, PORT_NONE);
	port_close(p, &taken);
	assert_int_equal(port_datagram(p, &at, NULL, &s), 0); /* at once */
}

static void no_handle_is_no_resource(void **state)
{
	static port_sock held[PORT_SOCKETS];
	struct port *p = *state;
	struct address at;
	int count = 0;
	port_sock s;

	assert_true(harness_loopback(PORT_IPV4, &at));
	while (count < PORT_SOCKETS && port_datagram(p, &at, NULL, &held[count]) == 0)
		count++;
	assert_int_equal(port_datagram(p, &at, NULL, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	while (count > 0)
		port_close(p, &held[--count]);
	assert_int_equal(port_datagram(p, &at, NULL, &s), 0);
}

/* 'that is an event, and not the end' */
static void a_refusal_is_no_end(void **state)
{
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);

	if (!harness_hears_of_refusals())
		skip_because("this port does not hear of refused datagrams");
	port_close(p, &server);
	assert_int_equal(port_recvfrom(p, s, got, LONGEST, &from, &to), PORT_AGAIN);
	send_one(p, s, 0, 10, NULL, NULL);
	assert_int_equal(receive(p, s, LONGEST, &from, &to), PORT_REFUSED);
	expect_nothing(p, s); /* once */
	assert_int_equal(port_datagram(p, &at, NULL, &server), 0);
	send_one(p, s, 1, 10, NULL, NULL);
	expect_one(p, server, 1, 10, &from, &to);
	send_one(p, server, 2, 10, &to, &from);
	expect_one(p, s, 2, 10, &from, &to);
}

/* What nobody reads does not stop the sender, and does not grow without limit. */
static void a_flood_is_dropped(void **state)
{
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);
	enum { FLOOD = 5000 };
	int read = 0, n;

	for (size_t i = 0; i < FLOOD; i++) {
		n = port_sendto(p, s, "0123456789", 10, NULL, NULL);
		assert_true(n == 0 || n == PORT_AGAIN);
		if (i % 100 == 0)
			(void)wait_once(p, 0);
	}
	let_pass(p, WHILE_MS);
	while ((n = port_recvfrom(p, server, got, LONGEST, &from, &to)) == 10)
		read++;
	assert_int_equal(n, PORT_AGAIN);
	assert_in_range(read, 1, FLOOD - 1);
	send_one(p, s, 3, 20, NULL, NULL);
	expect_one(p, server, 3, 20, &from, &to);
}

/* ---- Ends ---- */

static void closing_drops_what_is_unread(void **state)
{
	struct port *p = *state;
	struct address at, client, from, to;
	port_sock server = open_loopback(p, PORT_IPV4, &at), s = open_to(p, &at, &client);

	assert_int_equal(port_recvfrom(p, server, got, LONGEST, &from, &to), PORT_AGAIN);
	send_one(p, s, 0, 10, NULL, NULL);
	let_pass(p, WHILE_MS);
	port_close(p, &server);
	forget_names();
	assert_int_equal(port_datagram(p, &at, NULL, &server), 0);
	expect_nothing(p, server);
	port_reset(p, &server);
	assert_int_equal(server, PORT_NONE);
}

static void fini_closes_them(void **state)
{
	static const struct port_config config;
	struct port *p = *state;
	struct address at, from, to;
	port_sock s = open_loopback(p, PORT_IPV4, &at);

	assert_int_equal(port_recvfrom(p, s, got, LONGEST, &from, &to), PORT_AGAIN);
	port_fini(p);
	assert_int_equal(port_init(p, &config), 0);
	assert_int_equal(port_datagram(p, &at, NULL, &s), 0);
}

const struct CMUnitTest datagram_tests[] = {
	CONTRACT(they_go_there_and_back),
	CONTRACT(they_go_over_ipv6),
	CONTRACT(each_is_one),
	CONTRACT(several_wait),
	CONTRACT(again_records_read),
	CONTRACT(a_peer_is_the_only_one),
	CONTRACT(both_can_be_given),
	CONTRACT(everywhere_is_told_where),
	CONTRACT(each_family_has_its_own),
	CONTRACT(addresses_are_refused),
	CONTRACT(no_handle_is_no_resource),
	CONTRACT(a_refusal_is_no_end),
	CONTRACT(a_flood_is_dropped),
	CONTRACT(closing_drops_what_is_unread),
	CONTRACT(fini_closes_them),
};
const size_t datagram_tests_count = COUNT(datagram_tests);

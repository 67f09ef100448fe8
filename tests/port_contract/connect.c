/*
 * The contract: listening, accepting, connecting, addresses.
 */
#include "contract.h"

static const enum port_families families[] = {PORT_IPV4, PORT_IPV6};

/* Waits for a connection and takes it. */
static int accept_soon(
	struct port *p, port_sock listener, port_sock *s, struct address *from, int32_t ms)
{
	int answer = port_accept(p, listener, s, from);

	while (answer == PORT_AGAIN && named_within(p, listener, ms))
		answer = port_accept(p, listener, s, from);
	return answer;
}

static void a_connection_has_two_ends(void **state, enum port_families family)
{
	struct port *p = *state;
	struct address at, from, local;
	port_sock listener = listen_at(p, family, &at), a, b;

	assert_int_not_equal(at.port, 0);
	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
	assert_int_equal(connected(p, a), 0);
	assert_int_equal(port_connected(p, a), 0);
	assert_int_equal(port_local(p, a, &local), 0);
	assert_true(address_equal(&local, &from));
	assert_int_equal(port_local(p, b, &local), 0);
	assert_true(address_equal(&local, &at));
	send_bytes(p, a, 0, 100);
	expect_bytes(p, b, 0, 100);
}

static void a_connection_over_ipv4(void **state)
{
	a_connection_has_two_ends(state, PORT_IPV4);
}

static void a_connection_over_ipv6(void **state)
{
	a_connection_has_two_ends(state, PORT_IPV6);
}

/* port_accept(): 'PORT_AGAIN records READ on the listener.' */
static void a_listener_is_waited_for(void **state)
{
	struct port *p = *state;
	struct address at, from;
	port_sock listener = listen_at(p, PORT_IPV4, &at), a, b = 0;

	assert_int_equal(port_accept(p, listener, &b, &from), PORT_AGAIN);
	assert_int_equal(b, PORT_NONE);
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(listener));
	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(port_accept(p, listener, &b, &from), PORT_AGAIN); /* from memory */
	assert_true(named_within(p, listener, SOON_MS));
	assert_int_equal(port_accept(p, listener, &b, &from), 0);
}

/* Several connections wait to be accepted, and each is given out once. */
static void connections_wait_in_the_backlog(void **state)
{
	struct port *p = *state;
	struct address at, from;
	port_sock listener = listen_at(p, PORT_IPV4, &at), a[4], b[4];

	for (size_t i = 0; i < COUNT(a); i++) {
		assert_int_equal(port_connect(p, NULL, &at, &a[i]), 0);
		assert_int_equal(connected(p, a[i]), 0);
		send_bytes(p, a[i], i * 1000, 10);
	}
	for (size_t i = 0; i < COUNT(b); i++) {
		struct address local;
		size_t client = 0;

		assert_int_equal(accept_soon(p, listener, &b[i], &from, SOON_MS), 0);
		do
			assert_int_equal(port_local(p, a[client], &local), 0);
		while (!address_equal(&local, &from) && ++client < COUNT(a));
		assert_in_range(client, 0, COUNT(a) - 1);
		expect_bytes(p, b[i], client * 1000, 10);
	}
	assert_int_equal(port_accept(p, listener, &b[0], &from), PORT_AGAIN);
}

/*
 * With the table full accept answers NO_RESOURCES and 'records nothing: the
 * connection waits on in the backlog', until a socket was closed.
 */
static void a_full_table_pauses_accept(void **state)
{
	struct port *p = *state;
	struct address at, any, from;
	port_sock listener, a, b, s, last = PORT_NONE;

	if (harness_sockets(p) < PORT_SOCKETS)
		skip_because("the table of sockets is larger than what the system gives");
	listener = listen_at(p, PORT_IPV4, &at);
	assert_true(harness_loopback(PORT_IPV4, &any));
	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(connected(p, a), 0);
	send_bytes(p, a, 0, 10);
	while (port_listen(p, &any, 1, &s) == 0)
		last = s;
	forget_names();
	assert_int_equal(port_accept(p, listener, &b, &from), PORT_NO_RESOURCES);
	assert_int_equal(b, PORT_NONE);
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(listener));
	assert_int_equal(port_accept(p, listener, &b, &from), PORT_NO_RESOURCES);
	port_close(p, &last);
	assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
	expect_bytes(p, b, 0, 10);
}

/* The same when it is the system that has nothing left. */
static void an_exhausted_system_pauses_accept(void **state)
{
	struct port *p = *state;
	struct address at, from;
	port_sock listener = listen_at(p, PORT_IPV4, &at), a, b, s;

	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(connected(p, a), 0);
	send_bytes(p, a, 0, 10);
	if (!harness_exhaust(p, true))
		skip_because("descriptors cannot be exhausted here");
	assert_int_equal(port_accept(p, listener, &b, &from), PORT_NO_RESOURCES);
	assert_int_equal(b, PORT_NONE);
	forget_names();
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(listener));
	assert_int_equal(port_listen(p, &at, 1, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	assert_int_equal(port_connect(p, NULL, &at, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	(void)harness_exhaust(p, false);
	assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
	expect_bytes(p, b, 0, 10);
}

/* 'A connection that was reset while it waited is passed over', or its first read says so. */
static void a_connection_reset_in_the_backlog(void **state)
{
	struct port *p = *state;
	struct address at, from;
	port_sock listener = listen_at(p, PORT_IPV4, &at), a, b;
	const uint8_t *data;
	int answer;

	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(connected(p, a), 0);
	port_reset(p, &a);
	(void)let_pass(p, WHILE_MS);
	answer = accept_soon(p, listener, &b, &from, WHILE_MS);
	if (answer == 0)
		assert_int_equal(peek_soon(p, b, &data), PORT_RESET);
	else
		assert_int_equal(answer, PORT_AGAIN);
	/* The listener goes on. */
	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
	send_bytes(p, b, 0, 10);
	assert_int_equal(connected(p, a), 0);
	expect_bytes(p, a, 0, 10);
}

/* 'nobody listens there', and the failure is final. */
static void nobody_listens(void **state)
{
	struct port *p = *state;
	struct address at;
	port_sock s;
	int answer;

	if (!harness_refusing(p, &at))
		skip_because("there is no address here that refuses");
	answer = port_connect(p, NULL, &at, &s);
	if (answer == 0) {
		assert_int_equal(connected(p, s), PORT_REFUSED);
		assert_int_equal(port_connected(p, s), PORT_REFUSED);
		(void)let_pass(p, WHILE_MS);
		assert_false(was_named(s));
		port_close(p, &s);
	} else {
		assert_int_equal(answer, PORT_REFUSED);
	}
	assert_int_equal(s, PORT_NONE);
}

static void that_port_is_taken(void **state)
{
	struct port *p = *state;
	struct address at;
	port_sock listener = listen_at(p, PORT_IPV4, &at), s = 0;

	assert_int_equal(port_listen(p, &at, 1, &s), PORT_IN_USE);
	assert_int_equal(s, PORT_NONE);
	port_close(p, &listener);
	assert_int_equal(port_listen(p, &at, 1, &s), 0);
}

/* A listener opens again on the port of connections that it had. */
static void a_port_can_be_listened_on_again(void **state)
{
	struct port *p = *state;
	struct address at, from;
	port_sock listener = listen_at(p, PORT_IPV4, &at), a, b;
	size_t len;

	assert_int_equal(port_connect(p, NULL, &at, &a), 0);
	assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
	port_close(p, &b); /* this side's end of it lingers on the port */
	assert_int_equal(connected(p, a), 0);
	assert_int_equal(read_to_end(p, a, 0, &len), PORT_EOF);
	port_close(p, &a);
	port_close(p, &listener);
	assert_int_equal(port_listen(p, &at, 1, &listener), 0);
}

static void that_address_is_not_ours(void **state)
{
	struct port *p = *state;
	struct address foreign, at;
	port_sock listener = listen_at(p, PORT_IPV4, &at), s = 0;

	harness_foreign(&foreign);
	foreign.port = 0;
	assert_int_equal(port_listen(p, &foreign, 1, &s), PORT_NOT_LOCAL);
	assert_int_equal(s, PORT_NONE);
	assert_int_equal(port_connect(p, &foreign, &at, &s), PORT_NOT_LOCAL);
	assert_int_equal(s, PORT_NONE);
	port_close(p, &listener);
}

/*
 * Listens at '::' and then at 0.0.0.0 with the same port: what the latter returned, and what came of a connection
 * between.
 */
static int listen_at_both(struct port *p, port_sock *six, port_sock *four, int *refused)
{
	struct address v6 = {.port = 0}, v4, to;
	port_sock s;

	assert_int_equal(port_listen(p, &v6, 4, six), 0);
	assert_int_equal(port_local(p, *six, &v6), 0);
	assert_true(harness_loopback(PORT_IPV4, &to));
	to.port = v6.port;
	*refused = port_connect(p, NULL, &to, &s);
	if (*refused == 0) {
		*refused = connected(p, s);
		port_close(p, &s);
	}
	v4 = (struct address){.ip = ip_v4(0, 0, 0, 0), .port = v6.port};
	return port_listen(p, &v4, 4, four);
}

/*
 * 'One family for each socket: '::' takes no IPv4 connections', and leaves the port to IPv4. Somebody else on this
 * machine may have it there, so a few ports are tried.
 */
static void one_family_for_each_listener(void **state)
{
	struct port *p = *state;
	struct address loopback;
	port_sock six, four;
	int rc = PORT_IN_USE, refused = 0;

	if (!harness_loopback(PORT_IPV6, &loopback))
		skip_because("there is no ::1 here");
	for (int tries = 0; tries < 8 && rc == PORT_IN_USE; tries++) {
		rc = listen_at_both(p, &six, &four, &refused);
		port_close(p, &six);
	}
	assert_int_equal(rc, 0);
	assert_int_equal(refused, PORT_REFUSED);
	port_close(p, &four);
}

/* A connection comes from the address and the port that it was given. */
static void a_connection_from_an_address(void **state)
{
	struct port *p = *state;

	for (size_t i = 0; i < COUNT(families); i++) {
		struct address at, from, mine;
		port_sock listener, a, b;

		if (!harness_loopback(families[i], &mine))
			continue;
		listener = listen_at(p, families[i], &at);
		assert_int_equal(port_connect(p, &mine, &at, &a), 0);
		assert_int_equal(accept_soon(p, listener, &b, &from, SOON_MS), 0);
		assert_true(ip_equal(&from.ip, &mine.ip));
		assert_int_not_equal(from.port, 0);
	}
}

static void no_address_of_that_family(void **state)
{
	struct port *p = *state;
	struct address at, mine = {.ip.byte = {[15] = 1}};
	port_sock listener = listen_at(p, PORT_IPV4, &at), s = 0;

	assert_int_equal(port_connect(p, &mine, &at, &s), PORT_NO_NETWORK);
	assert_int_equal(s, PORT_NONE);
	port_close(p, &listener);
}

/* port_local_for(): loopback is reached from loopback; the answer has port 0. */
static void the_local_address_for_a_peer(void **state)
{
	struct port *p = *state;

	for (size_t i = 0; i < COUNT(families); i++) {
		struct address peer, at, loopback;

		if (!harness_loopback(families[i], &loopback))
			continue;
		peer = loopback;
		peer.port = 80;
		assert_int_equal(port_local_for(p, &peer, &at), 0);
		assert_true(address_equal(&at, &loopback));
		peer.port = 0;
		assert_int_equal(port_local_for(p, &peer, &at), 0);
		assert_true(address_equal(&at, &loopback));
	}
}

static void our_own_addresses(void **state)
{
	struct port *p = *state;
	struct ip loopback = ip_v4(127, 0, 0, 1), odd = ip_v4(127, 200, 3, 4);
	struct address six, foreign;

	assert_true(port_is_local(p, &loopback));
	assert_true(port_is_local(p, &odd));
	if (harness_loopback(PORT_IPV6, &six))
		assert_true(port_is_local(p, &six.ip));
	harness_foreign(&foreign);
	assert_false(port_is_local(p, &foreign.ip));
	foreign.ip = (struct ip){{0x20, 0x01, 0x0d, 0xb8, [15] = 9}};
	assert_false(port_is_local(p, &foreign.ip));
}

const struct CMUnitTest connect_tests[] = {
	CONTRACT(a_connection_over_ipv4),
	CONTRACT(a_connection_over_ipv6),
	CONTRACT(a_listener_is_waited_for),
	CONTRACT(connections_wait_in_the_backlog),
	CONTRACT(a_full_table_pauses_accept),
	CONTRACT(an_exhausted_system_pauses_accept),
	CONTRACT(a_connection_reset_in_the_backlog),
	CONTRACT(nobody_listens),
	CONTRACT(that_port_is_taken),
	CONTRACT(a_port_can_be_listened_on_again),
	CONTRACT(that_address_is_not_ours),
	CONTRACT(one_family_for_each_listener),
	CONTRACT(a_connection_from_an_address),
	CONTRACT(no_address_of_that_family),
	CONTRACT(the_local_address_for_a_peer),
	CONTRACT(our_own_addresses),
};
const size_t connect_tests_count = COUNT(connect_tests);

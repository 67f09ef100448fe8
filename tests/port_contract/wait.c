/*
 * The contract: handles, interest, what is pending, time.
 */
#include "contract.h"

/* 'Answering PORT_AGAIN records it': the socket is named, once, when there is something to read. */
static void again_records_interest(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 1);
	assert_true(named_within(p, pair.b, SOON_MS));
	/* It was met, so it is not met again, whatever lies there. */
	send_bytes(p, pair.a, 1, 1);
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(pair.b));
	expect_bytes(p, pair.b, 0, 2);
}

/* 'While an interest is recorded, the same call answers AGAIN from memory.' */
static void interest_answers_from_memory(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	uint8_t byte;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 1);
	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	assert_int_equal(port_read(p, pair.b, &byte, 1), PORT_AGAIN);
	assert_true(named_within(p, pair.b, SOON_MS));
	expect_bytes(p, pair.b, 0, 1);
}

/* 'bytes or an end that are returned record nothing' */
static void what_is_returned_records_nothing(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	size_t len;

	send_bytes(p, pair.a, 0, 10);
	assert_true(peek_soon(p, pair.b, &data) > 0);
	forget_names();
	send_bytes(p, pair.a, 10, 10);
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(pair.a)); /* everything it sent was taken */
	assert_false(was_named(pair.b)); /* it was given bytes */

	port_shutdown(p, pair.a);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, 20);
	forget_names();
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(pair.b)); /* it was given the end */
}

/* 'a short port_send() records WRITE' */
static void a_short_send_is_waited_for(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t sent = fill(p, pair.a);

	expect_bytes(p, pair.b, 0, sent);
	assert_true(named_within(p, pair.a, SOON_MS));
}

/* So does AGAIN, and it is answered from memory. */
static void a_full_stream_is_waited_for(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t sent = fill(p, pair.a);
	uint8_t byte = 0;

	assert_int_equal(port_send(p, pair.a, &byte, 1), PORT_AGAIN);
	expect_bytes(p, pair.b, 0, sent);
	assert_true(named_within(p, pair.a, SOON_MS));
	byte = byte_at(sent);
	assert_int_equal(port_send(p, pair.a, &byte, 1), 1);
	expect_bytes(p, pair.b, sent, 1);
}

/* 'port_wait() clears only what was met.' */
static void only_what_was_met_is_cleared(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	size_t sent;

	assert_int_equal(port_peek(p, pair.a, &data), PORT_AGAIN);
	sent = fill(p, pair.a);
	expect_bytes(p, pair.b, 0, sent); /* WRITE of a is met meanwhile, or now */
	(void)named_within(p, pair.a, WHILE_MS);
	assert_int_equal(port_peek(p, pair.a, &data), PORT_AGAIN);
	forget_names();
	send_bytes(p, pair.b, 0, 1);
	assert_true(named_within(p, pair.a, SOON_MS)); /* READ still stood */
	expect_bytes(p, pair.a, 0, 1);
}

/* 'What an earlier wait made ready and port_next() has not named yet is forgotten' */
static void unnamed_readiness_is_forgotten(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	int ready = 0;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 1);
	for (int tries = 0; ready == 0 && tries < 100; tries++)
		ready = port_wait(p, WHILE_MS);
	assert_int_equal(ready, 1);
	assert_int_equal(port_wait(p, 0), 0);
	assert_int_equal(port_next(p), PORT_NONE);
	expect_bytes(p, pair.b, 0, 1); /* the byte is not */
	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 1, 1);
	assert_true(named_within(p, pair.b, SOON_MS)); /* nor is the socket */
}

#define CROWD 4

/* Makes several sockets pending, the b sides of pairs, and names none of them. */
static int make_pending(struct port *p, struct pair pairs[CROWD])
{
	const uint8_t *data;

	for (int tries = 0; tries < 50; tries++) {
		int ready = 0;

		for (int i = 0; i < CROWD; i++)
			assert_int_equal(port_peek(p, pairs[i].b, &data), PORT_AGAIN);
		for (int i = 0; i < CROWD; i++)
			send_bytes(p, pairs[i].a, 0, 1);
		while (ready == 0)
			ready = port_wait(p, SOON_MS);
		if (ready > 1)
			return ready;
		for (int i = 0; i < CROWD; i++)
			expect_bytes(p, pairs[i].b, 0, 1);
	}
	fail_msg("no two sockets were ever ready at once");
	return 0;
}

/* 'Names one of the sockets ..., each once; then PORT_NONE'; the count is the wait's. */
static void each_is_named_once(void **state)
{
	struct port *p = *state;
	struct pair pairs[CROWD];
	bool seen[PORT_SOCKETS] = {false};
	int ready;

	for (int i = 0; i < CROWD; i++)
		pairs[i] = make_pair(p);
	ready = make_pending(p, pairs);
	for (; ready > 0; ready--) {
		port_sock s = port_next(p);

		assert_int_not_equal(s, PORT_NONE);
		assert_false(seen[s]);
		seen[s] = true;
	}
	assert_int_equal(port_next(p), PORT_NONE);
	assert_int_equal(port_next(p), PORT_NONE);
}

/* port_close(): 'Readiness not yet named is withdrawn.' */
static void close_withdraws_readiness(void **state)
{
	struct port *p = *state;
	struct pair pairs[CROWD];
	port_sock named;

	for (int i = 0; i < CROWD; i++)
		pairs[i] = make_pair(p);
	(void)make_pending(p, pairs);
	named = port_next(p);
	for (int i = 0; i < CROWD; i++)
		if (pairs[i].b != named)
			port_close(p, &pairs[i].b);
	assert_int_equal(port_next(p), PORT_NONE);
}

/* A closed handle 'is not given out again before' all that is pending was named. */
static void handles_rest_while_others_are_pending(void **state)
{
	struct port *p = *state;
	struct pair pairs[CROWD];
	struct address at;
	port_sock named, closed, s;

	if (harness_sockets(p) < PORT_SOCKETS)
		skip_because("the table of sockets is larger than what the system gives");
	for (int i = 0; i < CROWD; i++)
		pairs[i] = make_pair(p);
	(void)make_pending(p, pairs);
	named = closed = port_next(p);
	port_close(p, &named);
	assert_int_equal(named, PORT_NONE);
	assert_true(harness_loopback(PORT_IPV4, &at));
	while (port_listen(p, &at, 1, &s) == 0) /* every handle that is to be had */
		assert_int_not_equal(s, closed);
	while (port_next(p) != PORT_NONE)
		;
	assert_int_equal(port_listen(p, &at, 1, &s), 0);
	assert_int_equal(s, closed);
}

/* Nor is it lost when not all that is pending is ever named. */
static void handles_rest_no_longer_than_others_are_pending(void **state)
{
	struct port *p = *state;
	struct pair pairs[CROWD];
	struct address at;
	port_sock s;
	int open = 2 * CROWD - 1, room = harness_sockets(p), forgotten;

	for (int i = 0; i < CROWD; i++)
		pairs[i] = make_pair(p);
	forgotten = make_pending(p, pairs);
	port_close(p, &pairs[0].a);
	/* Where a stack has a thread of its own the rest of the crowd may be ready only now. */
	assert_in_range(port_wait(p, 0), 0, CROWD - forgotten);
	while (port_next(p) != PORT_NONE)
		;
	assert_true(harness_loopback(PORT_IPV4, &at));
	while (port_listen(p, &at, 1, &s) == 0)
		open++;
	assert_in_range(open, room, PORT_SOCKETS);
}

/* The table has PORT_SOCKETS entries, and each can be used again. */
static void every_handle_can_be_used(void **state)
{
	static port_sock sockets[PORT_SOCKETS + 1];
	struct port *p = *state;
	struct address at;

	assert_true(harness_loopback(PORT_IPV4, &at));
	for (int round = 0; round < 2; round++) {
		bool seen[PORT_SOCKETS] = {false};
		int answer, room = harness_sockets(p), count = 0;

		while ((answer = port_listen(p, &at, 1, &sockets[count])) == 0) {
			assert_in_range(sockets[count], 0, PORT_SOCKETS - 1);
			assert_false(seen[sockets[count]]);
			seen[sockets[count++]] = true;
		}
		assert_int_equal(answer, PORT_NO_RESOURCES);
		assert_int_equal(sockets[count], PORT_NONE);
		assert_in_range(count, room, PORT_SOCKETS);
		assert_int_equal(port_connect(p, NULL, &at, &sockets[count]), PORT_NO_RESOURCES);
		assert_int_equal(sockets[count], PORT_NONE);
		while (count > 0)
			port_close(p, &sockets[--count]);
	}
}

/* port_room(): there are so many at least, and one fewer for each. */
static void room_for_sockets(void **state)
{
	static port_sock sockets[PORT_SOCKETS];
	struct port *p = *state;
	unsigned room = port_room(p), count = 0;
	struct address at;

	assert_true(harness_loopback(PORT_IPV4, &at));
	assert_in_range(room, 0, PORT_SOCKETS);
	assert_true(PORT_ROOM_VARIES || room == PORT_SOCKETS);
	while (count < room && count < PORT_SOCKETS)
		assert_int_equal(port_listen(p, &at, 1, &sockets[count++]), 0);
	if (room < PORT_SOCKETS)
		assert_int_equal(port_room(p), 0);
}

/* Datagrams take a handle, too. */
static void datagrams_need_a_handle(void **state)
{
	struct port *p = *state;
	struct address at;
	port_sock s = PORT_NONE, last = PORT_NONE;

	if (harness_sockets(p) < PORT_SOCKETS)
		skip_because("the table of sockets is larger than what the system gives");
	assert_true(harness_loopback(PORT_IPV4, &at));
	while (port_listen(p, &at, 1, &s) == 0)
		last = s;
	assert_int_equal(port_datagram(p, &at, NULL, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	port_close(p, &last);
	assert_int_equal(port_datagram(p, &at, NULL, &s), 0);
}

/* '0: only looks', 'at most ms milliseconds', and the clock goes on by as much. */
static void waits_end_in_time(void **state)
{
	struct port *p = *state;
	uint32_t before = port_now(p);

	assert_int_equal(port_wait(p, 0), 0);
	assert_in_range(port_now(p) - before, 0, harness_late_ms());
	before = port_now(p);
	assert_int_equal(port_wait(p, 120), 0);
	assert_in_range(port_now(p) - before, 119, 120 + harness_late_ms());
	before = port_now(p);
	assert_in_range(port_clock(p) - before, 0, harness_late_ms());
	before = port_clock(p);
	assert_in_range(port_now(p) - before, 0, harness_late_ms());
	assert_int_equal(port_next(p), PORT_NONE);
}

/* A wait without a limit ends when a socket is ready. */
static void a_wait_without_a_limit_ends(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	int ready = 0;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 1);
	for (int tries = 0; ready == 0 && tries < 100; tries++)
		ready = port_wait(p, -1);
	assert_int_equal(ready, 1);
	assert_int_equal(port_next(p), pair.b);
}

static void the_clock_never_goes_back(void **state)
{
	struct port *p = *state;
	uint32_t last = port_now(p);

	for (int i = 0; i < 100; i++) {
		(void)port_wait(p, i % 3);
		assert_true((int32_t)(port_now(p) - last) >= 0);
		last = port_now(p);
	}
}

const struct CMUnitTest wait_tests[] = {
	CONTRACT(again_records_interest),
	CONTRACT(interest_answers_from_memory),
	CONTRACT(what_is_returned_records_nothing),
	CONTRACT(a_short_send_is_waited_for),
	CONTRACT(a_full_stream_is_waited_for),
	CONTRACT(only_what_was_met_is_cleared),
	CONTRACT(unnamed_readiness_is_forgotten),
	CONTRACT(each_is_named_once),
	CONTRACT(close_withdraws_readiness),
	CONTRACT(handles_rest_while_others_are_pending),
	CONTRACT(handles_rest_no_longer_than_others_are_pending),
	CONTRACT(every_handle_can_be_used),
	CONTRACT(room_for_sockets),
	CONTRACT(datagrams_need_a_handle),
	CONTRACT(waits_end_in_time),
	CONTRACT(a_wait_without_a_limit_ends),
	CONTRACT(the_clock_never_goes_back),
};
const size_t wait_tests_count = COUNT(wait_tests);

/*
 * The contract: ends and hangups.
 */
#include "contract.h"

#define HANGUP_MS (1000 + (int32_t)harness_late_ms()) /* 'within a second' */

static void expect_end(struct port *p, port_sock s, int end)
{
	const uint8_t *data;
	uint8_t byte;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(port_peek(p, s, &data), end);
		assert_int_equal(port_read(p, s, &byte, 1), end);
		(void)wait_once(p, 10);
	}
}

/* Sends bytes until it is told that nothing can be sent any more. */
static int send_to_failure(struct port *p, port_sock s)
{
	uint8_t byte = 0;
	int answer = 0;

	for (int tries = 0; tries < 100 && (answer > 0 || answer == PORT_AGAIN || tries == 0);
		tries++) {
		answer = port_send(p, s, &byte, 1);
		if (answer > 0)
			(void)let_pass(p, 20);
		else if (answer == PORT_AGAIN)
			(void)named_within(p, s, SOON_MS);
	}
	return answer;
}

/* 'bytes that had arrived are readable first', then EOF, for ever; the other way stays open. */
static void an_end_comes_after_the_bytes(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t len;

	send_bytes(p, pair.a, 0, 5000);
	port_shutdown(p, pair.a);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, 5000);
	expect_end(p, pair.b, PORT_EOF);
	send_bytes(p, pair.b, 0, 5000);
	expect_bytes(p, pair.a, 0, 5000);
	port_shutdown(p, pair.b);
	assert_int_equal(read_to_end(p, pair.a, 5000, &len), PORT_EOF);
	expect_end(p, pair.b, PORT_EOF);
}

/* READ stands when the end comes: it is met. */
static void an_end_is_waited_for(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	assert_int_equal(port_peek(p, pair.a, &data), PORT_AGAIN);
	port_shutdown(p, pair.a);
	assert_true(named_within(p, pair.b, SOON_MS));
	assert_int_equal(port_peek(p, pair.b, &data), PORT_EOF);
	port_reset(p, &pair.b);
	assert_true(named_within(p, pair.a, SOON_MS));
	assert_int_equal(port_peek(p, pair.a, &data), PORT_RESET);
}

static void a_reset_is_no_end_in_order(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t len;

	port_reset(p, &pair.a);
	assert_int_equal(pair.a, PORT_NONE);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
	assert_int_equal(len, 0);
	expect_end(p, pair.b, PORT_RESET);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_RESET);
}

/* 'bytes that had arrived are readable first, then comes the remembered end' */
static void a_reset_comes_after_the_bytes(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	size_t len;

	send_bytes(p, pair.a, 0, 100);
	assert_true(peek_soon(p, pair.b, &data) > 0);
	(void)let_pass(p, WHILE_MS);
	port_reset(p, &pair.a);
	(void)let_pass(p, WHILE_MS);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
	assert_int_equal(len, 100);
	expect_end(p, pair.b, PORT_RESET);
}

/* A send that is told of the reset takes it from the system; reading still ends with it. */
static void a_reset_that_a_send_met_is_remembered(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	size_t len;

	send_bytes(p, pair.a, 0, 100);
	assert_true(peek_soon(p, pair.b, &data) > 0);
	(void)let_pass(p, WHILE_MS);
	port_reset(p, &pair.a);
	(void)let_pass(p, WHILE_MS);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
	assert_int_equal(len, 100);
	expect_end(p, pair.b, PORT_RESET);
}

/* The same while READ stands, which must not be lost by it. */
static void a_reset_met_while_reading_waits(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	size_t len;

	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	port_reset(p, &pair.a);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
}

/* After EOF nothing else ends reading: 'never afterwards another one'. */
static void an_end_in_order_stays(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t len;

	send_bytes(p, pair.a, 0, 10);
	port_close(p, &pair.a);
	assert_int_equal(pair.a, PORT_NONE);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, 10);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
	expect_end(p, pair.b, PORT_EOF);
	assert_int_equal(send_to_failure(p, pair.b), PORT_RESET);
}

/* port_close(): 'what was sent is still delivered' */
static void close_delivers_what_was_sent(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t sent = fill(p, pair.a), len;

	port_close(p, &pair.a);
	assert_int_equal(pair.a, PORT_NONE);
	port_close(p, &pair.a); /* 'PORT_NONE is accepted' */
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, sent);
}

/* Also over bytes that nobody read. */
static void close_over_unread_bytes_is_in_order(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t len;

	send_bytes(p, pair.b, 0, 3000);
	(void)let_pass(p, WHILE_MS);
	send_bytes(p, pair.a, 0, 3000);
	port_close(p, &pair.a);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, 3000);
}

/* port_reset(): 'drops what was not delivered' */
static void reset_drops_what_was_sent(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t sent = fill(p, pair.a), len;

	port_reset(p, &pair.a);
	port_reset(p, &pair.a);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
	assert_in_range(len, 0, sent);
}

/* ---- Hangups ---- */

/* Nothing unread: HANGUP is met at once for an end and for a reset. */
static void hangup_without_bytes(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;

	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	port_shutdown(p, pair.a);
	assert_int_equal(hangup_within(p, pair.b, PORT_EOF, HANGUP_MS), PORT_EOF);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_EOF);
	assert_int_equal(peek_soon(p, pair.b, &data), PORT_EOF);

	close_pair(p, &pair);
	pair = make_pair(p);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	port_reset(p, &pair.a);
	assert_int_equal(hangup_within(p, pair.b, PORT_RESET, HANGUP_MS), PORT_RESET);
	assert_int_equal(peek_soon(p, pair.b, &data), PORT_RESET);
}

/* 'whatever lies unread before that', in the three orders of bytes, question and end. */
static void an_end_after_bytes_is_seen(void **state)
{
	struct port *p = *state;

	if (!harness_sees_end_after_data())
		skip_because("an end after unread data cannot be seen here");
	for (int order = 0; order < 3; order++) {
		struct pair pair = make_pair(p);
		size_t len;

		if (order == 0)
			assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
		send_bytes(p, pair.a, 0, 3000);
		(void)let_pass(p, WHILE_MS);
		if (order == 1)
			assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
		port_shutdown(p, pair.a);
		if (order == 2)
			(void)let_pass(p, WHILE_MS);
		assert_int_equal(hangup_within(p, pair.b, PORT_EOF, HANGUP_MS), PORT_EOF);
		/* 'The answer takes nothing away' */
		assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
		assert_int_equal(len, 3000);
		close_pair(p, &pair);
	}
}

static void a_reset_after_bytes_is_seen(void **state)
{
	struct port *p = *state;

	for (int order = 0; order < 3; order++) {
		struct pair pair = make_pair(p);
		size_t len;

		if (order == 0)
			assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
		send_bytes(p, pair.a, 0, 3000);
		(void)let_pass(p, WHILE_MS);
		if (order == 1)
			assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
		port_reset(p, &pair.a);
		if (order == 2)
			(void)let_pass(p, WHILE_MS);
		assert_int_equal(hangup_within(p, pair.b, PORT_RESET, HANGUP_MS), PORT_RESET);
		assert_int_equal(port_peer_closed(p, pair.b), PORT_RESET);
		assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_RESET);
		assert_int_equal(len, 3000);
		close_pair(p, &pair);
	}
}

/* 'EOF records HANGUP for a reset that may follow', with and without bytes before it. */
static void a_reset_after_the_end_is_seen(void **state)
{
	struct port *p = *state;

	for (size_t len = 0; len <= 10; len += 10) {
		struct pair pair = make_pair(p);

		if (len > 0 && !harness_sees_end_after_data())
			break;
		send_bytes(p, pair.a, 0, len);
		port_shutdown(p, pair.a);
		assert_int_equal(hangup_within(p, pair.b, PORT_EOF, HANGUP_MS), PORT_EOF);
		port_reset(p, &pair.a);
		assert_int_equal(hangup_within(p, pair.b, PORT_RESET, HANGUP_MS), PORT_RESET);
		close_pair(p, &pair);
	}
}

/* An end that was read is an end for port_peer_closed(), and a reset after it is seen. */
static void hangup_after_the_end_was_read(void **state)
{
	struct port *p = *state;

	for (int before = 0; before < 2; before++) {
		struct pair pair = make_pair(p);
		size_t len;

		port_shutdown(p, pair.a);
		assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
		if (before == 0) {
			assert_int_equal(port_peer_closed(p, pair.b), PORT_EOF);
			port_reset(p, &pair.a);
		} else {
			port_reset(p, &pair.a);
			(void)let_pass(p, WHILE_MS);
		}
		assert_int_equal(hangup_within(p, pair.b, PORT_RESET, HANGUP_MS), PORT_RESET);
		expect_end(p, pair.b, PORT_EOF);
		close_pair(p, &pair);
	}
}

/* Both sides have ended in order: that is no reset. */
static void both_ends_in_order(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	size_t len;

	send_bytes(p, pair.a, 0, 10);
	port_shutdown(p, pair.b);
	assert_int_equal(read_to_end(p, pair.a, 0, &len), PORT_EOF);
	port_shutdown(p, pair.a);
	(void)let_pass(p, WHILE_MS);
	if (harness_sees_end_after_data())
		assert_int_equal(hangup_within(p, pair.b, PORT_EOF, HANGUP_MS), PORT_EOF);
	assert_int_equal(read_to_end(p, pair.b, 0, &len), PORT_EOF);
	assert_int_equal(len, 10);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_EOF);
}

/* 'unread bytes alone never meet it again and again' */
static void unread_bytes_wake_nobody(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	int named = 0, returns;

	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 1000);
	for (int i = 0; i < 10; i++) {
		returns = let_pass(p, 100);
		assert_in_range(returns, 1, 4);
		named += was_named(pair.b);
		assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	}
	assert_in_range(named, 0, 2);
	port_close(p, &pair.a);
	(void)hangup_within(p, pair.b, PORT_EOF, HANGUP_MS);
	expect_bytes(p, pair.b, 0, 1000);
}

/* Nor do they when the window is closed, which a stream then is readable by for ever. */
static void a_full_window_wakes_nobody(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	int named = 0;

	assert_true(fill(p, pair.a) > 0);
	(void)let_pass(p, WHILE_MS);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	for (int i = 0; i < 10; i++) {
		assert_in_range(let_pass(p, 100), 1, 4);
		named += was_named(pair.b);
		assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	}
	assert_in_range(named, 0, 2);
	port_reset(p, &pair.a);
	assert_int_equal(hangup_within(p, pair.b, PORT_RESET, HANGUP_MS), PORT_RESET);
}

/* READ and HANGUP are waited for together, and do not hide each other. */
static void reading_and_hangup_together(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;

	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 10);
	assert_true(named_within(p, pair.b, SOON_MS));
	expect_bytes(p, pair.b, 0, 10);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_AGAIN);
	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
	port_shutdown(p, pair.a);
	assert_true(named_within(p, pair.b, SOON_MS));
	assert_int_equal(peek_soon(p, pair.b, &data), PORT_EOF);
	assert_int_equal(port_peer_closed(p, pair.b), PORT_EOF);
}

const struct CMUnitTest end_tests[] = {
	CONTRACT(an_end_comes_after_the_bytes),
	CONTRACT(an_end_is_waited_for),
	CONTRACT(a_reset_is_no_end_in_order),
	CONTRACT(a_reset_comes_after_the_bytes),
	CONTRACT(a_reset_that_a_send_met_is_remembered),
	CONTRACT(a_reset_met_while_reading_waits),
	CONTRACT(an_end_in_order_stays),
	CONTRACT(close_delivers_what_was_sent),
	CONTRACT(close_over_unread_bytes_is_in_order),
	CONTRACT(reset_drops_what_was_sent),
	CONTRACT(hangup_without_bytes),
	CONTRACT(an_end_after_bytes_is_seen),
	CONTRACT(a_reset_after_bytes_is_seen),
	CONTRACT(a_reset_after_the_end_is_seen),
	CONTRACT(hangup_after_the_end_was_read),
	CONTRACT(both_ends_in_order),
	CONTRACT(unread_bytes_wake_nobody),
	CONTRACT(a_full_window_wakes_nobody),
	CONTRACT(reading_and_hangup_together),
};
const size_t end_tests_count = COUNT(end_tests);

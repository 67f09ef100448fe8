/*
 * The contract: bytes.
 */
#include "contract.h"

/* 'Shows unread bytes': they stay until they are consumed. */
static void peek_takes_nothing(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	uint8_t buf[10];

	send_bytes(p, pair.a, 0, 10);
	for (int i = 0; i < 3; i++) {
		assert_true(peek_soon(p, pair.b, &data) > 0);
		assert_int_equal(data[0], byte_at(0));
	}
	assert_true(port_read(p, pair.b, buf, sizeof buf) > 0);
	assert_int_equal(buf[0], byte_at(0));
}

/* 'Drops the first n unread bytes'; *data stays valid over it. */
static void consume_drops_the_first(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	const uint8_t *data;
	int n = 0;

	send_bytes(p, pair.a, 0, 100);
	for (int tries = 0; n < 100 && tries < 100; tries++) {
		(void)let_pass(p, 10);
		n = peek_soon(p, pair.b, &data);
	}
	assert_int_equal(n, 100);
	port_consume(p, pair.b, 0);
	port_consume(p, pair.b, 30);
	port_consume(p, pair.b, 50);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(data[i], byte_at(i));
	expect_bytes(p, pair.b, 80, 20);
	assert_int_equal(port_peek(p, pair.b, &data), PORT_AGAIN);
}

/* port_read(): 1 to size bytes, or AGAIN, which records READ. */
static void read_copies_and_consumes(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	uint8_t buf[7];
	size_t place = 0;

	assert_int_equal(port_read(p, pair.b, buf, sizeof buf), PORT_AGAIN);
	send_bytes(p, pair.a, 0, 50);
	while (place < 50) {
		int n = port_read(p, pair.b, buf, sizeof buf);

		if (n == PORT_AGAIN) {
			assert_true(named_within(p, pair.b, SOON_MS));
			continue;
		}
		assert_in_range(n, 1, sizeof buf);
		for (int i = 0; i < n; i++)
			assert_int_equal(buf[i], byte_at(place + (size_t)i));
		place += (size_t)n;
	}
	assert_int_equal(port_read(p, pair.b, buf, sizeof buf), PORT_AGAIN);
}

/* Much, both ways at once, in order and whole. */
static void bytes_stay_in_order(void **state)
{
	enum { PIECE = 5000, PIECES = 100 };
	struct port *p = *state;
	struct pair pair = make_pair(p);

	for (size_t i = 0; i < PIECES; i++) {
		send_bytes(p, pair.a, i * PIECE, PIECE);
		send_bytes(p, pair.b, i * PIECE, PIECE);
		expect_bytes(p, pair.b, i * PIECE, PIECE);
		expect_bytes(p, pair.a, i * PIECE, PIECE);
	}
}

/* A byte sent by itself is on its way at once: nothing waits for more. */
static void small_sends_are_not_held_back(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);
	uint32_t before = port_now(p);

	for (size_t i = 0; i < 50; i++) {
		send_bytes(p, pair.a, 2 * i, 1);
		send_bytes(p, pair.a, 2 * i + 1, 1);
		expect_bytes(p, pair.b, 2 * i, 2);
	}
	assert_in_range(port_now(p) - before, 0, 1500); /* Nagle's way it takes 2 s */
}

/* An urgent byte comes where it was sent, among the others. */
static void urgent_bytes_travel_in_line(void **state)
{
	struct port *p = *state;
	struct pair pair = make_pair(p);

	send_bytes(p, pair.a, 0, 10);
	if (!harness_urgent(p, pair.a, byte_at(10)))
		skip_because("this port sends no urgent data");
	send_bytes(p, pair.a, 11, 10);
	(void)let_pass(p, WHILE_MS);
	expect_bytes(p, pair.b, 0, 21);
}

const struct CMUnitTest stream_tests[] = {
	CONTRACT(peek_takes_nothing),
	CONTRACT(consume_drops_the_first),
	CONTRACT(read_copies_and_consumes),
	CONTRACT(bytes_stay_in_order),
	CONTRACT(small_sends_are_not_held_back),
	CONTRACT(urgent_bytes_travel_in_line),
};
const size_t stream_tests_count = COUNT(stream_tests);

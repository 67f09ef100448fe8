/*
 * The contract: port_move().
 *
 * A source is connected to 'from' and a sink to 'to', as a client and a server
 * are to a relay.
 */
#include "contract.h"

#define BUDGET 65536

struct relay {
	struct pair in, out;              /* in.a is the source, out.b the sink */
	port_sock source, from, to, sink; /* the same four */
};

static struct relay make_relay(struct port *p)
{
	struct relay r = {.in = make_pair(p), .out = make_pair(p)};

	r.source = r.in.a;
	r.from = r.in.b;
	r.to = r.out.a;
	r.sink = r.out.b;
	return r;
}

/* What port_move() answers when it has something to say about 'from': waits for it. */
static int move_soon(struct port *p, struct relay *r, size_t budget, port_sock *failed)
{
	int n = port_move(p, r->from, r->to, budget, failed);

	while (n == PORT_AGAIN && *failed == r->from && named_within(p, r->from, SOON_MS))
		n = port_move(p, r->from, r->to, budget, failed);
	return n;
}

/* Moves until 'from' ends or a side fails, the sink reading beside it; *moved counts. */
static int move_to_end(struct port *p, struct relay *r, size_t *moved, port_sock *failed)
{
	int n;

	*moved = 0;
	while ((n = move_soon(p, r, BUDGET, failed)) > 0) {
		expect_bytes(p, r->sink, *moved, (size_t)n);
		*moved += (size_t)n;
	}
	return n;
}

/* 'the count that 'to' accepted (1 to budget)' */
static void move_keeps_to_its_budget(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed;
	size_t moved = 0;

	send_bytes(p, r.source, 0, 1000);
	while (moved < 1000) {
		int n = move_soon(p, &r, 7, &failed);

		assert_in_range(n, 1, 7);
		moved += (size_t)n;
	}
	assert_int_equal(port_move(p, r.from, r.to, 7, &failed), PORT_AGAIN);
	assert_int_equal(failed, r.from);
	expect_bytes(p, r.sink, 0, 1000);
}

/* The same with a budget that takes several rounds inside. */
static void move_keeps_to_a_large_budget(void **state)
{
	enum { LARGE = BUDGET + 1000 };
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed;
	size_t sent = fill(p, r.source), moved = 0;

	while (moved < sent) {
		size_t seen = moved;
		int n;

		(void)let_pass(p, 20);
		n = move_soon(p, &r, LARGE, &failed);
		if (n == PORT_AGAIN)
			continue;
		assert_in_range(n, 1, LARGE);
		moved += (size_t)n;
		expect_bytes(p, r.sink, seen, (size_t)n);
	}
}

/* AGAIN: 'the interest (READ of from ...) is recorded'; a count records nothing. */
static void move_waits_for_bytes(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed = PORT_NONE;

	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_AGAIN);
	assert_int_equal(failed, r.from);
	send_bytes(p, r.source, 0, 10);
	failed = PORT_NONE;
	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_AGAIN); /* from memory */
	assert_int_equal(failed, r.from);
	assert_true(named_within(p, r.from, SOON_MS));
	assert_true(move_soon(p, &r, BUDGET, &failed) > 0);
	forget_names();
	send_bytes(p, r.source, 10, 10);
	(void)let_pass(p, WHILE_MS);
	assert_false(was_named(r.from));
	assert_false(was_named(r.to));
	assert_true(move_soon(p, &r, BUDGET, &failed) > 0);
	expect_bytes(p, r.sink, 0, 20);
}

/* Moves, without reading at the sink, until 'to' takes no more: AGAIN, with 'to' named. */
static size_t block_to(struct port *p, struct relay *r)
{
	port_sock failed = PORT_NONE;
	size_t sent = 0, moved = 0;

	for (;;) {
		int n = port_move(p, r->from, r->to, BUDGET, &failed);

		if (n == PORT_AGAIN && failed == r->to)
			return moved;
		assert_true(n > 0 || n == PORT_AGAIN);
		if (n > 0) {
			moved += (size_t)n;
			forget_names();
			continue;
		}
		if (sent == moved) { /* so that the source itself never waits for room */
			send_bytes(p, r->source, sent, 4096);
			sent += 4096;
		}
		assert_true(named_within(p, r->from, SOON_MS));
	}
}

/* AGAIN: '(... or WRITE of to) is recorded'; nothing is lost while the sink does not read. */
static void move_waits_for_room(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed = PORT_NONE;
	size_t moved = block_to(p, &r), more;

	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_AGAIN);
	assert_int_equal(failed, r.to);
	port_shutdown(p, r.source);
	expect_bytes(p, r.sink, 0, moved);
	assert_true(named_within(p, r.to, SOON_MS));
	for (more = moved;;) {
		int n = port_move(p, r.from, r.to, BUDGET, &failed);

		if (n == PORT_AGAIN) {
			assert_true(named_within(p, failed, SOON_MS));
			continue;
		}
		if (n == PORT_EOF)
			break;
		assert_true(n > 0);
		expect_bytes(p, r.sink, more, (size_t)n);
		more += (size_t)n;
	}
	assert_true(more > moved);
}

/* EOF: 'from has ended and nothing of it is still on its way to to': closing to loses nothing. */
static void move_ends_when_all_is_moved(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed;
	size_t len, moved = 0;
	int n;

	send_bytes(p, r.source, 0, 5000);
	port_shutdown(p, r.source);
	while ((n = move_soon(p, &r, BUDGET, &failed)) > 0)
		moved += (size_t)n;
	assert_int_equal(n, PORT_EOF);
	assert_int_equal(moved, 5000);
	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_EOF);
	port_shutdown(p, r.to);
	assert_int_equal(read_to_end(p, r.sink, 0, &len), PORT_EOF);
	assert_int_equal(len, 5000);
}

/* Half-closed: the other direction goes on after one has ended. */
static void the_other_direction_goes_on(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	struct relay back = {.source = r.sink, .from = r.to, .to = r.from, .sink = r.source};
	port_sock failed;
	size_t moved;

	port_shutdown(p, r.source);
	assert_int_equal(move_to_end(p, &r, &moved, &failed), PORT_EOF);
	port_shutdown(p, r.to);
	send_bytes(p, r.sink, 0, 3000);
	port_shutdown(p, r.sink);
	assert_int_equal(move_to_end(p, &back, &moved, &failed), PORT_EOF);
	assert_int_equal(moved, 3000);
}

/* 'from's comes after what it had sent was moved' */
static void a_reset_of_the_source(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed = PORT_NONE;
	size_t moved;

	send_bytes(p, r.source, 0, 5000);
	(void)let_pass(p, WHILE_MS);
	port_reset(p, &r.source);
	(void)let_pass(p, WHILE_MS);
	assert_int_equal(move_to_end(p, &r, &moved, &failed), PORT_RESET);
	assert_int_equal(failed, r.from);
	assert_int_equal(moved, 5000);
	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_RESET);
	assert_int_equal(failed, r.from);
}

static void a_reset_of_the_sink(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed = PORT_NONE;
	int n = 0;

	port_reset(p, &r.sink);
	(void)let_pass(p, WHILE_MS);
	for (size_t sent = 0; n >= 0 && sent < 100; sent++) {
		send_bytes(p, r.source, sent, 1);
		n = move_soon(p, &r, BUDGET, &failed);
	}
	assert_int_equal(n, PORT_RESET);
	assert_int_equal(failed, r.to);
	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_RESET);
	assert_int_equal(failed, r.to);
}

/* The sink is reset while its room is waited for: WRITE is met. */
static void a_reset_while_room_is_waited_for(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed = PORT_NONE;
	int n = 1;

	(void)block_to(p, &r);
	port_reset(p, &r.sink);
	assert_true(named_within(p, r.to, SOON_MS));
	send_bytes(p, r.source, 0, 1); /* there may have been room for all that had been sent */
	for (int rounds = 0; rounds < 10 && n != PORT_RESET; rounds++) {
		n = port_move(p, r.from, r.to, BUDGET, &failed);
		if (n == PORT_AGAIN)
			assert_true(named_within(p, failed, SOON_MS));
	}
	assert_int_equal(n, PORT_RESET);
	assert_int_equal(failed, r.to);
}

/* The source leaves while it is not read from: port_peer_closed() tells, and then nothing is lost. */
static void the_source_leaves_meanwhile(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	size_t moved = block_to(p, &r), rest;
	port_sock failed = PORT_NONE;

	(void)hangup_within(p, r.from, PORT_RESET, 0);
	port_reset(p, &r.source);
	assert_int_equal(hangup_within(p, r.from, PORT_RESET, 1000 + (int32_t)harness_late_ms()),
		PORT_RESET);
	expect_bytes(p, r.sink, 0, moved);
	for (rest = moved;;) {
		int n = port_move(p, r.from, r.to, BUDGET, &failed);

		if (n == PORT_AGAIN) {
			assert_true(named_within(p, failed, SOON_MS));
			continue;
		}
		if (n < 0) {
			assert_int_equal(n, PORT_RESET);
			break;
		}
		expect_bytes(p, r.sink, rest, (size_t)n);
		rest += (size_t)n;
	}
	assert_int_equal(failed, r.from);
}

/* An urgent byte passes in its place, whatever follows it, and wakes nobody in vain. */
static void an_urgent_byte_is_moved(void **state)
{
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed;
	size_t moved = 0;
	int rounds = 0;

	send_bytes(p, r.source, 0, 10);
	if (!harness_urgent(p, r.source, byte_at(10)))
		skip_because("this port sends no urgent data");
	while (moved < 11 && rounds++ < 10)
		moved += (size_t)move_soon(p, &r, BUDGET, &failed);
	assert_int_equal(moved, 11);
	assert_int_equal(port_move(p, r.from, r.to, BUDGET, &failed), PORT_AGAIN);
	assert_in_range(let_pass(p, WHILE_MS), 1, 5);
	assert_true(harness_urgent(p, r.source, byte_at(11)));
	send_bytes(p, r.source, 12, 10);
	for (rounds = 0; moved < 22 && rounds < 10; rounds++)
		moved += (size_t)move_soon(p, &r, BUDGET, &failed);
	assert_int_equal(moved, 22);
	expect_bytes(p, r.sink, 0, 22);
}

/* Much, through a relay whose sink reads now and then. */
static void much_is_moved_whole(void **state)
{
	enum { PIECE = 3001, PIECES = 400 };
	struct port *p = *state;
	struct relay r = make_relay(p);
	port_sock failed;
	size_t moved = 0, seen = 0;

	for (size_t i = 0; i < PIECES; i++) {
		send_bytes(p, r.source, i * PIECE, PIECE);
		while (moved < (i + 1) * PIECE) {
			int n = port_move(p, r.from, r.to, BUDGET, &failed);

			assert_true(n > 0 || n == PORT_AGAIN);
			moved += n > 0 ? (size_t)n : 0;
			if (n == PORT_AGAIN && failed == r.from)
				assert_true(named_within(p, failed, SOON_MS));
			if (n == PORT_AGAIN && failed == r.to) {
				expect_bytes(p, r.sink, seen, moved - seen);
				seen = moved;
				assert_true(named_within(p, failed, SOON_MS));
			}
		}
	}
	expect_bytes(p, r.sink, seen, moved - seen);
}

const struct CMUnitTest move_tests[] = {
	CONTRACT(move_keeps_to_its_budget),
	CONTRACT(move_keeps_to_a_large_budget),
	CONTRACT(move_waits_for_bytes),
	CONTRACT(move_waits_for_room),
	CONTRACT(move_ends_when_all_is_moved),
	CONTRACT(the_other_direction_goes_on),
	CONTRACT(a_reset_of_the_source),
	CONTRACT(a_reset_of_the_sink),
	CONTRACT(a_reset_while_room_is_waited_for),
	CONTRACT(the_source_leaves_meanwhile),
	CONTRACT(an_urgent_byte_is_moved),
	CONTRACT(much_is_moved_whole),
};
const size_t move_tests_count = COUNT(move_tests);

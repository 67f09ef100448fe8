/*
 * port/port.h, sentence by sentence, against the port this is linked with.
 */
#include "contract.h"

#include <stdio.h>

static bool names[PORT_SOCKETS];

int start_port(void **state)
{
	forget_names();
	*state = harness_start();
	return *state == NULL;
}

int stop_port(void **state)
{
	harness_stop(*state);
	return 0;
}

/* ---- Waiting ---- */

void forget_names(void)
{
	memset(names, 0, sizeof names);
}

int wait_once(struct port *p, int32_t ms)
{
	int ready = port_wait(p, ms);
	int count = 0;

	for (port_sock s = port_next(p); s != PORT_NONE; s = port_next(p)) {
		assert_in_range(s, 0, PORT_SOCKETS - 1);
		names[s] = true;
		count++;
	}
	assert_int_equal(count, ready);
	return ready;
}

bool was_named(port_sock s)
{
	bool named = names[s];

	names[s] = false;
	return named;
}

static int32_t left(struct port *p, uint32_t until)
{
	return (int32_t)(until - port_now(p));
}

bool named_within(struct port *p, port_sock s, int32_t ms)
{
	uint32_t until = port_now(p) + (uint32_t)ms;

	while (!names[s] && left(p, until) > 0)
		(void)wait_once(p, left(p, until));
	return was_named(s);
}

int let_pass(struct port *p, int32_t ms)
{
	uint32_t until = port_now(p) + (uint32_t)ms;
	int returns = 0;

	while (left(p, until) > 0) {
		(void)wait_once(p, left(p, until));
		returns++;
	}
	return returns;
}

/* ---- Connections ---- */

port_sock listen_at(struct port *p, enum port_families family, struct address *at)
{
	port_sock s;

	if (!harness_loopback(family, at))
		skip_because("this family of addresses is not here");
	assert_int_equal(port_listen(p, at, 16, &s), 0);
	assert_int_equal(port_local(p, s, at), 0);
	return s;
}

int connected(struct port *p, port_sock s)
{
	int answer = port_connected(p, s);

	while (answer == PORT_AGAIN && named_within(p, s, SOON_MS))
		answer = port_connected(p, s);
	return answer;
}

struct pair make_pair(struct port *p)
{
	struct address at, from;
	struct pair pair;
	port_sock listener = listen_at(p, PORT_IPV4, &at);
	int answer;

	assert_int_equal(port_connect(p, NULL, &at, &pair.a), 0);
	answer = port_accept(p, listener, &pair.b, &from);
	while (answer == PORT_AGAIN && named_within(p, listener, SOON_MS))
		answer = port_accept(p, listener, &pair.b, &from);
	assert_int_equal(answer, 0);
	assert_int_equal(connected(p, pair.a), 0);
	port_close(p, &listener);
	return pair;
}

void close_pair(struct port *p, struct pair *pair)
{
	port_close(p, &pair->a);
	port_close(p, &pair->b);
}

/* ---- Bytes ---- */

uint8_t byte_at(size_t place)
{
	return (uint8_t)(place * 7 + place / 251 + place / 65521);
}

static void make_bytes(uint8_t *buf, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = byte_at(from + i);
}

static void compare_bytes(const uint8_t *buf, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i] != byte_at(from + i))
			fail_msg("byte %zu is %u and not %u", from + i, buf[i], byte_at(from + i));
}

void send_bytes(struct port *p, port_sock s, size_t from, size_t len)
{
	uint8_t buf[1024];

	while (len > 0) {
		size_t n = len < sizeof buf ? len : sizeof buf;
		int sent;

		make_bytes(buf, from, n);
		sent = port_send(p, s, buf, n);
		memset(buf, 0xee, sizeof buf); /* what was taken was copied */
		if (sent == PORT_AGAIN) {
			assert_true(named_within(p, s, SOON_MS));
			continue;
		}
		assert_in_range(sent, 1, n);
		from += (size_t)sent;
		len -= (size_t)sent;
	}
}

size_t fill(struct port *p, port_sock s)
{
	static uint8_t buf[16384];
	size_t place = 0;

	for (;;) {
		int sent;

		make_bytes(buf, place, sizeof buf);
		sent = port_send(p, s, buf, sizeof buf);
		if (sent == PORT_AGAIN)
			return place;
		assert_in_range(sent, 1, sizeof buf);
		place += (size_t)sent;
		if ((size_t)sent < sizeof buf)
			return place;
	}
}

int peek_soon(struct port *p, port_sock s, const uint8_t **data)
{
	int n = port_peek(p, s, data);

	while (n == PORT_AGAIN && named_within(p, s, SOON_MS))
		n = port_peek(p, s, data);
	return n;
}

void expect_bytes(struct port *p, port_sock s, size_t from, size_t len)
{
	while (len > 0) {
		const uint8_t *data;
		int n = peek_soon(p, s, &data);
		size_t used = (size_t)n < len ? (size_t)n : len;

		assert_true(n > 0);
		compare_bytes(data, from, used);
		port_consume(p, s, used);
		from += used;
		len -= used;
	}
}

int read_to_end(struct port *p, port_sock s, size_t from, size_t *len)
{
	const uint8_t *data;
	int n;

	*len = 0;
	while ((n = peek_soon(p, s, &data)) > 0) {
		compare_bytes(data, from + *len, (size_t)n);
		port_consume(p, s, (size_t)n);
		*len += (size_t)n;
	}
	return n;
}

int hangup_within(struct port *p, port_sock s, int answer, int32_t ms)
{
	uint32_t until = port_now(p) + (uint32_t)ms;
	int hangup = port_peer_closed(p, s);

	while (hangup != answer && left(p, until) > 0 && named_within(p, s, left(p, until)))
		hangup = port_peer_closed(p, s);
	return hangup;
}

/* ---- All of them ---- */

int main(void)
{
	int failed = 0;

	failed += _cmocka_run_group_tests("waiting", wait_tests, wait_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests(
		"connecting", connect_tests, connect_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests("bytes", stream_tests, stream_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests("ends", end_tests, end_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests("moving", move_tests, move_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests(
		"datagrams", datagram_tests, datagram_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests("names", names_tests, names_tests_count, NULL, NULL);
	if (CONFIG_ANKLET_CONTROL)
		failed += _cmocka_run_group_tests(
			"paths", paths_tests, paths_tests_count, NULL, NULL);
	failed += _cmocka_run_group_tests("the rest", rest_tests, rest_tests_count, NULL, NULL);
	return failed > 0;
}

/*
 * TLS between two ends of ours: bytes, and how connections end.
 */
#include "tls_pair.h"

#include <stdlib.h>

#include "tls/mbedtls.h"

#define RUN(test) cmocka_unit_test_setup_teardown(test, start_both, stop_both)

static const mbedtls_ssl_protocol_version versions[] = {
	MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

static struct pair pair;

static void load_both(const struct tls_settings *client, const struct tls_settings *server)
{
	pair = (struct pair){.context = {load(client), load(server)}};
}

static int start_both(void **state)
{
	(void)start_port(state);
	load_both(&client_settings, &server_settings);
	return 0;
}

static int stop_both(void **state)
{
	unload_pair(&pair);
	return stop_port(state);
}

static void make_version(int v)
{
	mbedtls_ssl_conf_max_tls_version(&pair.context[1]->conf, versions[v]);
	make_pair(&pair, "server.test");
}

/* ---- Bytes ---- */

/* The byte at a place of the stream: wrong order shows. */
static uint8_t byte_at(size_t place)
{
	return (uint8_t)(place * 2654435761u >> 16);
}

/* One direction of a transfer. */
struct flow {
	int from; /* the end that sends */
	size_t sent, received, len;
	size_t piece; /* bytes given to each call */
	size_t eaten; /* bytes consumed at a time */
};

/* Sends as much as is taken: whether there was any progress. */
static bool flow_send(struct flow *f)
{
	static uint8_t buf[40000];
	size_t len = f->len - f->sent < f->piece ? f->len - f->sent : f->piece;
	int n;

	if (len == 0)
		return tls_flush(pair.tls[f->from]) == TLS_TICK;
	for (size_t i = 0; i < len; i++)
		buf[i] = byte_at(f->sent + i);
	n = tls_send(pair.tls[f->from], buf, len);
	memset(buf, 0, len); /* it was copied */
	if (n == PORT_AGAIN)
		return false;
	if (n != TLS_TICK) {
		assert_in_range(n, 1, len);
		f->sent += (size_t)n;
	}
	return true;
}

static bool flow_receive(struct flow *f)
{
	const uint8_t *data;
	int n = tls_peek(pair.tls[1 - f->from], &data);
	size_t len = (size_t)n;

	if (n == PORT_AGAIN || n == TLS_TICK)
		return n == TLS_TICK;
	assert_in_range(n, 1, MBEDTLS_SSL_IN_CONTENT_LEN);
	if (f->eaten != 0 && len > f->eaten)
		len = f->eaten;
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], byte_at(f->received + i));
	tls_consume(pair.tls[1 - f->from], len);
	f->received += len;
	return true;
}

/* Both at once, until everything has arrived; receiving begins when nothing can be sent any more. */
static void run_flows(struct flow *flows, int count)
{
	bool open = true, full = false;

	for (int rounds = 0; rounds < ROUNDS && open; rounds++) {
		bool busy = false;

		open = false;
		for (int i = 0; i < count; i++) {
			busy |= flow_send(&flows[i]);
			if (full)
				busy |= flow_receive(&flows[i]);
			open |= flows[i].received < flows[i].len;
		}
		if (!busy && full && open)
			pause_for(PORT_AGAIN, PORT_AGAIN);
		full |= !busy;
	}
	assert_false(open);
	for (int i = 0; i < count; i++)
		assert_int_equal(flows[i].received, flows[i].len);
}

static void bytes_arrive_in_order(void **state)
{
	static const size_t lens[] = {1, 2, 100, 4095, 4096, 4097, 16383, 16384, 16385, 40000};

	(void)state;
	for (int v = 0; v < 2; v++) {
		make_version(v);
		for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
			struct flow f = {.from = i % 2, .len = lens[i], .piece = 40000};

			run_flows(&f, 1);
		}
		close_pair(&pair);
	}
}

/* More than all buffers hold, both ways at once, in pieces that fit nothing. */
static void full_buffers_lose_nothing(void **state)
{
	static const size_t pieces[] = {1000, 2000, 400, 40000};

	(void)state;
	for (int v = 0; v < 2; v++) {
		make_version(v);
		for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
			struct flow flows[] = {
				{.from = 0, .len = 8 << 20, .piece = pieces[i]},
				{.from = 1, .len = 6 << 20, .piece = pieces[3 - i], .eaten = 1777},
			};

			run_flows(flows, 2);
		}
		close_pair(&pair);
	}
}

/* Records of one byte each; many are there at once. */
static void short_records(void **state)
{
	struct flow flows[] = {
		{.from = 0, .len = 3000, .piece = 1}, {.from = 1, .len = 3000, .piece = 1}};

	(void)state;
	make_version(1);
	run_flows(flows, 2);
	close_pair(&pair);
}

/* What the client sends while nobody reads is taken in full, once: the next call may bring something else. */
static void taken_bytes_are_not_asked_for_again(void **state)
{
	static uint8_t buf[16000];
	size_t taken = 0, seen = 0;
	const uint8_t *data;
	int n;

	(void)state;
	make_version(1);
	memset(buf, 'a', sizeof buf);
	while ((n = tls_send(pair.tls[0], buf, 1000)) > 0)
		taken += (size_t)n;
	assert_int_equal(n, PORT_AGAIN);
	assert_int_equal(tls_flush(pair.tls[0]), PORT_AGAIN);
	assert_int_equal(taken % 1000, 0);
	memset(buf, 'b', sizeof buf);
	while (seen < taken + 400) {
		n = tls_peek(pair.tls[1], &data);
		if (n > 0) {
			assert_int_equal(data[0], seen < taken ? 'a' : 'b');
			n = seen < taken && seen + (size_t)n > taken ? (int)(taken - seen) : n;
			assert_int_equal(data[n - 1], data[0]);
			tls_consume(pair.tls[1], (size_t)n);
			seen += (size_t)n;
		} else if (n != TLS_TICK) {
			if (tls_flush(pair.tls[0]) == 0 && buf[0] == 'b') {
				assert_int_equal(tls_send(pair.tls[0], buf, 400), 400);
				buf[0] = 'c';
			}
			pause_for(PORT_AGAIN, PORT_AGAIN);
		}
	}
	assert_int_equal(seen, taken + 400);
	close_pair(&pair);
}

/* Before the handshake, and before what is decrypted. */
static void preloaded_bytes_come_first(void **state)
{
	static const uint8_t much[CONFIG_ANKLET_TLS_CHUNK];
	const uint8_t *data;
	int server;

	(void)state;
	open_pair(&pair, "server.test");
	assert_true(tls_preload(pair.tls[0], (const uint8_t *)"220 ", 4));
	assert_true(tls_preload(pair.tls[0], (const uint8_t *)"hello", 5));
	assert_false(tls_preload(pair.tls[0], much, sizeof much - 8));
	assert_int_equal(shake(&pair, &server), 0);
	assert_int_equal(tls_send(pair.tls[1], "x", 1), 1);
	assert_int_equal(tls_peek(pair.tls[0], &data), 9);
	assert_memory_equal(data, "220 hello", 9);
	tls_consume(pair.tls[0], 4);
	assert_int_equal(tls_peek(pair.tls[0], &data), 5);
	assert_memory_equal(data, "hello", 5);
	tls_consume(pair.tls[0], 5);
	assert_int_equal(peek_soon(pair.tls[0], &data), 1);
	assert_int_equal(data[0], 'x');
	close_pair(&pair);
}

/* ---- Ends ---- */

/* close_notify ends one direction; the other one goes on. */
static void half_of_it_ends(void **state)
{
	const uint8_t *data;

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct tls *a, *b;

		make_version(i / 2);
		a = pair.tls[i % 2];
		b = pair.tls[1 - i % 2];
		assert_int_equal(tls_send(a, "last", 4), 4);
		assert_int_equal(tls_end(a, true), 0);
		assert_int_equal(tls_end(a, false), 0);
		assert_int_equal(peek_soon(b, &data), 4);
		tls_consume(b, 4);
		assert_int_equal(peek_soon(b, &data), PORT_EOF);
		assert_int_equal(tls_peek(b, &data), PORT_EOF);
		assert_int_equal(tls_send(b, "more", 4), 4);
		assert_int_equal(peek_soon(a, &data), 4);
		tls_consume(a, 4);
		assert_int_equal(tls_end(b, false), 0);
		assert_int_equal(peek_soon(a, &data), PORT_EOF);
		assert_string_equal(tls_reason(a), "");
		/* Nothing was sent after the first close_notify. */
		assert_int_equal(
			port_read(&port, pair.sock[1 - i % 2], (uint8_t[1]){0}, 1), PORT_AGAIN);
		close_pair(&pair);
	}
}

/* Our end waits after what the port has not taken. */
static void an_end_after_full_buffers(void **state)
{
	static uint8_t buf[4000];
	size_t taken = 0;
	const uint8_t *data;
	int n, ended = PORT_AGAIN;

	(void)state;
	make_version(1);
	while ((n = tls_send(pair.tls[0], buf, sizeof buf)) > 0)
		taken += (size_t)n;
	assert_int_equal(tls_end(pair.tls[0], false), PORT_AGAIN);
	while (goes_on(n = tls_peek(pair.tls[1], &data)) || n > 0) {
		if (n > 0) {
			tls_consume(pair.tls[1], (size_t)n);
			taken -= (size_t)n;
		} else if (n == PORT_AGAIN) {
			pause_for(n, n);
		}
		if (ended == PORT_AGAIN)
			ended = tls_end(pair.tls[0], false);
	}
	assert_int_equal(n, PORT_EOF);
	assert_int_equal(taken, 0);
	assert_int_equal(tls_end(pair.tls[0], false), 0);
	close_pair(&pair);
}

static void a_deferred_end_waits_for_the_other(void **state)
{
	struct tls_settings settings = client_settings;
	const uint8_t *data;

	(void)state;
	settings.halfclose_defer = true;
	tls_unload(&pair.context[0]);
	pair.context[0] = load(&settings);
	make_version(1);
	assert_int_equal(tls_end(pair.tls[0], true), 0);
	assert_int_equal(tls_peek(pair.tls[1], &data), PORT_AGAIN);
	assert_int_equal(port_wait(&port, 0), 0);
	assert_int_equal(tls_end(pair.tls[1], true), 0);
	assert_int_equal(peek_soon(pair.tls[0], &data), PORT_EOF);
	assert_int_equal(tls_peek(pair.tls[1], &data), PORT_AGAIN);
	assert_int_equal(tls_end(pair.tls[0], false), 0);
	assert_int_equal(peek_soon(pair.tls[1], &data), PORT_EOF);
	close_pair(&pair);
}

/* The end of the connection without close_notify: between records, and in the middle of one. */
static void a_cut_connection(void **state)
{
	struct tls_settings settings = server_settings;
	const uint8_t *data;

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool eof = i % 2 != 0;

		settings.truncated_eof = eof;
		tls_unload(&pair.context[1]);
		pair.context[1] = load(&settings);
		make_version(1);
		assert_int_equal(tls_send(pair.tls[0], "all", 3), 3);
		if (i >= 2)
			assert_int_equal(
				port_send(&port, pair.sock[0], "\x17\x03\x03\x00\x40xx", 7), 7);
		port_shutdown(&port, pair.sock[0]);
		assert_int_equal(peek_soon(pair.tls[1], &data), 3);
		tls_consume(pair.tls[1], 3);
		assert_int_equal(peek_soon(pair.tls[1], &data), eof ? PORT_EOF : TLS_TRUNCATED);
		assert_int_equal(tls_peek(pair.tls[1], &data), eof ? PORT_EOF : TLS_TRUNCATED);
		assert_string_equal(tls_reason(pair.tls[1]),
			eof ? "" : "the connection ended without close_notify");
		close_pair(&pair);
	}
}

static void a_reset_connection(void **state)
{
	const uint8_t *data;

	(void)state;
	make_version(1);
	tls_close(&pair.tls[0]);
	port_reset(&port, &pair.sock[0]);
	assert_int_equal(peek_soon(pair.tls[1], &data), PORT_RESET);
	assert_int_equal(tls_send(pair.tls[1], "x", 1), PORT_RESET);
	assert_int_equal(tls_end(pair.tls[1], false), PORT_RESET);
	assert_string_equal(tls_reason(pair.tls[1]), "the connection was reset");
	close_pair(&pair);
}

/* An end in the handshake is never an ordinary one. */
static void a_cut_handshake(void **state)
{
	struct tls_settings settings = client_settings;
	int answer = TLS_TICK;

	(void)state;
	settings.truncated_eof = true;
	tls_unload(&pair.context[0]);
	pair.context[0] = load(&settings);
	open_pair(&pair, "server.test");
	port_shutdown(&port, pair.sock[1]);
	while (goes_on(answer)) {
		answer = tls_handshake(pair.tls[0]);
		if (answer == PORT_AGAIN)
			pause_for(answer, answer);
	}
	assert_int_equal(answer, TLS_TRUNCATED);
	assert_string_equal(tls_reason(pair.tls[0]), "the connection ended without close_notify");
	close_pair(&pair);
}

/* Bytes that are no records: before the handshake, and in a connection. */
static void what_is_not_tls(void **state)
{
	const uint8_t *data;
	int answer = TLS_TICK;

	(void)state;
	open_pair(&pair, "server.test");
	assert_int_equal(port_send(&port, pair.sock[0], "GET / HTTP/1.0\r\n\r\n", 18), 18);
	while (goes_on(answer)) {
		answer = tls_handshake(pair.tls[1]);
		if (answer == PORT_AGAIN)
			pause_for(answer, answer);
	}
	assert_int_equal(answer, TLS_FAILED);
	assert_string_equal(tls_reason(pair.tls[1]), "what came is not TLS");
	close_pair(&pair);

	make_version(1);
	assert_int_equal(port_send(&port, pair.sock[0],
				 "\x17\x03\x03\x00\x14"
				 "01234567890123456789",
				 25),
		25);
	assert_int_equal(peek_soon(pair.tls[1], &data), TLS_FAILED);
	assert_string_equal(
		tls_reason(pair.tls[1]), "a record was changed on its way, or the keys differ");
	assert_int_equal(tls_send(pair.tls[1], "x", 1), TLS_FAILED);
	assert_int_equal(peek_soon(pair.tls[0], &data), TLS_FAILED);
	assert_string_equal(tls_reason(pair.tls[0]), "the peer sent the alert bad record");
	close_pair(&pair);
}

/* ---- The table ---- */

static void a_full_table(void **state)
{
	static struct tls *taken[CONFIG_ANKLET_TLS_STREAMS];
	struct tls *one_more = NULL;

	(void)state;
	for (int i = 0; i < CONFIG_ANKLET_TLS_STREAMS; i++)
		assert_int_equal(tls_open(&taken[i], pair.context[1], &port, PORT_NONE, ""), 0);
	assert_int_equal(tls_open(&one_more, pair.context[1], &port, PORT_NONE, ""), TLS_NO_MEMORY);
	assert_null(one_more);
	tls_close(&taken[1]);
	assert_int_equal(tls_open(&one_more, pair.context[1], &port, PORT_NONE, ""), 0);
	tls_close(&one_more);
	for (int i = 0; i < CONFIG_ANKLET_TLS_STREAMS; i++)
		tls_close(&taken[i]);
}

/* The first records are small, and the later ones are as long as the library can make them. */
static void the_first_records_are_small(void **state)
{
	static const uint8_t much[MBEDTLS_SSL_OUT_CONTENT_LEN];
	size_t last = 0;

	(void)state;
	make_version(1);
	for (int i = 0; i < 40; i++) {
		const uint8_t *data;
		int n = tls_send(pair.tls[0], much, sizeof much);

		if (n > 0) {
			assert_in_range(n, 1, i < 16 ? 4096 : MBEDTLS_SSL_OUT_CONTENT_LEN);
			last = (size_t)n;
		}
		while ((n = tls_peek(pair.tls[1], &data)) > 0)
			tls_consume(pair.tls[1], (size_t)n);
	}
	assert_true(MBEDTLS_SSL_OUT_CONTENT_LEN <= 4096 || last > 4096);
	close_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(the_first_records_are_small),
		RUN(bytes_arrive_in_order),
		RUN(full_buffers_lose_nothing),
		RUN(short_records),
		RUN(taken_bytes_are_not_asked_for_again),
		RUN(preloaded_bytes_come_first),
		RUN(half_of_it_ends),
		RUN(an_end_after_full_buffers),
		RUN(a_deferred_end_waits_for_the_other),
		RUN(a_cut_connection),
		RUN(a_reset_connection),
		RUN(a_cut_handshake),
		RUN(what_is_not_tls),
		RUN(a_full_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

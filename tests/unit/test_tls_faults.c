/*
 * TLS in a hard world: bytes come one by one, memory or random numbers run out.
 *
 * The linker puts the functions below in the place of the port's (--wrap).
 */
#include "tls_pair.h"

#include <mbedtls/build_info.h>
#include <mbedtls/platform.h>
#include <stdlib.h>

#include "../skip.h"
#include "tls/mbedtls.h"

#define RUN(test) cmocka_unit_test_setup_teardown(test, start_port, stop_port)

static const mbedtls_ssl_protocol_version versions[] = {
	MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

/* ---- The faults ---- */

static struct {
	bool slow; /* one byte a call, and after each nothing for once */
	bool was_read[PORT_SOCKETS], was_sent[PORT_SOCKETS]; /* by the last call */
	int random_left; /* calls until port_random() fails; negative: it does not */
} world = {.random_left = -1};

/* The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_port_read(struct port *p, port_sock s, void *buf, size_t size);
int __wrap_port_read(struct port *p, port_sock s, void *buf, size_t size);
int __real_port_send(struct port *p, port_sock s, const void *data, size_t len);
int __wrap_port_send(struct port *p, port_sock s, const void *data, size_t len);
int __real_port_random(struct port *p, void *buf, size_t len);
int __wrap_port_random(struct port *p, void *buf, size_t len);

int __wrap_port_read(struct port *p, port_sock s, void *buf, size_t size)
{
	world.was_read[s] = world.slow && !world.was_read[s];
	if (world.slow && !world.was_read[s])
		return PORT_AGAIN;
	return __real_port_read(p, s, buf, world.slow ? 1 : size);
}

int __wrap_port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	world.was_sent[s] = world.slow && !world.was_sent[s];
	if (world.slow && !world.was_sent[s])
		return PORT_AGAIN;
	return __real_port_send(p, s, data, world.slow ? 1 : len);
}

int __wrap_port_random(struct port *p, void *buf, size_t len)
{
	if (world.random_left >= 0 && world.random_left-- == 0) {
		world.random_left = 0;
		return PORT_NO_RANDOM;
	}
	return __real_port_random(p, buf, len);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* A handshake that does not wait for the port, which knows nothing of slowness. */
static int shake_slowly(struct pair *pair, int *server)
{
	int answer[2] = {TLS_TICK, TLS_TICK};

	for (int rounds = 0; rounds < ROUNDS && (goes_on(answer[0]) || goes_on(answer[1]));
		rounds++) {
		for (int i = 0; i < 2; i++)
			if (goes_on(answer[i]))
				answer[i] = tls_handshake(pair->tls[i]);
			else if (answer[i] != 0)
				port_shutdown(&port, pair->sock[i]);
		(void)port_wait(&port, 0);
		while (port_next(&port) != PORT_NONE)
			;
	}
	*server = answer[1];
	return answer[0];
}

static struct pair contexts(int v)
{
	struct pair pair = {.context = {load(&client_settings), load(&server_settings)}};

	mbedtls_ssl_conf_max_tls_version(&pair.context[1]->conf, versions[v]);
	return pair;
}

/* ---- One byte at a time ---- */

static void byte_by_byte(void **state)
{
	const uint8_t *data;

	(void)state;
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(v);
		size_t sent = 0, seen = 0;
		int n, ended = PORT_AGAIN, server;

		world.slow = true;
		open_pair(&pair, "server.test");
		assert_int_equal(shake_slowly(&pair, &server), 0);
		assert_int_equal(server, 0);
		for (int rounds = 0;
			rounds < ROUNDS && (n = tls_peek(pair.tls[1], &data)) != PORT_EOF;
			rounds++) {
			if (n > 0) {
				for (int i = 0; i < n; i++)
					assert_int_equal(data[i], (uint8_t)(seen + (size_t)i));
				tls_consume(pair.tls[1], (size_t)n);
				seen += (size_t)n;
			} else {
				assert_true(goes_on(n));
			}
			if (sent < 1000) {
				n = tls_send(pair.tls[0], &(uint8_t){(uint8_t)sent}, 1);
				assert_true(n == 1 || goes_on(n));
				sent += n == 1;
			} else if (ended != 0) {
				ended = tls_end(pair.tls[0], true);
				assert_true(ended == 0 || goes_on(ended));
			}
			(void)port_wait(&port, 0);
			while (port_next(&port) != PORT_NONE)
				;
		}
		assert_int_equal(seen, 1000);
		world.slow = false;
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* The alert of a handshake that has failed gets through, however slowly, before the failure is told. */
static void a_slow_alert(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(v);
		int server;

		world.slow = true;
		open_pair(&pair, "other.test");
		assert_int_equal(shake_slowly(&pair, &server), TLS_UNVERIFIED);
		assert_int_equal(server, TLS_FAILED);
		assert_string_equal(
			tls_reason(pair.tls[1]), "the peer sent the alert bad certificate");
		assert_int_equal(tls_handshake(pair.tls[0]), TLS_UNVERIFIED);
		world.slow = false;
		close_pair(&pair);
		unload_pair(&pair);
	}
}

/* ---- Random numbers ---- */

static void without_random_numbers_there_is_no_tls(void **state)
{
	struct tls_context *context = (struct tls_context *)&world;
	char buf[100];
	struct text why;

	(void)state;
	world.random_left = 0;
	text_init(&why, buf, sizeof buf);
	assert_int_equal(tls_load(&context, &port, &server_settings, &why), PORT_NO_RANDOM);
	assert_ptr_equal(context, &world);
	assert_string_equal(buf, "no strong random numbers, and so there is no TLS");
	world.random_left = -1;
}

/* They run out after the nth call: the handshake fails, says so, and never goes on. */
static void random_numbers_run_out(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		int n = 0, client, server;

		do {
			struct pair pair = contexts(v);
			int told = 0;

			open_pair(&pair, "server.test");
			world.random_left = n++;
			client = shake_slowly(&pair, &server);
			world.random_left = -1;
			for (int i = 0; i < 2; i++) {
				const char *reason = tls_reason(pair.tls[i]);
				int end = tls_handshake(pair.tls[i]);

				assert_int_equal(end, i == 0 ? client : server);
				told += strcmp(reason, "no strong random numbers were to be had") ==
					0;
			}
			assert_int_equal(told > 0, client != 0 || server != 0);
			close_pair(&pair);
			unload_pair(&pair);
		} while (client != 0 || server != 0);
		assert_true(n > 3);
	}
}

/* ---- Memory ---- */

#if defined(MBEDTLS_PLATFORM_MEMORY)

static int memory_left = -1; /* allocations until they fail; negative: they do not */
static int allocated;

static void *scarce_calloc(size_t n, size_t size)
{
	void *at;

	if (memory_left >= 0 && memory_left-- == 0) {
		memory_left = 0;
		return NULL;
	}
	at = calloc(n, size);
	allocated += at != NULL;
	return at;
}

static void scarce_free(void *at)
{
	allocated -= at != NULL;
	free(at);
}

static int begin_scarcity(void **state)
{
	(void)start_port(state);
	return mbedtls_platform_set_calloc_free(scarce_calloc, scarce_free);
}

static int end_scarcity(void **state)
{
	memory_left = -1;
	(void)mbedtls_platform_set_calloc_free(calloc, free);
	return stop_port(state);
}

/* The first ones one by one; curves allocate by the thousand, and most of that is alike. */
static int next_scarcity(int n)
{
	return n + 1 + n / 16;
}

/* One load whose nth allocation fails: it says so, and keeps nothing. */
static int load_in_scarcity(const struct tls_settings *settings, int n)
{
	struct tls_context *context = NULL;
	int answer, before = allocated;
	char buf[200];
	struct text why;

	text_init(&why, buf, sizeof buf);
	memory_left = n;
	answer = tls_load(&context, &port, settings, &why);
	memory_left = -1;
	/* In the middle of a key the library says that it is none. */
	if (answer == TLS_BAD_SETTINGS)
		assert_string_equal(buf, FILES "server.key: no private key in it that can be read");
	else if (answer != 0)
		assert_string_equal(buf, "not enough memory for TLS");
	if (answer != 0) {
		assert_true(answer == TLS_NO_MEMORY || answer == TLS_BAD_SETTINGS);
		assert_null(context);
		assert_int_equal(allocated, before);
	}
	tls_unload(&context);
	return answer;
}

static void memory_ends_while_loading(void **state)
{
	struct tls_settings settings = server_settings;

	(void)state;
	settings.alpn = "a,b";
	for (int ca = 0; ca < 2; ca++) {
		int n = 0;

		settings.ca = ca ? FILES "bundle.pem" : "";
		settings.psk = ca ? "" : FILES "psk.txt";
		while (load_in_scarcity(&settings, n) != 0)
			n = next_scarcity(n);
		assert_true(n > 20);
	}
}

/* Each allocation of a session fails once: it ends, and what it held is given back. */
static void memory_ends_in_a_session(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		struct pair pair = contexts(v);
		int client, server, told = 0, failed = 0, n = 0;
		const uint8_t *data;

		do {
			connect_pair(&pair);
			memory_left = n;
			client = tls_open(
				&pair.tls[0], pair.context[0], &port, pair.sock[0], "server.test");
			server = tls_open(&pair.tls[1], pair.context[1], &port, pair.sock[1], "");
			if (client == 0 && server == 0)
				client = shake_slowly(&pair, &server);
			if (client == 0 && server == 0 && tls_send(pair.tls[1], "x", 1) == 1)
				client = peek_soon(pair.tls[0], &data) == 1 ? 0 : -1;
			memory_left = -1;
			failed += client != 0 || server != 0;
			told += client == TLS_NO_MEMORY || server == TLS_NO_MEMORY;
			close_pair(&pair);
			n = next_scarcity(n);
		} while (client != 0 || server != 0 || n < 60);
		assert_true(failed > 20);
		/* Of some the library says another thing, a handshake failure in general. */
		assert_true(told > failed / 2);
		unload_pair(&pair);
	}
}

#define MEMORY(test) cmocka_unit_test_setup_teardown(test, begin_scarcity, end_scarcity)
#else

/* The library calls calloc() by itself, where nobody can step in. */
static void memory_ends_while_loading(void **state)
{
	(void)state;
	skip_because("the library is built without MBEDTLS_PLATFORM_MEMORY");
}

static void memory_ends_in_a_session(void **state)
{
	memory_ends_while_loading(state);
}

#define MEMORY(test) cmocka_unit_test(test)
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		RUN(byte_by_byte),
		RUN(a_slow_alert),
		RUN(without_random_numbers_there_is_no_tls),
		RUN(random_numbers_run_out),
		MEMORY(memory_ends_while_loading),
		MEMORY(memory_ends_in_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Both ends of TLS in one test: a client and a server over the loopback, one port for both.
 */
#ifndef ANKLET_TEST_TLS_PAIR_H
#define ANKLET_TEST_TLS_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tls/tls.h"

#define FILES "tests/tls/"
#define WAIT_MS 30000   /* the longest that anything may take that has to happen */
#define ROUNDS 20000000 /* calls in one loop before it is called endless */

static struct port port;

/* A connection: plain below, and a struct tls on each end of it; [0] is the client's. */
struct pair {
	port_sock sock[2];
	struct tls_context *context[2];
	struct tls *tls[2];
};

static const struct tls_settings server_settings = {
	.server = true,
	.cert = FILES "server.pem",
	.key = FILES "server.key",
	.ca = "",
	.psk = "",
	.alpn = "",
};
static const struct tls_settings client_settings = {
	.cert = "", .key = "", .ca = FILES "ca.pem", .psk = "", .alpn = ""};

static inline int start_port(void **state)
{
	static const struct port_config config;

	(void)state;
	return port_init(&port, &config);
}

static inline int stop_port(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

/* A context that has to be made; the system's library is warned of, once. */
static inline struct tls_context *load(const struct tls_settings *settings)
{
	struct tls_context *context = NULL;
	char buf[256];
	struct text why;

	text_init(&why, buf, sizeof buf);
	if (tls_load(&context, &port, settings, &why) != 0)
		fail_msg("%s", buf);
	if (buf[0] != '\0')
		assert_string_equal(buf,
			"this TLS library sets no bounds to what a peer's certificates cost, see "
			"docs/tls.md");
	return context;
}

static inline void connect_pair(struct pair *pair)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1)}, from;
	port_sock listener;
	int answer;

	assert_int_equal(port_listen(&port, &at, 1, &listener), 0);
	assert_int_equal(port_local(&port, listener, &at), 0);
	assert_int_equal(port_connect(&port, NULL, &at, &pair->sock[0]), 0);
	while ((answer = port_accept(&port, listener, &pair->sock[1], &from)) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	assert_int_equal(answer, 0);
	while ((answer = port_connected(&port, pair->sock[0])) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	assert_int_equal(answer, 0);
	port_close(&port, &listener);
}

/* A new connection of the two contexts; name is whom the client wants. */
static inline void open_pair(struct pair *pair, const char *name)
{
	connect_pair(pair);
	assert_int_equal(tls_open(&pair->tls[0], pair->context[0], &port, pair->sock[0], name), 0);
	assert_int_equal(tls_open(&pair->tls[1], pair->context[1], &port, pair->sock[1], ""), 0);
}

static inline void close_end(struct pair *pair, int i)
{
	tls_close(&pair->tls[i]);
	assert_null(pair->tls[i]);
	port_close(&port, &pair->sock[i]);
}

static inline void close_pair(struct pair *pair)
{
	close_end(pair, 0);
	close_end(pair, 1);
}

static inline void unload_pair(struct pair *pair)
{
	tls_unload(&pair->context[0]);
	tls_unload(&pair->context[1]);
}

/* Waits for the port, if nothing is to be done at once. */
static inline void pause_for(int a, int b)
{
	if (a != TLS_TICK && b != TLS_TICK && port_wait(&port, WAIT_MS) == 0)
		fail_msg("nothing happens any more: %d and %d", a, b);
	while (port_next(&port) != PORT_NONE)
		;
}

static inline bool goes_on(int answer)
{
	return answer == PORT_AGAIN || answer == TLS_TICK;
}

/* The handshake of both, to their ends: the client's answer, the server's in *server. */
static inline int shake(struct pair *pair, int *server)
{
	int answer[2] = {TLS_TICK, TLS_TICK};

	for (int rounds = 0; rounds < ROUNDS; rounds++) {
		for (int i = 0; i < 2; i++)
			if (goes_on(answer[i]))
				answer[i] = tls_handshake(pair->tls[i]);
		/* One that has failed closes, and the other one learns of it. */
		for (int i = 0; i < 2; i++)
			if (!goes_on(answer[i]) && answer[i] != 0 && pair->sock[i] != PORT_NONE &&
				goes_on(answer[1 - i]))
				port_shutdown(&port, pair->sock[i]);
		if (!goes_on(answer[0]) && !goes_on(answer[1]))
			break;
		pause_for(goes_on(answer[0]) ? answer[0] : PORT_AGAIN,
			goes_on(answer[1]) ? answer[1] : PORT_AGAIN);
	}
	*server = answer[1];
	return answer[0];
}

/* Opens and shakes; it has to work. */
static inline void make_pair(struct pair *pair, const char *name)
{
	int server, client;

	open_pair(pair, name);
	client = shake(pair, &server);
	if (client != 0 || server != 0)
		fail_msg("%d %s, %d %s", client, tls_reason(pair->tls[0]), server,
			tls_reason(pair->tls[1]));
}

/* What the next look at what was decrypted shows, an end perhaps: waits for it. */
static inline int peek_soon(struct tls *tls, const uint8_t **data)
{
	int n = TLS_TICK;

	for (int rounds = 0; rounds < ROUNDS && goes_on(n = tls_peek(tls, data)); rounds++)
		pause_for(n, n);
	return n;
}

/* The same, when what was decrypted is of no interest. */
static inline int end_soon(struct tls *tls)
{
	const uint8_t *data;

	return peek_soon(tls, &data);
}

#endif

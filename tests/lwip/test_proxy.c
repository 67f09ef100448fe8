/*
 * anklet on lwIP, with buffers as small as a board's: clients, proxy and servers
 * are three ports on one stack, joined by its loopback interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "anklet.h"
#include "internal.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

#include "host.h"

#define SERVER_PORT 8000
#define PROXY_PORT 1080
#define SOON_MS 60000 /* what takes longer does not come; the clock is not the real one */
#define LINGER_MS 600000
#define MIB (1024 * 1024)
#define GRANTED 90
#define REFUSED 91

static struct port proxy_port, client_port, server_port;
static _Alignas(max_align_t) uint8_t memory[ANKLET_MEMORY];
static struct anklet *proxy;
static port_sock listener;

/* ---- The world ---- */

static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static int start(void **state)
{
	static const struct port_config config;
	struct address at = {.ip = ip_v4(127, 0, 0, 1), .port = SERVER_PORT};
	struct anklet_failure failure;

	(void)state;
	host_start();
	host.log_len = 0;
	proxy = anklet_init(memory, sizeof memory, &proxy_port);
	if (proxy == NULL ||
		anklet_configure(proxy, "test", "limit-client 0\n", 15, print, NULL) != 0 ||
		anklet_start(proxy, &failure) != 0)
		return -1;
	if (port_init(&client_port, &config) != 0 || port_init(&server_port, &config) != 0)
		return -1;
	return port_listen(&server_port, &at, 8, &listener);
}

/* One turn of everybody. */
static void turn(int32_t ms)
{
	anklet_poll(proxy, ms);
	(void)port_wait(&client_port, 0);
	(void)port_wait(&server_port, 0);
}

static unsigned sessions(void)
{
	struct anklet_status status;

	anklet_status(proxy, &status);
	return status.sessions;
}

static uint32_t passed(uint32_t begun)
{
	return port_now(&client_port) - begun;
}

static bool soon(uint32_t begun)
{
	return passed(begun) < SOON_MS;
}

static int stop(void **state)
{
	uint32_t begun;

	(void)state;
	port_fini(&client_port);
	port_fini(&server_port);
	for (begun = port_now(&proxy_port); sessions() > 0 && soon(begun);)
		turn(10);
	assert_int_equal(sessions(), 0);
	anklet_fini(proxy);
	begun = port_now(&proxy_port);
	while (lwip_stats.memp[MEMP_TCP_PCB]->used > 0 && passed(begun) < LINGER_MS)
		(void)port_wait(&client_port, 1000);
	assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->used, 0);
	assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB_LISTEN]->used, 0);
	assert_int_equal(lwip_stats.memp[MEMP_TCP_SEG]->used, 0);
	assert_int_equal(lwip_stats.memp[MEMP_PBUF]->used, 0);
	assert_int_equal(lwip_stats.mem.used, 0);
	return 0;
}

/* ---- One end of a conversation ---- */

struct end {
	struct port *port;
	port_sock s;
	uint32_t sent, read; /* octets of the stream that every end sends */
};

static uint8_t octet_at(uint32_t place)
{
	return (uint8_t)(place * 7 + place / 251 + place / 65521);
}

/* Sends what it can, up to the place 'until'. False: nothing. */
static bool push(struct end *e, uint32_t until)
{
	uint8_t buf[700];
	uint32_t n = until - e->sent;
	int sent;

	if (n > sizeof buf)
		n = sizeof buf;
	if (n == 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		buf[i] = octet_at(e->sent + i);
	sent = port_send(e->port, e->s, buf, n);
	assert_true(sent > 0 || sent == PORT_AGAIN);
	e->sent += sent > 0 ? (uint32_t)sent : 0;
	return sent > 0;
}

/* Reads and compares what has come: what port_peek() answers in the end. */
static int pull(struct end *e)
{
	const uint8_t *data;
	int n;

	while ((n = port_peek(e->port, e->s, &data)) > 0) {
		for (int i = 0; i < n; i++)
			assert_int_equal(data[i], octet_at(e->read + (uint32_t)i));
		port_consume(e->port, e->s, (size_t)n);
		e->read += (uint32_t)n;
	}
	return n;
}

static int pull_end(struct end *e)
{
	uint32_t begun = port_now(e->port);
	int n;

	while ((n = pull(e)) == PORT_AGAIN && soon(begun))
		turn(5);
	return n;
}

/* A client that has sent its request to the proxy, for that port of this host. */
static struct end request(uint16_t port)
{
	const uint8_t message[] = {4, 1, (uint8_t)(port >> 8), (uint8_t)port, 127, 0, 0, 1, 0};
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = PROXY_PORT};
	struct end client = {.port = &client_port, .s = PORT_NONE};
	uint32_t begun = port_now(&client_port);

	assert_int_equal(port_connect(&client_port, NULL, &to, &client.s), 0);
	while (port_connected(&client_port, client.s) == PORT_AGAIN && soon(begun))
		turn(1);
	assert_int_equal(
		port_send(&client_port, client.s, message, sizeof message), sizeof message);
	return client;
}

/* The code of the proxy's reply. */
static int reply(struct end *client)
{
	uint32_t begun = port_now(client->port);
	uint8_t message[8] = {0};
	size_t len = 0;

	while (len < sizeof message && soon(begun)) {
		int n = port_read(client->port, client->s, message + len, sizeof message - len);

		assert_true(n > 0 || n == PORT_AGAIN);
		len += n > 0 ? (size_t)n : 0;
		if (n == PORT_AGAIN)
			turn(1);
	}
	assert_int_equal(len, sizeof message);
	assert_int_equal(message[0], 0);
	return message[1];
}

static struct end accepted(void)
{
	struct end server = {.port = &server_port, .s = PORT_NONE};
	uint32_t begun = port_now(&server_port);
	struct address from;
	int answer;

	while ((answer = port_accept(&server_port, listener, &server.s, &from)) == PORT_AGAIN &&
		soon(begun))
		turn(1);
	assert_int_equal(answer, 0);
	return server;
}

static void converse(struct end *client, struct end *server)
{
	*client = request(SERVER_PORT);
	*server = accepted();
	assert_int_equal(reply(client), GRANTED);
}

static void end(struct end *client, struct end *server)
{
	port_close(client->port, &client->s);
	port_close(server->port, &server->s);
}

/* Both send up to that place, and read all of it. */
static void exchange(struct end *client, struct end *server, uint32_t until)
{
	uint32_t begun = port_now(&client_port);

	while ((client->read < until || server->read < until) && soon(begun)) {
		bool pushed = push(client, until);

		pushed |= push(server, until);
		(void)pull(client);
		(void)pull(server);
		turn(pushed ? 0 : 1);
	}
	assert_int_equal(client->read, until);
	assert_int_equal(server->read, until);
}

/* ---- The tests ---- */

static void a_mebibyte_both_ways(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	converse(&client, &server);
	exchange(&client, &server, MIB);
	end(&client, &server);
}

static void each_side_ends_by_itself(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	for (int order = 0; order < 2; order++) {
		struct end *first = order == 0 ? &client : &server;
		struct end *second = order == 0 ? &server : &client;
		uint32_t begun;

		converse(&client, &server);
		exchange(&client, &server, 1000);
		port_shutdown(first->port, first->s);
		assert_int_equal(pull_end(second), PORT_EOF);
		for (begun = port_now(second->port); first->read < 50000 && soon(begun);) {
			(void)push(second, 50000);
			(void)pull(first);
			turn(1);
		}
		port_shutdown(second->port, second->s);
		assert_int_equal(pull_end(first), PORT_EOF);
		assert_int_equal(first->read, 50000);
		end(&client, &server);
	}
}

static void a_reset_passes(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	for (int order = 0; order < 4; order++) {
		struct end *first = order % 2 == 0 ? &client : &server;
		struct end *second = order % 2 == 0 ? &server : &client;

		converse(&client, &server);
		exchange(&client, &server, 5000);
		for (int i = 0; order >= 2 && i < 100;
			i++) { /* while the second one does not read */
			(void)push(first, 100000);
			turn(1);
		}
		port_reset(first->port, &first->s);
		assert_int_equal(pull_end(second), PORT_RESET);
		end(&client, &server);
	}
}

static void a_refusal_arrives_whole(void **state)
{
	struct end client = request(1);

	(void)state;
	assert_int_equal(reply(&client), REFUSED);
	assert_int_equal(pull_end(&client), PORT_EOF);
	port_close(client.port, &client.s);
}

static void many_connections_in_a_row(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t begun = port_now(&client_port);

		converse(&client, &server);
		exchange(&client, &server, 100);
		if (i % 3 == 0)
			port_reset(client.port, &client.s);
		end(&client, &server);
		while (sessions() > 0 && soon(begun))
			turn(1);
	}
	assert_int_equal(lwip_stats.memp[MEMP_TCP_PCB]->err, 0);
}

/* Who comes when the table is full is connected, waits, and is served when somebody leaves. */
static void more_clients_than_sessions(void **state)
{
	enum { MORE = 3 };
	struct end client[CONFIG_ANKLET_SESSIONS], server[CONFIG_ANKLET_SESSIONS], late[MORE];

	(void)state;
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		converse(&client[i], &server[i]);
	for (unsigned i = 0; i < MORE; i++)
		late[i] = request(SERVER_PORT);
	for (int i = 0; i < 3000; i++)
		turn(1);
	assert_int_equal(sessions(), CONFIG_ANKLET_SESSIONS);
	exchange(&client[5], &server[5], 5000);
	for (unsigned i = 0; i < MORE; i++) {
		uint32_t begun = port_now(&client_port);
		struct end last;

		end(&client[i], &server[i]);
		last = accepted();
		assert_int_equal(reply(&late[i]), GRANTED);
		assert_in_range(passed(begun), 0, 1500);
		exchange(&late[i], &last, 5000);
		client[i] = late[i];
		server[i] = last;
	}
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		end(&client[i], &server[i]);
}

/* One client sends single octets to a server that does not read; the others go on. */
static void a_stalled_reader_stops_nobody_else(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client, other = client, peer = client;

	(void)state;
	converse(&client, &server);
	for (uint32_t i = 1; i < 3000; i++) {
		(void)push(&client, client.sent < i ? client.sent + 1 : i);
		turn(1);
	}
	for (int i = 0; i < 5; i++) {
		uint32_t begun = port_now(&client_port);

		converse(&other, &peer);
		exchange(&other, &peer, 20000);
		assert_in_range(passed(begun), 0, 5000);
		end(&other, &peer);
	}
	exchange(&client, &server, client.sent);
	end(&client, &server);
}

/* Takes lwIP's heap away, and gives it back. */
static void take_heap(bool take)
{
	static void *taken[4096];
	static size_t count;

	for (mem_size_t size = MEM_SIZE / 2; take && size >= 16; size /= 2)
		while (count < 4096 && (taken[count] = mem_malloc(size)) != NULL)
			count++;
	while (!take && count > 0)
		mem_free(taken[--count]);
}

/* No event follows from memory that others give back: it is tried again all the same. */
static void a_stack_without_memory_recovers(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	converse(&client, &server);
	for (uint32_t i = 1; i <= 20; i++) {
		take_heap(true);
		for (int n = 0; n < 50; n++) {
			(void)push(&client, i * 5000);
			(void)push(&server, i * 5000);
			turn(1);
		}
		take_heap(false);
		exchange(&client, &server, i * 5000);
	}
	end(&client, &server);
}

int main(void)
{
#define PROXY(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		PROXY(a_mebibyte_both_ways),
		PROXY(each_side_ends_by_itself),
		PROXY(a_reset_passes),
		PROXY(a_refusal_arrives_whole),
		PROXY(many_connections_in_a_row),
		PROXY(more_clients_than_sessions),
		PROXY(a_stalled_reader_stops_nobody_else),
		PROXY(a_stack_without_memory_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

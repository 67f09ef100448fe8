/*
 * The clients, the proxy and the servers of conversation.h.
 */
#include "conversation.h"

struct port proxy_port, client_port, server_port;
struct anklet *proxy;
port_sock listener;

static _Alignas(max_align_t) uint8_t memory[ANKLET_MEMORY];

/* ---- The world ---- */

static void print(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

int world_start(const char *lines)
{
	static const struct port_config config;
	struct address at = {.ip = ip_v4(127, 0, 0, 1), .port = SERVER_PORT};
	struct anklet_failure failure;

	memset(memory, 0, sizeof memory);
	proxy = anklet_init(memory, sizeof memory, &proxy_port);
	if (proxy == NULL ||
		anklet_configure(proxy, "test", "limit-client 0\n", 15, print, NULL) != 0 ||
		anklet_configure(proxy, "test", lines, strlen(lines), print, NULL) != 0 ||
		anklet_start(proxy, &failure) != 0)
		return -1;
	if (port_init(&client_port, &config) != 0 || port_init(&server_port, &config) != 0)
		return -1;
	return port_listen(&server_port, &at, 8, &listener);
}

void world_leave(void)
{
	uint32_t begun = port_now(&proxy_port);

	port_fini(&client_port);
	port_fini(&server_port);
	while (sessions() > 0 && port_now(&proxy_port) - begun < SOON_MS)
		anklet_poll(proxy, 10);
	assert_int_equal(sessions(), 0);
}

void tick(int32_t ms)
{
	anklet_poll(proxy, ms);
	(void)port_wait(&client_port, 0);
	(void)port_wait(&server_port, 0);
}

unsigned sessions(void)
{
	struct anklet_status status;

	anklet_status(proxy, &status);
	return status.sessions;
}

uint32_t passed(uint32_t begun)
{
	return port_now(&client_port) - begun;
}

bool soon(uint32_t begun)
{
	return passed(begun) < SOON_MS;
}

/* ---- One end of a conversation ---- */

static uint8_t byte_at(uint32_t place)
{
	return (uint8_t)(place * 7 + place / 251 + place / 65521);
}

bool push(struct end *e, uint32_t until)
{
	uint8_t buf[700];
	uint32_t n = until - e->sent;
	int sent;

	if (n > sizeof buf)
		n = sizeof buf;
	if (n == 0)
		return false;
	for (uint32_t i = 0; i < n; i++)
		buf[i] = byte_at(e->sent + i);
	sent = port_send(e->port, e->s, buf, n);
	assert_true(sent > 0 || sent == PORT_AGAIN);
	e->sent += sent > 0 ? (uint32_t)sent : 0;
	return sent > 0;
}

int pull(struct end *e)
{
	const uint8_t *data;
	int n;

	while ((n = port_peek(e->port, e->s, &data)) > 0) {
		for (int i = 0; i < n; i++)
			assert_int_equal(data[i], byte_at(e->read + (uint32_t)i));
		port_consume(e->port, e->s, (size_t)n);
		e->read += (uint32_t)n;
	}
	return n;
}

int pull_end(struct end *e)
{
	uint32_t begun = port_now(&client_port);
	int n;

	while ((n = pull(e)) == PORT_AGAIN && soon(begun))
		tick(5);
	return n;
}

struct end client_says(const uint8_t *message, size_t len)
{
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = PROXY_PORT};
	struct end client = {.port = &client_port, .s = PORT_NONE};
	uint32_t begun = port_now(&client_port);

	assert_int_equal(port_connect(&client_port, NULL, &to, &client.s), 0);
	while (port_connected(&client_port, client.s) == PORT_AGAIN && soon(begun))
		tick(1);
	assert_int_equal(port_send(&client_port, client.s, message, len), len);
	return client;
}

struct end request(uint16_t port)
{
	const uint8_t message[] = {4, 1, (uint8_t)(port >> 8), (uint8_t)port, 127, 0, 0, 1, 0};

	return client_says(message, sizeof message);
}

int reply_read(struct end *client, uint8_t message[8])
{
	uint32_t begun = port_now(&client_port);
	size_t len = 0;

	while (len < 8 && soon(begun)) {
		int n = port_read(client->port, client->s, message + len, 8 - len);

		assert_true(n > 0 || n == PORT_AGAIN);
		len += n > 0 ? (size_t)n : 0;
		if (n == PORT_AGAIN)
			tick(1);
	}
	assert_int_equal(len, 8);
	assert_int_equal(message[0], 0);
	return message[1];
}

int reply(struct end *client)
{
	uint8_t message[8] = {0};

	return reply_read(client, message);
}

struct end accepted(void)
{
	struct end server = {.port = &server_port, .s = PORT_NONE};
	uint32_t begun = port_now(&client_port);
	struct address from;
	int answer;

	while ((answer = port_accept(&server_port, listener, &server.s, &from)) == PORT_AGAIN &&
		soon(begun))
		tick(1);
	assert_int_equal(answer, 0);
	return server;
}

void converse(struct end *client, struct end *server)
{
	*client = request(SERVER_PORT);
	*server = accepted();
	assert_int_equal(reply(client), GRANTED);
}

void end(struct end *client, struct end *server)
{
	port_close(client->port, &client->s);
	port_close(server->port, &server->s);
}

void exchange(struct end *client, struct end *server, uint32_t until)
{
	uint32_t begun = port_now(&client_port);

	while ((client->read < until || server->read < until) && soon(begun)) {
		bool pushed = push(client, until);

		pushed |= push(server, until);
		(void)pull(client);
		(void)pull(server);
		tick(pushed ? 0 : 1);
	}
	assert_int_equal(client->read, until);
	assert_int_equal(server->read, until);
}

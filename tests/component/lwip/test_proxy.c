/*
 * anklet over lwIP's BSD sockets, as in a task of ESP-IDF's: clients, proxy, servers and a name server
 * on one stack, whose thread runs beside them.
 */
#include "conversation.h"

#include "lwip/opt.h"
#include "lwip/priv/sockets_priv.h"
#include "lwip/priv/tcp_priv.h"

#include "host.h"
#include "system_lwip_stack.h"

#define MANY 200

static unsigned open_before;

static unsigned count_descriptors(void)
{
	unsigned count = 0;

	for (int i = 0; i < NUM_SOCKETS; i++)
		count += lwip_socket_dbg_get_socket(LWIP_SOCKET_OFFSET + i)->conn != NULL;
	return count;
}

static int start(void **state)
{
	(void)state;
	host_start();
	host.log_len = 0;
	open_before = count_descriptors();
	return world_start(NAME_SERVER) || names_start() != 0;
}

static int stop(void **state)
{
	(void)state;
	if (proxy != NULL) {
		world_leave();
		anklet_fini(proxy);
	} else {
		port_fini(&client_port);
		port_fini(&server_port);
	}
	assert_int_equal(count_descriptors(), open_before);
	return 0;
}

/* ---- The rest ---- */

static void somebody_connects_back(void **state)
{
	static const uint8_t message[] = {4, 2, 0, 0, 127, 0, 0, 1, 0};
	struct end client = client_says(message, sizeof message);
	struct end peer = {.port = &server_port, .s = PORT_NONE};
	struct address at = {.ip = ip_v4(127, 0, 0, 1)};
	uint32_t begun = port_now(&client_port);
	uint8_t said[8];

	(void)state;
	assert_int_equal(reply_read(&client, said), GRANTED);
	at.port = (uint16_t)(said[2] << 8 | said[3]);
	assert_int_equal(port_connect(&server_port, NULL, &at, &peer.s), 0);
	while (port_connected(&server_port, peer.s) == PORT_AGAIN && soon(begun))
		tick(1);
	assert_int_equal(reply(&client), GRANTED);
	exchange(&client, &peer, 5000);
	end(&client, &peer);
}

static void two_hundred_at_once(void **state)
{
	static struct end client[MANY], server[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		converse(&client[i], &server[i]);
	assert_int_equal(sessions(), MANY);
	for (unsigned i = 0; i < MANY; i++)
		exchange(&client[i], &server[i], 3000);
	for (unsigned i = 0; i < MANY; i++)
		end(&client[i], &server[i]);
}

/* No more clients, and the session goes on; then it is aborted. */
static void it_stops(void **state)
{
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = PROXY_PORT};
	struct end client = {.s = PORT_NONE}, server = client;
	uint32_t begun = port_now(&client_port);
	port_sock late;
	int came;

	(void)state;
	converse(&client, &server);
	anklet_stop(proxy);
	assert_int_equal(port_connect(&client_port, NULL, &to, &late), 0);
	while ((came = port_connected(&client_port, late)) == PORT_AGAIN && soon(begun))
		tick(1);
	assert_int_equal(came, PORT_REFUSED);
	exchange(&client, &server, 5000);
	anklet_fini(proxy);
	proxy = NULL;
	while ((came = pull(&client)) == PORT_AGAIN && soon(begun))
		(void)port_wait(&client_port, 10);
	assert_int_equal(came, PORT_RESET);
	while ((came = pull(&server)) == PORT_AGAIN && soon(begun))
		(void)port_wait(&server_port, 10);
	assert_int_equal(came, PORT_RESET);
}

/* Lets lwIP's slow timer run for twice the longest life of a segment, and some. */
static void age(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 2 * TCP_MSL / TCP_SLOW_INTERVAL + 10; i++)
		tcp_slowtmr();
}

/* What lies unread outlives lwIP's control block, which is freed at the end of TIME_WAIT. */
static void bytes_outlive_time_wait(void **state)
{
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = SERVER_PORT};
	struct end client = {.port = &client_port, .s = PORT_NONE}, server;
	uint32_t begun = port_now(&client_port);

	(void)state;
	assert_int_equal(port_connect(&client_port, NULL, &to, &client.s), 0);
	server = accepted();
	while (port_connected(&client_port, client.s) == PORT_AGAIN && soon(begun))
		tick(1);
	port_shutdown(&client_port, client.s);
	assert_int_equal(pull_end(&server), PORT_EOF);
	while (push(&server, 3000))
		;
	port_shutdown(&server_port, server.s);
	while (port_peer_closed(&client_port, client.s) == PORT_AGAIN && soon(begun))
		tick(1);
	stack_run(age, NULL);
	assert_int_equal(pull_end(&client), PORT_EOF);
	assert_int_equal(client.read, 3000);
	end(&client, &server);
}

/* Who waits at a listener that is closed is reset; lwIP itself would end the program. */
static void a_listener_closes_over_its_backlog(void **state)
{
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = SERVER_PORT};
	struct end client[3];
	uint32_t begun = port_now(&client_port);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		client[i] = (struct end){.port = &client_port, .s = PORT_NONE};
		assert_int_equal(port_connect(&client_port, NULL, &to, &client[i].s), 0);
		while (port_connected(&client_port, client[i].s) == PORT_AGAIN && soon(begun))
			tick(1);
	}
	(void)push(&client[1], 1000);
	port_close(&server_port, &listener);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pull_end(&client[i]), PORT_RESET);
}

int main(void)
{
#define PROXY(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		PROXY(a_mebibyte_both_ways),
		PROXY(each_side_ends_by_itself),
		PROXY(a_reset_passes),
		PROXY(a_refusal_arrives_whole),
		PROXY(a_stalled_reader_stops_nobody_else),
		PROXY(a_name_is_looked_up),
		PROXY(a_name_that_is_not_there),
		PROXY(an_answer_comes_too_late),
		PROXY(somebody_connects_back),
		PROXY(two_hundred_at_once),
		PROXY(it_stops),
		PROXY(a_listener_closes_over_its_backlog),
		PROXY(bytes_outlive_time_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

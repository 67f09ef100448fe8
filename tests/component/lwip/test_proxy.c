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

#define NAME_PORT 53
#define QUERIES 2 /* of a look-up: dns.c asks for each family */
#define QUERY_MAX 512
#define HEADER 12 /* octets of a message of DNS before the question (RFC 1035, 4.1.1) */
#define MANY 200

static port_sock names; /* the name server's, on the server's port */
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
	struct address at = {.ip = ip_v4(127, 0, 0, 1), .port = NAME_PORT};

	(void)state;
	host_start();
	host.log_len = 0;
	open_before = count_descriptors();
	return world_start("dns 127.0.0.1\n") ||
	       port_datagram(&server_port, &at, NULL, &names) != 0;
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

/* ---- Names ---- */

struct query {
	uint8_t octet[QUERY_MAX];
	size_t len;
	struct address from;
};

/* Waits for the two questions of a look-up. */
static void take_queries(struct query query[QUERIES])
{
	uint32_t begun = port_now(&client_port);
	struct address to;

	for (unsigned i = 0; i < QUERIES; i++) {
		int n;

		while ((n = port_recvfrom(&server_port, names, query[i].octet, QUERY_MAX,
				&query[i].from, &to)) == PORT_AGAIN &&
			soon(begun))
			turn(1);
		assert_in_range(n, HEADER + 6, QUERY_MAX - 16);
		query[i].len = (size_t)n;
	}
}

/* The question's type, which is behind its name. */
static uint8_t type_of(const struct query *q)
{
	return q->octet[q->len - 3];
}

/* Answers 127.0.0.1 to who asks for an A record if it is known, and that there is no more. */
static void answer(struct query *q, bool known)
{
	static const uint8_t record[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1};
	bool has = known && type_of(q) == 1;

	q->octet[2] = 0x81;
	q->octet[3] = known ? 0x80 : 0x83;
	q->octet[7] = has;
	if (has)
		memcpy(q->octet + q->len, record, sizeof record);
	assert_int_equal(port_sendto(&server_port, names, q->octet,
				 q->len + (has ? sizeof record : 0), NULL, &q->from),
		0);
}

static struct end request_name(const char *name)
{
	uint8_t message[64] = {4, 1, SERVER_PORT >> 8, SERVER_PORT & 255, 0, 0, 0, 1, 0};
	size_t len = strlen(name) + 1;

	memcpy(message + 9, name, len);
	return client_says(message, 9 + len);
}

static void a_name_is_looked_up(void **state)
{
	struct query query[QUERIES];
	struct end client = request_name("four.test"), server;

	(void)state;
	take_queries(query);
	for (unsigned i = 0; i < QUERIES; i++)
		answer(&query[i], true);
	server = accepted();
	assert_int_equal(reply(&client), GRANTED);
	exchange(&client, &server, 1000);
	end(&client, &server);
}

/* Nobody looks in between: the answer itself ends the wait. */
static void an_answer_ends_the_wait(void **state)
{
	struct query query[QUERIES];
	struct address at[2];
	uint32_t begun;
	port_sock s;

	(void)state;
	assert_int_equal(port_resolve(&client_port, "bell.test", 9, PORT_BOTH, &s), 0);
	assert_int_equal(port_resolved(&client_port, s, at, 2), PORT_AGAIN);
	take_queries(query);
	for (unsigned i = 0; i < QUERIES; i++)
		answer(&query[i], true);
	begun = port_now(&client_port);
	while (port_wait(&client_port, SOON_MS) == 0 && soon(begun))
		;
	assert_true(soon(begun));
	assert_int_equal(port_next(&client_port), s);
	assert_int_equal(port_resolved(&client_port, s, at, 2), 1);
	port_close(&client_port, &s);
}

static void a_name_that_is_not_there(void **state)
{
	struct query query[QUERIES];
	struct end client = request_name("none.test");

	(void)state;
	take_queries(query);
	for (unsigned i = 0; i < QUERIES; i++)
		answer(&query[i], false);
	assert_int_equal(reply(&client), REFUSED);
	port_close(client.port, &client.s);
}

/* dns.c goes on asking for a client that has left: its answers find nobody. */
static void an_answer_comes_too_late(void **state)
{
	struct query query[QUERIES];
	struct end client;

	for (int i = 0; i < 20; i++) {
		char name[] = "late-0.test";
		uint32_t begun = port_now(&client_port);

		name[5] = (char)('a' + i);
		client = request_name(name);
		take_queries(query);
		port_reset(client.port, &client.s);
		while (sessions() > 0 && soon(begun))
			turn(1);
		assert_int_equal(sessions(), 0);
		for (unsigned n = 0; n < QUERIES; n++)
			answer(&query[n], true);
	}
	a_name_is_looked_up(state);
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
		turn(1);
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

/* No more clients, and the session goes on; then it is broken off. */
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
		turn(1);
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
static void octets_outlive_time_wait(void **state)
{
	struct address to = {.ip = ip_v4(127, 0, 0, 1), .port = SERVER_PORT};
	struct end client = {.port = &client_port, .s = PORT_NONE}, server;
	uint32_t begun = port_now(&client_port);

	(void)state;
	assert_int_equal(port_connect(&client_port, NULL, &to, &client.s), 0);
	server = accepted();
	while (port_connected(&client_port, client.s) == PORT_AGAIN && soon(begun))
		turn(1);
	port_shutdown(&client_port, client.s);
	assert_int_equal(pull_end(&server), PORT_EOF);
	while (push(&server, 3000))
		;
	port_shutdown(&server_port, server.s);
	while (port_peer_closed(&client_port, client.s) == PORT_AGAIN && soon(begun))
		turn(1);
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
			turn(1);
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
		PROXY(an_answer_ends_the_wait),
		PROXY(a_name_that_is_not_there),
		PROXY(an_answer_comes_too_late),
		PROXY(somebody_connects_back),
		PROXY(two_hundred_at_once),
		PROXY(it_stops),
		PROXY(a_listener_closes_over_its_backlog),
		PROXY(octets_outlive_time_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

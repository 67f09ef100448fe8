/*
 * Names through the proxy, with a name server on the same stack: on every port over lwIP.
 */
#include "conversation.h"

#define QUERIES 2 /* of a lookup: one for each family */
#define QUERY_MAX 512
#define HEADER 12 /* bytes of a message of DNS before the question (RFC 1035, 4.1.1) */

static port_sock names; /* the name server's, on the server's port */

int names_start(void)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1), .port = NAME_PORT};

	return port_datagram(&server_port, &at, NULL, &names);
}

struct query {
	uint8_t byte[QUERY_MAX];
	size_t len;
	struct address from;
};

/* Waits for the two questions of a lookup. */
static void take_queries(struct query query[QUERIES])
{
	uint32_t begun = port_now(&client_port);
	struct address to;

	for (unsigned i = 0; i < QUERIES; i++) {
		int n;

		while ((n = port_recvfrom(&server_port, names, query[i].byte, QUERY_MAX,
				&query[i].from, &to)) == PORT_AGAIN &&
			soon(begun))
			tick(1);
		assert_in_range(n, HEADER + 6, QUERY_MAX - 16);
		query[i].len = (size_t)n;
	}
}

/* The question's type, which is after its name. */
static uint8_t type_of(const struct query *q)
{
	return q->byte[q->len - 3];
}

/* Answers 127.0.0.1 to who asks for an A record if it is known, and that there is no more. */
static void answer(struct query *q, bool known)
{
	static const uint8_t record[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 127, 0, 0, 1};
	bool has = known && type_of(q) == 1;

	q->byte[2] = 0x81;
	q->byte[3] = known ? 0x80 : 0x83;
	q->byte[7] = has;
	if (has)
		memcpy(q->byte + q->len, record, sizeof record);
	assert_int_equal(port_sendto(&server_port, names, q->byte,
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

void a_name_is_looked_up(void **state)
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

void a_name_that_is_not_there(void **state)
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

/* What is answered to a client that has left finds nobody. */
void an_answer_comes_too_late(void **state)
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
			tick(1);
		assert_int_equal(sessions(), 0);
		for (unsigned n = 0; n < QUERIES; n++)
			answer(&query[n], true);
	}
	a_name_is_looked_up(state);
}

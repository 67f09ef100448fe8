/*
 * What a relay does on every port over lwIP.
 */
#include "conversation.h"

void a_mebibyte_both_ways(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client;

	(void)state;
	converse(&client, &server);
	exchange(&client, &server, MIB);
	end(&client, &server);
}

void each_side_ends_by_itself(void **state)
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
		for (begun = port_now(&client_port); first->read < 50000 && soon(begun);) {
			(void)push(second, 50000);
			(void)pull(first);
			tick(1);
		}
		port_shutdown(second->port, second->s);
		assert_int_equal(pull_end(first), PORT_EOF);
		assert_int_equal(first->read, 50000);
		end(&client, &server);
	}
}

void a_reset_passes(void **state)
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
			tick(1);
		}
		port_reset(first->port, &first->s);
		assert_int_equal(pull_end(second), PORT_RESET);
		end(&client, &server);
	}
}

void a_refusal_arrives_whole(void **state)
{
	struct end client = request(1);

	(void)state;
	assert_int_equal(reply(&client), REFUSED);
	assert_int_equal(pull_end(&client), PORT_EOF);
	port_close(client.port, &client.s);
}

/* One client sends single bytes to a server that does not read; the others go on. */
void a_stalled_reader_stops_nobody_else(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client, other = client, peer = client;

	(void)state;
	converse(&client, &server);
	for (uint32_t i = 1; i < 3000; i++) {
		(void)push(&client, client.sent < i ? client.sent + 1 : i);
		tick(1);
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

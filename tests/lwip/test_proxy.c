/*
 * anklet on lwIP, with buffers as small as a board's: clients, proxy and servers
 * are three ports on one stack, joined by its loopback interface.
 */
#include "conversation.h"

#include "internal.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

#include "host.h"

#define LINGER_MS 600000

/* ---- The world: the clock is not the real one ---- */

static int start(void **state)
{
	(void)state;
	host_start();
	host.log_len = 0;
	return world_start(NAME_SERVER) || names_start() != 0;
}

static int stop(void **state)
{
	uint32_t begun;

	(void)state;
	world_leave();
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

/* ---- The tests ---- */

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
			tick(1);
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
		tick(1);
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
			tick(1);
		}
		take_heap(false);
		exchange(&client, &server, i * 5000);
	}
	end(&client, &server);
}

/* This host's address becomes 127.0.0.'last': lwIP aborts whatever was connected from the other one. */
static void renumber(u8_t last)
{
	ip4_addr_t ip;

	IP4_ADDR(&ip, 127, 0, 0, last);
	netif_set_ipaddr(netif_list, &ip);
}

/* Neither side has reset anything, and the log does not say so. */
static void an_address_that_is_lost_is_called_so(void **state)
{
	struct end client = {.s = PORT_NONE}, server = client, waits;

	(void)state;
	converse(&client, &server);
	waits = client_says((const uint8_t *)"\x04\x01\x1f", 3);
	for (int i = 0; i < 10; i++)
		tick(1);
	renumber(2);
	for (int i = 0; i < 10; i++)
		tick(1);
	assert_int_equal(sessions(), 0);
	assert_int_equal(pull_end(&client), PORT_NOT_LOCAL);
	assert_int_equal(port_peer_closed(waits.port, waits.s), PORT_NOT_LOCAL);
	port_close(waits.port, &waits.s);
	end(&client, &server);
	assert_non_null(strstr(host_log_text(), "aborted, this host has lost its address, up 0 "));
	assert_non_null(strstr(host_log_text(), ": refused, this host has lost its address"));
	assert_null(strstr(host_log_text(), "reset"));
	renumber(1);
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
		PROXY(an_address_that_is_lost_is_called_so),
		PROXY(a_stalled_reader_stops_nobody_else),
		PROXY(a_stack_without_memory_recovers),
		PROXY(a_name_is_looked_up),
		PROXY(a_name_that_is_not_there),
		PROXY(an_answer_comes_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

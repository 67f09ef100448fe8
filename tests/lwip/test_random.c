/*
 * Where random numbers come from, and the name servers that a stack with a DNS of its own has learned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "internal.h"
#include "lwip/dns.h"

#include "chacha20.h"
#include "host.h"
#include "lwip_hooks.h"

static struct port port;

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	host_start();
	host.no_random = false;
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

/* ---- Random numbers ---- */

/* RFC 8439, section 2.3.2. */
static void the_block_function(void **state)
{
	static const uint8_t input[CHACHA20_INPUT] = {
		1, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0};
	static const uint8_t block[CHACHA20_BLOCK] = {0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59,
		0x15, 0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4, 0xc7, 0xd1, 0xf4, 0xc7, 0x33,
		0xc0, 0x68, 0x03, 0x04, 0x22, 0xaa, 0x9a, 0xc3, 0xd4, 0x6c, 0x4e, 0xd2, 0x82, 0x64,
		0x46, 0x07, 0x9f, 0xaa, 0x09, 0x14, 0xc2, 0xd7, 0x05, 0xd9, 0x8b, 0x02, 0xa2, 0xb5,
		0x12, 0x9c, 0xd1, 0xde, 0x16, 0x4e, 0xb9, 0xcb, 0xd0, 0x83, 0xe8, 0xa2, 0x50, 0x3c,
		0x4e};
	uint8_t key[CHACHA20_KEY], made[CHACHA20_BLOCK];

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	chacha20_block(key, input, made);
	assert_memory_equal(made, block, sizeof block);
}

/* The same seed given again does not make the same numbers again. */
static void a_seed_is_mixed_in(void **state)
{
	uint8_t before[32], after[32];

	(void)state;
	assert_true(random_seed());
	assert_int_equal(port_random(&port, before, sizeof before), 0);
	assert_true(random_seed());
	assert_int_equal(port_random(&port, after, sizeof after), 0);
	assert_memory_not_equal(before, after, sizeof before);
}

static void no_seed_is_said(void **state)
{
	static const struct port_config config;
	uint8_t byte;

	(void)state;
	port_fini(&port);
	host.no_random = true;
	host.log_len = 0;
	assert_int_equal(port_init(&port, &config), 0);
	assert_non_null(strstr(host_log_text(), "warning: the board has no seed"));
	assert_int_equal(port_random(&port, &byte, 1), PORT_NO_RANDOM);
	assert_int_not_equal(random_for_lwip(), random_for_lwip());
}

/* RFC 6528: the same ends get numbers that follow the clock, other ends have nothing to do with them. */
static void sequence_numbers(void **state)
{
	const ip_addr_t *a = IP4_ADDR_ANY, *b = IP6_ADDR_ANY;
	uint32_t first = random_sequence_number(a, 1, b, 2), later;

	(void)state;
	assert_int_equal(random_sequence_number(a, 1, b, 2), first);
	assert_int_not_equal(random_sequence_number(a, 1, b, 3), first);
	assert_int_not_equal(random_sequence_number(a, 2, b, 2), first);
	assert_int_not_equal(random_sequence_number(b, 1, b, 2), first);
	assert_int_not_equal(random_sequence_number(a, 1, a, 2), first);
	(void)port_wait(&port, 1000);
	later = random_sequence_number(a, 1, b, 2);
	assert_int_equal(later - first, 250000);
}

/* ---- Name servers ---- */

_Static_assert(LWIP_DNS, "this is built as a program that has lwIP's DNS for itself");

/* What DHCP gives lwIP itself has: the rest is the contract's. */
static void name_servers_are_lwips(void **state)
{
	struct address told[DNS_MAX_SERVERS];
	ip_addr_t at;

	(void)state;
	IP_ADDR4(&at, 192, 0, 2, 53);
	dns_setserver(0, NULL);
	dns_setserver(1, &at);
	assert_int_equal(port_name_servers(&port, told, DNS_MAX_SERVERS), 1);
	assert_true(ip_is_v4(&told[0].ip) && told[0].ip.byte[15] == 53 && told[0].port == 0);
	dns_setserver(1, NULL);
	assert_int_equal(port_name_servers(&port, told, DNS_MAX_SERVERS), 0);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(the_block_function),
		TEST(a_seed_is_mixed_in),
		TEST(no_seed_is_said),
		TEST(sequence_numbers),
		TEST(name_servers_are_lwips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

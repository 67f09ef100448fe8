/*
 * Look-ups over lwIP's dns.c, with a name server on the same stack; and where random numbers come from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "internal.h"
#include "lwip/dns.h"
#include "lwip/prot/dns.h"
#include "lwip/udp.h"

#include "chacha20.h"
#include "host.h"
#include "lwip_hooks.h"

#define SOON_MS 60000
#define MESSAGE_MAX 512
#define HEADER 12
#define TYPE_A 1
#define TYPE_AAAA 28

static struct port port;
static struct udp_pcb *name_server;

/* ---- A name server ---- */

/* What it says: "-" is that there is no such name, "" no address, NULL nothing at all. */
static const struct record {
	const char *name;
	const char *four, *six;
} records[] = {
	{"both.test", "192.0.2.1", "2001:db8::1"},
	{"four.test", "192.0.2.2", ""},
	{"six.test", "", "2001:db8::2"},
	{"slow.test", "192.0.2.3", NULL},
	{"silent.test", NULL, NULL},
	{"none.test", "-", "-"},
};

static unsigned queries;

/* The name of a question as text; its length in the message is returned. */
static size_t question(const uint8_t *message, char *name)
{
	size_t at = HEADER;

	while (at < MESSAGE_MAX - 64 && message[at] != 0) {
		memcpy(name, message + at + 1, message[at]);
		name += message[at];
		*name++ = '.';
		at += 1u + message[at];
	}
	name[-1] = '\0';
	return at + 1 - HEADER;
}

static const struct record *record_of(const char *name)
{
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
		if (strcmp(records[i].name, name) == 0)
			return &records[i];
	return NULL;
}

/* Appends an answer about the name at the question. */
static size_t answer(uint8_t *at, uint8_t type, const struct ip *ip)
{
	const uint8_t head[] = {0xc0, HEADER, 0, type, 0, 1, 0, 0, 0, 9, 0};
	uint8_t len = type == TYPE_A ? 4 : 16;

	memcpy(at, head, sizeof head);
	at[sizeof head] = len;
	memcpy(at + sizeof head + 1, ip->octet + 16 - len, len);
	return sizeof head + 1 + len;
}

static void on_query(
	void *arg, struct udp_pcb *pcb, struct pbuf *query, const ip_addr_t *from, u16_t from_port)
{
	uint8_t message[MESSAGE_MAX] = {0};
	char name[MESSAGE_MAX];
	const char *says;
	struct pbuf *reply;
	struct ip ip;
	size_t len;

	(void)arg;
	queries++;
	(void)pbuf_copy_partial(query, message, MESSAGE_MAX, 0);
	pbuf_free(query);
	len = HEADER + question(message, name) + 4;
	if (record_of(name) == NULL)
		return;
	says = message[len - 3] == TYPE_A ? record_of(name)->four : record_of(name)->six;
	if (says == NULL)
		return;
	message[2] = 0x81;
	message[3] = says[0] == '-' ? 3 : 0;
	if (ip_parse(says, strlen(says), &ip)) {
		message[7] = 1;
		len += answer(message + len, message[len - 3], &ip);
	}
	reply = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	assert_non_null(reply);
	(void)pbuf_take(reply, message, (u16_t)len);
	(void)udp_sendto(pcb, reply, from, from_port);
	pbuf_free(reply);
}

static int start(void **state)
{
	static const struct port_config config = {
		.name_server = {{.ip = {{[10] = 0xff, 0xff, 127, 0, 0, 1}}}}, .name_servers = 1};

	(void)state;
	host_start();
	host.no_random = false;
	name_server = udp_new();
	if (udp_bind(name_server, IP4_ADDR_ANY, DNS_SERVER_PORT) != ERR_OK)
		return -1;
	udp_recv(name_server, on_query, NULL);
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	udp_remove(name_server);
	return 0;
}

/* ---- Look-ups ---- */

static int resolve(const char *name, enum port_families families, struct address *at, size_t max)
{
	uint32_t begun = port_now(&port);
	port_sock s = PORT_NONE;
	int n = port_resolve(&port, name, strlen(name), families, &s);

	if (n != 0)
		return n;
	while ((n = port_resolved(&port, s, at, max)) == PORT_AGAIN &&
		port_now(&port) - begun < SOON_MS)
		if (port_wait(&port, SOON_MS) > 0)
			assert_int_equal(port_next(&port), s);
	port_close(&port, &s);
	return n;
}

static void expect(const struct address *at, const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, strlen(text), &ip));
	assert_true(ip_equal(&at->ip, &ip));
	assert_int_equal(at->port, 0);
	assert_int_equal(at->scope, 0);
}

static void both_families_are_asked(void **state)
{
	struct address at[4];

	(void)state;
	assert_int_equal(resolve("both.test", PORT_BOTH, at, 4), 2);
	expect(&at[0], "2001:db8::1");
	expect(&at[1], "192.0.2.1");
	assert_int_equal(resolve("both.test.", PORT_BOTH, at, 1), 1);
	expect(&at[0], "2001:db8::1");
	assert_int_equal(resolve("both.test", PORT_IPV4, at, 4), 1);
	expect(&at[0], "192.0.2.1");
}

static void one_family_is_enough(void **state)
{
	struct address at[4];

	(void)state;
	assert_int_equal(resolve("four.test", PORT_BOTH, at, 4), 1);
	expect(&at[0], "192.0.2.2");
	assert_int_equal(resolve("six.test", PORT_BOTH, at, 4), 1);
	expect(&at[0], "2001:db8::2");
	assert_int_equal(resolve("six.test", PORT_IPV4, at, 4), PORT_NO_NAME);
}

/* 'or 50 ms after the first that had addresses' */
static void a_late_family_is_not_waited_for(void **state)
{
	uint32_t begun = port_now(&port);
	struct address at[4];

	(void)state;
	assert_int_equal(resolve("slow.test", PORT_BOTH, at, 4), 1);
	expect(&at[0], "192.0.2.3");
	assert_in_range(port_now(&port) - begun, 50, 60);
}

static void names_that_are_not_found(void **state)
{
	char label[80] = {0};
	struct address at[4];
	unsigned before;

	(void)state;
	assert_int_equal(resolve("none.test", PORT_BOTH, at, 4), PORT_NO_NAME);
	assert_int_equal(resolve("silent.test", PORT_BOTH, at, 4), PORT_NAME_FAILED);
	before = queries;
	memset(label, 'a', 64);
	assert_int_equal(resolve(label, PORT_BOTH, at, 4), PORT_NO_NAME);
	assert_int_equal(resolve("a..test", PORT_BOTH, at, 4), PORT_NO_NAME);
	assert_int_equal(resolve(".test", PORT_BOTH, at, 4), PORT_NO_NAME);
	assert_int_equal(resolve(".", PORT_BOTH, at, 4), PORT_NO_NAME);
	assert_int_equal(queries, before);
}

/* The answer to a look-up that was cancelled is for nobody, not for the next one in its place. */
static void an_answer_after_the_end(void **state)
{
	struct address at[4];
	port_sock s = PORT_NONE;

	(void)state;
	assert_int_equal(port_resolve(&port, "none.test", 9, PORT_IPV4, &s), 0);
	port_close(&port, &s);
	assert_int_equal(port_resolve(&port, "silent.test", 11, PORT_IPV4, &s), 0);
	assert_int_equal(port_resolved(&port, s, at, 4), PORT_AGAIN);
	(void)port_wait(&port, 1000);
	assert_int_equal(port_next(&port), PORT_NONE);
	port_close(&port, &s);
	while (resolve("four.test", PORT_IPV4, at, 4) != 1) /* dns.c is still busy with those */
		(void)port_wait(&port, 1000);
}

/* Look-ups that were cancelled keep dns.c busy; 'all look-ups taken: try again later'. */
static void a_full_table_is_not_an_answer(void **state)
{
	char name[] = "x.test";
	port_sock s = PORT_NONE;

	(void)state;
	assert_int_equal(
		port_wait(&port, SOON_MS), 0); /* until nothing is left of the other tests */
	for (unsigned i = 0; i < DNS_TABLE_SIZE; i++) {
		name[0] = (char)('a' + i);
		assert_int_equal(port_resolve(&port, name, 6, PORT_IPV4, &s), 0);
		port_close(&port, &s);
	}
	name[0]++;
	assert_int_equal(port_resolve(&port, name, 6, PORT_IPV4, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	assert_int_equal(port_resolve(&port, name, 6, PORT_BOTH, &s), PORT_NO_RESOURCES);
	assert_int_equal(port_wait(&port, SOON_MS), 0);
	assert_int_equal(port_resolve(&port, name, 6, PORT_BOTH, &s), 0);
	port_close(&port, &s);
}

static void a_zone_is_an_interface(void **state)
{
	struct address at = {.port = 0};

	(void)state;
	assert_int_equal(resolve("fe80::1%1", PORT_BOTH, &at, 1), 1);
	assert_int_equal(at.scope, 1);
	assert_int_equal(resolve("fe80::1%lo0", PORT_BOTH, &at, 1), 1);
	assert_int_equal(at.scope, 1);
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
	uint8_t octet;

	(void)state;
	port_fini(&port);
	host.no_random = true;
	host.log_len = 0;
	assert_int_equal(port_init(&port, &config), 0);
	assert_non_null(strstr(host_log_text(), "warning: the board has no seed"));
	assert_int_equal(port_random(&port, &octet, 1), PORT_NO_RANDOM);
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

int main(void)
{
#define NAMES(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		NAMES(both_families_are_asked),
		NAMES(one_family_is_enough),
		NAMES(a_late_family_is_not_waited_for),
		NAMES(names_that_are_not_found),
		NAMES(an_answer_after_the_end),
		NAMES(a_full_table_is_not_an_answer),
		NAMES(a_zone_is_an_interface),
		NAMES(the_block_function),
		NAMES(a_seed_is_mixed_in),
		NAMES(no_seed_is_said),
		NAMES(sequence_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

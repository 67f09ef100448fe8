/*
 * The contract: what a system knows of names, and what is not to be guessed when somebody is asked for them.
 */
#include "contract.h"

#include <stdlib.h>

#define SLICE_MAX 65536 /* port.h: 'at most 64 KiB' */
#define LEAST_MAX 32768 /* port_load(): 'at least 32 KiB are shown where there are as many' */

static uint8_t written[200000];

/* ---- Name servers ---- */

static void the_families_are_those_that_are_here(void **state)
{
	struct address at;

	(void)state;
	if (harness_loopback(PORT_IPV4, &at))
		assert_true(PORT_FAMILIES & PORT_IPV4);
	if (harness_loopback(PORT_IPV6, &at))
		assert_true(PORT_FAMILIES & PORT_IPV6);
}

/* '(0 to max), in servers, with port 0'; 'They may change at any time' */
static void name_servers_are_told(void **state)
{
	struct address servers[] = {{.ip = ip_v4(192, 0, 2, 53)}, {.ip = ip_v4(192, 0, 2, 54)}};
	struct address told[3];
	struct port *p = *state;

	if (!harness_name_servers(p, servers, 2)) {
		assert_int_equal(port_name_servers(p, told, COUNT(told)), 0);
		skip_because("this system learns of name servers by a resolv.conf alone");
	}
	assert_int_equal(port_name_servers(p, told, COUNT(told)), 2);
	assert_true(address_equal(&told[0], &servers[0]));
	assert_true(address_equal(&told[1], &servers[1]));
	assert_int_equal(port_name_servers(p, told, 1), 1);
	assert_true(address_equal(&told[0], &servers[0]));
	assert_int_equal(port_name_servers(p, told, 0), 0);
	assert_true(harness_name_servers(p, servers + 1, 1));
	assert_int_equal(port_name_servers(p, told, COUNT(told)), 1);
	assert_true(address_equal(&told[0], &servers[1]));
	assert_true(harness_name_servers(p, NULL, 0));
	assert_int_equal(port_name_servers(p, told, COUNT(told)), 0);
}

/* ---- The two files ---- */

static void write_names(struct port *p, enum port_names_file file, size_t len, uint8_t shift)
{
	for (size_t i = 0; i < len; i++)
		written[i] = (uint8_t)(byte_at(i) + shift);
	if (harness_names_file(p, file, written, len))
		return;
	assert_int_equal(port_names_stamp(p, file), 0);
	skip_because("this system has neither resolv.conf nor hosts");
}

/* All of it, piece by piece; 'at most 64 KiB'; '0: it ends there'. */
static void expect_names(struct port *p, enum port_names_file file, size_t len)
{
	const uint8_t *data;
	int n;

	for (size_t at = 0; at < len; at += (size_t)n) {
		size_t least = len - at < LEAST_MAX ? len - at : LEAST_MAX;

		n = port_names_read(p, file, at, &data);
		assert_in_range(n, least, SLICE_MAX);
		assert_in_range(n, 1, len - at);
		assert_memory_equal(data, written + at, (size_t)n);
	}
	assert_int_equal(port_names_read(p, file, len, &data), 0);
	assert_int_equal(port_names_read(p, file, len + 1, &data), 0);
}

static void names_files_are_shown(void **state)
{
	static const size_t lens[] = {0, 1, SLICE_MAX, SLICE_MAX + 1, sizeof written};
	struct port *p = *state;

	for (size_t i = 0; i < COUNT(lens); i++) {
		write_names(p, PORT_HOSTS, lens[i], 0);
		expect_names(p, PORT_HOSTS, lens[i]);
	}
	write_names(p, PORT_RESOLV_CONF, 100, 7);
	expect_names(p, PORT_RESOLV_CONF, 100);
}

/* 'never 0, and another number when the file was changed or replaced'; '0: there is none' */
static void a_stamp_tells_states_apart(void **state)
{
	struct port *p = *state;
	const uint8_t *data;
	uint32_t first, second;

	for (enum port_names_file file = PORT_RESOLV_CONF; file <= PORT_HOSTS; file++) {
		write_names(p, file, 100, 0);
		first = port_names_stamp(p, file);
		assert_int_not_equal(first, 0);
		assert_int_equal(port_names_stamp(p, file), first);
		write_names(p, file, 101, 0);
		second = port_names_stamp(p, file);
		assert_int_not_equal(second, 0);
		assert_int_not_equal(second, first);
		write_names(p, file, 101, 1); /* as long, and other bytes */
		assert_int_not_equal(port_names_stamp(p, file), second);
		expect_names(p, file, 101);
		assert_true(harness_names_file(p, file, NULL, 0));
		assert_int_equal(port_names_stamp(p, file), 0);
		assert_int_equal(port_names_read(p, file, 0, &data), PORT_NO_NAME);
	}
}

/* 'or it is none that can be read without waiting, such as a FIFO' */
static void a_file_that_would_wait_is_none(void **state)
{
	struct port *p = *state;
	const uint8_t *data;

	for (enum port_names_file file = PORT_RESOLV_CONF; file <= PORT_HOSTS; file++) {
		if (!harness_names_fifo(p, file))
			skip_because("files here are no FIFOs");
		assert_int_equal(port_names_stamp(p, file), 0);
		assert_in_range(-port_names_read(p, file, 0, &data), -PORT_NO_NAME, -PORT_FAILED);
	}
}

/* 'no descriptor is free, try again later, for what it says must not be passed over' */
static void a_file_waits_for_a_descriptor(void **state)
{
	struct port *p = *state;
	const uint8_t *data;
	int n;

	write_names(p, PORT_HOSTS, 100, 0);
	if (!harness_exhaust(p, true))
		skip_because("descriptors cannot be made scarce here");
	n = port_names_read(p, PORT_HOSTS, 0, &data);
	(void)harness_exhaust(p, false);
	assert_true(n == PORT_NO_RESOURCES || n == 100);
	expect_names(p, PORT_HOSTS, 100);
}

/* ---- Interfaces ---- */

static void a_zone_is_an_interface(void **state)
{
	char name[32];
	uint32_t number = harness_interface(name, sizeof name);

	(void)state;
	assert_int_equal(port_zone("nosuchthing0"), 0);
	assert_int_equal(port_zone(""), 0);
	if (number == 0)
		skip_because("interfaces have no names here");
	assert_in_range(number, 1, PORT_ZONE_MAX);
	assert_int_equal(port_zone(name), number);
}

/* ---- What is not to be guessed ---- */

static void expect_differing(struct port *p, bool strong)
{
	uint8_t a[600] = {0}, b[600] = {0};
	int zeros = 0;

	assert_int_equal(port_random_weak(p, a, sizeof a), strong);
	assert_int_equal(port_random_weak(p, b, sizeof b), strong);
	assert_memory_not_equal(a, b, 16);
	for (size_t i = 0; i < sizeof a; i++)
		zeros += a[i] == 0;
	assert_in_range(zeros, 0, 30); /* all of it is filled: 2 or 3 are to be expected */
	assert_int_equal(port_random_weak(p, a, 0), strong);
}

static void weak_random_is_as_strong_as_can_be(void **state)
{
	expect_differing(*state, true);
}

/* 'Fills buf in any case. False: there are no strong random numbers' */
static void weak_random_goes_on_without_strong(void **state)
{
	struct port *p = *state;

	if (!harness_no_random(p, true))
		skip_because("random numbers cannot be made to fail here");
	expect_differing(p, false);
	(void)harness_no_random(p, false);
	expect_differing(p, true);
}

/* 'drawn anew for each socket from the whole range there is': ports do not count, and are far apart. */
static void ports_of_datagrams_do_not_count(struct port *p)
{
	enum { SOCKETS = 24, FAR = 64 };
	unsigned far = 0, lowest = UINT16_MAX, highest = 0;
	uint16_t last = 0;
	struct address peer, at;
	port_sock s;

	if (!harness_loopback(PORT_IPV4, &peer))
		skip_because("this family of addresses is not here");
	peer.port = 53;
	for (unsigned i = 0; i < SOCKETS; i++) {
		assert_int_equal(port_datagram(p, NULL, &peer, &s), 0);
		assert_int_equal(port_local(p, s, &at), 0);
		assert_in_range(at.port, 1024, UINT16_MAX);
		far += abs((int)at.port - (int)last) > FAR;
		last = at.port;
		lowest = at.port < lowest ? at.port : lowest;
		highest = at.port > highest ? at.port : highest;
		port_close(p, &s);
	}
	assert_in_range(far, SOCKETS - 4, SOCKETS);
	assert_in_range(highest - lowest, 4096, UINT16_MAX);
}

static void ports_of_datagrams_are_not_to_be_guessed(void **state)
{
	ports_of_datagrams_do_not_count(*state);
}

/* A port that is taken is drawn again. */
static void ports_of_datagrams_differ(void **state)
{
	struct port *p = *state;
	struct address peer, at[4];
	port_sock s[4];

	if (!harness_loopback(PORT_IPV4, &peer))
		skip_because("this family of addresses is not here");
	peer.port = 53;
	for (unsigned i = 0; i < COUNT(s); i++) {
		assert_int_equal(port_datagram(p, NULL, &peer, &s[i]), 0);
		assert_int_equal(port_local(p, s[i], &at[i]), 0);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(at[i].port, at[j].port);
	}
	for (unsigned i = 0; i < COUNT(s); i++)
		port_close(p, &s[i]);
}

const struct CMUnitTest names_tests[] = {
	CONTRACT(the_families_are_those_that_are_here),
	CONTRACT(name_servers_are_told),
	CONTRACT(names_files_are_shown),
	CONTRACT(a_stamp_tells_states_apart),
	CONTRACT(a_file_that_would_wait_is_none),
	CONTRACT(a_file_waits_for_a_descriptor),
	CONTRACT(a_zone_is_an_interface),
	CONTRACT(weak_random_is_as_strong_as_can_be),
	CONTRACT(weak_random_goes_on_without_strong),
	CONTRACT(ports_of_datagrams_are_not_to_be_guessed),
	CONTRACT(ports_of_datagrams_differ),
};
const size_t names_tests_count = COUNT(names_tests);

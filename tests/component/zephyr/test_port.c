/*
 * What port/bsd does over Zephyr that the contract tests cannot see: TCP without half-closed connections, MSG_PEEK
 * that must show all, and the name servers of Zephyr's resolver.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>

#include <zephyr/net/dns_resolve.h>

#include "files.h"
#include "host.h"
#include "internal.h"

#define WAIT_MS 5000

static struct port port;
static const struct address loopback = {.ip.byte = {[10] = 0xff, 0xff, 127, 0, 0, 1}};

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	host_clear();
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

/* ---- Zephyr's sockets, where this host's do otherwise ---- */

static bool peeks_short; /* some MSG_PEEK had less room than there can be bytes */

/* The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
int __real_shutdown(int fd, int how);
int __wrap_shutdown(int fd, int how);

ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	if (flags & MSG_PEEK && len < CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE)
		peeks_short = true;
	return __real_recv(fd, buf, len, flags);
}

int __wrap_shutdown(int fd, int how)
{
	(void)fd;
	(void)how;
	errno = ENOTSUP;
	return -1;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Streams ---- */

/* Two ends of one connection, and no more of the listener. */
static void pair(port_sock *a, port_sock *b)
{
	struct address at = loopback;
	port_sock listener;

	assert_int_equal(port_listen(&port, &at, 1, &listener), 0);
	assert_int_equal(port_local(&port, listener, &at), 0);
	assert_int_equal(port_connect(&port, NULL, &at, a), 0);
	while (port_accept(&port, listener, b, &at) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	while (port_connected(&port, *a) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	port_close(&port, &listener);
}

static void send_text(port_sock s, const char *text)
{
	assert_int_equal(port_send(&port, s, text, strlen(text)), strlen(text));
}

/* Waits until the port names s. */
static void await(port_sock s)
{
	uint32_t began = port_now(&port);
	port_sock ready;

	while (port_now(&port) - began < WAIT_MS) {
		assert_true(port_wait(&port, WAIT_MS) >= 0);
		while ((ready = port_next(&port)) != PORT_NONE)
			if (ready == s)
				return;
	}
	fail_msg("%d never became ready", s);
}

static int read_some(port_sock s, char *buf, size_t size)
{
	int n;

	while ((n = port_read(&port, s, buf, size)) == PORT_AGAIN)
		await(s);
	return n;
}

/* What was sent before arrives, then the end; and reading here has ended too. */
static void an_end_ends_both_directions(void **state)
{
	port_sock a, b;
	char buf[16];

	(void)state;
	pair(&a, &b);
	send_text(a, "last words");
	port_shutdown(&port, a);
	assert_int_equal(read_some(b, buf, sizeof buf), 10);
	assert_memory_equal(buf, "last words", 10);
	assert_int_equal(read_some(b, buf, sizeof buf), PORT_EOF);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_EOF);
	assert_int_equal(port_peer_closed(&port, a), PORT_EOF);
	assert_int_equal(port_local(&port, a, &(struct address){.port = 0}), PORT_FAILED);
	port_shutdown(&port, a);
	port_close(&port, &a);
	port_reset(&port, &b);
}

/* Whoever waits to read from the side that is ended is told. */
static void who_waits_is_told_of_the_end(void **state)
{
	port_sock a, b;
	char buf[16];

	(void)state;
	pair(&a, &b);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_AGAIN);
	port_shutdown(&port, a);
	await(a);
	assert_int_equal(port_read(&port, a, buf, sizeof buf), PORT_EOF);
}

/* Also who waits for the peer to leave; and then nothing is left to look at. */
static void who_watches_is_told_of_the_end(void **state)
{
	port_sock a, b;

	(void)state;
	pair(&a, &b);
	assert_int_equal(port_peer_closed(&port, a), PORT_AGAIN);
	port_shutdown(&port, a);
	await(a);
	assert_int_equal(port_peer_closed(&port, a), PORT_EOF);
	port_reset(&port, &a);
}

/* Moving with a budget below what lies there, peeking, and looking whether the peer has gone. */
static void all_that_lies_unread_is_shown(void **state)
{
	port_sock a, b, c, d, failed;
	const uint8_t *data;
	char buf[8];

	(void)state;
	pair(&a, &b);
	pair(&c, &d);
	peeks_short = false;
	send_text(a, "0123456789");
	while (port_peek(&port, b, &data) == PORT_AGAIN)
		await(b);
	assert_int_equal(port_peer_closed(&port, b), PORT_AGAIN);
	assert_int_equal(port_move(&port, b, c, 4, &failed), 4);
	assert_int_equal(read_some(d, buf, sizeof buf), 4);
	assert_memory_equal(buf, "0123", 4);
	assert_int_equal(port_peek(&port, b, &data), 6);
	assert_memory_equal(data, "456789", 6);
	assert_false(peeks_short);
}

/* ---- Names ---- */

/* Those of multicast DNS are left out, and none is there before the resolver is. */
static void name_servers_are_the_resolvers(void **state)
{
	struct dns_resolve_context *known = dns_resolve_get_default();
	struct address told[DNS_RESOLVER_MAX_POLL], mdns = {.ip.byte = {0xff, 2, [15] = 0xfb}};
	struct address six = {.ip.byte = {0x20, 1, 0xd, 0xb8, [15] = 53}, .port = 5353};

	(void)state;
	memset(known->servers, 0, sizeof known->servers);
	(void)address_to_system(&mdns, (struct sockaddr_storage *)&known->servers[0].dns_server);
	known->servers[0].is_mdns = true;
	(void)address_to_system(&mdns, (struct sockaddr_storage *)&known->servers[1].dns_server);
	known->servers[1].is_llmnr = true;
	(void)address_to_system(&six, (struct sockaddr_storage *)&known->servers[3].dns_server);
	assert_int_equal(port_name_servers(&port, told, DNS_RESOLVER_MAX_POLL), 0);
	known->state = DNS_RESOLVE_CONTEXT_ACTIVE;
	assert_int_equal(port_name_servers(&port, told, DNS_RESOLVER_MAX_POLL), 1);
	assert_true(address_equal(&told[0], &six));
	known->state = DNS_RESOLVE_CONTEXT_UNINITIALIZED;
}

/* ---- The rest ---- */

static void the_log_has_levels(void **state)
{
	(void)state;
	port_log(&port, PORT_ERROR, "100%s wrong", 11);
	port_log(&port, PORT_WARNING, "unwise", 6);
	port_log(&port, PORT_INFO, "so it is", 8);
	port_log(&port, PORT_DEBUG, "state", 5);
	assert_string_equal(
		host_log_text(), "error: 100%s wrong\nwarning: unwise\nso it is\ndebug: state\n");
}

static void files_have_names(void **state)
{
	static const struct zephyr_file files[] = {
		{"", (const uint8_t *)"all", 3}, {"key.pem", (const uint8_t *)"secret", 6}};
	const uint8_t *data;

	(void)state;
	zephyr_files(files, 2);
	assert_int_equal(port_load(&port, "key.pem", 2, &data), 4);
	assert_string_equal((const char *)data, "cret");
	assert_int_equal(port_load(&port, "key.pem", 6, &data), 0);
	assert_int_equal(port_load(&port, "", 0, &data), 3);
	assert_int_equal(port_load(&port, "key", 0, &data), PORT_NO_NAME);
	zephyr_files(NULL, 0);
	assert_int_equal(port_load(&port, "key.pem", 0, &data), PORT_NO_NAME);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_end_ends_both_directions),
		TEST(who_waits_is_told_of_the_end),
		TEST(who_watches_is_told_of_the_end),
		TEST(all_that_lies_unread_is_shown),
		TEST(name_servers_are_the_resolvers),
		TEST(the_log_has_levels),
		TEST(files_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

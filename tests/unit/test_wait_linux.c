/*
 * wait_linux.c: who is idle leaves select()'s sets and is missed by nobody, whatever happens to it meanwhile.
 *
 * Each connection has a socket of the test's at its other end.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "embed.h"
#include "embed_unix.h"
#include "../skip.h"
#include "far_end.h"
#include "internal.h"

#define SOCKETS 100 /* more than are taken at a time */
#define ROUNDS 40   /* waits after which whoever is idle is cold */

static struct port port;
static port_sock ours[SOCKETS];
static int theirs[SOCKETS];
static int created;

/* ---- What the system calls do. The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) ---- */

int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_epoll_ctl(int set, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *event);

int __real_pselect(int n, fd_set *rd, fd_set *wr, fd_set *ex, const struct timespec *limit,
	const sigset_t *mask);
int __wrap_pselect(int n, fd_set *rd, fd_set *wr, fd_set *ex, const struct timespec *limit,
	const sigset_t *mask);

static struct {
	bool no_set;     /* epoll_create1() fails */
	bool no_room;    /* so does epoll_ctl() */
	unsigned told;   /* calls of it */
	unsigned sleeps; /* those of pselect() that may */
} calls;

int __wrap_pselect(int n, fd_set *rd, fd_set *wr, fd_set *ex, const struct timespec *limit,
	const sigset_t *mask)
{
	calls.sleeps += limit == NULL || limit->tv_sec > 0 || limit->tv_nsec > 0;
	return __real_pselect(n, rd, wr, ex, limit, mask);
}

int __wrap_epoll_create1(int flags)
{
	if (!calls.no_set)
		return __real_epoll_create1(flags);
	errno = EMFILE;
	return -1;
}

int __wrap_epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
	calls.told++;
	if (!calls.no_room)
		return __real_epoll_ctl(set, op, fd, event);
	errno = ENOSPC;
	return -1;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- Connections ---- */

/* So many connections. */
static void connect_all(int count)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1)};
	port_sock listener;

	if (PORT_SOCKETS < count + 2)
		skip_because("built with fewer sockets than it takes");
	assert_int_equal(port_listen(&port, &at, SOCKETS, &listener), 0);
	for (created = 0; created < count; created++) {
		theirs[created] = far_end(&port, listener, &ours[created]);
	}
	port_close(&port, &listener);
}

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	memset(&calls, 0, sizeof calls);
	created = 0;
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	for (int i = 0; i < created; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	port_fini(&port);
	return 0;
}

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

static void await_bytes(int i)
{
	const uint8_t *data;

	assert_int_equal(port_peek(&port, ours[i], &data), PORT_AGAIN);
}

static void send_byte(int i)
{
	assert_int_equal(send(theirs[i], "x", 1, MSG_NOSIGNAL), 1);
}

/* Waits for a moment until nothing more is named, and counts who was; each only once. */
static int named(bool was[SOCKETS])
{
	int count = 0;

	memset(was, 0, SOCKETS * sizeof *was);
	while (port_wait(&port, 50) > 0)
		for (port_sock s; (s = port_next(&port)) != PORT_NONE;)
			for (int i = 0; i < created; i++)
				if (ours[i] == s) {
					assert_false(was[i]);
					was[i] = true;
					count++;
				}
	return count;
}

/* So many waits in which nothing happens. */
static void pass(int waits)
{
	while (waits-- > 0)
		assert_int_equal(port_wait(&port, 0), 0);
}

static bool is_cold(int i)
{
	int fd = port.entry[ours[i]].fd;

	return !fdset_has(&port.rd, fd) && !fdset_has(&port.wr, fd);
}

static void idle(int count)
{
	connect_all(count);
	for (int i = 0; i < count; i++)
		await_bytes(i);
	pass(ROUNDS);
	for (int i = 0; i < count; i++)
		assert_true(is_cold(i));
}

/* ---- What happens to the idle ones ---- */

static void each_is_named_once(void **state)
{
	bool was[SOCKETS];

	(void)state;
	idle(SOCKETS);
	for (int i = 0; i < SOCKETS; i += 7) {
		send_byte(i);
		assert_int_equal(named(was), 1);
		assert_true(was[i]);
	}
	for (int i = 0; i < SOCKETS; i++)
		send_byte(i);
	/* Of those above no interest stands: it was met. */
	assert_int_equal(named(was), SOCKETS - (SOCKETS + 6) / 7);
}

static void and_again_after_that(void **state)
{
	bool was[SOCKETS];
	uint8_t byte;

	(void)state;
	idle(20);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++)
			send_byte(i);
		assert_int_equal(named(was), 20);
		for (int i = 0; i < 20; i++) {
			assert_int_equal(port_read(&port, ours[i], &byte, 1), 1);
			await_bytes(i);
			assert_false(is_cold(i));
		}
		pass(ROUNDS);
		for (int i = 0; i < 20; i++)
			assert_true(is_cold(i));
	}
}

static void ends_and_resets(void **state)
{
	static const struct linger now = {.l_onoff = 1, .l_linger = 0};
	const uint8_t *data;
	bool was[SOCKETS];

	(void)state;
	idle(20);
	assert_int_equal(shutdown(theirs[3], SHUT_WR), 0);
	assert_int_equal(setsockopt(theirs[5], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(theirs[5]);
	theirs[5] = -1;
	assert_int_equal(named(was), 2);
	assert_true(was[3] && was[5]);
	assert_int_equal(port_peek(&port, ours[3], &data), PORT_EOF);
	assert_int_equal(port_peek(&port, ours[5], &data), PORT_RESET);
}

/* One that can be written again. */
static void writing(void **state)
{
	static char buf[65536];
	bool was[SOCKETS];

	(void)state;
	connect_all(20);
	for (int i = 1; i < 20; i++)
		await_bytes(i);
	while (port_send(&port, ours[0], buf, sizeof buf) > 0)
		;
	pass(ROUNDS);
	assert_true(is_cold(0));
	assert_int_equal(fcntl(theirs[0], F_SETFL, O_NONBLOCK), 0);
	for (int tries = 0; tries < 100; tries++) {
		while (recv(theirs[0], buf, sizeof buf, 0) > 0)
			;
		if (named(was) > 0)
			break;
	}
	assert_true(was[0]);
	assert_true(port_send(&port, ours[0], buf, 1) == 1);
}

/* ---- What becomes of it otherwise ---- */

/* Another interest: both are waited for, and an event of the first one alone names it. */
static void another_interest_makes_warm(void **state)
{
	static char buf[65536];
	bool was[SOCKETS];

	(void)state;
	idle(20);
	while (port_send(&port, ours[4], buf, sizeof buf) > 0)
		;
	assert_true(fdset_has(&port.rd, port.entry[ours[4]].fd));
	assert_true(fdset_has(&port.wr, port.entry[ours[4]].fd));
	send_byte(4);
	assert_int_equal(named(was), 1);
	assert_true(was[4]);
	assert_false(fdset_has(&port.rd, port.entry[ours[4]].fd));
	assert_true(fdset_has(&port.wr, port.entry[ours[4]].fd));
}

/* Descriptors come back as other connections': these are named, each by its own events alone. */
static void closed_and_used_again(void **state)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1)};
	bool was[SOCKETS];
	port_sock listener;

	(void)state;
	idle(20);
	for (int i = 5; i < 15; i++) {
		port_close(&port, &ours[i]);
		close(theirs[i]);
	}
	assert_int_equal(port_listen(&port, &at, 10, &listener), 0);
	for (int i = 5; i < 15; i++) {
		theirs[i] = far_end(&port, listener, &ours[i]);
		await_bytes(i);
	}
	port_close(&port, &listener);
	pass(ROUNDS);
	for (int i = 5; i < 15; i++) {
		assert_true(is_cold(i));
		send_byte(i);
		assert_int_equal(named(was), 1);
		assert_true(was[i]);
	}
}

/* Those below the set's descriptor are waited for, too, when all above are gone: it stays among select()'s. */
static void when_the_higher_ones_are_gone(void **state)
{
	bool was[SOCKETS];
	int low;

	(void)state;
	connect_all(40);
	low = open("/dev/null",
		O_RDONLY |
			O_CLOEXEC); /* the listener's descriptor, so that the set gets a high one */
	for (int i = 0; i < 40; i++)
		await_bytes(i);
	pass(ROUNDS);
	for (int i = 10; i < 40; i++)
		port_close(&port, &ours[i]);
	assert_true(port.system.epoll > port.entry[ours[9]].fd);
	for (int i = 0; i < 10; i++)
		assert_true(is_cold(i));
	send_byte(5);
	assert_int_equal(named(was), 1);
	assert_true(was[5]);
	close(low);
}

/* Few are not worth a call. */
static void few_stay_warm(void **state)
{
	(void)state;
	connect_all(5);
	for (int i = 0; i < 5; i++)
		await_bytes(i);
	pass(ROUNDS);
	for (int i = 0; i < 5; i++)
		assert_false(is_cold(i));
	assert_int_equal(calls.told, 0);
}

/* Nobody who is busy is armed: not even when a sweep comes while he waits. */
static void the_busy_stay_warm(void **state)
{
	enum { BUSY = 10 };
	unsigned told;
	uint8_t byte;

	(void)state;
	idle(20);
	told = calls.told;
	for (int round = 0; round < 100 * BUSY; round++) {
		int i = round % BUSY;

		send_byte(i);
		await_name(&port, ours[i]);
		assert_int_equal(port_read(&port, ours[i], &byte, 1), 1);
		await_bytes(i);
	}
	assert_int_equal(calls.told, told);
	assert_false(is_cold(9));
}

/* An ICMP message is no byte, and yet an event. */
static void what_is_wrong_with_a_datagram(void **state)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1), .port = 9}, from;
	bool was[SOCKETS];
	port_sock flow;
	char byte;

	(void)state;
	idle(20);
	port_close(&port, &ours[0]);
	assert_int_equal(port_datagram(&port, NULL, &at, &flow), 0);
	assert_int_equal(port_recvfrom(&port, flow, &byte, 1, &from, &at), PORT_AGAIN);
	ours[0] = flow;
	for (int i = 1; i < 20; i++)
		socket_set_interests(&port, ours[i], port.entry[ours[i]].interests); /* warm */
	pass(ROUNDS);
	assert_true(is_cold(0));
	assert_int_equal(port_sendto(&port, flow, "x", 1, NULL, NULL), 0);
	assert_int_equal(named(was), 1);
	assert_true(was[0]);
	assert_int_equal(port_recvfrom(&port, flow, &byte, 1, &from, &at), PORT_REFUSED);
}

static void without_epoll(void **state)
{
	bool was[SOCKETS];

	(void)state;
	for (int i = 0; i < 2; i++) {
		calls.no_set = i == 0;
		calls.no_room = i == 1;
		connect_all(20);
		for (int s = 0; s < 20; s++)
			await_bytes(s);
		pass(ROUNDS);
		for (int s = 0; s < 20; s++) {
			assert_false(is_cold(s));
			send_byte(s);
		}
		assert_int_equal(named(was), 20);
		for (int s = 0; s < 20; s++) {
			close(theirs[s]);
			port_close(&port, &ours[s]);
		}
		port.system.epoll = 0;
	}
	created = 0;
}

/* A loop of the program's own finds the cold ones, too. */
static void a_loop_of_the_programs_own(void **state)
{
	(void)state;
	idle(20);
	send_byte(11);
	for (int tries = 0; tries < 100; tries++) {
		struct fdset rd, wr;
		int32_t ms = WAIT_MS;
		int n = 0;

		fdset_clear(&rd);
		fdset_clear(&wr);
		embed_fill(&port, &rd, &wr, &n, &ms);
		assert_true(select(n, &rd.native, &wr.native, NULL, NULL) > 0);
		if (embed_take(&port, &rd, &wr, n) > 0)
			break;
	}
	assert_int_equal(port_next(&port), ours[11]);
	assert_int_equal(port_next(&port), PORT_NONE);
}

/* ---- Without sleeping ---- */

/* Waits that find a byte at once, until one was as short as it has to be. */
static void become_busy(void)
{
	port.spin_us = 60;
	for (int i = 0; i < 10000 && !port.system.short_wait; i++) {
		const uint8_t *data;

		await_bytes(0);
		send_byte(0);
		assert_int_equal(port_wait(&port, 30000), 1);
		assert_int_equal(port_next(&port), ours[0]);
		assert_int_equal(port_peek(&port, ours[0], &data), 1);
		port_consume(&port, ours[0], 1);
	}
	assert_true(port.system.short_wait);
}

/* Who asks without sleeping is told the same, of cold sockets too. */
static void spinning_finds_what_is_ready(void **state)
{
	bool was[SOCKETS];
	int found = 0;

	(void)state;
	idle(20);
	become_busy();
	await_bytes(0);
	for (int i = 0; i < 20; i++)
		send_byte(i);
	calls.sleeps = 0;
	assert_true(port_wait(&port, 30000) > 0);
	assert_int_equal(calls.sleeps, 0);
	while (port_next(&port) != PORT_NONE)
		found++;
	assert_int_equal(found + named(was), 20);
}

/* Once in vain: then it sleeps, until a wait is short again. */
static void silence_ends_spinning(void **state)
{
	(void)state;
	connect_all(1);
	become_busy();
	await_bytes(0);
	assert_int_equal(port_wait(&port, 20), 0);
	assert_false(port.system.short_wait);
	become_busy();
}

/* One that comes while it asks is taken by the sleep that follows. */
static void a_signal_is_not_lost(void **state)
{
	struct sigaction act = {.sa_handler = note}, before;
	sigset_t blocked, during;
	uint32_t began;

	(void)state;
	connect_all(1);
	become_busy();
	port.spin_us = 1000;
	began = port_now(&port);
	await_bytes(0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &during), 0);
	assert_int_equal(sigaction(SIGUSR1, &act, &before), 0);
	embed_signals(&port, &during);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(port_wait(&port, 30000), 0);
	assert_int_equal(caught, SIGUSR1);
	assert_in_range(port_now(&port) - began, 0, 29999);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &during, NULL), 0);
}

#define WAIT_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

static void is_disabled(void **state)
{
	(void)state;
	skip_because("built without FAST");
}

int main(void)
{
	const struct CMUnitTest none[] = {cmocka_unit_test(is_disabled)};
	const struct CMUnitTest tests[] = {
		WAIT_TEST(each_is_named_once),
		WAIT_TEST(and_again_after_that),
		WAIT_TEST(ends_and_resets),
		WAIT_TEST(writing),
		WAIT_TEST(another_interest_makes_warm),
		WAIT_TEST(closed_and_used_again),
		WAIT_TEST(when_the_higher_ones_are_gone),
		WAIT_TEST(few_stay_warm),
		WAIT_TEST(the_busy_stay_warm),
		WAIT_TEST(what_is_wrong_with_a_datagram),
		WAIT_TEST(without_epoll),
		WAIT_TEST(a_loop_of_the_programs_own),
		WAIT_TEST(spinning_finds_what_is_ready),
		WAIT_TEST(silence_ends_spinning),
		WAIT_TEST(a_signal_is_not_lost),
	};

	if (!CONFIG_ANKLET_FAST)
		return cmocka_run_group_tests_name("wait on Linux", none, NULL, NULL);
	return cmocka_run_group_tests_name("wait on Linux", tests, NULL, NULL);
}

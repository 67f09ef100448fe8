/*
 * What port/bsd is beyond port.h on Linux and POSIX: signals in the wait and nowhere else, a loop
 * of the program's own, sets past FD_SETSIZE, and the standard streams.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../skip.h"
#include "far_end.h"
#include "internal.h"
#include "embed.h"
#include "embed_unix.h"

static struct port port;
static const struct address loopback = {.ip.byte = {[10] = 0xff, 0xff, 127, 0, 0, 1}};

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

/* A listener, and a connection that waits there. */
static void knock(port_sock *listener, port_sock *client)
{
	struct address at = loopback;

	assert_int_equal(port_listen(&port, &at, 1, listener), 0);
	assert_int_equal(port_local(&port, *listener, &at), 0);
	assert_int_equal(port_connect(&port, NULL, &at, client), 0);
}

/* ---- Accepting ---- */

#define BURST_MAX 3

/* Connects so many times and accepts as often. */
static void burst(port_sock listener, const struct address *at, int count)
{
	port_sock client[BURST_MAX], accepted;
	struct address from;

	for (int i = 0; i < count; i++)
		assert_int_equal(port_connect(&port, NULL, at, &client[i]), 0);
	for (int i = 0; i < count; i++) {
		while (port_accept(&port, listener, &accepted, &from) == PORT_AGAIN)
			assert_true(port_wait(&port, WAIT_MS) > 0);
		port_close(&port, &accepted);
	}
	for (int i = 0; i < count; i++)
		port_close(&port, &client[i]);
	assert_int_equal(port_accept(&port, listener, &accepted, &from), PORT_AGAIN);
}

/* After connections that came one by one no second is asked for: it is accepted all the same, and those after it. */
static void bursts_after_single_ones(void **state)
{
	struct address at = loopback;
	port_sock listener;

	(void)state;
	/* Both ends of two bursts, for what was closed may rest until the next wait. */
	if (PORT_SOCKETS < 1 + 2 * 2 * BURST_MAX)
		skip_because("the port has too few sockets for bursts and their listener");
	assert_int_equal(port_listen(&port, &at, 8, &listener), 0);
	assert_int_equal(port_local(&port, listener, &at), 0);
	for (int i = 0; i < 20; i++)
		burst(listener, &at, i % 5 == 4 ? BURST_MAX : 1);
}

/* ---- Signals ---- */

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

/* A signal that came before the wait ends it at once; outside it stays blocked. */
static void a_signal_ends_the_wait(void **state)
{
	struct sigaction act = {.sa_handler = note}, before;
	sigset_t blocked, during;
	uint32_t began = port_now(&port);

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &during), 0);
	assert_int_equal(sigaction(SIGUSR1, &act, &before), 0);
	embed_signals(&port, &during);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(caught, 0);
	assert_int_equal(port_wait(&port, WAIT_MS), 0);
	assert_int_equal(caught, SIGUSR1);
	assert_in_range(port_now(&port) - began, 0, WAIT_MS - 1);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &during, NULL), 0);
}

/* ---- A loop of the program's own ---- */

/* The program's descriptor and the port's wait in one select(); each takes its own. */
static void a_loop_of_the_programs_own(void **state)
{
	port_sock listener, client, b;
	struct address from;
	struct fdset rd, wr;
	int own[2], n;
	int32_t ms = WAIT_MS;

	(void)state;
	assert_int_equal(pipe(own), 0);
	assert_int_equal(write(own[1], "x", 1), 1);
	assert_int_equal(port_listen(&port, &loopback, 1, &listener), 0);
	assert_int_equal(port_accept(&port, listener, &b, &from), PORT_AGAIN);
	assert_int_equal(port_local(&port, listener, &from), 0);
	assert_int_equal(port_connect(&port, NULL, &from, &client), 0);
	for (int tries = 0; tries < 100; tries++) {
		fdset_clear(&rd);
		fdset_clear(&wr);
		fdset_add(&rd, own[0]);
		n = own[0] + 1;
		embed_fill(&port, &rd, &wr, &n, &ms);
		assert_in_range(ms, 0, WAIT_MS);
		assert_true(pselect(n, &rd.native, &wr.native, NULL, NULL, NULL) > 0);
		assert_true(fdset_has(&rd, own[0]));
		if (embed_take(&port, &rd, &wr, n) > 0)
			break;
	}
	assert_int_equal(port_next(&port), listener);
	assert_int_equal(port_next(&port), PORT_NONE);
	assert_int_equal(port_accept(&port, listener, &b, &from), 0);
	close(own[0]);
	close(own[1]);
}

static int members(const struct fdset *set)
{
	int count = 0;

	for (int fd = fdset_next(set, 0, fdset_limit()); fd >= 0;
		fd = fdset_next(set, fd + 1, fdset_limit()))
		count++;
	return count;
}

/* The port adds to what is in the sets, wherever that is and whatever the memory held before, and to nothing else. */
static void fill_adds_to_the_sets(void **state)
{
	port_sock listener, b;
	struct address from;
	struct fdset rd, wr;
	int last = fdset_limit() - 1, n = last + 1, ours;
	int32_t ms = 7;

	(void)state;
	assert_int_equal(port_listen(&port, &loopback, 1, &listener), 0);
	assert_int_equal(port_accept(&port, listener, &b, &from), PORT_AGAIN);
	ours = port.entry[listener].fd;
	memset(&rd, 0xff, sizeof rd);
	memset(&wr, 0xff, sizeof wr);
	fdset_clear(&rd);
	fdset_clear(&wr);
	assert_int_equal(members(&rd) + members(&wr), 0);
	fdset_add(&rd, last);
	fdset_add(&wr, 0);
	embed_fill(&port, &rd, &wr, &n, &ms);
	assert_int_equal(n, last + 1);
	assert_int_equal(ms, 7);
	assert_true(fdset_has(&rd, ours) && fdset_has(&rd, last) && fdset_has(&wr, 0));
	assert_int_equal(members(&rd), 2);
	assert_int_equal(members(&wr), 1);
	n = 0;
	embed_fill(&port, &rd, &wr, &n, &ms);
	assert_in_range(n, ours + 1, last);
}

#define SEVERAL 4

/* Not one is missing: the lowest descriptor there is, and each of those that stand side by side. */
static void fill_adds_every_descriptor(void **state)
{
	port_sock listener[SEVERAL], b;
	struct address from;
	struct fdset rd, wr;
	int n = 0, kept = dup(STDIN_FILENO);
	int32_t ms = 0;

	(void)state;
	assert_true(kept > STDERR_FILENO);
	close(STDIN_FILENO); /* the first listener gets it */
	fdset_clear(&rd);
	fdset_clear(&wr);
	for (int i = 0; i < SEVERAL; i++) {
		assert_int_equal(port_listen(&port, &loopback, 1, &listener[i]), 0);
		assert_int_equal(port_accept(&port, listener[i], &b, &from), PORT_AGAIN);
	}
	embed_fill(&port, &rd, &wr, &n, &ms);
	assert_int_equal(port.entry[listener[0]].fd, 0);
	for (int i = 0; i < SEVERAL; i++)
		assert_true(fdset_has(&rd, port.entry[listener[i]].fd));
	assert_int_equal(members(&rd), SEVERAL);
	assert_int_equal(members(&wr), 0);
	port_close(&port, &listener[0]);
	assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
	close(kept);
}

/* More than two bytes of a set have members, where the table has room; one place is for who might be accepted. */
#define MANY (PORT_SOCKETS > 20 ? 20 : PORT_SOCKETS - 1)

/* When the time is over nobody is ready, whatever is waited for. */
static void a_wait_in_vain_makes_nobody_ready(void **state)
{
	port_sock listener[MANY], b;
	struct address from;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(port_listen(&port, &loopback, 1, &listener[i]), 0);
		assert_int_equal(port_accept(&port, listener[i], &b, &from), PORT_AGAIN);
	}
	assert_int_equal(port_wait(&port, 1), 0);
	assert_int_equal(port_next(&port), PORT_NONE);
}

/* What is not to last longer than the port can wait does not. */
static void fill_shortens_the_wait(void **state)
{
	port_sock listener, client, b;
	struct address from;
	struct fdset rd, wr;
	int32_t ms = -1;
	int n = 0, waits = 0;

	(void)state;
	fdset_clear(&rd);
	fdset_clear(&wr);
	knock(&listener, &client);
	while (port_accept(&port, listener, &b, &from) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	/* What the port has to do of its own comes first: the peer that was connected to will be probed. */
	do {
		ms = -1;
		(void)port_wait(&port, 100);
		embed_fill(&port, &rd, &wr, &n, &ms);
	} while (ms >= 0 && ++waits < 100);
	assert_true(ms < 0);
	while (port_connected(&port, client) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	assert_int_equal(port_send(&port, client, "x", 1), 1);
	while (port_peek(&port, b, &(const uint8_t *){NULL}) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	assert_int_equal(port_peer_closed(&port, b), PORT_AGAIN); /* after an unread byte */
	embed_fill(&port, &rd, &wr, &n, &ms);
	assert_in_range(ms, 0, 1000);
	port_close(&port, &b);
	ms = -1;
	embed_fill(&port, &rd, &wr, &n, &ms);
	assert_true(ms < 0);
}

/* ---- Addresses ---- */

/* Whatever the memory held before: of IPv6 it has more than an address and a port. */
static void addresses_are_whole(void **state)
{
	const struct address six = {.ip.byte = {[15] = 1}, .port = 7};
	const struct sockaddr_in6 whole_six = {
		.sin6_family = AF_INET6, .sin6_port = htons(7), .sin6_addr.s6_addr = {[15] = 1}};
	const struct sockaddr_in whole_four = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_storage out;

	(void)state;
	memset(&out, 0xff, sizeof out);
	assert_int_equal(address_to_system(&six, &out), sizeof whole_six);
	assert_memory_equal(&out, &whole_six, sizeof whole_six);
	memset(&out, 0xff, sizeof out);
	assert_int_equal(address_to_system(&loopback, &out), sizeof whole_four);
	assert_memory_equal(&out, &whole_four, sizeof whole_four);
}

/* ---- Descriptors ---- */

/* Takes all descriptors below 'end', so that the next one is that. */
static void take_descriptors(int end)
{
	int fd;

	do
		fd = dup(STDERR_FILENO);
	while (fd >= 0 && fd < end - 1);
	assert_int_equal(fd, end - 1);
}

static void give_descriptors(int begin, int end)
{
	for (int fd = begin; fd < end; fd++)
		close(fd);
}

static bool allow_descriptors(rlim_t count)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < count)
		return false;
	if (limit.rlim_cur < count)
		limit.rlim_cur = count;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* Up to the last descriptor that the sets hold, the wait sees them; the next one is refused. */
static void descriptors_up_to_the_limit(void **state)
{
	port_sock listener, client, b, s;
	struct address from;
	int lowest, limit = fdset_limit();

	(void)state;
	lowest = dup(STDERR_FILENO);
	if (!allow_descriptors((rlim_t)limit + 64))
		skip_because("so many descriptors are not allowed here");
	take_descriptors(limit - 3);
	knock(&listener, &client);
	assert_int_equal(port.entry[client].fd, limit - 2);
	while (port_accept(&port, listener, &b, &from) == PORT_AGAIN) {
		assert_int_equal(port_wait(&port, WAIT_MS), 1);
		assert_int_equal(port_next(&port), listener);
	}
	assert_int_equal(port.entry[b].fd, limit - 1);
	assert_int_equal(port_listen(&port, &loopback, 1, &s), PORT_NO_RESOURCES);
	assert_int_equal(s, PORT_NONE);
	assert_int_equal(fcntl(limit, F_GETFD), -1); /* it was closed again */
	give_descriptors(lowest, limit - 3);
}

/* Nothing is inherited by a program that is started, and nothing blocks. */
static void descriptors_are_ours_alone(void **state)
{
	port_sock s[3];
	struct address from;

	(void)state;
	knock(&s[0], &s[1]);
	while (port_accept(&port, s[0], &s[2], &from) == PORT_AGAIN)
		assert_true(port_wait(&port, WAIT_MS) > 0);
	for (int i = 0; i < 3; i++) {
		int fd = port.entry[s[i]].fd;

		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	}
}

/* ---- The standard streams ---- */

/* Runs 'act' in a child whose stderr is what it makes of it: 0 when it went well. */
static int in_child(int (*act)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)alarm(60);
		_exit(act());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A socket must not get the number of stderr, to be sent the log. */
static int start_without_streams(void)
{
	static const struct port_config config;
	port_sock s;

	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	if (port_init(&port, &config) != 0)
		return 1;
	if (port_listen(&port, &loopback, 1, &s) != 0 || port.entry[s].fd <= 2)
		return 2;
	port_log(&port, PORT_ERROR, "into the void", 13);
	return 0;
}

static int log_to_nobody(void)
{
	static const struct port_config config;
	int ends[2];

	if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return 1;
	close(ends[0]);
	close(ends[1]);
	(void)signal(SIGPIPE, SIG_DFL);
	if (port_init(&port, &config) != 0)
		return 2;
	for (int i = 0; i < 3; i++)
		port_log(&port, PORT_ERROR, "nobody reads", 12);
	return (int)port.unlogged != 3; /* the count alone is left to tell */
}

static void closed_streams_are_held(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_without_streams), 0);
}

static void a_log_without_a_reader_ends_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(log_to_nobody), 0);
}

/* Sends one byte, and sees that it has come. */
static void send_one(int fd, port_sock to, char byte)
{
	struct pollfd there = {.fd = port.entry[to].fd, .events = POLLIN};

	assert_int_equal(send(fd, &byte, 1, 0), 1);
	assert_int_equal(poll(&there, 1, WAIT_MS), 1);
}

/* Whoever has read all there was is not asked again at once: what has come since is for the wait to tell. */
static void nothing_is_asked_for_in_vain(void **state)
{
	port_sock listener, ours;
	struct address at = loopback;
	const uint8_t *data;
	int fd;

	(void)state;
	if (!CONFIG_ANKLET_FAST)
		skip_because("built without FAST");
	assert_int_equal(port_listen(&port, &at, 1, &listener), 0);
	fd = far_end(&port, listener, &ours);
	send_one(fd, ours, 'a');
	assert_int_equal(port_peek(&port, ours, &data), 1);
	assert_int_equal(port_peek(&port, ours, &data), 1);
	port_consume(&port, ours, 1);
	send_one(fd, ours, 'b');
	assert_int_equal(port_peek(&port, ours, &data), PORT_AGAIN);
	await_name(&port, ours);
	send_one(fd, ours, 'c');
	assert_int_equal(port_peek(&port, ours, &data), 2);
	port_consume(&port, ours, 1);
	assert_int_equal(port_peek(&port, ours, &data), 1);
	assert_int_equal(data[0], 'c');
	close(fd);
}

/* Others, and not the group: a program that has given up root may read by that. */
static void files_that_others_can_read(void **state)
{
	static const struct {
		mode_t mode;
		bool others;
	} rows[] = {{0600, false}, {0640, false}, {0660, false}, {0604, true}, {0644, true},
		{0666, true}, {0602, false}};
	char name[] = "/tmp/anklet-XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(fchmod(fd, rows[i].mode), 0);
		assert_int_equal(port_others_read(&port, name), rows[i].others);
	}
	unlink(name);
	close(fd);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_signal_ends_the_wait),
		TEST(a_loop_of_the_programs_own),
		TEST(fill_adds_to_the_sets),
		TEST(fill_adds_every_descriptor),
		TEST(fill_shortens_the_wait),
		TEST(a_wait_in_vain_makes_nobody_ready),
		cmocka_unit_test(addresses_are_whole),
		TEST(descriptors_up_to_the_limit),
		TEST(descriptors_are_ours_alone),
		TEST(nothing_is_asked_for_in_vain),
		cmocka_unit_test(files_that_others_can_read),
		cmocka_unit_test(closed_streams_are_held),
		TEST(bursts_after_single_ones),
		cmocka_unit_test(a_log_without_a_reader_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * move_linux.c: every byte in order through pipes that are short, full, missing or failing, with ends, resets and
 * urgent bytes in between.
 *
 * The ends of a relay are sockets of the test's own; splice() and pipe2() are the test's as well, and do as they are
 * told.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../skip.h"
#include "far_end.h"
#include "internal.h"

#define BUDGET 1048576    /* of a move */
#define BULK (6u << 20)   /* enough for many pipes */
#define ROUNDS_MAX 200000 /* of a relay, far more than it needs */

static struct port port;

/* ---- What the system calls do. The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) ---- */

ssize_t __real_splice(int in, off_t *in_at, int out, off_t *out_at, size_t len, unsigned flags);
ssize_t __wrap_splice(int in, off_t *in_at, int out, off_t *out_at, size_t len, unsigned flags);
int __real_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __real_pipe2(int fd[2], int flags);
int __wrap_pipe2(int fd[2], int flags);

static struct {
	bool no_splice;     /* ENOSYS */
	bool short_splice;  /* less than there is, or EAGAIN for no reason */
	int no_pipes;       /* the errno of pipe2() */
	rlim_t descriptors; /* RLIMIT_NOFILE, soft and hard; 0: as it is */
	unsigned spliced;   /* calls that moved something */
	int swallows;       /* of what is not spliced from here the reset of the next is */
	int sink;           /* who resets then */
	uint32_t random;
} calls;

static uint32_t below(uint32_t limit)
{
	calls.random = calls.random * 1664525u + 1013904223u;
	return (calls.random >> 8) % limit;
}

static void reset_by(int fd)
{
	static const struct linger now = {.l_onoff = 1, .l_linger = 0};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
}

/* As the kernel does it when the reset comes between two goes: some were sent, and the error is gone. */
static ssize_t swallow_reset(int in, int out, size_t len, unsigned flags)
{
	ssize_t n = __real_splice(in, NULL, out, NULL, len, flags);
	struct pollfd reset = {.fd = out};
	int error;
	socklen_t size = sizeof error;

	if (n <= 0)
		return n;
	reset_by(calls.sink);
	calls.swallows = 0;
	assert_int_equal(poll(&reset, 1, WAIT_MS), 1);
	assert_int_equal(getsockopt(out, SOL_SOCKET, SO_ERROR, &error, &size), 0);
	assert_int_not_equal(error, 0);
	return n;
}

ssize_t __wrap_splice(int in, off_t *in_at, int out, off_t *out_at, size_t len, unsigned flags)
{
	ssize_t n;

	if (calls.no_splice) {
		errno = ENOSYS;
		return -1;
	}
	if (calls.short_splice && len > 0) {
		if (below(4) == 0) {
			errno = EAGAIN;
			return -1;
		}
		len = 1 + below((uint32_t)len);
	}
	if (calls.swallows > 0 && in != calls.swallows && len > 1)
		return swallow_reset(in, out, len / 2, flags);
	n = __real_splice(in, in_at, out, out_at, len, flags);
	calls.spliced += n > 0;
	return n;
}

int __wrap_pipe2(int fd[2], int flags)
{
	if (calls.no_pipes == 0)
		return __real_pipe2(fd, flags);
	errno = calls.no_pipes;
	return -1;
}

/* A sanitizer asks before it is ready to look at anything itself. */
__attribute__((no_sanitize("address", "undefined"))) int __wrap_getrlimit(
	int resource, struct rlimit *limit)
{
	int r = __real_getrlimit(resource, limit);

	if (calls.descriptors != 0)
		limit->rlim_cur = limit->rlim_max = calls.descriptors;
	return r;
}

/* Nobody here needs more than there are. */
__attribute__((no_sanitize("address", "undefined"))) int __wrap_setrlimit(
	int resource, const struct rlimit *limit)
{
	(void)resource;
	(void)limit;
	return 0;
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- A relay ---- */

struct relay {
	int source, sink; /* not blocking */
	port_sock from, to;
	size_t sent, got; /* bytes */
	size_t pause_at;  /* the sink reads no further than that */
	bool held;        /* bytes were seen in a pipe */
};

static int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = -1; /* its own */

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

static uint8_t byte_at(size_t at)
{
	return (uint8_t)(at ^ at >> 8 ^ at >> 16);
}

/* One of ours, and a socket of the test's at its other end, which does not block. */
static void connection(port_sock *ours, int *theirs)
{
	struct address at = {.ip = ip_v4(127, 0, 0, 1)};
	port_sock listener;

	assert_int_equal(port_listen(&port, &at, 1, &listener), 0);
	*theirs = far_end(&port, listener, ours);
	assert_int_equal(fcntl(*theirs, F_SETFL, O_NONBLOCK), 0);
	port_close(&port, &listener);
}

static struct relay begin(void)
{
	struct relay r = {.pause_at = SIZE_MAX};

	if (PORT_SOCKETS < 6)
		skip_because("built with fewer sockets than it takes");
	connection(&r.from, &r.source);
	connection(&r.to, &r.sink);
	return r;
}

static void end(struct relay *r)
{
	port_reset(&port, &r->from);
	port_reset(&port, &r->to);
	close(r->source);
	close(r->sink);
}

/* Sends what the source takes of the bytes up to 'all'. */
static void feed(struct relay *r, size_t all)
{
	static uint8_t buf[65536];

	while (r->sent < all) {
		size_t len = all - r->sent < sizeof buf ? all - r->sent : sizeof buf;
		ssize_t n;

		for (size_t i = 0; i < sizeof buf; i++)
			buf[i] = byte_at(r->sent + i);
		n = send(r->source, buf, len, MSG_NOSIGNAL);
		if (n < 0) {
			assert_int_equal(errno, EAGAIN);
			return;
		}
		r->sent += (size_t)n;
	}
}

/* Reads what has come, as far as the sink is to, and compares. Returns what the last recv() did. */
static ssize_t taste(struct relay *r)
{
	static uint8_t buf[65536];
	ssize_t n = -1;

	errno = EAGAIN;
	while (r->got < r->pause_at) {
		size_t room = r->pause_at - r->got;

		n = recv(r->sink, buf, room < sizeof buf ? room : sizeof buf, 0);
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (buf[i] != byte_at(r->got + (size_t)i))
				fail_msg("byte %zu is wrong", r->got + (size_t)i);
		r->got += (size_t)n;
	}
	return n;
}

/* Moves once; AGAIN waits a moment for whoever it is. */
static int move(struct relay *r, port_sock *failed)
{
	int n = port_move(&port, r->from, r->to, BUDGET, failed);

	r->held = r->held || port.system.way[r->from].pipe != 0;
	if (n == PORT_AGAIN) {
		(void)port_wait(&port, 5);
		while (port_next(&port) != PORT_NONE)
			;
	}
	return n;
}

/* All of it, to the byte; then the end. */
static void relay_all(struct relay *r, size_t all)
{
	port_sock failed;
	bool ended = false;
	int n = PORT_AGAIN;

	for (unsigned round = 0; n != PORT_EOF && round < ROUNDS_MAX; round++) {
		feed(r, all);
		if (r->sent == all && !ended) {
			assert_int_equal(shutdown(r->source, SHUT_WR), 0);
			ended = true;
		}
		n = move(r, &failed);
		assert_true(n > 0 || n == PORT_AGAIN || n == PORT_EOF);
		(void)taste(r);
	}
	assert_int_equal(n, PORT_EOF);
	port_shutdown(&port, r->to);
	for (unsigned round = 0; round < 1000 && taste(r) != 0; round++)
		(void)port_wait(&port, 5);
	assert_int_equal(r->got, all);
}

/* Until 'to' takes no more, and what it did not take is in a pipe. */
static void fill_up(struct relay *r)
{
	port_sock failed = PORT_NONE;

	r->pause_at = 0;
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		feed(r, SIZE_MAX);
		if (move(r, &failed) == PORT_AGAIN && failed == r->to)
			return;
	}
	fail_msg("the sink takes everything");
}

static int start(void **state)
{
	static const struct port_config config;

	(void)state;
	memset(&calls, 0, sizeof calls);
	calls.descriptors = FDSET_NEEDED; /* more than any of these takes */
	return port_init(&port, &config);
}

static int stop(void **state)
{
	(void)state;
	port_fini(&port);
	return 0;
}

/* ---- Bulk ---- */

static void bulk_is_spliced(void **state)
{
	struct relay r = begin();

	(void)state;
	relay_all(&r, BULK);
	assert_true(calls.spliced > 0);
	end(&r);
}

/* A few bytes at a time are copied: a pipe would be two calls more. */
static void little_is_copied(void **state)
{
	struct relay r = begin();
	port_sock failed;

	(void)state;
	for (size_t all = 100; all <= 20000; all += 100) {
		feed(&r, all);
		for (unsigned round = 0; r.got < all && round < 1000; round++) {
			(void)move(&r, &failed);
			(void)taste(&r);
		}
		assert_int_equal(r.got, all);
	}
	assert_int_equal(calls.spliced, 0);
	end(&r);
}

/* Once it is only trickling it is copied again. */
static void bulk_that_becomes_little(void **state)
{
	struct relay r = begin();
	port_sock failed;
	unsigned before;

	(void)state;
	for (unsigned round = 0; r.got < BULK && round < ROUNDS_MAX; round++) {
		feed(&r, BULK);
		(void)move(&r, &failed);
		(void)taste(&r);
	}
	assert_true(calls.spliced > 0);
	for (size_t all = BULK + 100; all <= BULK + 4000; all += 100) {
		if (all == BULK + 2000)
			before = calls.spliced;
		feed(&r, all);
		for (unsigned round = 0; r.got < all && round < 1000; round++) {
			(void)move(&r, &failed);
			(void)taste(&r);
		}
	}
	assert_int_equal(r.got, BULK + 4000);
	assert_int_equal(calls.spliced, before);
	end(&r);
}

static void short_splices(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 8; seed++) {
		struct relay r = begin();

		calls.short_splice = true;
		calls.random = seed;
		relay_all(&r, BULK / 4);
		assert_true(calls.spliced > 0 && r.held);
		end(&r);
	}
}

static bool send_urgent(struct relay *r)
{
	uint8_t urgent = byte_at(r->sent);

	if (send(r->source, &urgent, 1, MSG_OOB | MSG_NOSIGNAL) != 1)
		return false;
	r->sent++;
	return true;
}

/* Urgent bytes are in line, and splice() stops before one: with the end after it, as if that had come. */
static void urgent_bytes(void **state)
{
	struct relay r = begin();
	port_sock failed;
	size_t next = 300000;

	(void)state;
	for (unsigned round = 0; r.got < BULK / 2 && round < ROUNDS_MAX; round++) {
		feed(&r, next < BULK / 2 ? next : BULK / 2);
		if (r.sent == next && r.sent < BULK / 2 && send_urgent(&r))
			next += 300000;
		assert_true(move(&r, &failed) != PORT_EOF);
		(void)taste(&r);
	}
	assert_int_equal(r.got, BULK / 2);
	assert_true(calls.spliced > 0);
	feed(&r, r.sent + 100000);
	assert_int_equal(port.system.way[r.from].full, 2);
	assert_true(send_urgent(&r));
	relay_all(&r, r.sent);
	end(&r);
}

/* ---- Ends, with bytes in a pipe ---- */

static void an_end_comes_after_what_is_in_the_pipe(void **state)
{
	struct relay r = begin();

	(void)state;
	fill_up(&r);
	assert_true(r.held && port.system.way[r.from].pipe != 0);
	r.pause_at = SIZE_MAX;
	relay_all(&r, r.sent);
	end(&r);
}

/* What had arrived comes first, and a reset is never taken for an end in order, spliced or not. */
static void a_reset_of_the_source(void **state)
{
	(void)state;
	for (unsigned bulk = 0; bulk < 2; bulk++) {
		struct relay r = begin();
		port_sock failed = PORT_NONE;
		int n = PORT_AGAIN;

		if (bulk) {
			fill_up(&r);
			assert_int_not_equal(port.system.way[r.from].pipe, 0);
		}
		r.pause_at = SIZE_MAX;
		reset_by(r.source);
		for (unsigned round = 0; (n > 0 || n == PORT_AGAIN) && round < 4000; round++) {
			n = move(&r, &failed);
			(void)taste(&r);
		}
		assert_int_equal(n, PORT_RESET);
		assert_int_equal(failed, r.from);
		assert_int_equal(port.system.way[r.from].pipe, 0);
		r.source = dup(r.sink);
		end(&r);
	}
}

static void a_reset_of_the_sink(void **state)
{
	struct relay r = begin();
	port_sock failed = PORT_NONE;
	int n = PORT_AGAIN;

	(void)state;
	fill_up(&r);
	assert_int_not_equal(port.system.way[r.from].pipe, 0);
	reset_by(r.sink);
	for (unsigned round = 0; (n > 0 || n == PORT_AGAIN) && round < 4000; round++)
		n = move(&r, &failed);
	assert_int_equal(n, PORT_RESET);
	assert_int_equal(failed, r.to);
	assert_int_equal(port.system.way[r.from].pipe, 0);
	r.sink = dup(r.source);
	end(&r);
}

/* A reset that splice() has taken and not told is one all the same, for whoever reads from there, too. */
static void a_reset_that_is_swallowed(void **state)
{
	struct relay r = begin();
	port_sock failed = PORT_NONE;
	const uint8_t *data;

	(void)state;
	for (unsigned round = 0; calls.spliced < 4 && round < 4000; round++) {
		feed(&r, SIZE_MAX);
		(void)move(&r, &failed);
		(void)taste(&r);
	}
	calls.sink = r.sink;
	calls.swallows = port.entry[r.from].fd;
	for (unsigned round = 0; calls.swallows != 0 && round < 4000; round++) {
		feed(&r, SIZE_MAX);
		assert_true(move(&r, &failed) != PORT_EOF);
		if (calls.swallows != 0)
			(void)taste(&r);
	}
	assert_int_equal(calls.swallows, 0);
	assert_int_equal(port_peek(&port, r.to, &data), PORT_RESET);
	assert_int_equal(move(&r, &failed), PORT_RESET);
	assert_int_equal(failed, r.to);
	r.sink = dup(r.source);
	end(&r);
}

/* Nothing of it is another session's, and no descriptor is left. */
static void closing_drops_what_is_in_the_pipe(void **state)
{
	struct relay r = begin();
	int before;

	(void)state;
	relay_all(&r, BULK);
	end(&r);
	before = descriptors();
	for (unsigned i = 0; i < 3; i++) {
		r = begin();
		fill_up(&r);
		assert_int_not_equal(port.system.way[r.from].pipe, 0);
		end(&r);
		r = begin();
		relay_all(&r, BULK / 4);
		end(&r);
		assert_int_equal(descriptors(), before);
	}
}

static void fini_closes_the_pipes(void **state)
{
	static const struct port_config config;
	struct relay r[2];
	int before;

	(void)state;
	port_fini(&port);
	before = descriptors();
	assert_int_equal(port_init(&port, &config), 0);
	for (unsigned i = 0; i < 2; i++) {
		r[i] = begin();
		fill_up(&r[i]);
		r[i].pause_at = SIZE_MAX;
	}
	for (unsigned i = 0; i < 2; i++)
		relay_all(&r[i], r[i].sent);
	port_fini(&port);
	for (unsigned i = 0; i < 2; i++) {
		close(r[i].source);
		close(r[i].sink);
	}
	assert_int_equal(descriptors(), before);
	assert_int_equal(port_init(&port, &config), 0);
}

/* ---- Without pipes ---- */

static void without_a_pipe(void **state)
{
	static const int errors[] = {EMFILE, ENFILE, ENOSYS};

	(void)state;
	for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct relay r = begin();

		calls.no_pipes = errors[i];
		relay_all(&r, BULK / 4);
		assert_true(calls.spliced == 0 && !r.held);
		end(&r);
	}
}

/* Descriptors are for sockets first. */
static void few_descriptors(void **state)
{
	static const struct port_config config;
	static const rlim_t enough = FDSET_NEEDED - 2 * SYSTEM_PIPES;
	struct relay r;

	(void)state;
	port_fini(&port);
	calls.descriptors = enough + 3;
	assert_int_equal(port_init(&port, &config), 0);
	assert_int_equal(port.system.pipes, 1);
	port_fini(&port);
	calls.descriptors = enough;
	assert_int_equal(port_init(&port, &config), 0);
	r = begin();
	relay_all(&r, BULK / 4);
	assert_true(calls.spliced == 0 && !r.held);
	end(&r);
}

static void without_splice(void **state)
{
	struct relay r = begin();
	int before;

	(void)state;
	calls.no_splice = true;
	before = descriptors();
	relay_all(&r, BULK / 4);
	assert_int_equal(descriptors(), before);
	assert_true(calls.spliced == 0 && !r.held);
	end(&r);
}

/* More streams that wait than there are pipes: the last ones are shown, sent and dropped, and all are whole. */
static void more_streams_than_pipes(void **state)
{
	enum { STREAMS = SYSTEM_PIPES + 4 };
	struct relay r[STREAMS];
	unsigned held = 0;

	(void)state;
	if (PORT_SOCKETS < 2 * STREAMS + 1)
		skip_because("built with fewer sockets than it takes");
	for (unsigned i = 0; i < STREAMS; i++) {
		r[i] = begin();
		fill_up(&r[i]);
		held += port.system.way[r[i].from].pipe != 0;
	}
	assert_int_equal(held, SYSTEM_PIPES);
	for (unsigned i = 0; i < STREAMS; i++) {
		r[i].pause_at = SIZE_MAX;
		relay_all(&r[i], r[i].sent);
		end(&r[i]);
	}
}

#define MOVE_TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)

static void is_disabled(void **state)
{
	(void)state;
	skip_because("built without FAST");
}

int main(void)
{
	const struct CMUnitTest none[] = {cmocka_unit_test(is_disabled)};
	const struct CMUnitTest tests[] = {
		MOVE_TEST(bulk_is_spliced),
		MOVE_TEST(little_is_copied),
		MOVE_TEST(bulk_that_becomes_little),
		MOVE_TEST(short_splices),
		MOVE_TEST(urgent_bytes),
		MOVE_TEST(an_end_comes_after_what_is_in_the_pipe),
		MOVE_TEST(a_reset_of_the_source),
		MOVE_TEST(a_reset_of_the_sink),
		MOVE_TEST(a_reset_that_is_swallowed),
		MOVE_TEST(closing_drops_what_is_in_the_pipe),
		MOVE_TEST(fini_closes_the_pipes),
		MOVE_TEST(without_a_pipe),
		MOVE_TEST(few_descriptors),
		MOVE_TEST(without_splice),
		MOVE_TEST(more_streams_than_pipes),
	};

	if (!CONFIG_ANKLET_FAST)
		return cmocka_run_group_tests_name("move on Linux", none, NULL, NULL);
	return cmocka_run_group_tests_name("move on Linux", tests, NULL, NULL);
}

/*
 * Connections with the server through a proxy, one by one: asking for them, and the messages
 * that are sent back.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 10 /* seconds without anything, and an order has failed */
#define AT_A_TIME_MAX 256

struct route route;
char load_error[256];

bool fail(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsnprintf(load_error, sizeof load_error, format, words);
	va_end(words);
	return false;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void latencies_add(struct latencies *all, uint64_t ns)
{
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 4096;
		all->ns = realloc(all->ns, all->room * sizeof *all->ns);
		if (!all->ns)
			abort();
	}
	all->ns[all->count++] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static int shorter(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

double latencies_us(struct latencies *all, double share)
{
	if (all->count == 0)
		return 0;
	qsort(all->ns, all->count, sizeof *all->ns, shorter);
	return all->ns[(size_t)(share * (double)(all->count - 1))] / 1e3;
}

/* ---- What is said before a connection is the server's: the proxy's requests and replies ---- */

struct exchange {
	unsigned char request[16];
	size_t request_len, reply_len;
	unsigned char granted; /* the second byte of a reply */
};

static unsigned exchanges(struct exchange out[2])
{
	unsigned char high = (unsigned char)(route.server_port >> 8);
	unsigned char low = (unsigned char)route.server_port;

	switch (route.protocol) {
	case SOCKS4:
		out[0] = (struct exchange){{4, 1, high, low, 127, 0, 0, 1, 0}, 9, 8, 90};
		return 1;
	case SOCKS5:
		out[0] = (struct exchange){{5, 1, 0}, 3, 2, 0};
		out[1] = (struct exchange){{5, 1, 0, 1, 127, 0, 0, 1, high, low}, 10, 10, 0};
		return 2;
	case DIRECT:
		break;
	}
	return 0;
}

static int new_socket(int flags)
{
	struct timeval patience = {.tv_sec = PATIENCE};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

static int connect_to_route(int fd)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_port = htons(route.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return connect(fd, (struct sockaddr *)&at, sizeof at);
}

/* The number of bytes that were expected, or less with 'load_error'. */
static bool read_all(int fd, unsigned char *to, size_t count)
{
	for (size_t got = 0; got < count;) {
		ssize_t some = recv(fd, to + got, count - got, 0);

		if (some <= 0)
			return fail(some == 0 ? "the connection ended" : "no answer: %s",
				strerror(errno));
		got += (size_t)some;
	}
	return true;
}

int dial(void)
{
	struct exchange ask[2];
	unsigned count = exchanges(ask);
	unsigned char reply[16];
	int fd = new_socket(0);
	bool good = fd >= 0 && connect_to_route(fd) == 0;

	if (!good)
		fail("cannot connect: %s", strerror(errno));
	for (unsigned i = 0; good && i < count; i++) {
		send(fd, ask[i].request, ask[i].request_len, MSG_NOSIGNAL);
		good = read_all(fd, reply, ask[i].reply_len) &&
		       (reply[1] == ask[i].granted || fail("refused with %d", reply[1]));
	}
	if (!good && fd >= 0)
		close(fd);
	return good ? fd : -1;
}

void message_fill(unsigned char *message, bool first, uint32_t number, uint64_t sequence)
{
	struct header header = {.magic = MAGIC, .kind = ECHO, .run = current_run};

	pattern_fill(message, MESSAGE, (uint64_t)number << 32 | current_run, sequence * MESSAGE);
	if (first)
		memcpy(message, &header, sizeof header);
}

bool say(int fd, bool first, uint32_t number, uint64_t sequence)
{
	unsigned char message[MESSAGE], answer[MESSAGE];

	message_fill(message, first, number, sequence);
	if (send(fd, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE)
		return fail("cannot send: %s", strerror(errno));
	return read_all(fd, answer, MESSAGE) &&
	       (memcmp(message, answer, MESSAGE) == 0 || fail("bytes differ in an answer"));
}

/* ---- Many, so many at a time ---- */

struct attempt {
	int fd;
	unsigned step; /* which of the exchanges; the one after the last is the message */
	bool connected;
	uint32_t number;
	uint64_t begun;
	unsigned char message[MESSAGE], answer[MESSAGE];
	size_t got;
};

struct crowd {
	const struct connections *order;
	struct attempt attempts[AT_A_TIME_MAX];
	struct exchange ask[2];
	unsigned exchanges, open;
	int waiting;
	uint64_t begun, started, done;
	struct latencies *each;
};

static bool goes_on(const struct crowd *crowd)
{
	const struct connections *order = crowd->order;

	return order->seconds > 0 ? (double)(now_ns() - crowd->begun) < order->seconds * 1e9
				  : crowd->started < order->count;
}

static bool attempt_watch(struct crowd *crowd, struct attempt *attempt, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = attempt};

	return epoll_ctl(crowd->waiting, how, attempt->fd, &event) == 0;
}

static bool attempt_begin(struct crowd *crowd, struct attempt *attempt)
{
	*attempt = (struct attempt){.fd = -1, .number = (uint32_t)++crowd->started};
	attempt->begun = now_ns();
	attempt->fd = new_socket(SOCK_NONBLOCK);
	if (attempt->fd < 0 || (connect_to_route(attempt->fd) != 0 && errno != EINPROGRESS))
		return fail("connection %u: cannot connect: %s", attempt->number, strerror(errno));
	crowd->open++;
	return attempt_watch(crowd, attempt, EPOLL_CTL_ADD, EPOLLOUT);
}

static bool attempt_send(struct crowd *crowd, struct attempt *attempt)
{
	const struct exchange *ask = &crowd->ask[attempt->step];
	bool last = attempt->step == crowd->exchanges;
	size_t count = last ? MESSAGE : ask->request_len;

	message_fill(attempt->message, true, attempt->number, 0);
	attempt->got = 0;
	return send(attempt->fd, last ? attempt->message : ask->request, count, MSG_NOSIGNAL) ==
		       (ssize_t)count ||
	       fail("connection %u: cannot send: %s", attempt->number, strerror(errno));
}

static bool attempt_over(struct crowd *crowd, struct attempt *attempt)
{
	if (memcmp(attempt->message, attempt->answer, MESSAGE) != 0)
		return fail("connection %u: bytes differ in the answer", attempt->number);
	latencies_add(crowd->each, now_ns() - attempt->begun);
	if (crowd->order->held) {
		attempt_watch(crowd, attempt, EPOLL_CTL_DEL, 0);
		fcntl(attempt->fd, F_SETFL, 0); /* from now on they are waited for one by one */
		crowd->order->held[crowd->done] = attempt->fd;
	} else {
		close(attempt->fd);
	}
	attempt->fd = -1;
	crowd->done++;
	crowd->open--;
	return !goes_on(crowd) || attempt_begin(crowd, attempt);
}

static bool attempt_run(struct crowd *crowd, struct attempt *attempt)
{
	bool last = attempt->step == crowd->exchanges;
	size_t due = last ? MESSAGE : crowd->ask[attempt->step].reply_len;

	if (!attempt->connected) {
		int error = 0;
		socklen_t size = sizeof error;

		getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error)
			return fail("connection %u: cannot connect: %s", attempt->number,
				strerror(error));
		attempt->connected = true;
		return attempt_watch(crowd, attempt, EPOLL_CTL_MOD, EPOLLIN) &&
		       attempt_send(crowd, attempt);
	}
	ssize_t count = recv(attempt->fd, attempt->answer + attempt->got, due - attempt->got, 0);

	if (count <= 0)
		return (count < 0 && errno == EAGAIN) ||
		       fail("connection %u: %s", attempt->number,
			       count < 0 ? strerror(errno) : "ended without an answer");
	attempt->got += (size_t)count;
	if (attempt->got < due)
		return true;
	if (last)
		return attempt_over(crowd, attempt);
	if (attempt->answer[1] != crowd->ask[attempt->step].granted)
		return fail("connection %u: refused with %d", attempt->number, attempt->answer[1]);
	attempt->step++;
	return attempt_send(crowd, attempt);
}

static bool crowd_run(struct crowd *crowd)
{
	struct epoll_event events[AT_A_TIME_MAX];

	for (unsigned i = 0; i < crowd->order->at_a_time; i++)
		crowd->attempts[i].fd = -1;
	for (unsigned i = 0; i < crowd->order->at_a_time && goes_on(crowd); i++)
		if (!attempt_begin(crowd, &crowd->attempts[i]))
			return false;
	while (crowd->open > 0) {
		int count = epoll_wait(crowd->waiting, events, AT_A_TIME_MAX, PATIENCE * 1000);

		if (count <= 0)
			return fail("%llu connections done, then nothing for %d s",
				(unsigned long long)crowd->done, PATIENCE);
		for (int i = 0; i < count; i++)
			if (!attempt_run(crowd, events[i].data.ptr))
				return false;
	}
	return true;
}

bool connections_run(
	const struct connections *order, uint64_t *done, double *took, struct latencies *each)
{
	static struct crowd crowd;

	if (order->at_a_time < 1 || order->at_a_time > AT_A_TIME_MAX)
		return fail("1 to %d at a time", AT_A_TIME_MAX);
	current_run++;
	crowd = (struct crowd){.order = order, .each = each, .begun = now_ns()};
	crowd.exchanges = exchanges(crowd.ask);
	crowd.waiting = epoll_create1(EPOLL_CLOEXEC);
	bool good = crowd_run(&crowd);

	*took = (double)(now_ns() - crowd.begun) / 1e9;
	*done = crowd.done;
	for (unsigned i = 0; i < order->at_a_time; i++)
		if (crowd.attempts[i].fd >= 0)
			close(crowd.attempts[i].fd);
	close(crowd.waiting);
	return good;
}

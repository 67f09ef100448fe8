/*
 * load: both ends of what a proxy is measured with, in one process: one thread is the server, one
 * the clients. bench/load.py starts it and reads its answers.
 *
 * The first line of output is the server's port, on 127.0.0.1. Then each line of input is an order,
 * and is answered with one line of JSON, with "error" in it where the order failed:
 *
 *   via direct|socks4|socks5 PORT          how the orders after it reach the server
 *   bulk up|down|both STREAMS SECONDS plain|verify
 *   connections AT_A_TIME SECONDS COUNT    each with a message back and forth; 0 s: COUNT of them
 *   trips STREAMS SECONDS                  messages back and forth
 *   hold COUNT                             sessions that stay, and are idle, until 'release'
 *   ask COUNT quiet|busy                   a message on COUNT held ones in turn; busy: beside one that
 *                                          is never idle
 *   release
 *
 * Messages are always compared with what was sent. It ends with its input.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HELD_MAX 16384
#define HELD_AT_A_TIME 64 /* are begun */
#define PAUSE_NS 500000   /* before an idle session is asked, so that the proxy sleeps */

static int held[HELD_MAX];
static unsigned held_count, held_next;
static uint64_t held_sequence;

/* ---- Round trips ---- */

struct talk {
	int fd;
	uint64_t sequence, begun;
	unsigned char message[MESSAGE], answer[MESSAGE];
	size_t got;
};

static bool talk_send(struct talk *talk, uint32_t number)
{
	message_fill(talk->message, talk->sequence == 0, number, talk->sequence);
	talk->sequence++;
	talk->got = 0;
	talk->begun = now_ns();
	return send(talk->fd, talk->message, MESSAGE, MSG_NOSIGNAL) == MESSAGE ||
	       fail("stream %u: cannot send: %s", number, strerror(errno));
}

/* over: when a whole answer ends the talk, which is then counted off. */
static bool talk_run(
	struct talk *talk, uint32_t number, bool over, unsigned *open, struct latencies *each)
{
	ssize_t count = recv(talk->fd, talk->answer + talk->got, MESSAGE - talk->got, MSG_DONTWAIT);

	if (count < 0 && errno == EAGAIN)
		return true;
	if (count <= 0)
		return fail("stream %u: broke after %zu answers: %s", number, each->count,
			count == 0 ? "it ended" : strerror(errno));
	talk->got += (size_t)count;
	if (talk->got < MESSAGE)
		return true;
	if (memcmp(talk->message, talk->answer, MESSAGE) != 0)
		return fail("stream %u: bytes differ in an answer", number);
	latencies_add(each, now_ns() - talk->begun);
	if (!over)
		return talk_send(talk, number);
	--*open;
	return true;
}

static bool talk_all(
	struct talk *talks, unsigned count, double seconds, int waiting, struct latencies *each)
{
	struct epoll_event events[STREAMS_MAX];
	unsigned open = count;

	for (unsigned i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

		talks[i].fd = dial();
		if (talks[i].fd < 0 || epoll_ctl(waiting, EPOLL_CTL_ADD, talks[i].fd, &event) != 0)
			return false;
	}
	uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);

	for (unsigned i = 0; i < count; i++)
		if (!talk_send(&talks[i], i))
			return false;
	while (open > 0) {
		int ready = epoll_wait(waiting, events, STREAMS_MAX, 10000);

		if (ready <= 0)
			return fail("%zu answers, then none for 10 s", each->count);
		for (int i = 0; i < ready; i++) {
			uint32_t number = events[i].data.u32;

			if (!talk_run(&talks[number], number, now_ns() >= end, &open, each))
				return false;
		}
	}
	return true;
}

static bool trips_run(unsigned count, double seconds, double *took, struct latencies *each)
{
	static struct talk talks[STREAMS_MAX];

	if (count < 1 || count > STREAMS_MAX)
		return fail("1 to %d streams", STREAMS_MAX);
	current_run++;
	memset(talks, 0, sizeof talks);
	for (unsigned i = 0; i < count; i++)
		talks[i].fd = -1;
	int waiting = epoll_create1(EPOLL_CLOEXEC);
	uint64_t begun = now_ns();
	bool good = talk_all(talks, count, seconds, waiting, each);

	*took = (double)(now_ns() - begun) / 1e9;
	for (unsigned i = 0; i < count; i++)
		if (talks[i].fd >= 0)
			close(talks[i].fd);
	close(waiting);
	return good;
}

/* ---- Idle sessions ---- */

struct busy {
	pthread_t thread;
	int fd;
	atomic_bool stop, failed;
};

static void *keep_busy(void *argument)
{
	struct busy *busy = argument;
	unsigned char message[MESSAGE] = {0};
	struct header header = {.magic = MAGIC, .kind = ECHO};

	memcpy(message, &header, sizeof header);
	while (!busy->stop && !busy->failed)
		if (send(busy->fd, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE ||
			recv(busy->fd, message, MESSAGE, MSG_WAITALL) != MESSAGE)
			busy->failed = true;
	return NULL;
}

static bool ask_held(unsigned count, struct latencies *each)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (unsigned i = 0; i < count; i++) {
		unsigned number = held_next++ % held_count;

		nanosleep(&pause, NULL);
		uint64_t begun = now_ns();

		if (!say(held[number], false, number, ++held_sequence))
			return false;
		latencies_add(each, now_ns() - begun);
	}
	return true;
}

static bool ask_run(unsigned count, bool beside_busy, struct latencies *each)
{
	struct busy busy = {.fd = -1};

	if (held_count == 0)
		return fail("no sessions are held");
	if (!beside_busy)
		return ask_held(count, each);
	busy.fd = dial();
	if (busy.fd < 0 || pthread_create(&busy.thread, NULL, keep_busy, &busy) != 0)
		return false;
	bool good = ask_held(count, each);

	busy.stop = true;
	pthread_join(busy.thread, NULL);
	close(busy.fd);
	return good && (!busy.failed || fail("the busy session broke"));
}

static void release(void)
{
	for (unsigned i = 0; i < held_count; i++)
		close(held[i]);
	held_count = 0;
}

/* ---- Orders ---- */

static void answer(bool good, uint64_t count, double took, struct latencies *each)
{
	printf("{\"count\": %llu, \"seconds\": %.6f", (unsigned long long)count, took);
	if (each)
		printf(", \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f", latencies_us(each, 0.5),
			latencies_us(each, 0.9), latencies_us(each, 0.99));
	if (!good)
		printf(", \"error\": \"%s\"", load_error);
	puts("}");
	fflush(stdout);
}

static unsigned count_of(const char *word)
{
	return (unsigned)strtoul(word, NULL, 10);
}

static void order_via(char **words)
{
	static const char *const names[] = {"direct", "socks4", "socks5"};
	bool known = false;

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(words[1], names[i]) == 0) {
			route.protocol = (enum protocol)i;
			route.port = (uint16_t)count_of(words[2]);
			known = true;
		}
	answer(known || fail("no such protocol"), 0, 0, NULL);
}

static void order_bulk(char **words)
{
	struct bulk order = {.up = strcmp(words[1], "down") != 0,
		.down = strcmp(words[1], "up") != 0,
		.streams = count_of(words[2]),
		.seconds = strtod(words[3], NULL),
		.verify = strcmp(words[4], "verify") == 0};
	uint64_t bytes = 0;
	double took = 0;
	bool good = bulk_run(&order, &bytes, &took);

	answer(good, bytes, took, NULL);
}

static void order_connections(char **words)
{
	struct connections order = {.at_a_time = count_of(words[1]),
		.seconds = strtod(words[2], NULL),
		.count = count_of(words[3])};
	struct latencies each = {0};
	uint64_t done = 0;
	double took = 0;
	bool good = connections_run(&order, &done, &took, &each);

	answer(good, done, took, &each);
	free(each.ns);
}

static void order_trips(char **words)
{
	struct latencies each = {0};
	double took = 0;
	bool good = trips_run(count_of(words[1]), strtod(words[2], NULL), &took, &each);

	answer(good, each.count, took, &each);
	free(each.ns);
}

static void order_hold(char **words)
{
	struct connections order = {
		.at_a_time = HELD_AT_A_TIME, .count = count_of(words[1]), .held = held};
	struct latencies each = {0};
	uint64_t done = 0;
	double took = 0;

	release();
	bool good = order.count <= HELD_MAX ? connections_run(&order, &done, &took, &each)
					    : fail("%d at most", HELD_MAX);

	held_count = (unsigned)done;
	answer(good, done, took, &each);
	free(each.ns);
}

static void order_ask(char **words)
{
	struct latencies each = {0};
	uint64_t begun = now_ns();
	bool good = ask_run(count_of(words[1]), strcmp(words[2], "busy") == 0, &each);

	answer(good, each.count, (double)(now_ns() - begun) / 1e9, &each);
	free(each.ns);
}

static void order_release(char **words)
{
	(void)words;
	release();
	answer(true, 0, 0, NULL);
}

#define WORDS_MAX 6

static const struct order {
	const char *name;
	unsigned words;
	void (*run)(char **words);
} orders[] = {
	{"via", 3, order_via},
	{"bulk", 5, order_bulk},
	{"connections", 4, order_connections},
	{"trips", 3, order_trips},
	{"hold", 2, order_hold},
	{"ask", 3, order_ask},
	{"release", 1, order_release},
};

static void carry_out(char *line)
{
	char *words[WORDS_MAX] = {""}, *rest = NULL;
	unsigned count = 0;

	for (char *word = strtok_r(line, " \n", &rest); word && count < WORDS_MAX;
		word = strtok_r(NULL, " \n", &rest))
		words[count++] = word;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (count == orders[i].words && strcmp(words[0], orders[i].name) == 0) {
			orders[i].run(words);
			return;
		}
	answer(fail("not understood"), 0, 0, NULL);
}

int main(void)
{
	struct rlimit files;
	char line[128];
	int port;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	port = server_start();
	if (port < 0) {
		perror("load: the server does not start");
		return 1;
	}
	route.port = route.server_port = (uint16_t)port;
	printf("%d\n", port);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin))
		carry_out(line);
	return 0;
}

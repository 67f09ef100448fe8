/*
 * Streams in bulk, up, down or both ways. They begin at the same time; when the time is over
 * whoever sends stops, and the run ends when every byte that was sent has arrived.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define STILL_NS 10000000000u /* nothing moves for so long, and the run has failed */

struct end {
	int fd;
	uint64_t received, seed;
	struct source up;
};

struct run {
	const struct bulk *order;
	struct end *ends;
	int waiting;
	bool sending;
};

static uint32_t events_of(const struct run *run)
{
	return EPOLLIN | (run->order->up && run->sending ? EPOLLOUT : 0);
}

static bool open_end(struct run *run, unsigned number)
{
	struct end *end = &run->ends[number];
	struct header header = {.magic = MAGIC,
		.kind = run->order->up ? run->order->down ? BOTH : UP : DOWN,
		.verify = run->order->verify,
		.stream = (uint16_t)number,
		.run = current_run};
	unsigned char first[MESSAGE] = {0};
	struct epoll_event event = {.events = events_of(run), .data.u32 = number};

	memcpy(first, &header, sizeof header);
	end->up.seed = pattern_seed(current_run, (uint16_t)number, false);
	end->up.verify = run->order->verify;
	end->seed = pattern_seed(current_run, (uint16_t)number, true);
	end->fd = dial();
	if (end->fd < 0)
		return false;
	if (send(end->fd, first, MESSAGE, MSG_NOSIGNAL) != MESSAGE)
		return fail("stream %u: cannot send: %s", number, strerror(errno));
	fcntl(end->fd, F_SETFL, O_NONBLOCK);
	return epoll_ctl(run->waiting, EPOLL_CTL_ADD, end->fd, &event) == 0;
}

static bool receive(struct run *run, unsigned number)
{
	static unsigned char data[BLOCK];
	struct end *end = &run->ends[number];
	ssize_t count = recv(end->fd, data, sizeof data, MSG_DONTWAIT);

	if (count < 0 && errno == EAGAIN)
		return true;
	if (count <= 0)
		return fail("stream %u: broke after %llu bytes: %s", number,
			(unsigned long long)end->received,
			count == 0 ? "it ended" : strerror(errno));
	if (run->order->verify) {
		int64_t wrong = pattern_check(data, (size_t)count, end->seed, end->received);

		if (wrong >= 0)
			return fail("stream %u: bytes differ, down, from offset %lld", number,
				(long long)wrong);
	}
	end->received += (size_t)count;
	return true;
}

static void stop_sending(struct run *run)
{
	run->sending = false;
	for (unsigned i = 0; i < run->order->streams; i++) {
		struct epoll_event event = {.events = events_of(run), .data.u32 = i};

		epoll_ctl(run->waiting, EPOLL_CTL_MOD, run->ends[i].fd, &event);
		streams[i].stop = true;
	}
}

/* Has everything arrived that was sent? */
static bool arrived(const struct run *run)
{
	for (unsigned i = 0; i < run->order->streams; i++) {
		const struct end *end = &run->ends[i];

		if (run->order->up && streams[i].received < end->up.sent)
			return false;
		if (run->order->down && (!streams[i].stopped || end->received < streams[i].sent))
			return false;
	}
	return true;
}

/* A proxy may add bytes, too. And what the server saw differ is said here. */
static bool is_right(const struct run *run)
{
	for (unsigned i = 0; i < run->order->streams; i++) {
		const struct end *end = &run->ends[i];

		if (streams[i].wrong >= 0)
			return fail("stream %u: bytes differ, up, from offset %lld", i,
				(long long)streams[i].wrong);
		if ((run->order->up && streams[i].received > end->up.sent) ||
			(streams[i].stopped && end->received > streams[i].sent))
			return fail("stream %u: more bytes arrived than were sent", i);
		if (streams[i].closed)
			return fail("stream %u: the proxy closed it at the server's side", i);
	}
	return true;
}

static uint64_t moved(const struct run *run)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < run->order->streams; i++)
		bytes += run->ends[i].received + streams[i].received;
	return bytes;
}

static bool pump(struct run *run, uint64_t begun)
{
	struct epoll_event events[STREAMS_MAX];
	uint64_t last_bytes = 0, last_moved = begun;

	while (run->sending || !arrived(run)) {
		int count = epoll_wait(run->waiting, events, STREAMS_MAX, run->sending ? 100 : 1);
		uint64_t now = now_ns();

		for (int i = 0; i < count; i++) {
			unsigned number = events[i].data.u32;
			struct end *end = &run->ends[number];

			if (events[i].events & ~(uint32_t)EPOLLOUT && !receive(run, number))
				return false;
			if (events[i].events & EPOLLOUT && run->sending &&
				source_send(&end->up, end->fd, BLOCK) < 0 && errno != EAGAIN)
				return fail("stream %u: cannot send: %s", number, strerror(errno));
		}
		if (run->sending && (double)(now - begun) >= run->order->seconds * 1e9)
			stop_sending(run);
		if (moved(run) != last_bytes) {
			last_bytes = moved(run);
			last_moved = now;
		} else if (now > last_moved + STILL_NS) {
			return is_right(run) && fail("%llu bytes, then none for 10 s",
							(unsigned long long)last_bytes);
		}
		if (!is_right(run))
			return false;
	}
	return is_right(run);
}

bool bulk_run(const struct bulk *order, uint64_t *bytes, double *took)
{
	struct run run = {.order = order, .sending = true};
	bool good = true;

	if (order->streams < 1 || order->streams > STREAMS_MAX)
		return fail("1 to %d streams", STREAMS_MAX);
	current_run++;
	for (unsigned i = 0; i < order->streams; i++) {
		streams[i].received = streams[i].sent = 0;
		streams[i].wrong = -1;
		streams[i].stop = streams[i].stopped = streams[i].closed = false;
	}
	run.ends = calloc(order->streams, sizeof *run.ends);
	run.waiting = epoll_create1(EPOLL_CLOEXEC);
	if (!run.ends || run.waiting < 0)
		abort();
	for (unsigned i = 0; i < order->streams; i++)
		run.ends[i].fd = -1;
	for (unsigned i = 0; good && i < order->streams; i++)
		good = open_end(&run, i);
	uint64_t begun = now_ns();

	good = good && pump(&run, begun);
	*took = (double)(now_ns() - begun) / 1e9;
	*bytes = moved(&run);
	for (unsigned i = 0; i < order->streams; i++)
		if (run.ends[i].fd >= 0)
			close(run.ends[i].fd);
	close(run.waiting);
	free(run.ends);
	return good;
}

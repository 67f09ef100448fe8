/*
 * The server behind the proxy: one thread around one epoll. A connection's first message says
 * what it is for; see load.h.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEERS_MAX 65536

struct stream streams[STREAMS_MAX];
_Atomic uint32_t current_run;

struct peer {
	int fd;
	unsigned char first[MESSAGE];
	size_t first_len;
	struct header header;
	uint64_t received;
	int64_t wrong;
	struct source *source; /* of those that pour */
};

static int waiting, listener;
static struct peer *peers[PEERS_MAX]; /* by descriptor */

static bool is(const struct peer *peer, const char *kinds)
{
	return strchr(kinds, peer->header.kind) != NULL;
}

/* The stream of the run that is going on, or NULL. */
static struct stream *stream_of(const struct peer *peer)
{
	return is(peer, "udb") && peer->header.run == current_run ? &streams[peer->header.stream]
								  : NULL;
}

static void watch(struct peer *peer, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = peer->fd};

	epoll_ctl(waiting, how, peer->fd, &event);
}

static void forget(struct peer *peer)
{
	struct stream *stream = stream_of(peer);

	if (stream)
		stream->closed = true;
	peers[peer->fd] = NULL;
	close(peer->fd);
	free(peer->source);
	free(peer);
}

static void admit(void)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct peer *peer = fd < PEERS_MAX ? calloc(1, sizeof *peer) : NULL;

		if (!peer)
			abort();
		peers[fd] = peer;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
		peer->fd = fd;
		peer->wrong = -1;
		watch(peer, EPOLL_CTL_ADD, EPOLLIN);
	}
}

static bool echo(const struct peer *peer, const unsigned char *data, size_t count)
{
	return send(peer->fd, data, count, MSG_NOSIGNAL) == (ssize_t)count;
}

/* The first message, perhaps in pieces: false, if the connection is over or is nobody's. */
static bool begin(struct peer *peer)
{
	ssize_t count = recv(peer->fd, peer->first + peer->first_len, MESSAGE - peer->first_len, 0);

	if (count <= 0)
		return count < 0 && errno == EAGAIN;
	peer->first_len += (size_t)count;
	if (peer->first_len < MESSAGE)
		return true;
	memcpy(&peer->header, peer->first, sizeof peer->header);
	if (peer->header.magic != MAGIC || peer->header.stream >= STREAMS_MAX)
		return false;
	if (is(peer, "dbp")) {
		peer->source = calloc(1, sizeof *peer->source);
		if (!peer->source)
			abort();
		peer->source->verify = peer->header.verify;
		peer->source->seed = pattern_seed(peer->header.run, peer->header.stream, true);
		watch(peer, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	}
	return is(peer, "e") ? echo(peer, peer->first, MESSAGE) : true;
}

/* What a client sends in bulk is counted and, if it is so agreed, verified. */
static bool take(struct peer *peer, const unsigned char *data, size_t count)
{
	struct stream *stream = stream_of(peer);
	uint64_t seed = pattern_seed(peer->header.run, peer->header.stream, false);

	if (peer->header.verify && peer->wrong < 0)
		peer->wrong = pattern_check(data, count, seed, peer->received);
	peer->received += count;
	if (stream) {
		stream->wrong = peer->wrong;
		stream->received = peer->received;
	}
	if (is(peer, "s") && peer->received >= peer->header.count) {
		uint64_t answer[2] = {peer->received, (uint64_t)peer->wrong};

		return send(peer->fd, answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer;
	}
	return true;
}

static bool readable(struct peer *peer)
{
	static unsigned char data[BLOCK];

	if (peer->first_len < MESSAGE)
		return begin(peer);
	ssize_t count = recv(peer->fd, data, is(peer, "e") ? 4096 : sizeof data, 0);

	if (count <= 0)
		return count < 0 && errno == EAGAIN;
	return is(peer, "e") ? echo(peer, data, (size_t)count) : take(peer, data, (size_t)count);
}

static bool writable(struct peer *peer)
{
	struct stream *stream = stream_of(peer);
	uint64_t left = is(peer, "p") ? peer->header.count - peer->source->sent : BLOCK;

	if (is(peer, "db") && !stream)
		return false;
	if (left == 0 || (stream && stream->stop)) {
		watch(peer, EPOLL_CTL_MOD, EPOLLIN);
		if (stream) {
			stream->sent = peer->source->sent;
			stream->stopped = true;
		}
		return true;
	}
	return source_send(peer->source, peer->fd, left) > 0 || errno == EAGAIN;
}

static void *serve(void *unused)
{
	struct epoll_event events[64];

	for (;;) {
		int count = epoll_wait(waiting, events, 64, -1);

		for (int i = 0; i < count; i++) {
			struct peer *peer = peers[events[i].data.fd];
			bool good = true;

			if (!peer) {
				admit();
				continue;
			}
			if (events[i].events & ~(uint32_t)EPOLLOUT)
				good = readable(peer);
			if (good && events[i].events & EPOLLOUT)
				good = writable(peer);
			if (!good)
				forget(peer);
		}
	}
	return unused;
}

int server_start(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN};
	socklen_t size = sizeof at;
	pthread_t thread;

	waiting = epoll_create1(EPOLL_CLOEXEC);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (waiting < 0 || listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
		listen(listener, 4096) != 0 ||
		getsockname(listener, (struct sockaddr *)&at, &size) != 0)
		return -1;
	event.data.fd = listener;
	if (epoll_ctl(waiting, EPOLL_CTL_ADD, listener, &event) != 0 ||
		pthread_create(&thread, NULL, serve, NULL) != 0)
		return -1;
	return ntohs(at.sin_port);
}

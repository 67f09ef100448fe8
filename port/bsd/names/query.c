/*
 * One question to the name servers. See query.h.
 *
 * Every way out of a try leads through next_try() or finish(): the one goes on to
 * the next server, the other leaves a result. Neither is called by what it calls.
 */
#define _DEFAULT_SOURCE /* clock_gettime() */

#include "query.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "internal.h"

#define DATAGRAMS_MAX 16 /* looked at in one turn: a flood of forgeries keeps nobody else waiting */

static uint32_t now_s(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)t.tv_sec;
}

/* Gives back what a try holds. */
static void end_try(struct port *p, struct query *q)
{
	if (q->entry >= 0)
		socket_close_query(p, q->entry);
	if (q->buffer >= 0)
		p->resolver.tcp[q->buffer].taken = false;
	q->entry = -1;
	q->buffer = -1;
	q->phase = QUERY_IDLE;
}

static void finish(struct port *p, struct query *q, enum dns_result result)
{
	end_try(p, q);
	q->result = (uint8_t)result;
	if (CONFIG_ANKLET_NAME_CACHE > 0 && result != DNS_FAILED)
		name_cache_add(&p->resolver.cache, &q->question, now_s(), result, &q->answer);
}

void query_cancel(struct port *p, struct query *q)
{
	end_try(p, q);
}

/* The server of the current try. */
static socklen_t server_of(
	const struct port *p, const struct query *q, struct sockaddr_storage *out)
{
	const struct resolver *r = &p->resolver;
	struct address at = r->server[(q->tries - 1) % r->servers];

	if (at.port == 0)
		at.port = r->server_port;
	return address_to_system(&at, out);
}

/*
 * Opens a socket for q and begins to connect it to the current server. 0, or the
 * errno; ENOBUFS stands for every want of resources.
 */
static int open_socket(struct port *p, struct query *q, int type)
{
	struct sockaddr_storage to;
	socklen_t to_len = server_of(p, q, &to);
	int fd = system_socket(to.ss_family, type), entry;

	if (fd < 0)
		return errno == EAFNOSUPPORT ? EAFNOSUPPORT : ENOBUFS;
	entry = socket_new_query(p, fd);
	if (entry < 0)
		return ENOBUFS;
	q->entry = (int16_t)entry;
	if (connect(fd, (const struct sockaddr *)&to, to_len) != 0 && errno != EINPROGRESS)
		return errno;
	return 0;
}

static bool is_lack(int error)
{
	return error == ENOBUFS || error == ENOMEM || error == EAGAIN || error == EWOULDBLOCK;
}

/*
 * Sends the question to the current server. False when it cannot be reached. A
 * question that found no resources counts as lost on its way, so that it is
 * asked again when some may be free.
 */
static bool ask(struct port *p, struct query *q)
{
	uint8_t query[DNS_QUERY_MAX];
	int error = open_socket(p, q, SOCK_DGRAM);

	if (error == 0) {
		size_t len = dns_query(query, &q->question);

		if (send(socket_fd(p, q->entry), query, len, MSG_NOSIGNAL) < 0)
			error = errno;
		socket_await_read(p, q->entry);
	}
	return error == 0 || is_lack(error);
}

static unsigned tries_max(const struct resolver *r)
{
	return (unsigned)r->servers * r->files.conf.attempts;
}

static uint32_t try_ms(const struct resolver *r, unsigned number)
{
	uint32_t ms = (uint32_t)r->files.conf.timeout_s * 1000;

	/* A look-up that would last needlessly long after one lost datagram, but not the last try. */
	if (number <= r->servers && r->files.conf.attempts > 1 && ms > r->first_try_ms)
		ms = r->first_try_ms;
	return ms;
}

static bool new_id(struct port *p, struct query *q)
{
	return port_random(p, &q->question.id, sizeof q->question.id) == 0;
}

/* Goes on to the next server that can be asked; when every try is used up the query has failed. */
static void next_try(struct port *p, struct query *q)
{
	const struct resolver *r = &p->resolver;

	end_try(p, q);
	/* The first id is there already. */
	while (q->tries < tries_max(r) && (q->tries == 0 || new_id(p, q))) {
		q->tries++;
		if (ask(p, q)) {
			q->phase = QUERY_UDP;
			q->give_up_at = port_now(p) + try_ms(r, q->tries);
			return;
		}
		end_try(p, q);
	}
	finish(p, q, DNS_FAILED);
}

int query_begin(struct port *p, struct query *q, const char *name, size_t len, uint16_t type)
{
	memset(q, 0, sizeof *q);
	q->entry = -1;
	q->buffer = -1;
	q->question = (struct dns_question){.name = name, .name_len = len, .type = type};
	if (CONFIG_ANKLET_NAME_CACHE > 0)
		q->result = (uint8_t)name_cache_find(
			&p->resolver.cache, &q->question, now_s(), &q->answer.addresses);
	if (q->result != DNS_PENDING)
		return 0;
	if (!new_id(p, q))
		return PORT_NO_RANDOM;
	next_try(p, q);
	return 0;
}

/* ---- TCP ---- */

bool query_may_go_on(const struct port *p, const struct query *q)
{
	bool one_free = false;

	for (unsigned i = 0; i < RESOLVE_TCP_BUFFERS; i++)
		one_free = one_free || !p->resolver.tcp[i].taken;
	return one_free && q->phase == QUERY_TCP_WAIT;
}

static void put_question(struct tcp_buffer *buffer, const struct dns_question *question)
{
	size_t len = dns_query(buffer->octets + 2, question);

	buffer->octets[0] = (uint8_t)(len >> 8);
	buffer->octets[1] = (uint8_t)len;
	buffer->len = 0;
}

void query_go_on(struct port *p, struct query *q)
{
	struct resolver *r = &p->resolver;
	int8_t i = 0;

	check(query_may_go_on(p, q));
	while (r->tcp[i].taken)
		i++;
	r->tcp[i].taken = true;
	q->buffer = i;
	put_question(&r->tcp[i], &q->question);
	if (open_socket(p, q, SOCK_STREAM) != 0) {
		next_try(p, q);
		return;
	}
	q->phase = QUERY_TCP_SEND;
	socket_await_write(p, q->entry);
}

/* The server that truncated its answer is asked again, over TCP, and gets a whole try for that. */
static void go_to_tcp(struct port *p, struct query *q)
{
	end_try(p, q);
	q->phase = QUERY_TCP_WAIT;
	q->give_up_at = port_now(p) + (uint32_t)p->resolver.files.conf.timeout_s * 1000;
	if (query_may_go_on(p, q))
		query_go_on(p, q);
}

/* Octets of the message in a buffer, with its length in front; only that, while not even it is known. */
static size_t message_len(const struct tcp_buffer *buffer, bool known)
{
	return known ? 2 + ((size_t)buffer->octets[0] << 8 | buffer->octets[1]) : 2;
}

static bool is_not_yet(int error)
{
	/* Some systems answer ENOTCONN while they are still connecting. */
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOTCONN;
}

static void tcp_send(struct port *p, struct query *q)
{
	struct tcp_buffer *buffer = &p->resolver.tcp[q->buffer];
	size_t whole = message_len(buffer, true);
	ssize_t n = send(socket_fd(p, q->entry), buffer->octets + buffer->len, whole - buffer->len,
		MSG_NOSIGNAL);

	if (n < 0 && !is_not_yet(errno)) {
		next_try(p, q);
		return;
	}
	if (n > 0)
		buffer->len = (uint16_t)(buffer->len + n);
	if (buffer->len < whole) {
		socket_await_write(p, q->entry);
		return;
	}
	buffer->len = 0;
	q->phase = QUERY_TCP_READ;
	socket_await_read(p, q->entry);
}

/* What an answer means over TCP, where nobody else's arrive and none is truncated. */
static void take_tcp(struct port *p, struct query *q, enum dns_result result)
{
	if (result == DNS_ADDRESSES || result == DNS_NO_NAME || result == DNS_NO_DATA)
		finish(p, q, result);
	else
		next_try(p, q);
}

static void tcp_read(struct port *p, struct query *q)
{
	struct tcp_buffer *buffer = &p->resolver.tcp[q->buffer];

	/* Every turn reads at least one octet of the buffer's. */
	for (;;) {
		size_t whole = message_len(buffer, buffer->len >= 2);
		ssize_t n;

		if (buffer->len >= 2 && buffer->len == whole) {
			take_tcp(p, q,
				dns_read(buffer->octets + 2, whole - 2, &q->question, &q->answer));
			return;
		}
		if (whole > sizeof buffer->octets) {
			next_try(p, q);
			return;
		}
		n = recv(socket_fd(p, q->entry), buffer->octets + buffer->len, whole - buffer->len,
			0);
		if (n < 0 && is_not_yet(errno)) {
			socket_await_read(p, q->entry);
			return;
		}
		if (n <= 0) {
			next_try(p, q);
			return;
		}
		buffer->len = (uint16_t)(buffer->len + n);
	}
}

/* ---- UDP ---- */

/* Takes an answer. True when it was none of ours, and the real one may still come. */
static bool take_udp(struct port *p, struct query *q, size_t len)
{
	enum dns_result result = dns_read(p->scratch, len, &q->question, &q->answer);

	if (result == DNS_NOT_OURS)
		return true;
	if (result == DNS_TRUNCATED)
		go_to_tcp(p, q);
	else if (result == DNS_FAILED)
		next_try(p, q);
	else
		finish(p, q, result);
	return false;
}

static void udp_read(struct port *p, struct query *q)
{
	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		ssize_t n = recv(socket_fd(p, q->entry), p->scratch, sizeof p->scratch, 0);

		if (n < 0 && is_not_yet(errno))
			break;
		if (n < 0) {
			next_try(p, q);
			return;
		}
		if (!take_udp(p, q, (size_t)n))
			return;
	}
	socket_await_read(p, q->entry);
}

void query_ready(struct port *p, struct query *q)
{
	switch ((enum query_phase)q->phase) {
	case QUERY_UDP:
		udp_read(p, q);
		break;
	case QUERY_TCP_SEND:
		tcp_send(p, q);
		break;
	case QUERY_TCP_READ:
		tcp_read(p, q);
		break;
	case QUERY_IDLE:
	case QUERY_TCP_WAIT:
		break;
	}
}

void query_expire(struct port *p, struct query *q)
{
	next_try(p, q);
}

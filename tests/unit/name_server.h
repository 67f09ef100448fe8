/*
 * Name servers made of plain sockets on loopback, which do what a test tells them.
 *
 * 127.0.0.1 (UDP and TCP) and 127.0.0.2 (UDP), both at one port. They live in
 * the test's own loop: name_servers_tick() serves what has come and never waits.
 * TCP answers leave in pieces of a few bytes, one a tick.
 */
#ifndef ANKLET_TEST_NAME_SERVER_H
#define ANKLET_TEST_NAME_SERVER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_SERVERS 2
#define NS_CONNECTIONS 8
#define NS_STARTS 10
#define NS_PIECE 100 /* bytes of a TCP answer sent in one tick */

enum { NS_A = 1, NS_CNAME = 5, NS_AAAA = 28 };
enum { NS_OK = 0, NS_SERVFAIL = 2, NS_NXDOMAIN = 3, NS_REFUSED = 5 };

/* A question that has come. */
struct ns_question {
	unsigned server; /* 0 or 1 */
	int connection;  /* -1: over UDP */
	struct sockaddr_in from;
	unsigned type;
	char name[256]; /* as text, in the case it came in */
	uint8_t bytes[512];
	size_t len;
};

struct ns_connection {
	int fd; /* -1: free */
	size_t in_len, out_len, out_at;
	uint8_t in[512];
	uint8_t out[70000];
};

struct ns_message {
	size_t len;
	uint8_t bytes[66000];
};

static struct name_servers {
	int udp[NS_SERVERS];
	int listener;
	uint16_t port;
	struct ns_connection connection[NS_CONNECTIONS];
	unsigned asked, asked_server[NS_SERVERS], asked_tcp;
	char names[2048]; /* every question: "name/type " */
	void (*behave)(const struct ns_question *q);
} ns;

/* ---- Answers ---- */

static inline void ns_put(struct ns_message *m, const void *data, size_t len)
{
	memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static inline void ns_put_16(struct ns_message *m, unsigned n)
{
	const uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n};

	ns_put(m, bytes, sizeof bytes);
}

/* An answer to q without records yet. */
static inline void ns_begin(struct ns_message *m, const struct ns_question *q, unsigned rcode)
{
	memcpy(m->bytes, q->bytes, q->len);
	m->len = q->len;
	m->bytes[2] = 0x81;
	m->bytes[3] = (uint8_t)(0x80 | rcode);
}

/* A record of the question's own name. */
static inline void ns_add(
	struct ns_message *m, unsigned type, unsigned ttl_s, const void *data, size_t len)
{
	ns_put(m, "\xc0\x0c", 2);
	ns_put_16(m, type);
	ns_put_16(m, 1);
	ns_put_16(m, 0);
	ns_put_16(m, ttl_s);
	ns_put_16(m, (unsigned)len);
	ns_put(m, data, len);
	if (++m->bytes[7] == 0)
		m->bytes[6]++;
}

/* Address number n, of the question's family: 192.0.2.n, or 2001:db8::n. */
static inline void ns_add_address(
	struct ns_message *m, const struct ns_question *q, unsigned ttl_s, unsigned n)
{
	const uint8_t v4[4] = {192, 0, 2, (uint8_t)n};
	const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, [14] = (uint8_t)(n >> 8), [15] = (uint8_t)n};

	if (q->type == NS_A)
		ns_add(m, NS_A, ttl_s, v4, sizeof v4);
	else
		ns_add(m, NS_AAAA, ttl_s, v6, sizeof v6);
}

static inline void ns_send_from(int fd, const struct ns_message *m, const struct ns_question *q)
{
	(void)!sendto(fd, m->bytes, m->len, 0, (const struct sockaddr *)&q->from, sizeof q->from);
}

static inline void ns_send(const struct ns_message *m, const struct ns_question *q)
{
	struct ns_connection *c;

	if (q->connection < 0) {
		ns_send_from(ns.udp[q->server], m, q);
		return;
	}
	c = &ns.connection[q->connection];
	c->out[0] = (uint8_t)(m->len >> 8);
	c->out[1] = (uint8_t)m->len;
	memcpy(c->out + 2, m->bytes, m->len);
	c->out_len = 2 + m->len;
	c->out_at = 0;
}

static inline void ns_answer_rcode(const struct ns_question *q, unsigned rcode)
{
	static struct ns_message m;

	ns_begin(&m, q, rcode);
	ns_send(&m, q);
}

/* Addresses 'first' to 'last', or none when there is no such. */
static inline void ns_answer(
	const struct ns_question *q, unsigned ttl_s, unsigned first, unsigned last)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	for (unsigned n = first; n <= last; n++)
		ns_add_address(&m, q, ttl_s, n);
	ns_send(&m, q);
}

static inline void ns_answer_truncated(const struct ns_question *q)
{
	static struct ns_message m;

	ns_begin(&m, q, NS_OK);
	m.bytes[2] |= 0x02;
	ns_send(&m, q);
}

/* ---- Questions ---- */

static inline void ns_take(struct ns_question *q)
{
	size_t at = 12, used = 0;

	while (at < q->len && q->bytes[at] != 0 && used + q->bytes[at] + 1 < sizeof q->name) {
		memcpy(q->name + used, q->bytes + at + 1, q->bytes[at]);
		used += q->bytes[at];
		q->name[used++] = '.';
		at += q->bytes[at] + 1u;
	}
	q->name[used > 0 ? used - 1 : 0] = '\0';
	q->type = q->bytes[at + 2];
	ns.asked++;
	ns.asked_server[q->server]++;
	ns.asked_tcp += q->connection >= 0;
	used = strlen(ns.names);
	snprintf(ns.names + used, sizeof ns.names - used, "%s/%u ", q->name, q->type);
	if (ns.behave != NULL)
		ns.behave(q);
}

static inline void ns_tick_udp(unsigned server)
{
	struct ns_question q = {.server = server, .connection = -1};
	socklen_t from_len = sizeof q.from;
	ssize_t n;

	while ((n = recvfrom(ns.udp[server], q.bytes, sizeof q.bytes, 0, (struct sockaddr *)&q.from,
			&from_len)) > 0) {
		q.len = (size_t)n;
		ns_take(&q);
	}
}

static inline void ns_tick_connection(int i)
{
	struct ns_connection *c = &ns.connection[i];
	struct ns_question q = {.connection = i};
	ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	c->in_len += n > 0 ? (size_t)n : 0;
	if (c->in_len > 2 && c->in_len == 2 + ((size_t)c->in[0] << 8 | c->in[1])) {
		q.len = c->in_len - 2;
		memcpy(q.bytes, c->in + 2, q.len);
		c->in_len = 0;
		ns_take(&q);
	}
	if (c->out_at < c->out_len) {
		size_t left = c->out_len - c->out_at;

		n = send(
			c->fd, c->out + c->out_at, left < NS_PIECE ? left : NS_PIECE, MSG_NOSIGNAL);
		c->out_at += n > 0 ? (size_t)n : 0;
	}
}

static inline void ns_accept(void)
{
	for (unsigned i = 0; i < NS_CONNECTIONS; i++) {
		struct ns_connection *c = &ns.connection[i];

		if (c->fd >= 0)
			continue;
		c->fd = accept(ns.listener, NULL, NULL);
		if (c->fd < 0)
			return;
		(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
		c->in_len = c->out_len = c->out_at = 0;
	}
}

static inline void name_servers_tick(void)
{
	for (unsigned i = 0; i < NS_SERVERS; i++)
		ns_tick_udp(i);
	if (ns.listener >= 0)
		ns_accept();
	for (int i = 0; i < NS_CONNECTIONS; i++) {
		if (ns.connection[i].fd >= 0)
			ns_tick_connection(i);
	}
}

/* ---- Beginning and end ---- */

static inline int ns_bind(int type, unsigned last_byte, uint16_t port)
{
	int fd = socket(AF_INET, type, 0), on = 1;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

	at.sin_addr.s_addr = htonl(0x7f000000 | last_byte);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
		close(fd);
		return -1;
	}
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static inline void ns_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static inline void name_servers_stop(void)
{
	for (unsigned i = 0; i < NS_SERVERS; i++)
		ns_close(ns.udp[i]);
	for (unsigned i = 0; i < NS_CONNECTIONS; i++)
		ns_close(ns.connection[i].fd);
	ns_close(ns.listener);
}

/* False when the port that TCP has chosen is taken for UDP. */
static inline bool ns_open(void)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;

	memset(&ns, 0, sizeof ns);
	for (unsigned i = 0; i < NS_CONNECTIONS; i++)
		ns.connection[i].fd = -1;
	ns.listener = ns_bind(SOCK_STREAM, 1, 0);
	ns.udp[0] = ns.udp[1] = -1;
	if (ns.listener < 0 || listen(ns.listener, NS_CONNECTIONS) != 0 ||
		getsockname(ns.listener, (struct sockaddr *)&at, &len) != 0)
		return false;
	ns.port = ntohs(at.sin_port);
	for (unsigned i = 0; i < NS_SERVERS; i++) {
		ns.udp[i] = ns_bind(SOCK_DGRAM, i + 1, ns.port);
		if (ns.udp[i] < 0)
			return false;
	}
	return true;
}

/* False when, time and again, no port could be had at all three places. */
static inline bool name_servers_start(void)
{
	for (unsigned i = 0; i < NS_STARTS; i++) {
		if (ns_open())
			return true;
		name_servers_stop();
	}
	return false;
}

#endif

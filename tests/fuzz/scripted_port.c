/*
 * The scripted port. See scripted_port.h.
 */
#include "scripted_port.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_LEN 12

struct scripted_port scripted;

void expect(bool holds)
{
	if (!holds)
		abort();
}

uint32_t port_now(struct port *p)
{
	(void)p;
	return scripted.now;
}

bool port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	(void)p;
	expect(level <= PORT_DEBUG && len > 0 && len < CONFIG_ANKLET_LOG_LINE && line[0] != '\0');
	return true;
}

bool port_random_weak(struct port *p, void *buf, size_t len)
{
	(void)p;
	for (size_t i = 0; i < len; i++) {
		scripted.random_state = scripted.random_state * 1664525 + 1013904223;
		((uint8_t *)buf)[i] = (uint8_t)(scripted.random_state >> 24);
	}
	return !scripted.weak;
}

uint32_t port_zone(const char *name)
{
	return name[0] == 'e';
}

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	(void)p;
	expect(max > 0);
	servers[0] = (struct address){.ip = ip_v4(192, 0, 2, 9)};
	return 1;
}

uint32_t port_names_stamp(struct port *p, enum port_names_file file)
{
	(void)p;
	return scripted.stamp[file];
}

int port_names_read(struct port *p, enum port_names_file file, size_t offset, const uint8_t **data)
{
	(void)p;
	if (scripted.denied == PORT_NO_RESOURCES)
		return scripted.denied;
	expect(offset <= scripted.file_len[file]);
	*data = scripted.file[file] + offset;
	return (int)(scripted.file_len[file] - offset);
}

static int refusal(void)
{
	int answer = scripted.denied;

	scripted.denied = 0;
	return answer;
}

static struct scripted_socket *socket_of(port_sock s)
{
	expect(s > 0 && s <= SCRIPTED_SOCKETS && scripted.socket[s].open);
	return &scripted.socket[s];
}

static int open_socket(port_sock *s, bool tcp)
{
	int failure = refusal();

	*s = PORT_NONE;
	if (failure != 0)
		return failure;
	for (port_sock i = 1; i <= SCRIPTED_SOCKETS; i++) {
		if (scripted.socket[i].open)
			continue;
		memset(&scripted.socket[i], 0, offsetof(struct scripted_socket, datagram));
		scripted.socket[i].out_len = scripted.socket[i].in_len = scripted.socket[i].in_at =
			0;
		scripted.socket[i].open = true;
		scripted.socket[i].tcp = tcp;
		*s = i;
		scripted.opened++;
		return 0;
	}
	return PORT_NO_RESOURCES;
}

int port_datagram(
	struct port *p, const struct address *at, const struct address *peer, port_sock *s)
{
	(void)p;
	expect(at == NULL && peer != NULL && peer->port == 53);
	return open_socket(s, false);
}

int port_connect(struct port *p, const struct address *from, const struct address *to, port_sock *s)
{
	(void)p;
	expect(from == NULL && to->port == 53);
	return open_socket(s, true);
}

void port_close(struct port *p, port_sock *s)
{
	(void)p;
	socket_of(*s)->open = false;
	scripted.opened--;
	*s = PORT_NONE;
}

void port_reset(struct port *p, port_sock *s)
{
	port_close(p, s);
}

/* What is sent is a question, whole, for a name that somebody may have asked for. */
static void take_question(struct scripted_socket *f, const uint8_t *bytes, size_t len)
{
	struct question_sent *q = &f->question[f->questions++ % 2];

	expect(len >= HEADER_LEN + 7 && len <= DNS_QUERY_MAX);
	expect(bytes[2] == 1 && bytes[3] == 0 && bytes[5] == 1 && bytes[len - 1] == 1);
	memcpy(q->bytes, bytes, len);
	q->len = len;
}

int port_sendto(struct port *p, port_sock s, const void *data, size_t len,
	const struct address *from, const struct address *to)
{
	struct scripted_socket *f = socket_of(s);
	int failure = refusal();

	(void)p;
	expect(from == NULL && to == NULL && !f->tcp);
	if (failure != 0)
		return failure;
	take_question(f, data, len);
	return 0;
}

/* PORT_AGAIN notes the interest. */
static int would_block(struct scripted_socket *f)
{
	f->interest = true;
	return PORT_AGAIN;
}

int port_recvfrom(struct port *p, port_sock s, void *buf, size_t size, struct address *from,
	struct address *to)
{
	struct scripted_socket *f = socket_of(s);
	int failure = f->failure;
	size_t len;

	(void)p;
	f->failure = 0;
	if (failure != 0)
		return failure;
	if (f->datagrams == 0)
		return would_block(f);
	len = f->len[0];
	memcpy(buf, f->datagram[0], len < size ? len : size);
	f->datagrams--;
	memmove(f->len, f->len + 1, sizeof f->len - sizeof f->len[0]);
	memmove(f->datagram[0], f->datagram[1], sizeof f->datagram - sizeof f->datagram[0]);
	*from = *to = (struct address){.port = 53};
	return (int)(len <= size ? len : size + 1);
}

int port_connected(struct port *p, port_sock s)
{
	struct scripted_socket *f = socket_of(s);

	(void)p;
	return f->failure != 0 ? f->failure : f->connected ? 0 : would_block(f);
}

int port_send(struct port *p, port_sock s, const void *data, size_t len)
{
	struct scripted_socket *f = socket_of(s);
	int failure = refusal();

	(void)p;
	expect(f->tcp && f->connected && len > 0);
	if (failure == PORT_AGAIN)
		return would_block(f);
	if (f->failure != 0)
		return f->failure;
	/* One byte, where something was scripted.denied. */
	len = failure != 0 ? 1 : len;
	expect(len <= sizeof f->out - f->out_len);
	memcpy(f->out + f->out_len, data, len);
	f->out_len += len;
	if (f->out_len >= 2 && f->out_len == 2u + (size_t)(f->out[0] << 8 | f->out[1])) {
		take_question(f, f->out + 2, f->out_len - 2);
		f->out_len = 0;
	}
	return (int)len;
}

int port_peek(struct port *p, port_sock s, const uint8_t **data)
{
	struct scripted_socket *f = socket_of(s);

	(void)p;
	expect(f->tcp && f->connected);
	*data = f->in + f->in_at;
	if (f->in_len > f->in_at)
		return (int)(f->in_len - f->in_at);
	return f->failure != 0 ? f->failure : would_block(f);
}

void port_consume(struct port *p, port_sock s, size_t len)
{
	struct scripted_socket *f = socket_of(s);

	(void)p;
	expect(len <= f->in_len - f->in_at);
	f->in_at += len;
}

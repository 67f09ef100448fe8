/*
 * The simulator's datagrams: under way, unread at a socket, or lost. See sim.h.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

_Static_assert(SIM_DATAGRAMS_MAX <= UINT8_MAX + 1, "an event's side names every datagram");
_Static_assert(SIM_DATAGRAM_BYTES <= UINT16_MAX, "a length fits");

/* ---- On the way ---- */

/* A free place in the table, or NULL: the network is full and loses what is sent. */
static struct sim_datagram *datagram_new(struct sim *sim)
{
	for (unsigned i = 0; i < SIM_DATAGRAMS_MAX; i++)
		if (sim->datagram[i].state == SIM_DATAGRAM_FREE)
			return &sim->datagram[i];
	return NULL;
}

static uint8_t *bytes_of(struct sim *sim, const struct sim_datagram *d)
{
	return sim->datagram_bytes[d - sim->datagram];
}

static void set_out(struct sim *sim, struct sim_datagram *d)
{
	uint64_t at = sim->now + sim_random(sim, sim->latency_max_ms + 1);

	d->state = SIM_DATAGRAM_UNDER_WAY;
	event_add(sim, at, SIM_EVENT_DATAGRAM, -1, (unsigned)(d - sim->datagram));
}

/*
 * How well a socket fits what goes from 'from' to 'to': 2 where that is its peer, 1
 * where it takes from anybody, else 0.
 */
static unsigned fits(
	const struct sim_socket *socket, const struct address *from, const struct address *to)
{
	if (socket->kind != SIM_DATAGRAMS || socket->at.port != to->port ||
		!network_overlaps(&socket->at.ip, &to->ip))
		return 0;
	if (socket->peer.port == 0)
		return 1;
	return address_equal(&socket->peer, from) ? 2 : 0;
}

/* The socket of the host that takes it; false: none. */
static bool find_taker(const struct sim *sim, const struct sim_host *host,
	const struct sim_datagram *d, struct port **port, port_sock *s)
{
	unsigned best = 0;

	for (unsigned i = 0; i < sim->ports; i++) {
		for (port_sock j = 0; sim->port[i]->host == host && j < sim->port[i]->used; j++) {
			unsigned fit = fits(&sim->port[i]->socket[j], &d->from, &d->to);

			if (fit <= best)
				continue;
			best = fit;
			*port = sim->port[i];
			*s = j;
		}
	}
	return best > 0;
}

/* Nobody takes it: its sender is told, if that is to be. Nothing is said of what is said. */
static void send_back(struct sim *sim, struct sim_datagram *d, int news)
{
	struct address from = d->from;

	if (d->news != 0)
		return;
	d->news = (int16_t)news;
	d->from = d->to;
	d->to = from;
	set_out(sim, d);
}

static void deliver(struct sim *sim, struct sim_datagram *d, struct port *port, port_sock s)
{
	if (d->news != 0) {
		if (port->socket[s].peer.port != 0)
			port->socket[s].news = d->news;
		return;
	}
	if (port->socket[s].waiting == SIM_DATAGRAM_QUEUE)
		return;
	port->socket[s].waiting++;
	d->state = SIM_DATAGRAM_UNREAD;
	d->order = sim->order++;
	d->port = port;
	d->sock = s;
}

void datagram_arrives(struct sim *sim, unsigned n)
{
	struct sim_datagram *d = &sim->datagram[n];
	const struct sim_host *host = network_host(sim, d->port->host, &d->to.ip);
	struct port *port = NULL;
	port_sock s = PORT_NONE;

	d->state = SIM_DATAGRAM_FREE; /* unless it goes on */
	if (host == NULL && network_is_black_hole(sim, &d->to.ip))
		return;
	if (host == NULL)
		send_back(sim, d, PORT_UNREACHABLE);
	else if (find_taker(sim, host, d, &port, &s))
		deliver(sim, d, port, s);
	else
		send_back(sim, d, PORT_REFUSED);
}

/* ---- At a socket ---- */

/* Takes the oldest of those that wait at the socket; NULL: there is none. */
static struct sim_datagram *take_oldest(struct port *p, port_sock s)
{
	struct sim_datagram *first = NULL;

	for (unsigned i = 0; i < SIM_DATAGRAMS_MAX && p->socket[s].waiting > 0; i++) {
		struct sim_datagram *d = &p->sim->datagram[i];

		if (d->state == SIM_DATAGRAM_UNREAD && d->port == p && d->sock == s &&
			(first == NULL || (int32_t)(d->order - first->order) < 0))
			first = d;
	}
	if (first != NULL) {
		first->state = SIM_DATAGRAM_FREE;
		p->socket[s].waiting--;
	}
	return first;
}

bool datagram_waits(const struct port *p, port_sock s)
{
	return p->socket[s].news != 0 || p->socket[s].waiting > 0;
}

void datagram_drop_all(struct port *p, port_sock s)
{
	while (take_oldest(p, s) != NULL)
		;
}

static int take_news(struct sim_socket *socket)
{
	int news = socket->news;

	socket->news = 0;
	return news;
}

/* ---- The calls ---- */

int port_datagram(
	struct port *p, const struct address *at, const struct address *peer, port_sock *s)
{
	struct address place;
	int failure;

	socket_enter(p);
	assert(at != NULL || peer != NULL);
	*s = PORT_NONE;
	failure = fault(p, SIM_CALL_DATAGRAM);
	if (failure == 0)
		failure = peer == NULL
				  ? socket_place(p, SIM_DATAGRAMS, at, &place)
				  : socket_choose_from(p, SIM_DATAGRAMS, at, &peer->ip, &place);
	if (failure != 0)
		return failure;
	*s = socket_new(p, SIM_DATAGRAMS);
	if (*s == PORT_NONE)
		return PORT_NO_RESOURCES;
	p->socket[*s].at = place;
	if (peer != NULL)
		p->socket[*s].peer = *peer;
	return 0;
}

int port_recvfrom(struct port *p, port_sock s, void *buf, size_t size, struct address *from,
	struct address *to)
{
	struct sim_datagram *d;
	int failure;

	socket_enter(p);
	assert(socket_is(p, s, SIM_DATAGRAMS) && size <= ANKLET_DATAGRAM_MAX);
	if (socket_awaits(p, s, SIM_READ))
		return PORT_AGAIN;
	failure = fault(p, SIM_CALL_RECVFROM);
	if (failure == 0)
		failure = take_news(&p->socket[s]);
	if (failure != 0)
		return failure;
	d = take_oldest(p, s);
	if (d == NULL)
		return socket_await(p, s, SIM_READ);
	*from = d->from;
	*to = d->to;
	memcpy(buf, bytes_of(p->sim, d), d->len < size ? d->len : size);
	return d->len <= size ? d->len : (int)size + 1;
}

/* Where it leaves from: false where the host has no such address, or none of the family. */
static bool leaves_from(const struct port *p, const struct sim_socket *socket,
	const struct address *from, const struct ip *to, struct address *at)
{
	if (p->faults.forges && from != NULL) {
		*at = *from;
		return true;
	}
	*at = socket->at;
	if (from != NULL && ip_class(&from->ip) != IP_UNSPECIFIED)
		at->ip = from->ip;
	if (ip_is_v4(&at->ip) != ip_is_v4(to))
		return false;
	if (ip_class(&at->ip) == IP_UNSPECIFIED)
		return network_local_for(p->host, to, &at->ip);
	return network_is_local(p->host, &at->ip);
}

static void send_one(struct port *p, const struct sim_datagram *draft, const void *data)
{
	struct sim_datagram *d = datagram_new(p->sim);

	if (d == NULL || sim_chance(p->sim, p->faults.lost))
		return;
	*d = *draft;
	memcpy(bytes_of(p->sim, d), data, d->len);
	set_out(p->sim, d);
}

int port_sendto(struct port *p, port_sock s, const void *data, size_t len,
	const struct address *from, const struct address *to)
{
	struct sim_datagram draft = {.len = (uint16_t)len, .port = p};
	int failure;

	socket_enter(p);
	assert(socket_is(p, s, SIM_DATAGRAMS));
	if (to == NULL)
		to = &p->socket[s].peer;
	failure = fault(p, SIM_CALL_SENDTO);
	if (failure == 0)
		failure = take_news(&p->socket[s]);
	if (failure != 0)
		return failure;
	if (sim_chance(p->sim, p->faults.no_room))
		return PORT_AGAIN;
	if (to->port == 0 || len > SIM_DATAGRAM_BYTES)
		return PORT_FAILED;
	if (!leaves_from(p, &p->socket[s], from, &to->ip, &draft.from))
		return PORT_UNREACHABLE;
	draft.to = *to;
	send_one(p, &draft, data);
	if (sim_chance(p->sim, p->faults.twice))
		send_one(p, &draft, data);
	return 0;
}

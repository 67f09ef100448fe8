/*
 * What happens to connections between two processes. See sim.h.
 *
 * A link outlives its sockets: what was sent before an orderly close is still
 * carried. It is free again when both ends have left.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

#define FIRST_EPHEMERAL 49152
#define RETRY_MS 1000u /* after a full backlog, doubled each time */

static int16_t link_index(const struct sim *sim, const struct sim_link *link)
{
	return (int16_t)(link - sim->link);
}

/* ---- Addresses ---- */

static bool is_unspecified(const struct ip *ip)
{
	static const struct ip v6_any;
	struct ip v4_any = ip_v4(0, 0, 0, 0);

	return ip_equal(ip, &v6_any) || ip_equal(ip, &v4_any);
}

bool network_is_local(const struct sim_host *host, const struct ip *ip)
{
	for (unsigned i = 0; i < host->addresses; i++)
		if (ip_equal(&host->address[i], ip))
			return true;
	return ip_class(ip) == IP_LOOPBACK;
}

static struct ip loopback(bool v4)
{
	return v4 ? ip_v4(127, 0, 0, 1) : (struct ip)IP_OF_V6(0, 0, 1);
}

bool network_local_for(const struct sim_host *host, const struct ip *ip, struct ip *from)
{
	bool v4 = ip_is_v4(ip);

	if (is_unspecified(ip) || ip_class(ip) == IP_LOOPBACK) {
		*from = loopback(v4);
		return true;
	}
	if (network_is_local(host, ip)) {
		*from = *ip;
		return true;
	}
	for (unsigned i = 0; i < host->addresses; i++) {
		if (ip_is_v4(&host->address[i]) == v4) {
			*from = host->address[i];
			return true;
		}
	}
	return false;
}

bool network_overlaps(const struct ip *a, const struct ip *b)
{
	return ip_is_v4(a) == ip_is_v4(b) &&
	       (is_unspecified(a) || is_unspecified(b) || ip_equal(a, b));
}

/* The socket of that kind that the host has at that place; false: none. */
static bool find_socket(const struct sim *sim, const struct sim_host *host, enum sim_kind kind,
	const struct address *at, struct port **port, port_sock *s)
{
	for (unsigned i = 0; i < sim->ports; i++) {
		for (port_sock j = 0; sim->port[i]->host == host && j < sim->port[i]->used; j++) {
			const struct sim_socket *socket = &sim->port[i]->socket[j];

			if (socket->kind == kind && socket->at.port == at->port &&
				network_overlaps(&socket->at.ip, &at->ip)) {
				*port = sim->port[i];
				*s = j;
				return true;
			}
		}
	}
	return false;
}

bool network_port_taken(const struct sim *sim, const struct sim_host *host, enum sim_kind kind,
	const struct address *at)
{
	struct port *port;
	port_sock s;

	return find_socket(sim, host, kind, at, &port, &s);
}

/* Is the port in use by a connection that this host asked for? */
static bool asked_from(const struct sim *sim, const struct sim_host *host, uint16_t port)
{
	for (unsigned i = 0; i < SIM_LINKS; i++) {
		const struct sim_link *link = &sim->link[i];

		if (link->state != SIM_LINK_FREE && link->end[0].at.port == port &&
			network_is_local(host, &link->end[0].at.ip))
			return true;
	}
	return false;
}

uint16_t network_free_port(
	struct sim *sim, struct sim_host *host, enum sim_kind kind, const struct address *at)
{
	struct address candidate = *at;

	/* Nobody can guess it. */
	if (kind == SIM_DATAGRAMS)
		host->next_port =
			(uint16_t)(FIRST_EPHEMERAL + sim_random(sim, UINT16_MAX - FIRST_EPHEMERAL));
	for (unsigned tries = FIRST_EPHEMERAL; tries <= UINT16_MAX; tries++) {
		candidate.port = host->next_port;
		host->next_port = host->next_port == UINT16_MAX ? FIRST_EPHEMERAL
								: (uint16_t)(host->next_port + 1);
		if (!network_port_taken(sim, host, kind, &candidate) &&
			!asked_from(sim, host, candidate.port))
			return candidate.port;
	}
	return 0;
}

/* ---- Carrying ---- */

/* When something sent now in the direction away from 'side' arrives: after what was sent before. */
static uint64_t arrival(struct sim *sim, struct sim_wire *wire)
{
	uint64_t at = sim->now + sim_random(sim, sim->latency_max_ms + 1);

	if (at < wire->last_at)
		at = wire->last_at;
	wire->last_at = at;
	return at;
}

static void link_free(struct sim *sim, struct sim_link *link)
{
	event_forget(sim, link_index(sim, link));
	link->state = SIM_LINK_FREE;
}

static void free_if_left(struct sim *sim, struct sim_link *link)
{
	if (link->end[0].port == NULL && link->end[1].port == NULL &&
		link->state != SIM_LINK_WAITING)
		link_free(sim, link);
}

void network_carry(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_wire *wire = &link->wire[side];

	if (wire->data_pending || wire->fin_arrived ||
		(wire->arrived == wire->sent && !wire->fin_sent))
		return;
	wire->data_pending = true;
	wire->mark = wire->sent;
	event_add(sim, arrival(sim, wire), SIM_EVENT_DATA, link_index(sim, link), side);
}

void network_room(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_wire *wire = &link->wire[side];

	if (wire->window_pending || wire->limit == wire->taken + link->window)
		return;
	wire->window_pending = true;
	event_add(sim, sim->now + sim_random(sim, sim->latency_max_ms + 1), SIM_EVENT_WINDOW,
		link_index(sim, link), side);
}

/* When HANGUP is met for an end whose peer has left just now. */
static void note_hangup(struct sim *sim, struct sim_end *end)
{
	end->hangup_at = sim->now;
	if (end->port != NULL && sim_chance(sim, end->port->faults.late_hangup)) {
		end->hangup_at += sim_random(sim, 1000);
		event_add(sim, end->hangup_at, SIM_EVENT_WAKE, -1, 0);
	}
}

/* Sends a reset from end 'side'; what it had sent and did not arrive is lost. */
static void send_reset(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_wire *wire = &link->wire[side];

	wire->sent = wire->arrived;
	wire->fin_sent = wire->fin_arrived;
	event_add(sim, arrival(sim, wire), SIM_EVENT_RST, link_index(sim, link), 1 - side);
}

static void data_arrives(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_wire *wire = &link->wire[side];
	struct sim_end *receiver = &link->end[1 - side];
	uint32_t mark = wire->mark;

	wire->data_pending = false;
	if (receiver->failure != 0)
		return;
	if ((int32_t)(mark - wire->sent) > 0)
		mark = wire->sent; /* the rest was lost by a reset */
	if (mark != wire->arrived && receiver->port == NULL && link->state == SIM_LINK_OPEN) {
		send_reset(sim, link, 1 - side);
		return;
	}
	/* Segments end anywhere, and the FIN may come with the last one or alone. */
	if (mark != wire->arrived && sim_chance(sim, 250))
		mark = wire->arrived + 1 + sim_random(sim, mark - wire->arrived);
	if (wire->fin_sent && mark == wire->sent &&
		(mark == wire->arrived || sim_chance(sim, 500))) {
		wire->fin_arrived = true;
		note_hangup(sim, receiver);
	}
	wire->arrived = mark;
	network_carry(sim, link, side);
}

void network_unqueue(struct sim_link *link)
{
	link->state = SIM_LINK_OPEN;
	link->listener_port->socket[link->listener].waiting--;
}

static void reset_arrives(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_end *end = &link->end[side];

	if (end->failure == 0) {
		end->failure = PORT_RESET;
		note_hangup(sim, end);
	}
	link->wire[side].sent = link->wire[side].arrived;
	if (side == 1 && link->state == SIM_LINK_WAITING) {
		network_unqueue(link); /* it leaves the backlog without having been seen */
		end->port = NULL;
		free_if_left(sim, link);
	}
}

/* What lies unread is dropped, and there is room for more, which will be answered by a reset. */
static void leave_in_order(struct sim *sim, struct sim_link *link, unsigned side)
{
	struct sim_wire *in = &link->wire[1 - side];

	in->taken = in->arrived;
	network_room(sim, link, 1 - side);
	link->wire[side].fin_sent = true;
	network_carry(sim, link, side);
}

void network_leave(struct sim *sim, struct sim_link *link, unsigned side, bool reset)
{
	struct sim_end *end = &link->end[side];

	end->port = NULL;
	if (link->state == SIM_LINK_ASKING) {
		link_free(sim, link);
		return;
	}
	if (end->failure == 0 && reset)
		send_reset(sim, link, side);
	else if (end->failure == 0)
		leave_in_order(sim, link, side);
	free_if_left(sim, link);
}

void network_break(struct sim *sim, struct sim_link *link, unsigned side, int failure)
{
	struct sim_end *end = &link->end[side];

	if (end->failure != 0)
		return;
	if (link->state == SIM_LINK_ASKING)
		event_forget(sim, link_index(sim, link)); /* the listener never hears of it */
	else
		send_reset(sim, link, side);
	end->failure = failure;
	note_hangup(sim, end);
}

/* ---- Making connections ---- */

int network_ask(struct port *p, const struct address *from, const struct address *to, int16_t *link)
{
	struct sim *sim = p->sim;
	struct sim_link *new;
	uint32_t range = sim->window_max - sim->window_min + 1;

	for (*link = 0; sim->link[*link].state != SIM_LINK_FREE; ++*link) {
		if (*link == SIM_LINKS - 1) {
			sim_fail(sim, "the table of links is full");
			return PORT_NO_RESOURCES;
		}
	}
	new = &sim->link[*link];
	memset(new, 0, sizeof *new);
	new->state = SIM_LINK_ASKING;
	new->window = sim->window_min + sim_random(sim, range);
	new->wire[0].limit = new->wire[1].limit = new->window;
	new->end[0].port = p;
	new->end[0].at = *from;
	new->end[1].at = *to;
	if (is_unspecified(&to->ip))
		new->end[1].at.ip = loopback(ip_is_v4(&to->ip)); /* as the systems do */
	event_add(sim, arrival(sim, &new->wire[0]), SIM_EVENT_SYN, *link, 0);
	return 0;
}

static void answer(struct sim *sim, struct sim_link *link, int how, uint64_t at)
{
	link->answer = how;
	event_add(sim, at, SIM_EVENT_ANSWER, link_index(sim, link), 0);
}

const struct sim_host *network_host(
	const struct sim *sim, const struct sim_host *from, const struct ip *ip)
{
	if (network_is_local(from, ip))
		return from;
	for (unsigned i = 0; i < sim->hosts; i++)
		if (network_is_local(&sim->host[i], ip))
			return &sim->host[i];
	return NULL;
}

bool network_is_black_hole(const struct sim *sim, const struct ip *ip)
{
	for (unsigned i = 0; i < sim->routes; i++)
		if (ip_prefix_holds(&sim->route[i].to, ip))
			return sim->route[i].fate == SIM_FATE_BLACK_HOLE;
	return false;
}

static void turn_away(struct sim *sim, struct sim_link *link)
{
	uint64_t pause = (uint64_t)RETRY_MS << link->tries++;

	if (pause * 2 > SIM_GIVE_UP_MS)
		answer(sim, link, PORT_TIMEOUT, sim->now + pause);
	else
		event_add(sim, sim->now + pause, SIM_EVENT_SYN, link_index(sim, link), 0);
}

static void syn_arrives(struct sim *sim, struct sim_link *link)
{
	const struct ip *to = &link->end[1].at.ip;
	const struct sim_host *host = network_host(sim, link->end[0].port->host, to);
	struct port *port;
	port_sock s;

	if (host == NULL && network_is_black_hole(sim, to)) {
		answer(sim, link, PORT_TIMEOUT, sim->now + SIM_GIVE_UP_MS);
	} else if (host == NULL) {
		answer(sim, link, PORT_UNREACHABLE, arrival(sim, &link->wire[1]));
	} else if (!find_socket(sim, host, SIM_LISTENER, &link->end[1].at, &port, &s)) {
		answer(sim, link, PORT_REFUSED, arrival(sim, &link->wire[1]));
	} else if (port->socket[s].waiting >= port->socket[s].backlog) {
		turn_away(sim, link);
	} else {
		link->state = SIM_LINK_WAITING;
		link->listener_port = port;
		link->listener = s;
		link->order = sim->order++;
		port->socket[s].waiting++;
		link->wire[1].last_at = sim->now + host->answer_ms;
		answer(sim, link, 0, arrival(sim, &link->wire[1]));
	}
}

static void answer_arrives(struct sim_link *link)
{
	if (link->end[0].failure != 0)
		return;
	link->end[0].established = link->answer == 0;
	link->end[0].failure = link->answer;
}

int16_t network_waiting(const struct port *p, port_sock s)
{
	const struct sim *sim = p->sim;
	int16_t first = -1;

	for (int16_t i = 0; i < SIM_LINKS && p->socket[s].waiting > 0; i++) {
		const struct sim_link *link = &sim->link[i];

		if (link->state == SIM_LINK_WAITING && link->listener_port == p &&
			link->listener == s && (first < 0 || link->order < sim->link[first].order))
			first = i;
	}
	return first;
}

void network_unlisten(struct port *p, port_sock s)
{
	struct sim *sim = p->sim;

	for (unsigned i = 0; i < SIM_LINKS; i++) {
		struct sim_link *link = &sim->link[i];

		if (link->state == SIM_LINK_WAITING && link->listener_port == p &&
			link->listener == s) {
			network_unqueue(link);
			network_leave(sim, link, 1, true);
		}
	}
}

/* What happens to a connection. */
static void link_event(struct sim *sim, struct sim_link *link, const struct sim_event *event)
{
	struct sim_wire *wire = &link->wire[event->side];

	switch ((enum sim_event_kind)event->kind) {
	case SIM_EVENT_SYN:
		syn_arrives(sim, link);
		break;
	case SIM_EVENT_ANSWER:
		answer_arrives(link);
		break;
	case SIM_EVENT_DATA:
		data_arrives(sim, link, event->side);
		break;
	case SIM_EVENT_WINDOW:
		wire->window_pending = false;
		wire->limit = wire->taken + link->window;
		break;
	case SIM_EVENT_RST:
		reset_arrives(sim, link, event->side);
		break;
	case SIM_EVENT_WAKE:
	case SIM_EVENT_DATAGRAM:
		break;
	}
}

void network_event(struct sim *sim, const struct sim_event *event)
{
	link_event(sim, &sim->link[event->link], event);
}

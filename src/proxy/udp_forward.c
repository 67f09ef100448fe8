/*
 * Forwards of datagrams: their listeners, their upstreams, and each tick. See udp_forward.h.
 */
#include "proxy/udp_forward.h"

#include <string.h>

#include "proxy/instance.h"

#define DATAGRAMS_A_SLICE 16 /* of one socket */
#define RETRY_MS 10000       /* after a lookup that failed */
#define REOPEN_MS 1000

static const struct forward *forward_of(const struct anklet *a, unsigned i)
{
	return &instance_config(a)->forward[i];
}

static void own(struct anklet *a, port_sock sock, unsigned index)
{
	loop_own(&a->sessions.loop, sock, OWNER_UDP_FORWARD, index);
}

static void close_socket(struct anklet *a, port_sock *sock)
{
	loop_close(&a->sessions.loop, sock);
}

static void set_deadline(struct anklet *a, struct deadline *d, uint32_t ms)
{
	*d = (struct deadline){.set = true, .at = port_now(a->sessions.loop.port) + ms};
	loop_deadline(&a->sessions.loop, d);
}

/* ---- Listeners ---- */

/* Opens it where its 'at' says, which then has a port. */
static int open_listener(struct anklet *a, unsigned i)
{
	struct udp_listener *listener = &a->udp->listener[i];
	int r = port_datagram(a->sessions.loop.port, &listener->at, NULL, &listener->sock);

	if (r < 0)
		return r;
	own(a, listener->sock, i);
	r = port_local(a->sessions.loop.port, listener->sock, &listener->at);
	if (r < 0)
		close_socket(a, &listener->sock);
	listener->ready = r == 0;
	return r;
}

int udp_forward_listen(struct anklet *a, unsigned forward, struct address *at)
{
	struct udp_forwards *d = a->udp;
	struct udp_listener *listener = &d->listener[d->listener_count];
	int r;

	if (d->listener_count == UDP_LISTENER_SLOTS)
		return PORT_NO_RESOURCES;
	listener->forward = (uint8_t)forward;
	listener->at = *at;
	r = open_listener(a, d->listener_count);
	if (r < 0)
		return r;
	d->listener_count++;
	*at = listener->at;
	return 0;
}

bool udp_forward_listens(const struct anklet *a, const struct ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < a->udp->listener_count; i++)
		if (loop_is_at(&a->udp->listener[i].at, ip, port))
			return true;
	return false;
}

static void reopen_later(struct anklet *a, struct udp_listener *listener)
{
	listener->ready = false;
	set_deadline(a, &listener->reopen, REOPEN_MS);
}

void udp_forward_reopen(struct anklet *a, unsigned i)
{
	if (open_listener(a, i) < 0)
		reopen_later(a, &a->udp->listener[i]);
	a->udp->busy = true;
}

/* No port is known to end a socket like this; clients find it again all the same. */
static void listener_failed(struct anklet *a, struct udp_listener *listener)
{
	udp_log_failed(a, listener);
	close_socket(a, &listener->sock);
	reopen_later(a, listener);
}

/* ---- Upstreams ---- */

static void lookup_failed(struct anklet *a, unsigned i, int answer)
{
	struct udp_upstream *upstream = &a->udp->upstream[i];

	if (!upstream->failed)
		udp_log_upstream(a, i,
			answer == PORT_NO_NAME ? ": the name has no address; tried again"
					       : ": the name could not be looked up; tried again");
	upstream->failed = true;
	set_deadline(a, &upstream->retry, RETRY_MS);
}

static void look_up(struct anklet *a, unsigned i)
{
	struct udp_upstream *upstream = &a->udp->upstream[i];

	upstream->looking = upstream->ready = true;
	a->udp->busy = true;
}

/* Is the upstream perhaps elsewhere? It has said nothing for a while, or is not there. */
static bool is_doubtful(const struct anklet *a, const struct udp_flow *flow)
{
	return flow->unheard && port_now(a->sessions.loop.port) - flow->unheard_at >= UDP_SILENT_MS;
}

/* The answer has come: those who went elsewhere, and have heard nothing, begin again. */
static void end_misled(struct anklet *a, unsigned i)
{
	struct udp_forwards *d = a->udp;
	const struct udp_upstream *upstream = &d->upstream[i];

	for (unsigned n = 0; n < d->used; n++) {
		struct udp_flow *flow = &d->flow[n];
		bool found = false;

		if (flow->kind == 0 || (flow->down > 0 && !is_doubtful(a, flow)) ||
			d->listener[flow->listener].forward != i)
			continue;
		for (unsigned j = 0; j < upstream->count; j++)
			found |= address_equal(&flow->server, &upstream->address[j]);
		if (!found)
			udp_flow_end(a, flow, "the name has other addresses now");
	}
}

static void take_answer(struct anklet *a, unsigned i)
{
	struct udp_upstream *upstream = &a->udp->upstream[i];
	const char *name =
		string_table_at(&instance_config(a)->strings, forward_of(a, i)->target.name);
	const struct resolver_question q = {name, (uint8_t)strlen(name), PORT_BOTH, CLIENT_NONE};
	struct address found[ANKLET_ADDRESSES];
	int n = resolver_find(&a->sessions.names, RESOLVER_FORWARD(i), &q, found, ANKLET_ADDRESSES);

	upstream->ready = false;
	if (n == PORT_AGAIN)
		return;
	upstream->looking = false;
	if (n < 0) {
		lookup_failed(a, i, n);
		return;
	}
	upstream->failed = false;
	upstream->count = (uint8_t)n;
	upstream->found_at = port_now(a->sessions.loop.port);
	for (int j = 0; j < n; j++) {
		upstream->address[j] = found[j];
		upstream->address[j].port = forward_of(a, i)->target.port;
	}
	end_misled(a, i);
}

void udp_forward_look_again(struct anklet *a, unsigned forward, uint32_t ms)
{
	const struct udp_upstream *upstream = &a->udp->upstream[forward];

	if (CONFIG_ANKLET_NAMES && forward_of(a, forward)->target.host == ENDPOINT_NAME &&
		!upstream->looking && !upstream->retry.set &&
		port_now(a->sessions.loop.port) - upstream->found_at >= ms)
		look_up(a, forward);
}

void udp_forward_find(struct anklet *a, unsigned i)
{
	const struct endpoint *e = &forward_of(a, i)->target;
	struct udp_upstream *upstream = &a->udp->upstream[i];

	if (CONFIG_ANKLET_NAMES && e->host == ENDPOINT_NAME) {
		look_up(a, i);
		return;
	}
	upstream->count = 1;
	upstream->address[0] = (struct address){.ip = e->ip, .port = e->port};
}

void udp_forward_start(struct anklet *a)
{
	for (unsigned i = 0; i < a->udp->listener_count; i++)
		udp_log_listener(a, &a->udp->listener[i]);
	for (unsigned i = 0; i < instance_config(a)->forward_count; i++)
		if (forward_of(a, i)->listen.scheme == ENDPOINT_UDP)
			udp_forward_find(a, i);
	a->udp->busy = true;
}

/* ---- Datagrams ---- */

/* The upstream is not there, which is no better than if it had been silent for long. */
static void note_refused(struct anklet *a, struct udp_flow *flow)
{
	flow->unheard = true;
	flow->unheard_at = port_now(a->sessions.loop.port) - UDP_SILENT_MS;
}

/* An error may be about an earlier datagram, and stands for an answer about this one. The flow: if it goes upstream. */
static bool send_on(struct anklet *a, port_sock sock, size_t len, const struct address *from,
	const struct address *to, struct udp_flow *flow)
{
	const uint8_t *bytes = a->udp->bytes;
	int r = port_sendto(a->sessions.loop.port, sock, bytes, len, from, to);

	if (r != PORT_REFUSED && r != PORT_UNREACHABLE)
		return r == 0;
	if (flow != NULL)
		note_refused(a, flow);
	return port_sendto(a->sessions.loop.port, sock, bytes, len, from, to) == 0;
}

/* A datagram goes to the upstream: if that has said nothing to many, is it still where the name is? */
static void note_asked(struct anklet *a, struct udp_flow *flow)
{
	if (!flow->unheard)
		flow->unheard_at = port_now(a->sessions.loop.port);
	flow->unheard = true;
	if (is_doubtful(a, flow))
		udp_forward_look_again(a, a->udp->listener[flow->listener].forward, UDP_SILENT_MS);
}

static void drop(struct anklet *a, struct udp_flow *flow)
{
	if (flow != NULL)
		flow->dropped++;
	a->sessions.loop.status.datagrams_dropped++;
}

/* Is it within the rate of its client and of all? */
static bool is_within_rate(struct anklet *a, struct udp_flow *flow, enum rate_way way, size_t len)
{
	struct loop *loop = &a->sessions.loop;
	struct rates *rates = LOOP_RATES(loop);
	uint32_t now = port_now(loop->port);

	if (!ANKLET_HAS_RATES || !rates->on)
		return true;
	if (flow->rates == 0)
		flow->rates = rates_enter(rates, &loop->clients.client[flow->holder].key, now);
	return rates_datagram(rates, flow->rates, &flow->client.ip, way, (uint32_t)len, now);
}

/* A client's datagram. */
static void forward_up(struct anklet *a, unsigned listener, size_t len,
	const struct address *client, const struct address *asked)
{
	struct udp_flow *flow = udp_flow_find(a, listener, client, asked);

	if (len > CONFIG_ANKLET_DATAGRAM)
		udp_log_refused(a, listener, client, REASON_DATAGRAM_TOO_LONG, -1);
	else if (flow == NULL)
		flow = udp_flow_begin(a, listener, client, asked);
	if (flow == NULL || len > CONFIG_ANKLET_DATAGRAM) {
		drop(a, flow);
		return;
	}
	udp_flow_enter(a, flow, flow->kind == TIMER_FLOW_NEW ? TIMER_FLOW_NEW : TIMER_FLOW_LASTING);
	note_asked(a, flow);
	if (!is_within_rate(a, flow, RATE_UP, len) ||
		!send_on(a, flow->sock, len, NULL, NULL, flow)) {
		drop(a, flow);
		return;
	}
	flow->up++;
	flow->bytes_up += len;
	a->sessions.loop.status.datagrams_up++;
}

/* The upstream's. */
static void forward_down(struct anklet *a, struct udp_flow *flow, size_t len)
{
	port_sock sock = a->udp->listener[flow->listener].sock;

	flow->unheard = false;
	udp_flow_enter(a, flow,
		flow->kind == TIMER_FLOW_LASTING ? TIMER_FLOW_LASTING : TIMER_FLOW_ANSWERED);
	if (len > CONFIG_ANKLET_DATAGRAM)
		udp_log_refused(a, flow->listener, &flow->client, REASON_DATAGRAM_TOO_LONG, -1);
	if (len > CONFIG_ANKLET_DATAGRAM || sock == PORT_NONE ||
		!is_within_rate(a, flow, RATE_DOWN, len) ||
		!send_on(a, sock, len, &flow->asked, &flow->client, NULL)) {
		drop(a, flow);
		return;
	}
	flow->down++;
	flow->bytes_down += len;
	a->sessions.loop.status.datagrams_down++;
}

static int receive(struct anklet *a, port_sock sock, struct address *from, struct address *to)
{
	struct udp_forwards *d = a->udp;

	return port_recvfrom(a->sessions.loop.port, sock, d->bytes, sizeof d->bytes, from, to);
}

/* Every other failure than PORT_FAILED is about a datagram sent earlier: an event, and no end. */
static void run_listener(struct anklet *a, unsigned i)
{
	struct udp_listener *listener = &a->udp->listener[i];
	struct address from, to;

	for (unsigned left = DATAGRAMS_A_SLICE; left > 0; left--) {
		int len = receive(a, listener->sock, &from, &to);

		if (len == PORT_AGAIN) {
			listener->ready = false;
			return;
		}
		if (len == PORT_FAILED) {
			listener_failed(a, listener);
			return;
		}
		if (len >= 0)
			forward_up(a, i, (size_t)len, &from, &to);
	}
	a->udp->busy = true;
}

static void run_flow(struct anklet *a, unsigned index)
{
	struct udp_flow *flow = &a->udp->flow[index];
	struct address from, to;

	for (unsigned left = DATAGRAMS_A_SLICE; left > 0; left--) {
		int len = receive(a, flow->sock, &from, &to);

		if (len == PORT_AGAIN)
			return;
		if (len == PORT_FAILED) {
			udp_flow_end(a, flow, "its socket failed");
			return;
		}
		if (len >= 0)
			forward_down(a, flow, (size_t)len);
		else
			note_refused(a, flow);
	}
	udp_flow_ready(a, index);
}

/* ---- For the instance ---- */

void udp_forward_ready(struct anklet *a, unsigned index)
{
	struct udp_forwards *d = a->udp;

	d->listener[index].ready = true;
	d->busy = true;
}

void udp_forward_named(struct anklet *a)
{
	for (unsigned i = 0; i < instance_config(a)->forward_count; i++)
		a->udp->upstream[i].ready = true;
	a->udp->busy = true;
}

void udp_flow_ready(struct anklet *a, unsigned index)
{
	struct udp_forwards *d = a->udp;

	d->busy = true;
	if (d->ready_next[index] != 0)
		return;
	d->ready_next[index] = UINT16_MAX;
	if (d->ready_count++ == 0)
		d->ready_first = (uint16_t)index;
	else
		d->ready_next[d->ready_last] = (uint16_t)(index + 1);
	d->ready_last = (uint16_t)index;
}

/* The flow of one that is taken off the list may have ended meanwhile. */
static void run_flows(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	for (uint16_t left = d->ready_count; left > 0; left--) {
		unsigned index = d->ready_first;

		d->ready_first = (uint16_t)(d->ready_next[index] - 1);
		d->ready_next[index] = 0;
		d->ready_count--;
		if (d->flow[index].kind != 0)
			run_flow(a, index);
	}
}

void udp_forward_run(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	if (!d->busy)
		return;
	d->busy = false;
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < instance_config(a)->forward_count; i++)
		if (d->upstream[i].looking && d->upstream[i].ready)
			take_answer(a, i);
	/* Before those who may be evicted for others: what has been answered is known to have been. */
	run_flows(a);
	for (unsigned i = 0; i < d->listener_count; i++)
		if (d->listener[i].ready && d->upstream[d->listener[i].forward].count > 0)
			run_listener(a, i);
}

bool udp_forward_busy(const struct anklet *a)
{
	return a->udp->busy;
}

/* Is it over? If it is not, it is still to be watched. */
static bool take_deadline(struct anklet *a, struct deadline *d, uint32_t now)
{
	bool passed = deadline_passed(d, now);

	if (passed)
		d->set = false;
	loop_deadline(&a->sessions.loop, d);
	return passed;
}

void udp_forward_expire(struct anklet *a, uint32_t now)
{
	struct udp_forwards *d = a->udp;

	for (unsigned i = 0; i < UDP_REFUSALS; i++)
		(void)take_deadline(a, &d->refusals[i].quiet, now);
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < instance_config(a)->forward_count; i++)
		if (take_deadline(a, &d->upstream[i].retry, now) && d->upstream[i].count == 0)
			look_up(a, i);
	for (unsigned i = 0; i < d->listener_count; i++)
		if (take_deadline(a, &d->listener[i].reopen, now))
			udp_forward_reopen(a, i);
	if (take_deadline(a, &d->span, now))
		udp_log_sum_up(a);
}

void udp_forward_stop(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	for (unsigned i = 0; i < d->used; i++)
		if (d->flow[i].kind != 0)
			udp_flow_end(a, &d->flow[i], "the proxy was stopped");
	for (unsigned i = 0; i < d->listener_count; i++)
		if (d->listener[i].sock != PORT_NONE)
			close_socket(a, &d->listener[i].sock);
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < instance_config(a)->forward_count; i++)
		resolver_forget(&a->sessions.names, RESOLVER_FORWARD(i));
	memset(d, 0, sizeof *d);
}

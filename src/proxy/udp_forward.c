/*
 * Forwards of datagrams: the places they come to, their targets, and each turn. See datagrams.h.
 */
#include "proxy/udp_forward.h"

#include <string.h>

#include "proxy/instance.h"

#define DATAGRAMS_A_TURN 16 /* of one socket */
#define RETRY_MS 10000      /* after a look-up that failed */
#define REOPEN_MS 1000

static const struct forward *forward_of(const struct anklet *a, unsigned i)
{
	return &a->config.forward[i];
}

static void own(struct anklet *a, port_sock sock, unsigned index)
{
	loop_own(&a->sessions.loop, sock, OWNER_DATAGRAMS, index);
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

/* ---- Places ---- */

/* Opens it where its 'at' says, which then has a port. */
static int open_place(struct anklet *a, unsigned i)
{
	struct datagrams_place *place = &a->datagrams->places[i];
	int r = port_datagram(a->sessions.loop.port, &place->at, NULL, &place->sock);

	if (r < 0)
		return r;
	own(a, place->sock, i);
	r = port_local(a->sessions.loop.port, place->sock, &place->at);
	if (r < 0)
		close_socket(a, &place->sock);
	place->ready = r == 0;
	return r;
}

int datagrams_listen(struct anklet *a, unsigned forward, struct address *at)
{
	struct datagrams *d = a->datagrams;
	struct datagrams_place *place = &d->places[d->place_count];
	int r;

	if (d->place_count == DATAGRAMS_PLACES)
		return PORT_NO_RESOURCES;
	place->forward = (uint8_t)forward;
	place->at = *at;
	r = open_place(a, d->place_count);
	if (r < 0)
		return r;
	d->place_count++;
	*at = place->at;
	return 0;
}

bool datagrams_listens(const struct anklet *a, const struct ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < a->datagrams->place_count; i++)
		if (loop_is_at(&a->datagrams->places[i].at, ip, port))
			return true;
	return false;
}

static void reopen_later(struct anklet *a, struct datagrams_place *place)
{
	place->ready = false;
	set_deadline(a, &place->reopen, REOPEN_MS);
}

static void log_failed(struct anklet *a, const struct datagrams_place *place)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_ERROR))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "datagrams at ");
	text_address(t, &place->at);
	text_str(t, ": the socket failed, and is opened again");
	loop_log(&a->sessions.loop, PORT_ERROR);
}

/* No port is known to end a socket like this; clients find it again all the same. */
static void place_failed(struct anklet *a, struct datagrams_place *place)
{
	log_failed(a, place);
	close_socket(a, &place->sock);
	reopen_later(a, place);
}

/* ---- Targets ---- */

static void log_forward(struct anklet *a, unsigned i, const char *what)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "datagrams to ");
	text_endpoint(t, &forward_of(a, i)->target, &a->config.strings);
	text_str(t, what);
	loop_log(&a->sessions.loop, PORT_WARNING);
}

static void look_up_failed(struct anklet *a, unsigned i, int answer)
{
	struct datagrams_target *target = &a->datagrams->targets[i];

	if (!target->failed)
		log_forward(a, i,
			answer == PORT_NO_NAME ? ": the name has no address; tried again"
					       : ": the name could not be looked up; tried again");
	target->failed = true;
	set_deadline(a, &target->retry, RETRY_MS);
}

static void look_up(struct anklet *a, unsigned i)
{
	struct datagrams_target *target = &a->datagrams->targets[i];

	target->looking = target->ready = true;
	a->datagrams->busy = true;
}

/* The answer has come: those who went elsewhere, and have heard nothing, begin again. */
static void end_misled(struct anklet *a, unsigned i)
{
	struct datagrams *d = a->datagrams;
	const struct datagrams_target *target = &d->targets[i];

	for (unsigned n = 0; n < DATAGRAMS_ASSOCIATIONS; n++) {
		struct association *as = &d->associations[n];
		bool found = false;

		if (!as->used || as->down > 0 || d->places[as->place].forward != i)
			continue;
		for (unsigned j = 0; j < target->count; j++)
			found |= address_equal(&as->server, &target->address[j]);
		if (!found)
			association_end(a, as, "the target's name has other addresses now");
	}
}

static void take_answer(struct anklet *a, unsigned i)
{
	struct datagrams_target *target = &a->datagrams->targets[i];
	const char *name = string_table_at(&a->config.strings, forward_of(a, i)->target.name);
	const struct resolver_question q = {name, (uint8_t)strlen(name), PORT_BOTH, CLIENT_NONE};
	struct address found[ANKLET_ADDRESSES];
	int n = resolver_find(
		&a->sessions.names, RESOLVER_FORWARD(i), &q, found, ANKLET_ADDRESSES);

	target->ready = false;
	if (n == PORT_AGAIN)
		return;
	target->looking = false;
	if (n < 0) {
		look_up_failed(a, i, n);
		return;
	}
	target->failed = false;
	target->count = (uint8_t)n;
	target->found_at = port_now(a->sessions.loop.port);
	for (int j = 0; j < n; j++) {
		target->address[j] = found[j];
		target->address[j].port = forward_of(a, i)->target.port;
	}
	end_misled(a, i);
}

void datagrams_look_again(struct anklet *a, unsigned forward)
{
	const struct datagrams_target *target = &a->datagrams->targets[forward];

	if (CONFIG_ANKLET_NAMES && forward_of(a, forward)->target.host == ENDPOINT_NAME &&
		!target->looking && !target->retry.set &&
		port_now(a->sessions.loop.port) - target->found_at >= DATAGRAMS_FRESH_MS)
		look_up(a, forward);
}

static void find_target(struct anklet *a, unsigned i)
{
	const struct endpoint *e = &forward_of(a, i)->target;
	struct datagrams_target *target = &a->datagrams->targets[i];

	if (CONFIG_ANKLET_NAMES && e->host == ENDPOINT_NAME) {
		look_up(a, i);
		return;
	}
	target->count = 1;
	target->address[0] = (struct address){.ip = e->ip, .port = e->port};
}

static void log_place(struct anklet *a, const struct datagrams_place *place)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "forwarding datagrams from ");
	text_address(t, &place->at);
	text_str(t, " to ");
	text_endpoint(t, &forward_of(a, place->forward)->target, &a->config.strings);
	loop_log(&a->sessions.loop, PORT_INFO);
}

void datagrams_start(struct anklet *a)
{
	for (unsigned i = 0; i < a->datagrams->place_count; i++)
		log_place(a, &a->datagrams->places[i]);
	for (unsigned i = 0; i < a->config.forward_count; i++)
		if (forward_of(a, i)->listen.scheme == ENDPOINT_UDP)
			find_target(a, i);
	a->datagrams->busy = true;
}

/* ---- Datagrams ---- */

/* An error may be about an earlier datagram, and takes the place of an answer about this one. */
static bool send_on(struct anklet *a, port_sock sock, size_t len, const struct address *from,
	const struct address *to)
{
	const uint8_t *octets = a->datagrams->octets;
	int r = port_sendto(a->sessions.loop.port, sock, octets, len, from, to);

	if (r == PORT_REFUSED || r == PORT_UNREACHABLE)
		r = port_sendto(a->sessions.loop.port, sock, octets, len, from, to);
	return r == 0;
}

static void drop(struct anklet *a, struct association *as)
{
	if (as != NULL)
		as->dropped++;
	a->sessions.loop.status.datagrams_dropped++;
}

/* A client's datagram. */
static void forward_up(struct anklet *a, unsigned place, size_t len, const struct address *client,
	const struct address *asked)
{
	struct association *as = association_find(a, place, client, asked);

	if (as == NULL && len <= CONFIG_ANKLET_DATAGRAM)
		as = association_begin(a, place, client, asked);
	if (as == NULL || len > CONFIG_ANKLET_DATAGRAM) {
		drop(a, as);
		return;
	}
	as->last_at = port_now(a->sessions.loop.port);
	if (!send_on(a, as->sock, len, NULL, NULL)) {
		drop(a, as);
		return;
	}
	as->up++;
	as->octets_up += len;
	a->sessions.loop.status.datagrams_up++;
}

/* The target's. */
static void forward_down(struct anklet *a, struct association *as, size_t len)
{
	port_sock sock = a->datagrams->places[as->place].sock;

	as->last_at = port_now(a->sessions.loop.port);
	if (len > CONFIG_ANKLET_DATAGRAM || sock == PORT_NONE ||
		!send_on(a, sock, len, &as->asked, &as->client)) {
		drop(a, as);
		return;
	}
	as->down++;
	as->octets_down += len;
	a->sessions.loop.status.datagrams_down++;
}

static int receive(struct anklet *a, port_sock sock, struct address *from, struct address *to)
{
	struct datagrams *d = a->datagrams;

	return port_recvfrom(a->sessions.loop.port, sock, d->octets, sizeof d->octets, from, to);
}

/* Every other failure than PORT_FAILED is about a datagram sent earlier: an event, and no end. */
static void run_place(struct anklet *a, unsigned i)
{
	struct datagrams_place *place = &a->datagrams->places[i];
	struct address from, to;

	for (unsigned left = DATAGRAMS_A_TURN; left > 0; left--) {
		int len = receive(a, place->sock, &from, &to);

		if (len == PORT_AGAIN) {
			place->ready = false;
			return;
		}
		if (len == PORT_FAILED) {
			place_failed(a, place);
			return;
		}
		if (len >= 0)
			forward_up(a, i, (size_t)len, &from, &to);
	}
	a->datagrams->busy = true;
}

static void run_association(struct anklet *a, struct association *as)
{
	struct address from, to;

	for (unsigned left = DATAGRAMS_A_TURN; left > 0; left--) {
		int len = receive(a, as->sock, &from, &to);

		if (len == PORT_AGAIN) {
			as->ready = false;
			return;
		}
		if (len == PORT_FAILED) {
			association_end(a, as, "its socket failed");
			return;
		}
		if (len >= 0)
			forward_down(a, as, (size_t)len);
	}
	a->datagrams->busy = true;
}

/* ---- For the instance ---- */

void datagrams_ready(struct anklet *a, unsigned index)
{
	struct datagrams *d = a->datagrams;

	d->places[index].ready = true;
	d->busy = true;
}

void datagrams_named(struct anklet *a)
{
	for (unsigned i = 0; i < a->config.forward_count; i++)
		a->datagrams->targets[i].ready = true;
	a->datagrams->busy = true;
}

void datagrams_association_ready(struct anklet *a, unsigned index)
{
	a->datagrams->associations[index].ready = true;
	a->datagrams->busy = true;
}

void datagrams_run(struct anklet *a)
{
	struct datagrams *d = a->datagrams;

	if (!d->busy)
		return;
	d->busy = false;
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < a->config.forward_count; i++)
		if (d->targets[i].looking && d->targets[i].ready)
			take_answer(a, i);
	for (unsigned i = 0; i < d->place_count; i++)
		if (d->places[i].ready && d->targets[d->places[i].forward].count > 0)
			run_place(a, i);
	for (unsigned i = 0; i < DATAGRAMS_ASSOCIATIONS; i++)
		if (d->associations[i].used && d->associations[i].ready)
			run_association(a, &d->associations[i]);
}

bool datagrams_busy(const struct anklet *a)
{
	return a->datagrams->busy;
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

void datagrams_expire(struct anklet *a, uint32_t now)
{
	struct datagrams *d = a->datagrams;

	for (unsigned i = 0; i < DATAGRAMS_REFUSALS; i++)
		(void)take_deadline(a, &d->refusals[i].quiet, now);
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < a->config.forward_count; i++)
		if (take_deadline(a, &d->targets[i].retry, now) && d->targets[i].count == 0)
			look_up(a, i);
	for (unsigned i = 0; i < d->place_count; i++) {
		if (!take_deadline(a, &d->places[i].reopen, now))
			continue;
		if (open_place(a, i) < 0)
			reopen_later(a, &d->places[i]);
		d->busy = true;
	}
	associations_expire(a, now);
}

void datagrams_stop(struct anklet *a)
{
	struct datagrams *d = a->datagrams;

	for (unsigned i = 0; i < DATAGRAMS_ASSOCIATIONS; i++)
		if (d->associations[i].used)
			association_end(a, &d->associations[i], "the proxy was stopped");
	for (unsigned i = 0; i < d->place_count; i++)
		if (d->places[i].sock != PORT_NONE)
			close_socket(a, &d->places[i].sock);
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < a->config.forward_count; i++)
		resolver_forget(&a->sessions.names, RESOLVER_FORWARD(i));
	memset(d, 0, sizeof *d);
}

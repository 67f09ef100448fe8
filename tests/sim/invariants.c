/*
 * What must be true of the proxy whenever it waits, and when everything is over.
 */
#include "secure.h"

#include <string.h>

static bool awaits(const struct run *run, port_sock s, unsigned interest)
{
	return s != PORT_NONE && (sim_interest(&run->proxy, s) & interest) != 0;
}

/* For bytes; or, where TLS has something to send before it reads on, for room. */
static bool awaits_bytes(const struct run *run, const struct stream *stream)
{
	bool read_blocked = stream->tls != NULL && library_read_blocked(stream->tls);

	return awaits(run, stream->sock, read_blocked ? SIM_WRITE : SIM_READ);
}

/* Does the session's pause end by itself? */
static bool pause_ends(const struct run *run, const struct session *s)
{
	return timers_is_set(&run->anklet->sessions.loop.timers, SESSION_STEP(s->index));
}

/*
 * A direction of the relay: for bytes, for room, for its rate, or, where nothing else can come, for a reset. In a
 * pause bytes are not waited for, for they would be there at once, again and again.
 */
static bool direction_waits(const struct run *run, const struct session *s,
	const struct relay_direction *d, const struct stream *from, const struct stream *to)
{
	if (d->ended)
		return awaits(run, from->sock, SIM_HANGUP);
	if (d->paused)
		return awaits(run, from->sock, SIM_HANGUP) && pause_ends(run, s);
	return awaits_bytes(run, from) ||
	       (awaits(run, to->sock, SIM_WRITE) && awaits(run, from->sock, SIM_HANGUP));
}

static const struct timers *timers(const struct run *run)
{
	return &run->anklet->sessions.loop.timers;
}

static bool has_step(const struct run *run, const struct session *s)
{
	return timers_is_set(timers(run), SESSION_STEP(s->index));
}

static bool attempts_wait(const struct run *run, const struct session *s)
{
	bool more = s->address_next < s->address_count;

	if (s->server.sock != PORT_NONE && !awaits(run, s->server.sock, SIM_WRITE))
		return false;
	if (s->second != PORT_NONE && !awaits(run, s->second, SIM_WRITE))
		return false;
	return (s->server.sock != PORT_NONE || s->second != PORT_NONE) &&
	       (!more || has_step(run, s));
}

/* A stream that is read or sent to: TLS may have to do the one for the other. */
static bool stream_waits(const struct run *run, const struct stream *stream)
{
	return awaits(run, stream->sock, SIM_READ | SIM_WRITE);
}

static const struct resolver *names(const struct run *run)
{
	return &run->anklet->sessions.names;
}

/* Is there an answer to be waited for? */
static bool names_wait(const struct run *run, unsigned asker)
{
	const struct resolver_asker *a = &names(run)->asker[asker];

	return a->lookup == ASKER_WAITS ||
	       (a->lookup != ASKER_NONE && names(run)->lookup[a->lookup - 1].phase != LOOKUP_DONE);
}

/* Has the state recorded everything that can end its wait? */
static bool state_waits(const struct run *run, const struct session *s)
{
	bool client_watched = awaits(run, s->client.sock, SIM_HANGUP);

	switch ((enum session_state)s->state) {
	case SESSION_TLS_ACCEPT:
		return stream_waits(run, &s->client);
	case SESSION_GREETING:
	case SESSION_PASSWORD:
	case SESSION_REQUEST:
	case SESSION_DRAIN:
		return awaits_bytes(run, &s->client);
	case SESSION_WRONG_PASSWORD:
		return client_watched && has_step(run, s);
	case SESSION_IDENT:
		return client_watched && awaits(run, s->aux, SIM_WRITE) && has_step(run, s);
	case SESSION_IDENT_ANSWER:
		return client_watched && awaits(run, s->aux, SIM_READ | SIM_WRITE) &&
		       has_step(run, s);
	case SESSION_RESOLVE:
	case SESSION_RESOLVE_HOP:
		return client_watched && names_wait(run, s->index);
	case SESSION_CONNECT:
		return client_watched && attempts_wait(run, s);
	case SESSION_STARTTLS:
	case SESSION_TLS_CONNECT:
	case SESSION_HOP:
	case SESSION_HOP_PEER:
		return client_watched && stream_waits(run, &s->server);
	case SESSION_WAIT_PEER:
		return client_watched && awaits(run, s->aux, SIM_READ);
	case SESSION_ANNOUNCE:
		return client_watched && awaits(run, s->client.sock, SIM_WRITE);
	case SESSION_METHOD:
	case SESSION_PROVEN:
	case SESSION_GRANT:
	case SESSION_REFUSE:
		return awaits(run, s->client.sock, SIM_WRITE);
	case SESSION_RELAY:
		return direction_waits(run, s, &s->relay.up, &s->client, &s->server) &&
		       direction_waits(run, s, &s->relay.down, &s->server, &s->client);
	case SESSION_LINGER:
		return (s->client.sock == PORT_NONE || stream_waits(run, &s->client)) &&
		       (s->server.sock == PORT_NONE || stream_waits(run, &s->server));
	case SESSION_LISTEN: /* never rests */
	case SESSION_FREE:
		break;
	}
	return false;
}

/* Does the session hold the sockets that its state is about, and no others? */
static bool holds_its_own(const struct session *s)
{
	bool server = s->server.sock != PORT_NONE, second = s->second != PORT_NONE;
	bool aux = s->aux != PORT_NONE;

	switch ((enum session_state)s->state) {
	case SESSION_TLS_ACCEPT:
	case SESSION_GREETING:
	case SESSION_METHOD:
	case SESSION_PASSWORD:
	case SESSION_WRONG_PASSWORD:
	case SESSION_PROVEN:
	case SESSION_REQUEST:
	case SESSION_REFUSE:
	case SESSION_DRAIN:
		return !server && !second && !aux;
	case SESSION_IDENT:
	case SESSION_IDENT_ANSWER:
	case SESSION_WAIT_PEER:
		return !server && !second && aux;
	case SESSION_ANNOUNCE: /* of our own listener, or of the hop's */
		return server != aux && !second;
	case SESSION_RESOLVE:
	case SESSION_RESOLVE_HOP:
	case SESSION_LISTEN:
		return !server && !second;
	case SESSION_CONNECT:
		return !aux;
	case SESSION_STARTTLS:
	case SESSION_TLS_CONNECT:
	case SESSION_HOP:
	case SESSION_HOP_PEER:
	case SESSION_GRANT:
	case SESSION_RELAY:
		return server && !second && !aux;
	case SESSION_LINGER:
		return !second && !aux;
	case SESSION_FREE:
		break;
	}
	return false;
}

/* A deadline that is set must not be earlier than the time at which the instance looks again. */
static bool watched(const struct anklet *a, const struct deadline *d)
{
	const struct deadline *earliest = &a->sessions.loop.earliest;

	return !d->set || (earliest->set && time_passed(earliest->at, d->at));
}

/* Is a CONNECT that is relayed in its client's list, linked both ways? */
static bool is_beside(const struct sessions *all, const struct session *s)
{
	uint16_t me = (uint16_t)(s->index + 1), next = s->beside.next,
		 previous = s->beside.previous;

	return (next == 0 || all->session[next - 1].beside.previous == me) &&
	       (previous != 0 ? all->session[previous - 1].beside.next
			      : all->loop.clients.client[s->holder].first) == me;
}

/* Those between their permission and their grant or refusal hold settings; so does a forward's client before. */
static bool holds_settings(const struct session *s)
{
	bool established = s->state >= SESSION_RELAY;

	return (s->held != NULL) == (!established && (s->request_whole || session_is_forwarded(s)));
}

static void check_session(struct run *run, const struct session *s)
{
	const struct anklet *a = run->anklet;
	unsigned index = s->index;
	bool unlimited =
		s->state == SESSION_RELAY && (instance_config(a)->limit_idle_ms == 0 ||
						     instance_config(a)->limit_half_closed_ms == 0);

	EXPECT(run, s->client.sock != PORT_NONE || s->state == SESSION_LINGER);
	EXPECT(run, holds_its_own(s));
	EXPECT(run, holds_settings(s));
	EXPECT(run, !CONFIG_ANKLET_BIND || s->state != SESSION_RELAY || session_is_bind(s) ||
			    is_beside(&run->anklet->sessions, s));
	if (loop_is_ready(&a->sessions.loop, index))
		return;
	EXPECT(run, state_waits(run, s));
	EXPECT(run, !s->limit_due);
	EXPECT(run, timers_is_set(timers(run), SESSION_LIMIT(index)) || unlimited);
}

static unsigned held(const struct session *s)
{
	unsigned count = s->client.sock != PORT_NONE;

	count += s->server.sock != PORT_NONE;
	count += s->second != PORT_NONE;
	count += s->aux != PORT_NONE;
	return count;
}

static void check_listener(struct run *run, const struct listener *l)
{
	const struct anklet *a = run->anklet;
	bool room = !a->sessions.loop.accept_at.set;

	if (CONFIG_ANKLET_STATUS && l->forward == LISTENER_STATUS)
		room = room && status_room(a, false) == 0;
	else
		room = room && sessions_room(&a->sessions, l->tls != NULL) == 0;
	EXPECT(run, a->sessions.loop.listening[l - a->listeners].port !=
			    0); /* else nobody can tell a loop */
	if (!l->ready)
		EXPECT(run, awaits(run, l->sock, SIM_READ));
	else if (room && !a->stopping)
		EXPECT(run, anklet_next(run->anklet) == 0);
}

/* It is found again by its client, is one of its client's own, and ends by itself. */
static void check_flow(struct run *run, const struct udp_flow *flow)
{
	const struct udp_forwards *d = run->anklet->udp;
	unsigned index = (unsigned)(flow - d->flow);
	bool ready = d->ready_next[index] != 0;

	EXPECT(run, flow->listener < d->listener_count);
	EXPECT(run, ready ? udp_forward_busy(run->anklet) : awaits(run, flow->sock, SIM_READ));
	EXPECT(run,
		udp_flow_find(run->anklet, flow->listener, &flow->client, &flow->asked) == flow);
	EXPECT(run, d->flow[flow->own_next - 1].own_previous == index + 1);
	EXPECT(run, d->flow[flow->own_next - 1].holder == flow->holder);
	EXPECT(run, d->oldest_of[flow->holder] != 0);
	EXPECT(run, timers_is_set(timers(run), TIMER_FLOW(index)));
}

/* A listener is read, or its upstream is being looked for. */
static void check_udp_listener(struct run *run, const struct udp_listener *listener)
{
	const struct anklet *a = run->anklet;
	const struct udp_upstream *upstream = &a->udp->upstream[listener->forward];

	if (listener->sock == PORT_NONE)
		EXPECT(run, listener->reopen.set && watched(a, &listener->reopen));
	else if (!listener->ready)
		EXPECT(run, awaits(run, listener->sock, SIM_READ));
	else if (upstream->count > 0)
		EXPECT(run, udp_forward_busy(a));
	else
		EXPECT(run,
			upstream->looking || (upstream->retry.set && watched(a, &upstream->retry)));
}

/* Returns how many sockets they have. */
static unsigned check_datagrams(struct run *run)
{
	const struct udp_forwards *d = run->anklet->udp;
	unsigned sockets = 0, used = 0, waiting = 0, ready = 0;

	for (unsigned i = 0; i < CONFIG_ANKLET_FORWARDS; i++) {
		const struct udp_upstream *upstream = &d->upstream[i];

		if (upstream->looking && !upstream->ready)
			EXPECT(run, names_wait(run, RESOLVER_FORWARD(i)));
	}
	for (unsigned i = 0; i < d->listener_count; i++) {
		sockets += d->listener[i].sock != PORT_NONE;
		check_udp_listener(run, &d->listener[i]);
	}
	for (unsigned i = 0; i < CONFIG_ANKLET_UDP_FLOWS; i++) {
		used += d->flow[i].kind != 0;
		waiting += d->flow[i].kind == TIMER_FLOW_NEW;
		ready += d->ready_next[i] != 0;
		if (d->flow[i].kind != 0)
			check_flow(run, &d->flow[i]);
	}
	EXPECT(run, waiting == d->waiting && ready == d->ready_count);
	EXPECT(run, used == run->anklet->sessions.loop.status.udp_flows);
	return sockets + used;
}

/*
 * Whoever waits is in one list, and each lookup goes on by itself: at a time, or when something arrives. Returns how
 * many sockets they have.
 */
static unsigned check_names(struct run *run, unsigned *asking)
{
	const struct resolver *r = names(run);
	unsigned sockets = 0, used = 0, waiting = 0, askers = 0;

	*asking = 0;
	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < RESOLVER_ASKERS; i++)
		askers += r->asker[i].lookup != ASKER_NONE;
	for (uint16_t i = r->first; i != 0; i = r->asker[i - 1].next) {
		EXPECT(run, r->asker[i - 1].lookup == ASKER_WAITS && ++waiting <= askers);
		EXPECT(run, r->asker[i - 1].next != 0 || r->last == i);
	}
	for (unsigned i = 0; i < RESOLVER_LOOKUPS; i++) {
		const struct lookup *l = &r->lookup[i];

		if (l->phase == LOOKUP_FREE)
			continue;
		used++;
		*asking += l->phase == LOOKUP_ASKING;
		EXPECT(run, (l->phase == LOOKUP_ASKING) == (l->client != CLIENT_NONE));
		EXPECT(run, l->first != 0);
		for (uint16_t a = l->first; a != 0; a = r->asker[a - 1].next)
			EXPECT(run, r->asker[a - 1].lookup == i + 1 && ++waiting <= askers);
		if (l->sock == PORT_NONE)
			continue;
		sockets++;
		EXPECT(run, l->phase == LOOKUP_ASKING);
		EXPECT(run, l->ready || awaits(run, l->sock, SIM_READ | SIM_WRITE));
	}
	EXPECT(run, used == r->used && waiting == askers);
	EXPECT(run, r->first == 0 || r->used > 0);
	return sockets;
}

/* Each list is in order of time, and whoever is in one is linked both ways. */
static void check_timers(struct run *run)
{
	const struct timer *entry = timers(run)->entry;

	for (uint16_t kind = 1; kind < TIMER_KINDS; kind++) {
		unsigned count = 0;

		for (uint16_t at = entry[kind].next; at != kind; at = entry[at].next) {
			uint16_t next = entry[at].next;

			EXPECT(run, at >= TIMER_KINDS && ++count <= TIMERS);
			EXPECT(run, entry[next].previous == at);
			EXPECT(run, next == kind || time_passed(entry[at].at, entry[next].at));
		}
	}
}

/* Of each pool what is taken is what there is, and what its clients hold together. */
static void check_pools(struct run *run, const unsigned taken[POOLS])
{
	const struct clients *clients = &run->anklet->sessions.loop.clients;

	for (unsigned pool = 0; pool < POOLS; pool++) {
		unsigned sum = 0;

		for (unsigned i = 0; i < clients->used; i++) {
			sum += clients->client[i].held[pool];
			/* What somebody had before a reload he keeps. */
			EXPECT(run, run->after_poll != NULL || clients->client[i].held[pool] <=
								       clients->pool[pool].share);
		}
		EXPECT(run, clients->pool[pool].taken == taken[pool] && sum == taken[pool]);
	}
}

/* Whoever wants more than it gets is counted once, and whoever goes by a balance is one of its users. */
static void check_rates(struct run *run)
{
	const struct anklet *a = run->anklet;
	const struct rates *rates = LOOP_RATES(&a->sessions.loop);
	unsigned users[CONFIG_ANKLET_RATE_CLIENTS + 1] = {0}, waiting[RATE_WAYS] = {0};

	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &a->sessions.session[i];

		if (s->state == SESSION_FREE || s->rates == 0)
			continue;
		users[s->rates - 1]++;
		waiting[RATE_UP] += s->relay.up.wants;
		waiting[RATE_DOWN] += s->relay.down.wants;
	}
	for (unsigned i = 0; i < CONFIG_ANKLET_UDP_FLOWS; i++)
		if (a->udp->flow[i].kind != 0 && a->udp->flow[i].rates != 0)
			users[a->udp->flow[i].rates - 1]++;
	for (unsigned i = 0; i <= CONFIG_ANKLET_RATE_CLIENTS; i++) {
		/* Where there are no rates this is dead code. */
		/* cppcheck-suppress nullPointer */
		EXPECT(run, rates->client[i].users == users[i]);
		for (unsigned way = 0; way < RATE_WAYS; way++)
			/* cppcheck-suppress nullPointer */
			waiting[way] -= rates->client[i].way[way].waiting;
	}
	EXPECT(run, waiting[RATE_UP] == 0 && waiting[RATE_DOWN] == 0);
}

#if CONFIG_ANKLET_STATUS
/* Those who ask for the status: their sockets. Each waits for it, and not for ever. */
static unsigned check_askers(struct run *run)
{
	const struct status_asking *asking = run->anklet->status.asking;
	unsigned sockets = 0;

	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++) {
		if (asking[i].step == 0)
			continue;
		sockets++;
		EXPECT(run, asking[i].due.set);
		if (asking[i].ready)
			EXPECT(run, anklet_next(run->anklet) == 0);
		else
			EXPECT(run, awaits(run, asking[i].sock, SIM_READ | SIM_WRITE | SIM_HANGUP));
	}
	return sockets;
}
#else
static unsigned check_askers(struct run *run)
{
	(void)run;
	return 0;
}
#endif

void run_check_waiting(struct run *run)
{
	const struct anklet *a = run->anklet;
	unsigned sockets = a->listener_count, busy = 0, draining = 0, spare = 0, tls = 0;
	unsigned lookups;

	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		const struct session *s = &a->sessions.session[i];

		if (s->state == SESSION_FREE)
			continue;
		busy++;
		sockets += held(s);
		draining += s->state == SESSION_DRAIN;
		spare += s->second != PORT_NONE;
		tls += s->client.tls != NULL;
		tls += s->server.tls != NULL;
		check_session(run, s);
	}
	for (unsigned i = 0; i < a->listener_count; i++)
		check_listener(run, &a->listeners[i]);
	EXPECT(run, busy == a->sessions.loop.status.sessions);
	EXPECT(run, busy + a->sessions.free_count == a->sessions.used);
	check_timers(run);
	if (ANKLET_HAS_RATES)
		check_rates(run);
	EXPECT(run, draining == a->sessions.draining);
	sockets += check_askers(run);
	sockets += check_datagrams(run);
	sockets += check_names(run, &lookups);
	check_pools(run,
		(const unsigned[]){busy, tls, spare, lookups, a->sessions.loop.status.udp_flows});
	EXPECT(run, sockets == sim_open_sockets(&run->proxy, SIM_STREAM) +
				       sim_open_sockets(&run->proxy, SIM_LISTENER) +
				       sim_open_sockets(&run->proxy, SIM_DATAGRAMS));
}

void run_check_empty(struct run *run)
{
	const struct anklet *a = run->anklet;
	static const struct session cleared;
	unsigned sockets, lookups;

	if (ANKLET_HAS_RATES)
		check_rates(run);
	EXPECT(run, a->sessions.loop.status.sessions == 0);
	EXPECT(run, a->sessions.free_count == a->sessions.used);
	EXPECT(run, a->sessions.loop.ready.count == 0);
	EXPECT(run, a->sessions.draining == 0 && instance_setup(a)->settings.held == 0);
	/* A forward may be looking for its upstream. */
	sockets = check_names(run, &lookups);
	check_pools(run, (const unsigned[]){0, 0, 0, lookups, 0});
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_STREAM) == check_askers(run));
	EXPECT(run,
		sim_open_sockets(&run->proxy, SIM_DATAGRAMS) == a->udp->listener_count + sockets);
	EXPECT(run, sim_open_sockets(&run->proxy, SIM_LISTENER) == a->listener_count);
	for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		EXPECT(run, memcmp(&a->sessions.session[i], &cleared, sizeof cleared) == 0);
		EXPECT(run, !timers_is_set(timers(run), SESSION_LIMIT(i)));
		EXPECT(run, !timers_is_set(timers(run), SESSION_STEP(i)));
	}
	EXPECT(run, a->sessions.loop.status.udp_flows == 0);
	for (size_t i = 0; i < PORT_SOCKETS; i++)
		EXPECT(run, a->sessions.loop.owner[i].kind != OWNER_SESSION &&
				    a->sessions.loop.owner[i].kind != OWNER_UDP_FLOW);
}

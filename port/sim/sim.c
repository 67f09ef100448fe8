/*
 * The simulator's clock, its events, and the waiting. See sim.h.
 *
 * Nothing moves on its own: time passes in port_wait() alone (and, with the
 * fault 'hasty', a little in other calls). The table of events is not sorted:
 * it holds a few dozen, and looking through them costs less than keeping order.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

#define NEVER UINT64_MAX
#define CLOCK_BEFORE_WRAP_MS 120000u
#define STEPS_MAX 200000u

void sim_init(struct sim *sim, uint64_t seed)
{
	/* The bytes, most of it by far, are left alone: positions say which of them mean something. */
	memset(sim, 0, offsetof(struct sim, bytes));
	sim->random = seed;
	sim->latency_max_ms = sim_random(sim, 4) * 3;
	sim->window_min = 512;
	sim->window_max = SIM_WINDOW_MAX;
	sim->steps_max = STEPS_MAX;
	sim->clock_at = 0u - 1 - sim_random(sim, CLOCK_BEFORE_WRAP_MS);
}

static struct ip ip_of(const char *text)
{
	struct ip ip;
	bool parsed = ip_parse(text, strlen(text), &ip);

	assert(parsed);
	(void)parsed;
	return ip;
}

struct sim_host *sim_host(struct sim *sim, const char *const *addresses)
{
	struct sim_host *host = &sim->host[sim->hosts++];

	assert(sim->hosts <= SIM_HOSTS);
	host->next_port = (uint16_t)(49152 + sim_random(sim, 16384));
	for (; *addresses != NULL; addresses++) {
		assert(host->addresses < SIM_HOST_ADDRESSES);
		host->address[host->addresses++] = ip_of(*addresses);
	}
	return host;
}

void sim_route(struct sim *sim, const char *to, enum sim_fate fate)
{
	struct sim_route *route = &sim->route[sim->routes++];
	bool parsed;

	assert(sim->routes <= SIM_ROUTES);
	parsed = ip_prefix_parse(to, strlen(to), &route->to);
	assert(parsed);
	(void)parsed;
	route->fate = fate;
}

void sim_attach(struct sim *sim, struct port *port, struct sim_host *host)
{
	memset(port, 0, sizeof *port);
	port->sim = sim;
	port->host = host;
	assert(sim->ports < SIM_PORTS);
	sim->port[sim->ports++] = port;
}

void sim_act(struct sim_actor *actor, struct port *port, void (*run)(struct sim_actor *actor))
{
	struct sim *sim = port->sim;

	actor->port = port;
	actor->run = run;
	sim_timer(actor, 0);
	assert(sim->actors < SIM_ACTORS);
	sim->actor[sim->actors++] = actor;
}

void sim_timer(struct sim_actor *actor, int32_t ms)
{
	actor->timed = ms >= 0;
	if (actor->timed)
		actor->due = actor->port->sim->now + (uint64_t)ms;
}

void sim_interrupt(struct sim *sim)
{
	sim->interrupted = true;
}

/* ---- Events ---- */

/* The index of the earliest event, or -1. */
static int event_first(const struct sim *sim)
{
	int first = -1;

	for (int i = 0; i < sim->events; i++) {
		const struct sim_event *a = &sim->event[i];

		if (first < 0 || a->at < sim->event[first].at ||
			(a->at == sim->event[first].at && a->order < sim->event[first].order))
			first = i;
	}
	return first;
}

static bool step(struct sim *sim)
{
	if (++sim->steps > sim->steps_max)
		sim_fail(sim, "a livelock: more steps than the run may take");
	return sim->failure == NULL;
}

void event_deliver_due(struct sim *sim)
{
	while (step(sim)) {
		int first = event_first(sim);
		struct sim_event event;

		if (first < 0 || sim->event[first].at > sim->now)
			break;
		event = sim->event[first];
		sim->event[first] = sim->event[--sim->events];
		if (event.kind == SIM_EVENT_DATAGRAM)
			datagram_arrives(sim, event.side);
		else if (event.link >= 0)
			network_event(sim, &event);
	}
}

/* When something happens next by itself, or NEVER. */
static uint64_t next_at(const struct sim *sim)
{
	int first = event_first(sim);
	uint64_t at = first < 0 ? NEVER : sim->event[first].at;

	for (unsigned i = 0; i < sim->actors; i++)
		if (sim->actor[i]->timed && sim->actor[i]->due < at)
			at = sim->actor[i]->due;
	return at;
}

/* ---- Waiting ---- */

/* Meets the interests of p that have a cause. Returns how many sockets are ready. */
static int16_t meet_interests(struct port *p)
{
	p->unnamed = 0;
	p->cursor = 0;
	for (port_sock s = 0; s < p->used; s++) {
		struct sim_socket *socket = &p->socket[s];
		unsigned met = 0;

		if (socket->kind != SIM_FREE && socket->interest != 0) {
			met = socket_causes(p, s);
			if (met == 0 && sim_chance(p->sim, p->faults.spurious))
				met = socket->interest;
		}
		socket->interest = (uint8_t)(socket->interest & ~met);
		socket->pending = met != 0;
		socket->parked = false;
		p->unnamed = (int16_t)(p->unnamed + socket->pending);
	}
	if (p->unnamed > 0)
		p->cursor = (int16_t)sim_random(p->sim, PORT_SOCKETS);
	return p->unnamed;
}

/* Runs the actors that have something to do; false when none had. */
static bool run_actors(struct sim *sim, const struct port *waiting)
{
	bool ready[SIM_PORTS] = {false};
	bool any = false;

	for (unsigned i = 0; i < sim->ports; i++)
		if (sim->port[i] != waiting)
			ready[i] = meet_interests(sim->port[i]) > 0;
	for (unsigned i = 0; i < sim->actors && sim->failure == NULL; i++) {
		struct sim_actor *actor = sim->actor[i];
		unsigned process = 0;

		while (sim->port[process] != actor->port)
			process++;
		if (!ready[process] && !(actor->timed && actor->due <= sim->now))
			continue;
		if (actor->timed && actor->due <= sim->now)
			actor->timed = false;
		any = true;
		actor->run(actor);
		step(sim);
	}
	return any;
}

/* Goes on to the next event, not past 'until'. False: there is nothing more before it. */
static bool advance(struct sim *sim, struct port *p, uint64_t until)
{
	uint64_t next = next_at(sim);

	if (sim->now >= until)
		return false;
	if (next == NEVER && until == NEVER) {
		sim_fail(sim, "a deadlock: nothing will ever happen, and the wait has no limit");
		return false;
	}
	sim->now = next < until ? next : until;
	if (sim_chance(sim, p->faults.jumps))
		sim->now += sim_random(sim, p->faults.jump_ms + 1);
	return true;
}

int port_wait(struct port *p, int32_t ms)
{
	struct sim *sim = p->sim;
	uint64_t until = ms < 0 ? NEVER : sim->now + (uint64_t)ms;
	int ready;

	assert(!sim->running);
	if (p->before_wait != NULL)
		p->before_wait(p->ctx);
	socket_enter(p);
	sim->running = true;
	p->waits++;
	do {
		do
			event_deliver_due(sim);
		while (sim->failure == NULL && run_actors(sim, p));
		ready = meet_interests(p);
	} while (ready == 0 && !sim->interrupted && sim->failure == NULL && advance(sim, p, until));
	sim->interrupted = false;
	sim->running = false;
	(void)port_clock(p);
	return ready;
}

port_sock port_next(struct port *p)
{
	port_sock s = p->cursor;

	if (p->unnamed == 0)
		return PORT_NONE;
	while (!p->socket[s].pending)
		s = (port_sock)((s + 1) % PORT_SOCKETS);
	p->socket[s].pending = false;
	p->unnamed--;
	p->cursor = s;
	return s;
}

uint32_t port_now(struct port *p)
{
	return p->now;
}

uint32_t port_clock(struct port *p)
{
	return p->now = p->sim->clock_at + (uint32_t)p->sim->now;
}

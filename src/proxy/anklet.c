/*
 * The instance: accepts clients, finds out who is ready or due, and gives each session its turn.
 *
 * Work for a wake-up grows with what is ready, not with the table: the port names
 * ready sockets, their owners join the list of runnable sessions, and the table
 * is only scanned when the earliest deadline can have passed.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/check.h"

#define ACCEPTS_A_TURN 16
#define ACCEPT_RETRY_MS 1000

/* ---- Runnable sessions ---- */

static uint16_t index_of(const struct anklet *a, const struct session *s)
{
	return (uint16_t)(s - a->sessions);
}

void instance_queue(struct anklet *a, struct session *s)
{
	uint16_t i = index_of(a, s);

	if (s->queued)
		return;
	s->queued = true;
	s->next = INSTANCE_NONE;
	if (a->queue_first == INSTANCE_NONE)
		a->queue_first = i;
	else
		a->sessions[a->queue_last].next = i;
	a->queue_last = i;
	a->queued++;
}

static struct session *take_queued(struct anklet *a)
{
	struct session *s = &a->sessions[a->queue_first];

	check(a->queued > 0 && s->queued);
	a->queue_first = s->next;
	a->queued--;
	s->queued = false;
	return s;
}

/* Each session that is runnable now gets one turn; those it makes runnable wait for the next. */
static void run_sessions(struct anklet *a)
{
	for (uint16_t left = a->queued; left > 0; left--) {
		struct session *s = take_queued(a);

		/* A session can have ended while it was queued: by giving way to a new client. */
		if (s->state != SESSION_FREE)
			session_step(a, s);
	}
}

/* ---- Deadlines ---- */

bool deadline_passed(const struct deadline *d, uint32_t now)
{
	return d->set && (int32_t)(now - d->at) >= 0;
}

void instance_deadline(struct anklet *a, const struct deadline *d)
{
	if (d->set && (!a->earliest.set || (int32_t)(d->at - a->earliest.at) < 0))
		a->earliest = *d;
}

static void expire(struct anklet *a)
{
	uint32_t now = port_now(a->port);

	if (deadline_passed(&a->accept_at, now))
		a->accept_at.set = false;
	if (!deadline_passed(&a->earliest, now))
		return;
	a->earliest.set = false;
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		struct session *s = &a->sessions[i];

		if (s->state == SESSION_FREE)
			continue;
		if (deadline_passed(&s->step, now)) {
			s->step.set = false;
			s->step_due = true;
			instance_queue(a, s);
		}
		if (deadline_passed(&s->limit, now))
			instance_queue(a, s); /* session_step() looks at the limit first */
		else
			instance_deadline(a, &s->limit);
		instance_deadline(a, &s->step);
	}
	if (CONFIG_ANKLET_ASSOCIATIONS > 0)
		datagrams_expire(a, now);
}

/* ---- Clients ---- */

static bool can_accept(const struct anklet *a)
{
	return !a->stopping && !a->accept_at.set && (a->free_count > 0 || a->draining > 0);
}

static bool over_client_limit(const struct anklet *a, const struct ip *client)
{
	unsigned count = 0;

	if (a->config.limit_client == 0)
		return false;
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		count += ip_equal(&a->client[i], client);
	return count >= a->config.limit_client;
}

/* Is there somebody who waits, and room for him? */
static bool can_serve(const struct anklet *a, const struct listener *l)
{
	if (ANKLET_HAS_TLS && l->tls != NULL && a->tls_streams + 1 > CONFIG_ANKLET_TLS_STREAMS)
		return false;
	return l->ready;
}

/* The table is full, but this session only waits for a refused client to go away. */
static void give_way(struct anklet *a)
{
	struct session *longest = NULL;

	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
		struct session *s = &a->sessions[i];

		if (s->state == SESSION_DRAIN &&
			(longest == NULL || (int32_t)(s->limit.at - longest->limit.at) < 0))
			longest = s;
	}
	check(longest != NULL);
	session_abort(a, longest, REASON_GAVE_WAY);
}

static void log_over_limit(struct anklet *a, const struct address *from)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING))
		return;
	t = instance_line(a);
	text_address(t, from);
	text_str(t, ": closed at once, this client has all of its ");
	text_num(t, a->config.limit_client);
	text_str(t, " sessions (limit-client)");
	instance_log(a, PORT_WARNING);
}

static void welcome(
	struct anklet *a, const struct listener *l, port_sock client, const struct address *from)
{
	uint16_t i;

	a->status.accepted++;
	if (over_client_limit(a, &from->ip)) {
		a->status.over_limit++;
		log_over_limit(a, from);
		port_close(a->port, &client);
		return;
	}
	if (a->free_count == 0)
		give_way(a);
	i = a->free[--a->free_count];
	a->client[i] = from->ip;
	a->status.sessions++;
	if (a->status.sessions > a->status.sessions_peak)
		a->status.sessions_peak = a->status.sessions;
	session_begin(a, &a->sessions[i], l, client, from);
}

/* Returns false when this listener has nobody waiting any more. */
static bool accept_one(struct anklet *a, struct listener *l)
{
	struct address from;
	port_sock client;
	int r = port_accept(a->port, l->sock, &client, &from);

	if (r == 0) {
		welcome(a, l, client, &from);
		return true;
	}
	if (r == PORT_AGAIN) {
		l->ready = false;
		return false;
	}
	/* NO_RESOURCES, or a failure that nobody can explain: neither may turn into a busy loop. */
	a->accept_at.set = true;
	a->accept_at.at = port_now(a->port) + ACCEPT_RETRY_MS;
	return false;
}

/*
 * One client of each listener after the other; the next turn goes on behind the
 * one asked last, however many turns went by without a client. A listener that
 * is not asked keeps 'ready', so it is asked again as soon as there is room.
 */
static void accept_clients(struct anklet *a)
{
	unsigned quota = ACCEPTS_A_TURN, passed_over = 0;

	while (quota > 0 && passed_over < a->listener_count && can_accept(a)) {
		struct listener *l = &a->listeners[a->listener_turn];

		if (can_serve(a, l) && accept_one(a, l)) {
			quota--;
			passed_over = 0;
		} else {
			passed_over++;
		}
		a->listener_turn = (uint8_t)((a->listener_turn + 1) % a->listener_count);
	}
}

void instance_free(struct anklet *a, struct session *s)
{
	uint16_t i = index_of(a, s);
	bool queued = s->queued;
	uint16_t next = s->next;

	a->status.octets_up += s->relay.up.octets;
	a->status.octets_down += s->relay.down.octets;
	a->status.sessions--;
	memset(&a->client[i], 0, sizeof a->client[i]);
	memset(s, 0, sizeof *s);
	s->queued = queued; /* it may still be linked in the list, where it is passed over */
	s->next = next;
	a->free[a->free_count++] = i;
	a->accept_at.set = false; /* its sockets are free: accepting may succeed again */
}

bool instance_is_at(const struct address *at, const struct ip *ip, uint16_t port)
{
	return at->port == port &&
	       (ip_equal(&at->ip, ip) ||
		       (ip_class(&at->ip) == IP_UNSPECIFIED && ip_is_v4(&at->ip) == ip_is_v4(ip)));
}

bool instance_listens(const struct anklet *a, const struct ip *ip, uint16_t port)
{
	for (unsigned i = 0; i < a->listener_count; i++)
		if (instance_is_at(&a->listeners[i].at, ip, port))
			return true;
	return false;
}

/* ---- One turn ---- */

static void note_ready(struct anklet *a, port_sock sock)
{
	struct owner owner = a->owner[sock];

	switch ((enum owner_kind)owner.kind) {
	case OWNER_SESSION:
		instance_queue(a, &a->sessions[owner.index]);
		break;
	case OWNER_LISTENER:
		a->listeners[owner.index].ready = true;
		break;
	case OWNER_DATAGRAMS:
		if (CONFIG_ANKLET_ASSOCIATIONS > 0)
			datagrams_ready(a, owner.index);
		break;
	case OWNER_ASSOCIATION:
		if (CONFIG_ANKLET_ASSOCIATIONS > 0)
			datagrams_association_ready(a, owner.index);
		break;
	case OWNER_NONE:
		break;
	}
}

void anklet_turn(struct anklet *a)
{
	port_sock sock;

	while ((sock = port_next(a->port)) != PORT_NONE)
		note_ready(a, sock);
	expire(a);
	accept_clients(a);
	run_sessions(a);
	if (CONFIG_ANKLET_ASSOCIATIONS > 0)
		datagrams_run(a);
}

static int32_t until(const struct deadline *d, uint32_t now)
{
	int32_t ms = (int32_t)(d->at - now);

	return ms > 0 ? ms : 0;
}

int32_t anklet_next(struct anklet *a)
{
	uint32_t now = port_now(a->port);
	int32_t ms = -1;

	if (a->queued > 0 || (CONFIG_ANKLET_ASSOCIATIONS > 0 && datagrams_busy(a)))
		return 0;
	for (unsigned i = 0; i < a->listener_count; i++)
		if (can_serve(a, &a->listeners[i]) && can_accept(a))
			return 0;
	if (a->earliest.set)
		ms = until(&a->earliest, now);
	if (a->accept_at.set && (ms < 0 || until(&a->accept_at, now) < ms))
		ms = until(&a->accept_at, now);
	return ms;
}

void anklet_poll(struct anklet *a, int32_t ms)
{
	int32_t next = anklet_next(a);

	if (ms < 0 || (next >= 0 && next < ms))
		ms = next;
	port_wait(a->port, ms);
	anklet_turn(a);
}

/* ---- The rest of anklet.h ---- */

struct text *instance_line(struct anklet *a)
{
	text_init(&a->line, a->line_buf, sizeof a->line_buf);
	return &a->line;
}

void instance_log(struct anklet *a, enum port_level level)
{
	anklet_log(a, (int)level, a->line.buf, a->line.len);
}

void instance_log_refusal(struct anklet *a)
{
	if (a->config.log >= LEVEL_REFUSED)
		port_log(a->port, PORT_INFO, a->line.buf, a->line.len);
}

struct anklet *anklet_init(void *memory, size_t size, struct port *port)
{
	struct anklet *a = memory;

	if (size < ANKLET_MEMORY)
		return NULL;
	memset(memory, 0, ANKLET_MEMORY);
	a->port = port;
	a->datagrams = CONFIG_ANKLET_ASSOCIATIONS > 0 ? (struct datagrams *)(a + 1) : NULL;
	config_init(&a->config);
	a->queue_first = a->queue_last = INSTANCE_NONE;
	a->spare_sockets = CONFIG_ANKLET_SPARE_SOCKETS;
	a->status.sessions_max = CONFIG_ANKLET_SESSIONS;
	for (uint16_t i = CONFIG_ANKLET_SESSIONS; i > 0; i--)
		a->free[a->free_count++] = (uint16_t)(i - 1);
	return a;
}

unsigned anklet_configure(struct anklet *a, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx)
{
	return config_read(&a->config, source, text, len, report, ctx);
}

void anklet_print_config(const struct anklet *a, anklet_print *print, void *ctx)
{
	config_print(&a->config, print, ctx);
}

const char *anklet_keyword(unsigned i)
{
	return config_keyword(i);
}

unsigned anklet_rules(const struct anklet *a)
{
	return a->config.rules.count;
}

void anklet_log(struct anklet *a, int level, const char *line, size_t len)
{
	if (config_logs(&a->config, level))
		port_log(a->port, (enum port_level)level, line, len);
}

const char *anklet_user(const struct anklet *a)
{
	return string_table_at(&a->config.strings, a->config.user);
}

void anklet_stop(struct anklet *a)
{
	a->stopping = true;
	for (unsigned i = 0; i < a->listener_count; i++) {
		a->owner[a->listeners[i].sock] = (struct owner){0};
		port_close(a->port, &a->listeners[i].sock);
	}
	a->listener_count = 0;
	if (CONFIG_ANKLET_ASSOCIATIONS > 0)
		datagrams_stop(a);
}

void anklet_fini(struct anklet *a)
{
	anklet_stop(a);
	for (size_t i = 0; i < CONFIG_ANKLET_SESSIONS; i++)
		if (a->sessions[i].state != SESSION_FREE)
			session_abort(a, &a->sessions[i], REASON_STOPPED);
	instance_unload_tls(a);
	port_fini(a->port);
}

void anklet_status(const struct anklet *a, struct anklet_status *status)
{
	*status = a->status;
}

bool anklet_listening(const struct anklet *a, unsigned i, char *buf, size_t size)
{
	struct text t;

	if (i >= a->listener_count)
		return false;
	text_init(&t, buf, size);
	text_address(&t, &a->listeners[i].at);
	return true;
}

void anklet_offering(const struct anklet *a, unsigned i, char *buf, size_t size)
{
	const struct listener *l = &a->listeners[i];
	struct text t;

	text_init(&t, buf, size);
	text_str(&t, l->tls != NULL ? " with TLS" : "");
	if (l->forward < 0)
		return;
	text_str(&t, " for ");
	text_endpoint(&t, &a->config.forward[l->forward].target, &a->config.strings);
}

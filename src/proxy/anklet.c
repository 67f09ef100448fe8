/*
 * The instance: accepts clients, finds out who is ready or due, and lets each session run.
 *
 * Work for a wake-up grows with what is ready, not with the table: the port names ready
 * sockets, their owners join the ready list, and of the timers only the first of each kind is looked at.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/check.h"

#define ACCEPTS_A_TICK 16
#define ACCEPT_RETRY_MS 1000
#define SLOW_TICK_MS 100

/* ---- Clients ---- */

static bool can_accept(const struct anklet *a)
{
	return !a->stopping && !a->sessions.loop.accept_at.set;
}

/* Somebody waits: is there room for him? 0, or as sessions_room() has it. */
static int32_t can_serve(const struct anklet *a, const struct listener *l)
{
	if (CONFIG_ANKLET_STATUS && listener_shows_status(l))
		return l->ready ? status_room(a, l->forward == LISTENER_CONTROL) : -1;
	return l->ready ? sessions_room(&a->sessions, l->tls != NULL) : -1;
}

static void log_not_admitted(
	struct anklet *a, const struct address *from, enum session_admission why)
{
	struct loop *loop = &a->sessions.loop;
	struct text *t =
		ANKLET_HAS_LOG(PORT_WARNING) ? loop_line_of(loop, LEVEL_WARNING, &from->ip) : NULL;

	if (t == NULL)
		return;
	text_address(t, from);
	text_str(t, ": closed at once, ");
	if (ANKLET_HAS_RATES && why == SESSION_TOO_SOON) {
		text_str(t, "this client begins more sessions than it may (limit-new)");
	} else if (why == SESSION_HAS_SHARE) {
		text_str_num(
			t, "this client has all of its ", loop->clients.pool[POOL_SESSIONS].share);
		text_str(t, " sessions (limit-client)");
	} else {
		text_str(t, "all sessions are taken, and no silent one is of a client with more of "
			    "them");
	}
	loop_end_line(loop, PORT_WARNING);
}

static void admit(
	struct anklet *a, const struct listener *l, port_sock client, const struct address *from)
{
	struct loop *loop = &a->sessions.loop;

	enum session_admission admission;

	if (CONFIG_ANKLET_STATUS && listener_shows_status(l)) {
		status_begin(a, l->forward == LISTENER_CONTROL, client, from);
		return;
	}
	loop->status.accepted++;
	admission = session_begin(&a->sessions, l->forward, l->tls, client, from);
	if (admission == SESSION_ADMITTED)
		return;
	loop->status.over_limit++;
	if (CONFIG_ANKLET_STATUS)
		status_rejected(a, admission);
	log_not_admitted(a, from, admission);
	port_close(loop->port, &client);
}

/* Returns false when this listener has nobody waiting any more. */
static bool accept_one(struct anklet *a, struct listener *l)
{
	struct address from;
	port_sock client;
	struct loop *loop = &a->sessions.loop;
	int r = port_accept(loop->port, l->sock, &client, &from);

	if (r == 0) {
		admit(a, l, client, &from);
		return true;
	}
	if (r == PORT_AGAIN) {
		l->ready = false;
		return false;
	}
	/* NO_RESOURCES, or a failure that nobody can explain: neither may turn into a busy loop. */
	loop->accept_at.set = true;
	loop->accept_at.at = port_now(loop->port) + ACCEPT_RETRY_MS;
	return false;
}

void instance_accept_all(struct anklet *a, struct listener *l)
{
	for (unsigned left = CONFIG_ANKLET_SESSIONS;
		CONFIG_ANKLET_RELOAD && left > 0 && can_accept(a); left--)
		if (can_serve(a, l) != 0 || !accept_one(a, l))
			break;
}

/*
 * One client of each listener after the other; the next tick goes on after the
 * one asked last, however many ticks went by without a client. A listener that
 * is not asked keeps 'ready', so it is asked again as soon as there is room.
 */
static void accept_clients(struct anklet *a)
{
	unsigned quota = ACCEPTS_A_TICK, passed_over = 0;

	while (quota > 0 && passed_over < a->listener_count && can_accept(a)) {
		struct listener *l = &a->listeners[a->listener_next];

		if (can_serve(a, l) == 0 && accept_one(a, l)) {
			quota--;
			passed_over = 0;
		} else {
			passed_over++;
		}
		a->listener_next = (uint8_t)((a->listener_next + 1) % a->listener_count);
	}
}

/* ---- One tick ---- */

static void note_ready(struct anklet *a, port_sock sock)
{
	struct owner owner = a->sessions.loop.owner[sock];

	switch ((enum owner_kind)owner.kind) {
	case OWNER_SESSION:
		loop_ready(&a->sessions.loop, owner.index);
		break;
	case OWNER_LISTENER:
		a->listeners[owner.index].ready = true;
		break;
	case OWNER_UDP_FORWARD:
		if (CONFIG_ANKLET_UDP_FLOWS > 0)
			udp_forward_ready(a, owner.index);
		break;
	case OWNER_UDP_FLOW:
		if (CONFIG_ANKLET_UDP_FLOWS > 0)
			udp_flow_ready(a, owner.index);
		break;
	case OWNER_LOOKUP:
		if (CONFIG_ANKLET_NAMES)
			resolver_ready(&a->sessions.names, owner.index);
		break;
	case OWNER_STATUS:
		if (CONFIG_ANKLET_STATUS)
			status_ready(a, owner.index);
		break;
	case OWNER_NONE:
		break;
	}
}

void instance_note_ready(struct anklet *a)
{
	port_sock sock;

	while ((sock = port_next(a->sessions.loop.port)) != PORT_NONE)
		note_ready(a, sock);
}

static void expire(struct anklet *a)
{
	struct loop *loop = &a->sessions.loop;
	uint32_t now = port_now(loop->port);
	uint16_t timer;

	if (deadline_passed(&loop->accept_at, now))
		loop->accept_at.set = false;
	if (BUDGET_CLIENTS > 0 && deadline_passed(&loop->budget.told_at, now))
		loop_tell_unlogged(loop);
	while ((timer = timers_take(&loop->timers, now)) != TIMER_NONE) {
		if (CONFIG_ANKLET_UDP_FLOWS > 0 && timer >= TIMER_FLOW(0))
			udp_flow_end(a, &a->udp->flow[timer - TIMER_FLOW(0)],
				"idle for limit-datagrams");
		else
			sessions_timer_due(&a->sessions, timer);
	}
	if ((CONFIG_ANKLET_UDP_FLOWS > 0 || CONFIG_ANKLET_STATUS) &&
		deadline_passed(&loop->earliest, now)) {
		loop->earliest.set = false;
		if (CONFIG_ANKLET_UDP_FLOWS > 0)
			udp_forward_expire(a, now);
		if (CONFIG_ANKLET_STATUS)
			status_expire(a, now);
	}
}

/*
 * A tick so long that others had to wait: somebody should know. Only what a library of TLS does has no bounds of ours.
 */
static void log_slow_tick(struct loop *loop, uint32_t begun)
{
	uint32_t ms = port_clock(loop->port) - begun;
	struct text *t;

	if (ms <= SLOW_TICK_MS)
		return;
	t = loop_line(loop, "a tick took ");
	text_duration(t, ms);
	text_str(t, ": everybody else waited");
	loop_log(loop, PORT_WARNING);
}

/* Before those who wait for it: what they are told now they act upon in this tick. */
static void run_resolver(struct anklet *a)
{
	resolver_run(&a->sessions.names);
	if (CONFIG_ANKLET_UDP_FLOWS > 0 && resolver_has_news(&a->sessions.names))
		udp_forward_named(a);
}

void anklet_tick(struct anklet *a)
{
	uint32_t begun = ANKLET_HAS_TLS ? port_now(a->sessions.loop.port) : 0;

	(void)loop_time(&a->sessions.loop);
	expire(a); /* first: those who have waited for one time go on in their order */
	instance_note_ready(a);
	accept_clients(a);
	if (CONFIG_ANKLET_NAMES)
		run_resolver(a);
	sessions_run(&a->sessions);
	if (CONFIG_ANKLET_UDP_FLOWS > 0)
		udp_forward_run(a);
	if (CONFIG_ANKLET_RELOAD)
		instance_forget(a);
	if (CONFIG_ANKLET_STATUS)
		status_run(a);
	if (ANKLET_HAS_TLS && ANKLET_HAS_LOG(PORT_WARNING))
		log_slow_tick(&a->sessions.loop, begun);
}

int32_t anklet_next(struct anklet *a)
{
	struct loop *loop = &a->sessions.loop;
	uint32_t now = port_now(loop->port);
	int32_t ms = loop_next(loop, now), names;

	if (CONFIG_ANKLET_NAMES) {
		names = resolver_next(&a->sessions.names, now);
		if (names >= 0 && (ms < 0 || names < ms))
			ms = names;
	}
	if (loop->ready.count > 0 || (CONFIG_ANKLET_UDP_FLOWS > 0 && udp_forward_busy(a)) ||
		(CONFIG_ANKLET_STATUS && status_is_busy(a)))
		return 0;
	for (unsigned i = 0; i < a->listener_count && can_accept(a); i++) {
		int32_t room = can_serve(a, &a->listeners[i]);

		if (room >= 0 && (ms < 0 || room < ms))
			ms = room;
	}
	return ms;
}

void anklet_poll(struct anklet *a, int32_t ms)
{
	int32_t next = anklet_next(a);

	if (ms < 0 || (next >= 0 && next < ms))
		ms = next;
	port_wait(a->sessions.loop.port, ms);
	anklet_tick(a);
}

/* ---- The rest of anklet.h ---- */

void instance_use(struct anklet *a, struct settings *settings)
{
	a->sessions.settings = settings;
	a->sessions.loop.log = settings->config->log;
	a->sessions.loop.limit_log = settings->config->limit_log;
	clients_share(&a->sessions.loop.clients, settings->config->limit_client);
	if (ANKLET_HAS_RATES)
		rates_use(LOOP_RATES(&a->sessions.loop), CONFIG_RATES(settings->config));
}

struct anklet *anklet_init(void *memory, size_t size, struct port *port)
{
	struct anklet *a = memory;

	if (size < INSTANCE_BYTES)
		return NULL;
	loop_init(&a->sessions.loop, port);
	a->udp = CONFIG_ANKLET_UDP_FLOWS > 0 ? (struct udp_forwards *)(a + 1) : NULL;
	if (CONFIG_ANKLET_CONFIG_READER)
		config_init(SETUP_CONFIG(&a->setup[0]));
	a->setup[0].settings.config = SETUP_CONFIG(&a->setup[0]);
	if (CONFIG_ANKLET_RELOAD)
		INSTANCE_RELOAD(a)->made = a->setup;
	instance_use(a, &a->setup[0].settings);
	return a;
}

unsigned anklet_configure(struct anklet *a, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx)
{
	static const char too_late[] = ANKLET_TEXT(CONFIG_ANKLET_CONFIG_READER,
		"the proxy has been started: it is configured before\n",
		"the configuration is built in, and no other is read\n");
	bool reload = CONFIG_ANKLET_RELOAD && INSTANCE_RELOAD(a)->under_way;
	unsigned errors;

	if (!CONFIG_ANKLET_CONFIG_READER || (a->started && !reload)) {
		report(ctx, too_late, sizeof too_late - 1);
		return 1;
	}
	errors = config_read(SETUP_CONFIG(instance_made(a)), source, text, len, report, ctx);
	if (!reload)
		instance_use(a, &instance_made(a)->settings);
	return errors;
}

void anklet_print_config(const struct anklet *a, anklet_print *print, void *ctx)
{
	config_print(instance_config(a), print, ctx);
}

const char *anklet_keyword(unsigned i)
{
	return i < KEYWORDS_END - WORDS ? name_text(WORDS + i) : NULL;
}

unsigned anklet_rules(const struct anklet *a)
{
	return instance_config(a)->rules.count;
}

bool anklet_has_users(const struct anklet *a)
{
	return CONFIG_ANKLET_PASSWORDS && instance_config(a)->users != STRING_NONE;
}

void anklet_log(struct anklet *a, int level, const char *line, size_t len)
{
	if (log_wants((enum log_level)a->sessions.loop.log, level))
		loop_put_line(&a->sessions.loop, (enum port_level)level, line, len);
}

const char *anklet_user(const struct anklet *a)
{
	return string_table_at(&instance_config(a)->strings, instance_config(a)->user);
}

void anklet_stop(struct anklet *a)
{
	a->stopping = true;
	if (CONFIG_ANKLET_CONTROL)
		status_forget_path(a);
	for (unsigned i = 0; i < a->listener_count; i++)
		loop_close(&a->sessions.loop, &a->listeners[i].sock);
	a->listener_count = a->sessions.loop.listening_count = 0;
	if (CONFIG_ANKLET_UDP_FLOWS > 0)
		udp_forward_stop(a);
}

void anklet_fini(struct anklet *a)
{
	anklet_stop(a);
	sessions_abort(&a->sessions, REASON_STOPPED);
	if (CONFIG_ANKLET_STATUS)
		status_stop(a);
	if (BUDGET_CLIENTS > 0 && a->started)
		loop_tell_unlogged(&a->sessions.loop);
	if (CONFIG_ANKLET_RELOAD)
		instance_forget(a);
	instance_unload_tls(instance_setup(a));
	port_fini(a->sessions.loop.port);
}

void anklet_status(const struct anklet *a, struct anklet_status *status)
{
	*status = a->sessions.loop.status;
}

bool anklet_listening(const struct anklet *a, unsigned i, char *buf, size_t size)
{
	struct text t;

	if (i >= a->listener_count)
		return false;
	text_init(&t, buf, size);
	if (CONFIG_ANKLET_CONTROL && a->listeners[i].forward == LISTENER_CONTROL)
		text_str_str(&t, "control ", anklet_control(a));
	else
		text_address(&t, &a->sessions.loop.listening[i]);
	return true;
}

void anklet_offering(const struct anklet *a, unsigned i, char *buf, size_t size)
{
	const struct listener *l = &a->listeners[i];
	struct text t;

	text_init(&t, buf, size);
	text_str(&t, l->tls != NULL ? " with TLS" : "");
	if (CONFIG_ANKLET_STATUS && listener_shows_status(l))
		text_str(&t, l->forward == LISTENER_CONTROL ? " for commands" : " for the status");
	if (l->forward < 0)
		return;
	text_str(&t, " for ");
	text_endpoint(
		&t, &instance_config(a)->forward[l->forward].target, &instance_config(a)->strings);
}

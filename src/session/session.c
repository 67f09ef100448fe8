/*
 * The dispatcher: begins sessions, gives each its slices and calls the handler of its state, ends them.
 */
#include "session/session.h"

#include <string.h>

#include "base/check.h"

/* ---- The table ---- */

static uint16_t take_slot(struct sessions *all)
{
	return all->free_count > 0 ? all->free[--all->free_count] : all->used++;
}

/* It is cleared, so that nothing of it is seen again. It may still be on the ready list, where it is passed over. */
static void give_slot(struct sessions *all, struct session *s)
{
	uint16_t i = s->index;

	timers_clear(&all->loop.timers, SESSION_LIMIT(i));
	timers_clear(&all->loop.timers, SESSION_STEP(i));
	all->loop.status.sessions--;
	pool_give(&all->loop.clients, POOL_SESSIONS, s->holder);
	memset(s, 0, sizeof *s);
	all->free[all->free_count++] = i;
	all->loop.accept_at.set = false; /* its sockets are free: accepting may succeed again */
}

/* ---- Its end ---- */

static void end(struct sessions *all, struct session *s, bool reset)
{
	/* A refusal was logged when it began, an end that lingers as well. */
	if (s->state < SESSION_LINGER)
		session_log_end(all, s);
	if (s->state == SESSION_RELAY)
		session_remove_connect(all, s);
	if (ANKLET_HAS_RATES)
		session_leave_rates(all, s);
	session_release(s);
	if (s->reason == REASON_LEFT) {
		all->loop.status.left++;
	} else if (s->state < SESSION_GRANT && s->reason != REASON_STOPPED) {
		all->loop.status.refused++;
		if (CONFIG_ANKLET_STATUS)
			seen_refused(all, s);
	}
	session_close_others(all, s, reset);
	session_close_stream(all, s, &s->client, reset);
	if (s->state == SESSION_DRAIN)
		all->draining--;
	give_slot(all, s);
}

void sessions_end(struct sessions *all, struct session *s, enum session_reason reason)
{
	if (s->state < SESSION_LINGER)
		s->reason = (uint8_t)reason;
	end(all, s, true);
}

void sessions_abort(struct sessions *all, enum session_reason reason)
{
	for (unsigned i = 0; i < all->used; i++)
		if (all->session[i].state != SESSION_FREE)
			sessions_end(all, &all->session[i], reason);
}

/* ---- Who is evicted for a new client ---- */

#define SILENT_MS 250 /* a request may still be on its way until then */
#define LOOKED_AT 8   /* so many of the oldest are held against the new client */

/* In how many ms the oldest that has asked for nothing will have been silent long enough; negative: there is none. */
static int32_t silent_in(const struct sessions *all, enum timer_kind kind)
{
	uint16_t timer = timers_first(&all->loop.timers, kind);
	uint32_t now = port_now(all->loop.port);

	if (all->settings->config->limit_client == 0 || timer == TIMER_NONE)
		return -1;
	return time_until((uint32_t)all->session[timer / 2].accepted_at + SILENT_MS, now);
}

int32_t sessions_room(const struct sessions *all, bool tls)
{
	const struct clients *clients = &all->loop.clients;
	int32_t plain, encrypted;

	if (!pool_is_full(clients, POOL_SESSIONS) || all->draining > 0)
		plain = 0;
	else
		plain = silent_in(all, TIMER_HANDSHAKE);
	if (!ANKLET_HAS_TLS)
		return plain;
	encrypted = silent_in(all, TIMER_HANDSHAKE_TLS);
	if (tls && pool_is_full(clients, POOL_TLS))
		return encrypted;
	return plain < 0 || (encrypted >= 0 && encrypted < plain) ? encrypted : plain;
}

/* Of the oldest silent ones the first whose client holds more of the pool than the new one does; NULL: none. */
static struct session *silent_of_more(
	struct sessions *all, enum timer_kind kind, enum pool_name pool, unsigned held)
{
	const struct clients *clients = &all->loop.clients;
	uint16_t timer = timers_first(&all->loop.timers, kind);

	for (unsigned i = 0; i < LOOKED_AT && timer != TIMER_NONE; i++) {
		struct session *s = &all->session[timer / 2];

		if (loop_time(&all->loop) - s->accepted_at < SILENT_MS)
			break;
		if (clients->client[s->holder].held[pool] > held)
			return s;
		timer = timers_after(&all->loop.timers, timer);
	}
	return NULL;
}

/* Makes room for one more in a pool that is full. False: nobody is evicted for this client. */
static bool evict(struct sessions *all, enum pool_name pool, const struct ip *key)
{
	uint16_t draining = timers_first(&all->loop.timers, TIMER_DRAIN);
	unsigned held = clients_held(&all->loop.clients, pool, key);
	struct session *s = NULL;

	if (pool == POOL_SESSIONS && draining != TIMER_NONE)
		s = &all->session[draining / 2];
	else if (all->settings->config->limit_client > 0 && pool == POOL_SESSIONS)
		s = silent_of_more(all, TIMER_HANDSHAKE, pool, held);
	if (ANKLET_HAS_TLS && s == NULL && all->settings->config->limit_client > 0)
		s = silent_of_more(all, TIMER_HANDSHAKE_TLS, pool, held);
	if (s != NULL)
		sessions_end(all, s, REASON_EVICTED);
	return s != NULL;
}

/*
 * Has whoever has that key his share of the pool? Then nobody is evicted for him. Where there are no shares, who has
 * it all may still have one that only drains a refusal.
 */
static bool has_share(const struct sessions *all, enum pool_name pool, const struct ip *key)
{
	const struct clients *clients = &all->loop.clients;

	return all->settings->config->limit_client > 0 &&
	       clients_held(clients, pool, key) >= clients->pool[pool].share;
}

/* Has it begun fewer than limit-new permits? */
static bool may_begin(struct sessions *all, const struct ip *key)
{
	struct rates *rates = LOOP_RATES(&all->loop);
	uint32_t now = port_now(all->loop.port);
	uint16_t client;
	bool may;

	if (rates->limits->begin.count == 0)
		return true;
	client = rates_enter(rates, key, now);
	may = rates_begin(rates, client, now);
	rates_leave(rates, client);
	return may;
}

/* Makes room where need be, and takes a place of the table for the client. */
static enum session_admission admit(struct sessions *all, bool tls, port_sock client,
	const struct address *from, uint16_t *holder)
{
	struct clients *clients = &all->loop.clients;
	struct address local = {0};
	struct ip key;

	if (!ip_is_v4(&from->ip))
		port_local(all->loop.port, client, &local);
	key = client_key(&from->ip, &local.ip);
	if (has_share(all, POOL_SESSIONS, &key))
		return SESSION_HAS_SHARE;
	if (ANKLET_HAS_RATES && !may_begin(all, &key))
		return SESSION_TOO_SOON;
	if (ANKLET_HAS_TLS && tls && pool_is_full(clients, POOL_TLS) &&
		!has_share(all, POOL_TLS, &key))
		evict(all, POOL_TLS, &key);
	if (pool_is_full(clients, POOL_SESSIONS) && !evict(all, POOL_SESSIONS, &key))
		return SESSION_NO_ROOM;
	*holder = clients_take(clients, POOL_SESSIONS, &key);
	check(*holder != CLIENT_NONE);
	return SESSION_ADMITTED;
}

/* ---- Its beginning ---- */

/* A client of a forward asks for nothing: what it is to have stands in the configuration. */
static void fill_request(struct sessions *all, struct session *s)
{
	const struct endpoint *target = &all->settings->config->forward[s->forward].target;
	struct request *r = &s->request;

	r->command = COMMAND_CONNECT;
	r->port = target->port;
	r->ip = target->ip;
	if (target->host == ENDPOINT_NAME) {
		const char *name = string_table_at(&all->settings->config->strings, target->name);

		r->name_len = (uint8_t)strlen(name);
		memcpy(r->name, name, r->name_len);
	}
}

static void count(struct anklet_status *status)
{
	status->sessions++;
	if (status->sessions > status->sessions_peak)
		status->sessions_peak = status->sessions;
}

enum session_admission session_begin(struct sessions *all, int8_t forward, struct tls_context *tls,
	port_sock client, const struct address *from)
{
	uint16_t holder, i;
	enum session_admission admission = admit(all, tls != NULL, client, from, &holder);
	enum timer_kind kind = TIMER_HANDSHAKE;
	struct session *s;

	if (admission != SESSION_ADMITTED)
		return admission;
	i = take_slot(all);
	s = &all->session[i];
	count(&all->loop.status);
	s->index = i;
	s->holder = holder;
	s->client.sock = client;
	s->server.sock = s->second = s->aux = PORT_NONE;
	s->rule = -1;
	s->route = ROUTES_NONE;
	s->forward = forward;
	s->from = *from;
	s->number = ++all->number;
	s->accepted_at = loop_time(&all->loop);
	session_own(all, s, client);
	if (session_is_forwarded(s)) {
		session_hold(all, s);
		fill_request(all, s);
	}
	if (ANKLET_HAS_TLS && tls != NULL) {
		session_open_tls(all, s, &s->client, tls, "");
		session_enter(all, s, SESSION_TLS_ACCEPT);
		kind = TIMER_HANDSHAKE_TLS;
	} else {
		session_enter(all, s, session_is_forwarded(s) ? SESSION_REQUEST : SESSION_GREETING);
	}
	session_set_limit(all, s, kind, all->settings->config->limit_handshake_ms);
	session_log_state(all, s);
	loop_ready(&all->loop, i); /* the request is often there already */
	return SESSION_ADMITTED;
}

/* ---- Steps ---- */

/* A connection that is cut off while bytes wait is not to look whole: it is reset. */
static enum session_next relay_over_limit(struct session *s)
{
	const struct relay_direction *up = &s->relay.up, *down = &s->relay.down;
	bool half = up->ended || down->ended;
	bool cut = up->blocked || down->blocked;

	return session_ended(
		s, half ? REASON_HALF_CLOSED : REASON_IDLE, cut ? NEXT_RESET : NEXT_CLOSE);
}

/* The limit of the phase has passed. */
static enum session_next over_limit(struct session *s)
{
	bool half_told = s->sent > 0; /* were it whole, the state would be another */

	if (s->state <= SESSION_REQUEST)
		return session_refuse(s, REASON_HANDSHAKE_LIMIT);
	if (s->state == SESSION_RELAY && session_is_paused(s))
		return NEXT_STATE; /* which sets it again */
	if (s->state == SESSION_RELAY)
		return relay_over_limit(s);
	if (s->state > SESSION_RELAY)
		return NEXT_CLOSE;
	/* No reply can follow half of another one. */
	if ((s->state == SESSION_ANNOUNCE || s->state == SESSION_GRANT) && half_told)
		return session_ended(s, REASON_ESTABLISH_LIMIT, NEXT_RESET);
	return session_refuse(s, REASON_ESTABLISH_LIMIT);
}

#define RUN(state, name, handler, feature)      \
	case state:                             \
		if (feature)                    \
			return handler(all, s); \
		break;

/* One row of a list, however many there are. NOLINTNEXTLINE(readability-function-size) */
static enum session_next run_state(struct sessions *all, struct session *s)
{
	switch ((enum session_state)s->state) {
		SESSION_STATES(RUN)
	case SESSION_FREE:
		break;
	}
	check(false); /* it has no step, and what is disabled is never entered */
	return NEXT_CLOSE;
}

/* Before the last grant: has the client left? NEXT_WAIT: it has not. */
static enum session_next client_left(struct sessions *all, struct session *s)
{
	int r = port_peer_closed(all->loop.port, s->client.sock);

	/* One that has said all it wants to say to a forward may still wait for the answer. */
	if (r == PORT_AGAIN || (r == PORT_EOF && session_is_forwarded(s)))
		return NEXT_WAIT;
	if (r == PORT_EOF)
		return session_refuse(s, REASON_CLIENT_LEFT);
	return session_broken(s, r, REASON_CLIENT_RESET);
}

static enum session_next run(struct sessions *all, struct session *s)
{
	enum session_next left = NEXT_WAIT;

	/* Between its request and its grant nothing is done for one that has left. */
	if (s->state > SESSION_REQUEST && s->state < SESSION_GRANT)
		left = client_left(all, s);
	return left == NEXT_WAIT ? run_state(all, s) : left;
}

/* What its state's handler answered may mean more than the handler knows. */
static enum session_next conclude(struct sessions *all, struct session *s, enum session_next next)
{
	/* No reply is sent to a client that speaks no SOCKS, and what never began has no ordinary end. */
	if (next == NEXT_REFUSE && session_is_forwarded(s))
		return NEXT_RESET;
	if (next == NEXT_REFUSE)
		return session_begin_refusal(all, s);
	if (ANKLET_HAS_TLS && next == NEXT_CLOSE && s->state == SESSION_RELAY &&
		session_speaks_tls(s))
		return session_begin_linger(all, s);
	return next;
}

static void step(struct sessions *all, struct session *s)
{
	enum session_next next = conclude(all, s, s->limit_due ? over_limit(s) : NEXT_STATE);

	s->limit_due = false;

	/* States only advance, but for a hop that is asked for one address less each time: so this ends. */
	while (next == NEXT_STATE) {
		next = conclude(all, s, run(all, s));
		if (next == NEXT_STATE)
			session_log_state(all, s);
	}
	if (next == NEXT_TICK)
		loop_ready(&all->loop, s->index);
	else if (next != NEXT_WAIT)
		end(all, s, next == NEXT_RESET);
}

void sessions_timer_due(struct sessions *all, unsigned timer)
{
	struct session *s = &all->session[timer / 2];

	if (timer % 2 == 0)
		s->limit_due = true;
	else
		s->step_due = true;
	loop_ready(&all->loop, timer / 2u);
}

void sessions_limit_relays(struct sessions *all)
{
	for (unsigned i = 0; i < all->used; i++)
		if (all->session[i].state == SESSION_RELAY &&
			!timers_is_set(&all->loop.timers, SESSION_LIMIT(i)))
			session_limit_relay(all, &all->session[i]);
}

#define TICK_SLICES 8  /* so many whole ones are moved in a tick; more sessions get less each */
#define SLICE_PARTS 64 /* and none less than such a part, for a slice has a cost of its own */

/* The more have something to do, the less each may do: the last of them waits for all the others. */
static uint32_t slice_of(uint32_t sessions)
{
	const uint32_t whole = CONFIG_ANKLET_SLICE_BYTES, least = whole / SLICE_PARTS;

	if (sessions <= TICK_SLICES)
		return whole;
	return sessions < TICK_SLICES * SLICE_PARTS ? whole / sessions * TICK_SLICES : least;
}

void sessions_run(struct sessions *all)
{
	uint16_t left = all->loop.ready.count;

	all->slice = slice_of(left);
	for (; left > 0; left--) {
		struct session *s = &all->session[loop_take_ready(&all->loop)];

		/* A session can have ended while it was on the list: evicted for a new client. */
		if (s->state != SESSION_FREE)
			step(all, s);
	}
	loop_tell_pools(&all->loop);
}

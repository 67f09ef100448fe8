/*
 * Flows: a client of a forward of datagrams and the socket through which it has the upstream. See udp_forward.h.
 */
#include "proxy/udp_forward.h"

#include <string.h>

#include "base/check.h"
#include "proxy/instance.h"

/*
 * How long a flow that waits for its first answer is not evicted: what is nearby has answered by then. So a flood of
 * forged clients begins as many flows as there are slots in that time, and no more; and each has its chance. What takes
 * longer still has a good one, while there are others to evict; but what has taken so long is not worth waiting for.
 */
#define ANSWER_MS 20
#define NO_ANSWER_MS 250
/*
 * How long it is not evicted for another one of the same client. Where two proxies are each other's upstream a datagram
 * goes round as a new client's each time, until there is no slot for the next.
 */
#define OWN_ANSWER_MS 1000
#define LOOKED_AT 8 /* so many of a client's own, from the one that was idle longest on */

static const struct forward *forward_of(const struct anklet *a, unsigned listener)
{
	return &instance_config(a)->forward[a->udp->listener[listener].forward];
}

static uint32_t now(const struct anklet *a)
{
	return port_now(a->sessions.loop.port);
}

static unsigned index_of(const struct anklet *a, const struct udp_flow *flow)
{
	return (unsigned)(flow - a->udp->flow);
}

/* ---- Permission ---- */

/* May the client reach that address of the upstream? *reason and *rule say why not. */
static bool permitted(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *server, enum session_reason *reason, int16_t *rule)
{
	const struct endpoint *target = &forward_of(a, listener)->target;
	bool listened = udp_forward_listens(a, &server->ip, server->port);
	struct rules_answer answer;
	struct rules_query query = {
		.client = client->ip,
		.userid = "",
		.port = server->port,
		.ip_known = true,
		.ip = server->ip,
	};

	if (target->host == ENDPOINT_NAME)
		query.name = string_table_at(&instance_config(a)->strings, target->name);
	query.own = (listened || ip_class(&client->ip) != IP_LOOPBACK) &&
		    port_is_local(a->sessions.loop.port, &server->ip);
	query.listener = listened && query.own;
	rules_judge(&instance_config(a)->rules, &instance_config(a)->strings, &query, &answer);
	*rule = answer.rule;
	if (answer.verdict == RULES_REFUSE) {
		*reason = session_reason_of_rules(&answer);
		return false;
	}
	if (CONFIG_ANKLET_IDENT && answer.ident)
		*reason = REASON_NO_IDENT;
	return !answer.ident;
}

/* ---- The table ---- */

/* Its beginning and its end are rare, or a flood: neither looks through the table, as no datagram does. */
static uint16_t *bucket_of(struct anklet *a, const struct address *client)
{
	return &a->udp->bucket[(ip_hash(&client->ip) ^ client->port * 0x9e37u) % UDP_BUCKETS];
}

struct udp_flow *udp_flow_find(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked)
{
	for (uint16_t at = *bucket_of(a, client); at != 0; at = a->udp->flow[at - 1].next) {
		struct udp_flow *flow = &a->udp->flow[at - 1];

		if (flow->listener == listener && address_equal(&flow->client, client) &&
			address_equal(&flow->asked, asked))
			return flow;
	}
	return NULL;
}

/* To the end of its client's own, a ring that begins with the one that was idle longest. */
static void join_own(struct anklet *a, struct udp_flow *flow)
{
	uint16_t *first_of = &a->udp->oldest_of[flow->holder],
		 at = (uint16_t)(index_of(a, flow) + 1);
	struct udp_flow *first;

	if (*first_of == 0)
		*first_of = flow->own_previous = at;
	first = &a->udp->flow[*first_of - 1];
	flow->own_next = *first_of;
	flow->own_previous = first->own_previous;
	a->udp->flow[flow->own_previous - 1].own_next = at;
	first->own_previous = at;
}

static void leave_own(struct anklet *a, struct udp_flow *flow)
{
	uint16_t *first_of = &a->udp->oldest_of[flow->holder],
		 at = (uint16_t)(index_of(a, flow) + 1);

	a->udp->flow[flow->own_previous - 1].own_next = flow->own_next;
	a->udp->flow[flow->own_next - 1].own_previous = flow->own_previous;
	if (*first_of == at)
		*first_of = flow->own_next == at ? 0 : flow->own_next;
}

void udp_flow_enter(struct anklet *a, struct udp_flow *flow, enum timer_kind kind)
{
	if (flow->kind != 0) {
		leave_own(a, flow);
		a->udp->waiting -= flow->kind == TIMER_FLOW_NEW;
	}
	flow->kind = (uint8_t)kind;
	flow->last_at = now(a);
	a->udp->waiting += kind == TIMER_FLOW_NEW;
	join_own(a, flow);
	loop_set_timer(&a->sessions.loop, TIMER_FLOW(index_of(a, flow)), kind,
		instance_config(a)->limit_datagrams_ms);
}

/* ---- Who is evicted ---- */

static bool has_waited(const struct anklet *a, const struct udp_flow *flow, uint32_t ms)
{
	return flow->kind != TIMER_FLOW_NEW || now(a) - flow->last_at >= ms;
}

static struct udp_flow *oldest(struct anklet *a, enum timer_kind kind)
{
	uint16_t timer = timers_first(&a->sessions.loop.timers, kind);

	return timer == TIMER_NONE ? NULL : &a->udp->flow[timer - TIMER_FLOW(0)];
}

/* For a client that has its share. NULL: they all wait for an answer. */
static struct udp_flow *own_to_evict(struct anklet *a, uint16_t holder)
{
	struct udp_flow *flow = &a->udp->flow[a->udp->oldest_of[holder] - 1];

	for (unsigned i = 0; i < LOOKED_AT; i++) {
		if (has_waited(a, flow, OWN_ANSWER_MS))
			return flow;
		flow = &a->udp->flow[flow->own_next - 1];
	}
	return NULL;
}

/* The one that has waited longest for its first answer, but none of that client's own before its time; or NULL. */
static struct udp_flow *longest_waiting(struct anklet *a, uint16_t holder)
{
	const struct timers *timers = &a->sessions.loop.timers;
	uint16_t timer = timers_first(timers, TIMER_FLOW_NEW);

	for (unsigned i = 0; i < LOOKED_AT && timer != TIMER_NONE; i++) {
		struct udp_flow *flow = &a->udp->flow[timer - TIMER_FLOW(0)];

		if (flow->holder != holder || has_waited(a, flow, OWN_ANSWER_MS))
			return flow;
		timer = timers_after(timers, timer);
	}
	return NULL;
}

/*
 * Of a full table. Three quarters of it are for those that wait for their first answer, as long as that may still come:
 * one that has had its answer goes before them, but not if its client has gone on, which goes last of all.
 */
static struct udp_flow *any_to_evict(struct anklet *a, uint16_t holder)
{
	bool many =
		a->udp->waiting >= (3u * a->sessions.loop.clients.pool[POOL_FLOWS].size + 3) / 4;
	struct udp_flow *waiting = longest_waiting(a, holder);
	struct udp_flow *answered = oldest(a, TIMER_FLOW_ANSWERED);

	if (waiting != NULL && has_waited(a, waiting, NO_ANSWER_MS))
		return waiting;
	if (answered != NULL && !many)
		return answered;
	if (waiting != NULL && has_waited(a, waiting, ANSWER_MS))
		return waiting;
	return many ? NULL : oldest(a, TIMER_FLOW_LASTING);
}

/* Makes room for a flow of that client, where need be; else says why not. */
static bool make_room(struct anklet *a, const struct ip *key, enum session_reason *reason)
{
	struct clients *clients = &a->sessions.loop.clients;
	uint16_t holder = clients_find(clients, key);
	struct udp_flow *flow;

	if (holder != CLIENT_NONE && instance_config(a)->limit_client > 0 &&
		clients->client[holder].held[POOL_FLOWS] >= clients->pool[POOL_FLOWS].share) {
		flow = own_to_evict(a, holder);
		*reason = REASON_FLOWS_WAIT;
		if (flow != NULL)
			udp_flow_end(a, flow, "evicted for another of this client's");
	} else if (pool_is_full(clients, POOL_FLOWS)) {
		flow = any_to_evict(a, holder);
		*reason = REASON_FLOWS_LIMITED;
		if (flow != NULL)
			udp_flow_end(a, flow, "evicted for a new one");
	} else {
		return true;
	}
	return flow != NULL;
}

/* A slot of the table with the client's place in the pool; NULL: there is none, for that reason. */
static struct udp_flow *take_slot(struct anklet *a, const struct address *client,
	const struct address *asked, enum session_reason *reason)
{
	struct udp_forwards *d = a->udp;
	struct ip key = client_key(&client->ip, &asked->ip);
	struct udp_flow *flow;

	if (!make_room(a, &key, reason))
		return NULL;
	flow = &d->flow[d->free != 0 ? d->free - 1 : d->used++];
	if (d->free != 0)
		d->free = flow->next;
	flow->holder = clients_take(&a->sessions.loop.clients, POOL_FLOWS, &key);
	check(flow->holder != CLIENT_NONE);
	return flow;
}

static void give_slot(struct anklet *a, struct udp_flow *flow)
{
	if (ANKLET_HAS_RATES && flow->rates != 0)
		rates_leave(LOOP_RATES(&a->sessions.loop), flow->rates);
	pool_give(&a->sessions.loop.clients, POOL_FLOWS, flow->holder);
	memset(flow, 0, sizeof *flow);
	flow->next = a->udp->free;
	a->udp->free = (uint16_t)(index_of(a, flow) + 1);
}

/* ---- Its beginning and its end ---- */

static int connect_to(struct anklet *a, struct udp_flow *flow, const struct address *server)
{
	const struct ip *source = config_source(instance_config(a), &server->ip);
	struct address from = {.ip = *source};

	return port_datagram(
		a->sessions.loop.port, ip_is_zero(source) ? NULL : &from, server, &flow->sock);
}

static void begin(struct anklet *a, struct udp_flow *flow, const struct address *server)
{
	uint16_t *bucket = bucket_of(a, &flow->client);

	flow->next = *bucket;
	*bucket = (uint16_t)(index_of(a, flow) + 1);
	flow->number = ++a->udp->number;
	flow->begun_at = loop_time(&a->sessions.loop);
	flow->server = *server;
	loop_own(&a->sessions.loop, flow->sock, OWNER_UDP_FLOW, index_of(a, flow));
	a->sessions.loop.status.udp_flows++;
	udp_flow_enter(a, flow, TIMER_FLOW_NEW);
	udp_flow_ready(a, index_of(a, flow));
	udp_log_begun(a, flow);
}

/* What comes from an address of the upstream's would go round for ever: it answers, and its answer is answered. */
static bool is_of_upstream(const struct udp_upstream *upstream, const struct address *client)
{
	bool found = false;

	for (unsigned i = 0; i < upstream->count; i++)
		found |= address_equal(&upstream->address[i], client);
	return found;
}

/* Tries each permitted address of the upstream; NULL: *reason and *rule say why there is no flow. */
static struct udp_flow *try_addresses(struct anklet *a, unsigned listener,
	const struct address *client, const struct address *asked, enum session_reason *reason,
	int16_t *rule)
{
	const struct udp_upstream *upstream = &a->udp->upstream[a->udp->listener[listener].forward];
	struct udp_flow *flow = NULL;

	for (unsigned i = 0; i < upstream->count; i++) {
		int r;

		if (!permitted(a, listener, client, &upstream->address[i], reason, rule))
			continue;
		if (flow == NULL)
			flow = take_slot(a, client, asked, reason);
		if (flow == NULL)
			return NULL;
		flow->listener = (uint8_t)listener;
		flow->client = *client;
		flow->asked = *asked;
		r = connect_to(a, flow, &upstream->address[i]);
		if (r == 0) {
			begin(a, flow, &upstream->address[i]);
			return flow;
		}
		*reason = session_reason_of(r);
	}
	if (flow != NULL)
		give_slot(a, flow);
	return NULL;
}

struct udp_flow *udp_flow_begin(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked)
{
	unsigned forward = a->udp->listener[listener].forward;
	enum session_reason reason = REASON_FLOW_LOOP;
	struct udp_flow *flow = NULL;
	int16_t rule = -1;

	if (!is_of_upstream(&a->udp->upstream[forward], client))
		flow = try_addresses(a, listener, client, asked, &reason, &rule);
	if (flow != NULL) {
		udp_forward_look_again(a, forward, UDP_FRESH_MS);
	} else if (reason == REASON_FLOWS_LIMITED) {
		a->udp->turned_away++;
		udp_log_watch(a);
	} else {
		udp_log_refused(a, listener, client, reason, rule);
	}
	return flow;
}

void udp_flow_end(struct anklet *a, struct udp_flow *flow, const char *why)
{
	uint16_t *link = bucket_of(a, &flow->client);

	udp_log_ended(a, flow, why);
	loop_close(&a->sessions.loop, &flow->sock);
	while (*link != index_of(a, flow) + 1)
		link = &a->udp->flow[*link - 1].next;
	*link = flow->next;
	leave_own(a, flow);
	a->udp->waiting -= flow->kind == TIMER_FLOW_NEW;
	timers_clear(&a->sessions.loop.timers, TIMER_FLOW(index_of(a, flow)));
	a->sessions.loop.status.udp_flows--;
	give_slot(a, flow);
}

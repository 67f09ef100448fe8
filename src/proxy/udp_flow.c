/*
 * Flows: a client of a forward of datagrams and the socket through which it has the upstream. See udp_forward.h.
 */
#include "proxy/udp_forward.h"

#include <string.h>

#include "base/check.h"
#include "proxy/instance.h"

/* So many of one client's address, then its own are evicted. */
#define SHARE_MAX ((UDP_FLOWS + 1) / 2)
#define QUIET_MS 60000 /* between two lines that refuse the same client */

static uint32_t idle_ms(const struct anklet *a, const struct udp_flow *flow)
{
	return port_now(a->sessions.loop.port) - flow->last_at;
}

static const struct forward *forward_of(const struct anklet *a, unsigned listener)
{
	return &a->config.forward[a->udp->listener[listener].forward];
}

struct udp_flow *udp_flow_find(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked)
{
	for (unsigned i = 0; i < UDP_FLOWS; i++) {
		struct udp_flow *flow = &a->udp->flow[i];

		if (flow->used && flow->listener == listener &&
			address_equal(&flow->client, client) && address_equal(&flow->asked, asked))
			return flow;
	}
	return NULL;
}

/* ---- The log ---- */

static struct text *begin_line(struct anklet *a, const struct udp_flow *flow)
{
	struct text *t = loop_line(&a->sessions.loop);

	text_str(t, "flow ");
	text_num(t, flow->number);
	text_char(t, ' ');
	text_address(t, &flow->client);
	text_str(t, " at ");
	text_address(t, &flow->asked);
	text_str(t, " to ");
	text_endpoint(t, &forward_of(a, flow->listener)->target, &a->config.strings);
	text_str(t, ": ");
	return t;
}

static void log_begun(struct anklet *a, const struct udp_flow *flow)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = begin_line(a, flow);
	text_str(t, "begun with ");
	text_address(t, &flow->server);
	loop_log_of(&a->sessions.loop, PORT_INFO, &flow->client.ip);
}

static void text_count(struct text *t, const char *what, uint32_t datagrams, uint64_t bytes)
{
	text_str(t, what);
	text_num(t, datagrams);
	text_str(t, " of ");
	text_num(t, bytes);
	text_str(t, " bytes");
}

static void log_ended(struct anklet *a, const struct udp_flow *flow, const char *why)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = begin_line(a, flow);
	text_str(t, "ended, ");
	text_str(t, why);
	text_count(t, ", up ", flow->up, flow->bytes_up);
	text_count(t, ", down ", flow->down, flow->bytes_down);
	text_str(t, ", dropped ");
	text_num(t, flow->dropped);
	text_str(t, ", in ");
	text_duration(t, loop_time(&a->sessions.loop) - flow->begun_at);
	loop_log_of(&a->sessions.loop, PORT_INFO, &flow->client.ip);
}

/* Datagrams cost nothing: a client is refused in silence when that was logged lately, or much was. */
static bool is_news(struct anklet *a, const struct ip *client)
{
	struct udp_refusal *unused = NULL;

	for (unsigned i = 0; i < UDP_REFUSALS; i++) {
		struct udp_refusal *r = &a->udp->refusals[i];

		if (!r->quiet.set)
			unused = r;
		else if (ip_equal(&r->client, client))
			return false;
	}
	if (unused == NULL)
		return false;
	unused->client = *client;
	unused->quiet =
		(struct deadline){.set = true, .at = port_now(a->sessions.loop.port) + QUIET_MS};
	loop_deadline(&a->sessions.loop, &unused->quiet);
	return true;
}

static void log_refused(struct anklet *a, unsigned listener, const struct address *client,
	enum session_reason reason, int16_t rule)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO) || !is_news(a, &client->ip))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "datagram ");
	text_address(t, client);
	text_str(t, " to ");
	text_endpoint(t, &forward_of(a, listener)->target, &a->config.strings);
	text_str(t, ": refused, ");
	text_reason(t, reason, rule);
	loop_log_refusal(&a->sessions.loop, &client->ip);
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
		query.name = string_table_at(&a->config.strings, target->name);
	query.own = (listened || ip_class(&client->ip) != IP_LOOPBACK) &&
		    port_is_local(a->sessions.loop.port, &server->ip);
	query.listener = listened && query.own;
	rules_judge(&a->config.rules, &a->config.strings, &query, &answer);
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

/* Whichever has been idle longest, of all or of one client's; NULL: none. *count: how many there are. */
static struct udp_flow *longest_idle(struct anklet *a, const struct ip *client, unsigned *count)
{
	struct udp_flow *longest = NULL;

	*count = 0;
	for (unsigned i = 0; i < UDP_FLOWS; i++) {
		struct udp_flow *flow = &a->udp->flow[i];

		if (!flow->used || (client != NULL && !ip_equal(&flow->client.ip, client)))
			continue;
		++*count;
		if (longest == NULL || idle_ms(a, flow) > idle_ms(a, longest))
			longest = flow;
	}
	return longest;
}

/* A free slot of the table; somebody is evicted for it, if need be. */
static struct udp_flow *make_room(struct anklet *a, const struct ip *client)
{
	unsigned mine, all;
	struct udp_flow *own = longest_idle(a, client, &mine);
	struct udp_flow *any = longest_idle(a, NULL, &all);
	struct udp_flow *flow = a->udp->flow;

	if (mine >= SHARE_MAX)
		udp_flow_end(a, own, "evicted for another of this client's");
	else if (all == UDP_FLOWS)
		udp_flow_end(a, any, "evicted for a new one");
	while (flow->used)
		flow++;
	return flow;
}

static int connect_to(struct anklet *a, struct udp_flow *flow, const struct address *server)
{
	const struct ip *source = config_source(&a->config, &server->ip);
	struct address from = {.ip = *source};

	return port_datagram(
		a->sessions.loop.port, ip_is_zero(source) ? NULL : &from, server, &flow->sock);
}

static void begin(struct anklet *a, struct udp_flow *flow, const struct address *server)
{
	flow->used = flow->ready = true;
	flow->number = ++a->udp->number;
	flow->begun_at = loop_time(&a->sessions.loop);
	flow->last_at = (uint32_t)flow->begun_at;
	flow->server = *server;
	loop_own(&a->sessions.loop, flow->sock, OWNER_UDP_FLOW, (unsigned)(flow - a->udp->flow));
	a->sessions.loop.status.udp_flows++;
	a->udp->busy = true;
	log_begun(a, flow);
}

static void watch(struct anklet *a, const struct udp_flow *flow)
{
	struct deadline idle = {
		.set = true,
		.at = flow->last_at + a->config.limit_datagrams_ms,
	};

	loop_deadline(&a->sessions.loop, &idle);
}

struct udp_flow *udp_flow_begin(struct anklet *a, unsigned listener, const struct address *client,
	const struct address *asked)
{
	unsigned forward = a->udp->listener[listener].forward;
	const struct udp_upstream *upstream = &a->udp->upstream[forward];
	enum session_reason reason = REASON_NONE;
	struct udp_flow *flow = NULL;
	int16_t rule = -1;

	for (unsigned i = 0; i < upstream->count; i++) {
		int r;

		if (!permitted(a, listener, client, &upstream->address[i], &reason, &rule))
			continue;
		if (flow == NULL)
			flow = make_room(a, &client->ip);
		flow->listener = (uint8_t)listener;
		flow->client = *client;
		flow->asked = *asked;
		r = connect_to(a, flow, &upstream->address[i]);
		if (r == 0) {
			begin(a, flow, &upstream->address[i]);
			watch(a, flow);
			udp_forward_look_again(a, forward);
			return flow;
		}
		reason = session_reason_of(r);
	}
	if (flow != NULL)
		memset(flow, 0, sizeof *flow);
	log_refused(a, listener, client, reason, rule);
	return NULL;
}

void udp_flow_end(struct anklet *a, struct udp_flow *flow, const char *why)
{
	log_ended(a, flow, why);
	loop_close(&a->sessions.loop, &flow->sock);
	memset(flow, 0, sizeof *flow);
	a->sessions.loop.status.udp_flows--;
}

void udp_flows_expire(struct anklet *a, uint32_t now)
{
	for (unsigned i = 0; i < UDP_FLOWS; i++) {
		struct udp_flow *flow = &a->udp->flow[i];

		if (!flow->used)
			continue;
		if (now - flow->last_at >= a->config.limit_datagrams_ms)
			udp_flow_end(a, flow, "idle for limit-datagrams");
		else
			watch(a, flow);
	}
}

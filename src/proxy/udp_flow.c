/*
 * Associations: a client of a forward of datagrams and the socket through which it has the target.
 */
#include "proxy/udp_forward.h"

#include <string.h>

#include "base/check.h"
#include "proxy/instance.h"

/* So many of one client's address, then its own give way. */
#define SHARE_MAX ((DATAGRAMS_ASSOCIATIONS + 1) / 2)
#define QUIET_MS 60000 /* between two lines that refuse the same client */

static uint32_t idle_ms(const struct anklet *a, const struct association *as)
{
	return port_now(a->sessions.loop.port) - as->last_at;
}

static const struct forward *forward_of(const struct anklet *a, unsigned place)
{
	return &a->config.forward[a->datagrams->places[place].forward];
}

struct association *association_find(
	struct anklet *a, unsigned place, const struct address *client, const struct address *asked)
{
	for (unsigned i = 0; i < DATAGRAMS_ASSOCIATIONS; i++) {
		struct association *as = &a->datagrams->associations[i];

		if (as->used && as->place == place && address_equal(&as->client, client) &&
			address_equal(&as->asked, asked))
			return as;
	}
	return NULL;
}

/* ---- The log ---- */

static struct text *begin_line(struct anklet *a, const struct association *as)
{
	struct text *t = loop_line(&a->sessions.loop);

	text_str(t, "association ");
	text_num(t, as->number);
	text_char(t, ' ');
	text_address(t, &as->client);
	text_str(t, " at ");
	text_address(t, &as->asked);
	text_str(t, " to ");
	text_endpoint(t, &forward_of(a, as->place)->target, &a->config.strings);
	text_str(t, ": ");
	return t;
}

static void log_begun(struct anklet *a, const struct association *as)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = begin_line(a, as);
	text_str(t, "begun with ");
	text_address(t, &as->server);
	loop_log_of(&a->sessions.loop, PORT_INFO, &as->client.ip);
}

static void text_count(struct text *t, const char *what, uint32_t datagrams, uint64_t octets)
{
	text_str(t, what);
	text_num(t, datagrams);
	text_str(t, " of ");
	text_num(t, octets);
	text_str(t, " octets");
}

static void log_ended(struct anklet *a, const struct association *as, const char *why)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = begin_line(a, as);
	text_str(t, "ended, ");
	text_str(t, why);
	text_count(t, ", up ", as->up, as->octets_up);
	text_count(t, ", down ", as->down, as->octets_down);
	text_str(t, ", dropped ");
	text_num(t, as->dropped);
	text_str(t, ", in ");
	text_duration(t, loop_time(&a->sessions.loop) - as->begun_at);
	loop_log_of(&a->sessions.loop, PORT_INFO, &as->client.ip);
}

/* Datagrams cost nothing: a client is refused in silence when that was logged lately, or much was. */
static bool is_news(struct anklet *a, const struct ip *client)
{
	struct datagrams_refusal *unused = NULL;

	for (unsigned i = 0; i < DATAGRAMS_REFUSALS; i++) {
		struct datagrams_refusal *r = &a->datagrams->refusals[i];

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

static void log_refused(struct anklet *a, unsigned place, const struct address *client,
	enum session_reason reason, int16_t rule)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO) || !is_news(a, &client->ip))
		return;
	t = loop_line(&a->sessions.loop);
	text_str(t, "datagram ");
	text_address(t, client);
	text_str(t, " to ");
	text_endpoint(t, &forward_of(a, place)->target, &a->config.strings);
	text_str(t, ": refused, ");
	text_reason(t, reason, rule);
	loop_log_refusal(&a->sessions.loop, &client->ip);
}

/* ---- Permission ---- */

/* May the client reach that address of the target's? *reason and *rule say why not. */
static bool permitted(struct anklet *a, unsigned place, const struct address *client,
	const struct address *server, enum session_reason *reason, int16_t *rule)
{
	const struct endpoint *target = &forward_of(a, place)->target;
	bool listened = datagrams_listens(a, &server->ip, server->port);
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
static struct association *longest_idle(struct anklet *a, const struct ip *client, unsigned *count)
{
	struct association *longest = NULL;

	*count = 0;
	for (unsigned i = 0; i < DATAGRAMS_ASSOCIATIONS; i++) {
		struct association *as = &a->datagrams->associations[i];

		if (!as->used || (client != NULL && !ip_equal(&as->client.ip, client)))
			continue;
		++*count;
		if (longest == NULL || idle_ms(a, as) > idle_ms(a, longest))
			longest = as;
	}
	return longest;
}

/* A free place in the table; somebody gives way for it, if need be. */
static struct association *make_room(struct anklet *a, const struct ip *client)
{
	unsigned mine, all;
	struct association *own = longest_idle(a, client, &mine);
	struct association *any = longest_idle(a, NULL, &all);
	struct association *as = a->datagrams->associations;

	if (mine >= SHARE_MAX)
		association_end(a, own, "gave way to another of this client's");
	else if (all == DATAGRAMS_ASSOCIATIONS)
		association_end(a, any, "gave way to a new one");
	while (as->used)
		as++;
	return as;
}

static int connect_to(struct anklet *a, struct association *as, const struct address *server)
{
	const struct ip *source = config_source(&a->config, &server->ip);
	struct address from = {.ip = *source};

	return port_datagram(
		a->sessions.loop.port, ip_is_zero(source) ? NULL : &from, server, &as->sock);
}

static void begin(struct anklet *a, struct association *as, const struct address *server)
{
	as->used = as->ready = true;
	as->number = ++a->datagrams->number;
	as->begun_at = loop_time(&a->sessions.loop);
	as->last_at = (uint32_t)as->begun_at;
	as->server = *server;
	loop_own(&a->sessions.loop, as->sock, OWNER_ASSOCIATION,
		(unsigned)(as - a->datagrams->associations));
	a->sessions.loop.status.associations++;
	a->datagrams->busy = true;
	log_begun(a, as);
}

static void watch(struct anklet *a, const struct association *as)
{
	struct deadline idle = {
		.set = true,
		.at = as->last_at + a->config.limit_datagrams_ms,
	};

	loop_deadline(&a->sessions.loop, &idle);
}

struct association *association_begin(
	struct anklet *a, unsigned place, const struct address *client, const struct address *asked)
{
	unsigned forward = a->datagrams->places[place].forward;
	const struct datagrams_target *target = &a->datagrams->targets[forward];
	enum session_reason reason = REASON_NONE;
	struct association *as = NULL;
	int16_t rule = -1;

	for (unsigned i = 0; i < target->count; i++) {
		int r;

		if (!permitted(a, place, client, &target->address[i], &reason, &rule))
			continue;
		if (as == NULL)
			as = make_room(a, &client->ip);
		as->place = (uint8_t)place;
		as->client = *client;
		as->asked = *asked;
		r = connect_to(a, as, &target->address[i]);
		if (r == 0) {
			begin(a, as, &target->address[i]);
			watch(a, as);
			datagrams_look_again(a, forward);
			return as;
		}
		reason = session_reason_of(r);
	}
	if (as != NULL)
		memset(as, 0, sizeof *as);
	log_refused(a, place, client, reason, rule);
	return NULL;
}

void association_end(struct anklet *a, struct association *as, const char *why)
{
	log_ended(a, as, why);
	loop_close(&a->sessions.loop, &as->sock);
	memset(as, 0, sizeof *as);
	a->sessions.loop.status.associations--;
}

void associations_expire(struct anklet *a, uint32_t now)
{
	for (unsigned i = 0; i < DATAGRAMS_ASSOCIATIONS; i++) {
		struct association *as = &a->datagrams->associations[i];

		if (!as->used)
			continue;
		if (now - as->last_at >= a->config.limit_datagrams_ms)
			association_end(a, as, "idle for limit-datagrams");
		else
			watch(a, as);
	}
}

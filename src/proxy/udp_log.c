/*
 * What the log says of forwards of datagrams. See udp_forward.h.
 */
#include "proxy/instance.h"
#include "proxy/udp_forward.h"

#define QUIET_MS 60000 /* between two lines that refuse the same client */

/* Lines about flows that begin, and their ends, in so long; others are counted. */
#define LINES 100
#define LINES_MS 10000

static void text_upstream(struct text *t, const struct anklet *a, unsigned forward)
{
	text_endpoint(
		t, &instance_config(a)->forward[forward].target, &instance_config(a)->strings);
}

/* ---- Listeners and upstreams ---- */

void udp_log_listener(struct anklet *a, const struct udp_listener *listener)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = loop_line(&a->sessions.loop, "forwarding datagrams from ");
	text_address(t, &listener->at);
	text_str(t, " to ");
	text_upstream(t, a, listener->forward);
	loop_log(&a->sessions.loop, PORT_INFO);
}

void udp_log_failed(struct anklet *a, const struct udp_listener *listener)
{
	if (ANKLET_HAS_LOG(PORT_ERROR))
		loop_log_address(&a->sessions.loop, PORT_ERROR, "datagrams at ", &listener->at,
			": the socket failed, and is opened again");
}

void udp_log_upstream(struct anklet *a, unsigned forward, const char *what)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_WARNING))
		return;
	t = loop_line(&a->sessions.loop, "datagrams to ");
	text_upstream(t, a, forward);
	text_str(t, what);
	loop_log(&a->sessions.loop, PORT_WARNING);
}

/* ---- Flows ---- */

/* NULL: it is not logged. */
static struct text *begin_line(struct anklet *a, const struct udp_flow *flow)
{
	struct text *t = loop_line_of(&a->sessions.loop, LEVEL_INFO, &flow->client.ip);

	if (t == NULL)
		return NULL;
	text_str_num(t, "flow ", flow->number);
	text_char(t, ' ');
	text_address(t, &flow->client);
	text_str(t, " at ");
	text_address(t, &flow->asked);
	text_str(t, " to ");
	text_upstream(t, a, a->udp->listener[flow->listener].forward);
	text_str(t, ": ");
	return t;
}

/* A flood of datagrams is no flood of lines. */
static bool has_line(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	udp_log_watch(a);
	if (d->lines == LINES) {
		d->unsaid++;
		return false;
	}
	d->lines++;
	return true;
}

void udp_log_watch(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	if (!d->span.set)
		d->span = (struct deadline){
			.set = true, .at = port_now(a->sessions.loop.port) + LINES_MS};
	loop_deadline(&a->sessions.loop, &d->span);
}

void udp_log_sum_up(struct anklet *a)
{
	struct udp_forwards *d = a->udp;
	struct text *t;

	if (ANKLET_HAS_LOG(PORT_WARNING) && (d->unsaid > 0 || d->turned_away > 0)) {
		t = loop_line(&a->sessions.loop, "flows of datagrams: in ");
		text_duration(t, LINES_MS);
		text_char(t, ' ');
		text_num(t, d->unsaid);
		text_str(t, " more began, and ");
		text_num(t, d->turned_away);
		text_str(t, " datagrams were dropped because too many wait for an answer");
		loop_log(&a->sessions.loop, PORT_WARNING);
	}
	d->lines = 0;
	d->unsaid = d->turned_away = 0;
}

void udp_log_begun(struct anklet *a, struct udp_flow *flow)
{
	struct text *t;

	flow->said = ANKLET_HAS_LOG(PORT_INFO) && has_line(a);
	t = flow->said ? begin_line(a, flow) : NULL;
	if (t == NULL)
		return;
	text_str(t, "begun with ");
	text_address(t, &flow->server);
	loop_end_line(&a->sessions.loop, PORT_INFO);
}

static void text_count(struct text *t, const char *what, uint32_t datagrams, uint64_t bytes)
{
	text_str_num(t, what, datagrams);
	text_str_num(t, " of ", bytes);
	text_str(t, " bytes");
}

void udp_log_ended(struct anklet *a, const struct udp_flow *flow, const char *why)
{
	struct text *t = flow->said ? begin_line(a, flow) : NULL;

	if (t == NULL)
		return;
	text_str_str(t, "ended, ", why);
	text_count(t, ", up ", flow->up, flow->bytes_up);
	text_count(t, ", down ", flow->down, flow->bytes_down);
	text_str_num(t, ", dropped ", flow->dropped);
	text_str(t, ", in ");
	text_duration(t, loop_time(&a->sessions.loop) - flow->begun_at);
	loop_end_line(&a->sessions.loop, PORT_INFO);
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

void udp_log_refused(struct anklet *a, unsigned listener, const struct address *client,
	enum session_reason reason, int16_t rule)
{
	struct text *t = NULL;

	if (ANKLET_HAS_LOG(PORT_INFO) && is_news(a, &client->ip))
		t = loop_line_of(&a->sessions.loop, LEVEL_REFUSED, &client->ip);
	if (t == NULL)
		return;
	text_str(t, "datagram ");
	text_address(t, client);
	text_str(t, " to ");
	text_upstream(t, a, a->udp->listener[listener].forward);
	text_str(t, ": refused, ");
	text_reason(t, reason, rule);
	loop_end_line(&a->sessions.loop, PORT_INFO);
}

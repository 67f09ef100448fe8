/*
 * What was seen of sessions. See seen.h.
 */
#include "session/session.h"

#include <string.h>

/* Also where there is no status: a program may ask for its sessions (anklet.h). */
const struct session *seen_after(const struct sessions *all, uint32_t number)
{
	const struct session *found = NULL;

	for (unsigned i = 0; i < all->used; i++) {
		const struct session *s = &all->session[i];

		if (s->state != SESSION_FREE && s->number > number &&
			(found == NULL || s->number < found->number))
			found = s;
	}
	return found;
}

#if CONFIG_ANKLET_STATUS

static const char commands[] = "connect\0bind\0forward\0";

/* ---- Counting ---- */

/* Up to which reason each class goes, in the order of reason.h. */
static const struct {
	uint8_t last, class;
} classes[] = {
	{REASON_EOF_IN_REQUEST, SEEN_MALFORMED},
	{REASON_LEFT, SEEN_CLIENT},
	{REASON_HANDSHAKE_LIMIT, SEEN_LIMIT},
	{REASON_PORT_ZERO, SEEN_MALFORMED},
	{REASON_LOOP, SEEN_DENIED},
	{REASON_CLIENT_UNVERIFIED, SEEN_TLS},
	{REASON_TLS_FULL, SEEN_RESOURCES},
	{REASON_OTHER_USERID, SEEN_IDENT},
	{REASON_NAMES_ABSENT, SEEN_NAME},
	{REASON_ADDRESS_LOST, SEEN_CONNECTING},
	{REASON_NO_RANDOM, SEEN_RESOURCES},
	{REASON_SYSTEM, SEEN_CONNECTING},
	{REASON_TLS_FAILED, SEEN_TLS},
	{REASON_STARTTLS_INJECTION, SEEN_STARTTLS},
	{REASON_HOP_IPV6, SEEN_HOP},
	{REASON_WRONG_PEER, SEEN_BINDING},
	{REASON_ESTABLISH_LIMIT, SEEN_LIMIT},
	{UINT8_MAX, SEEN_CLIENT},
};

enum seen_class seen_class_of(unsigned reason)
{
	unsigned i = 0;

	if (CONFIG_ANKLET_PASSWORDS && reason == REASON_USER_LIMIT)
		return SEEN_LIMIT;
	while (reason > classes[i].last)
		i++;
	return (enum seen_class)classes[i].class;
}

static enum seen_command command_of(const struct session *s)
{
	if (session_is_forwarded(s))
		return SEEN_FORWARD;
	if (!s->request_whole)
		return SEEN_COMMANDS;
	return session_is_bind(s) ? SEEN_BIND : SEEN_CONNECT;
}

void seen_granted(struct sessions *all, const struct session *s)
{
	all->seen.counts[command_of(s)]++;
}

void seen_refused(struct sessions *all, const struct session *s)
{
	struct seen *seen = &all->seen;
	struct seen_refusal *r = &seen->refusals[seen->next++ % SEEN_REFUSALS];
	enum seen_command command = command_of(s);

	if (command < SEEN_COMMANDS)
		seen->counts[SEEN_COMMANDS + command]++;
	seen->counts[2 * SEEN_COMMANDS + seen_class_of(s->reason)]++;
	*r = (struct seen_refusal){
		.at = loop_time(&all->loop),
		.number = s->number,
		.reason = s->reason,
		.command = (uint8_t)command,
		.rule = s->rule,
		.port = s->request.port,
		.name_len = s->request.name_len,
		.from = s->from,
		.ip = s->request.ip,
	};
	memcpy(r->name, s->request.name, r->name_len);
}

static enum seen_phase phase_of(const struct session *s)
{
	if (s->state <= SESSION_REQUEST)
		return SEEN_HANDSHAKE;
	if (s->state <= SESSION_GRANT)
		return SEEN_ESTABLISH;
	return s->state == SESSION_RELAY ? SEEN_RELAY : SEEN_CLOSING;
}

void seen_count(const struct sessions *all, uint64_t counts[SEEN_NOW])
{
	memset(counts, 0, SEEN_NOW * sizeof counts[0]);
	for (unsigned i = 0; i < all->used; i++) {
		const struct session *s = &all->session[i];

		if (s->state == SESSION_FREE)
			continue;
		counts[phase_of(s)]++;
		if (ANKLET_HAS_RATES && s->state == SESSION_RELAY)
			counts[SEEN_PHASES] += s->relay.up.wants || s->relay.down.wants;
	}
}

/* ---- Showing ---- */

#define FOREIGN_ROOM 255 /* bytes: all that is printable is never cut */

/* The log's escapes, of which each backslash and quote is escaped once more. */
static void text_foreign(struct text *t, const char *bytes, size_t len)
{
	size_t end = t->len + FOREIGN_ROOM;

	for (size_t i = 0; i < len; i++) {
		char one[8];
		struct text part;

		text_init(&part, one, sizeof one);
		text_escaped(&part, &bytes[i], 1);
		/* A quote becomes four, a backslash too, any other that is escaped five. */
		if (t->len + part.len + (part.len > 1) + (part.len == 2) > end) {
			text_str(t, "\\\\...");
			return;
		}
		for (size_t j = 0; j < part.len; j++) {
			text_str(t, one[j] == '\\' || one[j] == '"' ? "\\" : "");
			text_char(t, one[j]);
		}
	}
}

/* Who it is, and what it asked for, up to where a name begins. */
static void text_client(
	struct text *t, uint32_t number, const struct address *from, unsigned command)
{
	text_str_num(t, "{\"number\":", number);
	text_str(t, ",\"client\":\"");
	text_address(t, from);
	text_str_str(t, "\",\"command\":\"", text_of_list(commands, command));
	text_str(t, "\",\"to\":\"");
}

static void text_to(
	struct text *t, const char *name, size_t name_len, const struct ip *ip, uint16_t port)
{
	struct address at = {.ip = *ip, .port = port};

	if (name_len == 0) {
		text_address(t, &at);
		return;
	}
	text_foreign(t, name, name_len);
	text_char(t, ':');
	text_num(t, port);
}

/* Whom it has reached, and through which hop. A name that a hop looks up has no address here. */
static void text_reached(struct text *t, const struct sessions *all, const struct session *s)
{
	bool there = s->state >= SESSION_GRANT && s->state <= SESSION_LINGER;
	const struct endpoint *hop = there ? session_hop_endpoint(all, s) : NULL;

	text_str(t, "\",\"peer\":\"");
	if (there && (!s->remote || session_is_bind(s)))
		text_address(t, &s->reached);
	text_str(t, "\",\"via\":\"");
	if (hop != NULL)
		text_address(t, &(struct address){
					.ip = s->addresses[s->server_address], .port = hop->port});
	text_str_str(t, "\",\"state\":\"", session_state_name(s));
}

/* How long nothing has moved: what is gone of the limit that each move sets anew. Without a limit nobody knows. */
static uint64_t idle_ms(const struct sessions *all, const struct session *s)
{
	const struct timers *timers = &all->loop.timers;
	const struct config *config = all->settings->config;
	bool half = s->relay.up.ended || s->relay.down.ended;
	uint32_t limit = half ? config->limit_half_closed_ms : config->limit_idle_ms;
	uint32_t left;

	if (s->state != SESSION_RELAY || !timers_is_set(timers, SESSION_LIMIT(s->index)))
		return 0;
	left = (uint32_t)time_until(
		timers_at(timers, SESSION_LIMIT(s->index)), port_now(all->loop.port));
	return left < limit ? limit - left : 0;
}

/* '"rule":' and so on, each with its number. */
static void text_numbers(struct text *t, const char *keys, const uint64_t *values)
{
	for (; *keys != '\0'; keys = text_of_list(keys, 1)) {
		text_str_num(t, keys, *values++);
	}
	text_char(t, '}');
}

void text_seen_session(struct text *t, struct sessions *all, const struct session *s)
{
	static const char keys[] =
		"\",\"rule\":\0,\"up\":\0,\"down\":\0,\"age_ms\":\0,\"idle_ms\":\0";
	const struct request *r = &s->request;
	bool relayed = s->state >= SESSION_RELAY && s->state <= SESSION_LINGER;
	const uint64_t values[] = {
		(uint64_t)(s->rule + 1),
		relayed ? s->relay.up.bytes : 0,
		relayed ? s->relay.down.bytes : 0,
		loop_time(&all->loop) - s->accepted_at,
		idle_ms(all, s),
	};

	text_client(t, s->number, &s->from, command_of(s));
	if (command_of(s) != SEEN_COMMANDS)
		text_to(t, r->name, r->name_len, &r->ip, r->port);
	text_str(t, "\",\"user\":\"");
	text_foreign(t, r->userid, r->userid_len);
	text_reached(t, all, s);
	text_numbers(t, keys, values);
}

void text_seen_refusal(struct text *t, struct sessions *all, const struct seen_refusal *r)
{
	static const char key[] = "\",\"age_ms\":\0";
	const uint64_t age = loop_time(&all->loop) - r->at;

	text_client(t, r->number, &r->from, r->command);
	if (r->command != SEEN_COMMANDS)
		text_to(t, r->name, r->name_len, &r->ip, r->port);
	text_str(t, "\",\"reason\":\"");
	text_reason(t, (enum session_reason)r->reason, r->rule);
	text_numbers(t, key, &age);
}

#endif

/*
 * What is said about a session: the reply code for each reason, and its lines in the log.
 *
 * Two lines for each session that was granted, one for each that was not. What
 * the client chose itself (userid, name) is escaped and in quotes.
 */
#include "instance.h"

#include <assert.h>

struct reason_words {
	uint8_t code; /* of the reply; 0: none is sent */
	const char *words;
};

static const struct reason_words reasons[REASON_LAST + 1] = {
	[REASON_NONE] = {0, "no reason"},
	[REASON_EOF_IN_REQUEST] = {91, "the client ended before its request was whole"},
	[REASON_HANDSHAKE_LIMIT] = {0, "no whole request within limit-handshake"},
	[REASON_NOT_SOCKS] = {0, "this client does not speak SOCKS4"},
	[REASON_IS_SOCKS5] = {0, "this client speaks SOCKS5, which is not built in"},
	[REASON_BAD_COMMAND] = {91, "the command is neither CONNECT nor BIND"},
	[REASON_LONG_USERID] = {91, "the userid is too long"},
	[REASON_EMPTY_NAME] = {91, "the name is empty"},
	[REASON_LONG_NAME] = {91, "the name is too long"},
	[REASON_BAD_NAME] = {91, "the name has a blank or a control character"},
	[REASON_PORT_ZERO] = {91, "nobody can connect to port 0"},
	[REASON_RULE] = {91, "denied by rule"},
	[REASON_NO_RULE] = {91, "no allow line matches"},
	[REASON_DEFAULT] = {91,
		"only loopback and private networks are served, for there are no rules"},
	[REASON_ADDRESS] = {91, "nobody may reach that address"},
	[REASON_PROTECTED] = {91,
		"an address of this host, loopback or link-local: an allow line must name it"},
	[REASON_LOOP] = {91, "the proxy itself listens there"},
	[REASON_NO_IDENTD] = {92, "the client's identd cannot be reached"},
	[REASON_IDENT_LIMIT] = {92, "the client's identd did not answer in time"},
	[REASON_IDENT_ANSWER] = {92, "the client's identd gave no valid answer"},
	[REASON_IDENT_ERROR] = {92, "the client's identd does not know the user"},
	[REASON_OTHER_USERID] = {93, "the client's identd names another user"},
	[REASON_NO_NAME] = {91, "the name has no address"},
	[REASON_NAME_FAILED] = {91, "the name could not be looked up"},
	[REASON_CONNECT_REFUSED] = {91, "connection refused"},
	[REASON_UNREACHABLE] = {91, "unreachable"},
	[REASON_TIMEOUT] = {91, "no answer"},
	[REASON_RESET] = {91, "the destination reset the connection"},
	[REASON_NO_RESOURCES] = {91, "no socket was free"},
	[REASON_NO_RANDOM] = {91, "no random numbers for a look-up"},
	[REASON_SYSTEM] = {91, "the system denied it"},
	[REASON_NO_IPV4] = {91, "BIND needs a peer with an IPv4 address"},
	[REASON_NEEDS_CONNECT] = {91, "the rule wants a CONNECT to that host first"},
	[REASON_NO_BIND_PORT] = {91, "no port of bind-ports is free"},
	[REASON_WRONG_PEER] = {91, "another host than the one announced connected"},
	[REASON_ESTABLISH_LIMIT] = {91, "not established within limit-establish"},
	[REASON_CLIENT_LEFT] = {91, "the client left before it was granted"},
	[REASON_CLIENT_RESET] = {0, "the client reset the connection"},
	[REASON_SERVER_RESET] = {0, "the server reset the connection"},
	[REASON_ENDED] = {0, "both sides ended"},
	[REASON_IDLE] = {0, "idle for limit-idle"},
	[REASON_HALF_CLOSED] = {0, "one side ended, the other idle for limit-half-closed"},
	[REASON_GAVE_WAY] = {0, "gave way to a new client"},
	[REASON_STOPPED] = {0, "the proxy was stopped"},
};

uint8_t session_reply_code(enum session_reason reason)
{
	return reasons[reason].code;
}

static void text_target(struct text *t, const struct session *s)
{
	const struct socks4_request *r = &s->request;
	struct ip ip = socks4_ip(r);

	text_str(t, r->cd == SOCKS4_BIND ? " bind " : " connect ");
	if (r->name_len > 0)
		text_escaped(t, r->name, r->name_len);
	else
		text_ip(t, &ip);
	text_char(t, ':');
	text_num(t, r->port);
}

/* Who asked for what; the latter only when the request was whole. */
static void begin_line(struct text *t, char *buf, size_t size, const struct session *s)
{
	text_init(t, buf, size);
	text_str(t, "session ");
	text_num(t, s->number);
	text_char(t, ' ');
	text_address(t, &s->from);
	if (s->state > SESSION_REQUEST || s->request_whole)
		text_target(t, s);
	if (s->request.userid_len > 0) {
		text_str(t, " user \"");
		text_escaped(t, s->request.userid, s->request.userid_len);
		text_char(t, '"');
	}
	text_str(t, ": ");
}

static void text_since(struct text *t, struct anklet *a, const struct session *s)
{
	text_duration(t, port_now(a->port) - s->accepted_at);
}

void session_log_announced(struct anklet *a, const struct session *s)
{
	char buf[CONFIG_ANKLET_LOG_LINE];
	struct text t;

	begin_line(&t, buf, sizeof buf, s);
	text_str(&t, "waits for the peer on ");
	text_address(&t, &s->peer);
	instance_log(a, PORT_INFO, &t);
}

void session_log_granted(struct anklet *a, const struct session *s)
{
	char buf[CONFIG_ANKLET_LOG_LINE];
	struct text t;

	begin_line(&t, buf, sizeof buf, s);
	text_str(&t, "granted, ");
	text_address(&t, &s->peer);
	text_str(&t, " after ");
	text_since(&t, a, s);
	instance_log(a, PORT_INFO, &t);
}

static void text_verdict(struct text *t, const struct session *s)
{
	const struct reason_words *reason = &reasons[s->reason];

	if (s->state < SESSION_GRANT) {
		text_str(t, "refused");
		if (reason->code != 0) {
			text_str(t, " with ");
			text_num(t, reason->code);
		}
	} else {
		text_str(t, s->reason == REASON_ENDED ? "closed" : "broken off");
	}
	text_str(t, ", ");
	text_str(t, reason->words);
	if (s->reason == REASON_RULE) {
		text_char(t, ' ');
		text_num(t, (uint64_t)s->rule + 1);
	}
	if (s->reason == REASON_NOT_SOCKS) {
		text_str(t, ": its first octet is ");
		text_num(t, s->request.vn);
	}
}

void session_log_end(struct anklet *a, const struct session *s)
{
	char buf[CONFIG_ANKLET_LOG_LINE];
	struct text t;

	begin_line(&t, buf, sizeof buf, s);
	text_verdict(&t, s);
	if (s->state == SESSION_RELAY) {
		text_str(&t, ", up ");
		text_num(&t, s->relay.up.octets);
		text_str(&t, " down ");
		text_num(&t, s->relay.down.octets);
		text_str(&t, " in ");
	} else {
		text_str(&t, " after ");
	}
	text_since(&t, a, s);
	instance_log(a, PORT_INFO, &t);
}

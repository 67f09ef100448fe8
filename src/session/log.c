/*
 * What is said about a session: what its client is told for each reason, and its lines in the log.
 *
 * Two lines for each session that was granted, one for each that was not, and
 * what it does in between where the configuration says 'log debug'. What
 * the client chose itself (userid, name) is escaped, and the userid stands in quotes.
 */
#include "session/session.h"

#include "base/check.h"

#define NAME_SIZE ((CONFIG_ANKLET_LOG_LINE - 256) / 2) /* a name's share of a line */
#define EVENT_SIZE 176 /* what follows the userid, to which all is left that lies between */

_Static_assert(CONFIG_ANKLET_LOG_LINE >= 320, "a line has room for some of each");

#define VERDICT(reason, verdict, words) VERDICT_##verdict,
#define WORDS(reason, verdict, words) words "\0"

static const uint8_t reason_verdicts[] = {SESSION_REASONS(VERDICT)};
static const char reason_words[] = SESSION_REASONS(WORDS);

#define NAME(state, name, handler, feature) name "\0"

static const char state_names[] = SESSION_STATES(NAME);

/* Whatever keeps the next hop from being reached says nothing about the destination. */
enum verdict session_verdict(const struct sessions *all, const struct session *s)
{
	return session_concerns_hop(all, s) ? VERDICT_FAILED
					    : (enum verdict)reason_verdicts[s->reason];
}

/*
 * Bytes of the client's choice, in 'room' with a NUL, so that nobody can push what
 * happened out of the line. What is cut ends with "\...", which nothing is escaped to.
 */
static void text_foreign(struct text *t, const char *bytes, size_t len, size_t room)
{
	size_t size = t->size;

	check(room > 0 && room <= size - t->len);
	t->size = t->len + room;
	text_escaped(t, bytes, len);
	t->size = size;
	if (!t->cut)
		return;
	t->cut = false;
	text_str(t, "\\...");
}

static void text_asked(struct text *t, const struct session *s)
{
	const struct request *r = &s->request;

	text_str(t, session_is_forwarded(s)      ? " forward "
		    : r->command == COMMAND_BIND ? " bind "
						 : " connect ");
	if (r->name_len == 0) {
		text_address(t, &(struct address){.ip = r->ip, .port = r->port});
		return;
	}
	text_foreign(t, r->name, r->name_len, NAME_SIZE);
	text_str_num(t, ":", r->port);
}

/* Who asked for what; the latter only when the request was whole. NULL: the line is not logged. */
static struct text *begin_line(struct sessions *all, const struct session *s, enum log_level wanted)
{
	struct text *t = loop_line_of(&all->loop, wanted, &s->from.ip);

	if (t == NULL)
		return NULL;
	text_str_num(t, "session ", s->number);
	text_char(t, ' ');
	text_address(t, &s->from);
	if (s->request_whole)
		text_asked(t, s);
	if (s->request.userid_len > 0) {
		text_str(t, " user \"");
		text_foreign(
			t, s->request.userid, s->request.userid_len, t->size - t->len - EVENT_SIZE);
		text_char(t, '"');
	}
	text_str(t, ": ");
	return t;
}

static void text_since(struct text *t, struct sessions *all, const struct session *s)
{
	/* Only TLS can have taken long in this tick. */
	if (ANKLET_HAS_TLS)
		port_clock(all->loop.port);
	text_duration(t, loop_time(&all->loop) - s->accepted_at);
}

const char *session_state_name(const struct session *s)
{
	return text_of_list(state_names, s->state - 1u);
}

void session_log_state(struct sessions *all, const struct session *s)
{
	struct text *t = ANKLET_HAS_LOG(PORT_DEBUG) ? begin_line(all, s, LEVEL_DEBUG) : NULL;

	if (t == NULL)
		return;
	text_str_str(t, "state ", session_state_name(s));
	loop_end_line(&all->loop, PORT_DEBUG);
}

/* Does the reason end with the number that the next hop has refused with? */
static bool is_hops_refusal(uint8_t reason)
{
	return reason >= REASON_HOP_REFUSED && reason <= REASON_HOP_NO_ADDRESS_TYPE;
}

/* The number in the next hop's refusal, which is what the words for it end with. */
static void text_hop_code(struct text *t, const struct session *s)
{
	if (!ANKLET_HAS_ROUTES || !is_hops_refusal(s->reason))
		return;
	text_str_num(t, " ", hop_code(&s->hop));
}

void session_log_attempt(struct sessions *all, const struct session *s, const struct ip *ip)
{
	struct text *t = ANKLET_HAS_LOG(PORT_DEBUG) ? begin_line(all, s, LEVEL_DEBUG) : NULL;

	if (t == NULL)
		return;
	text_ip(t, ip);
	text_str_str(t, " failed, ", text_of_list(reason_words, s->reason));
	text_hop_code(t, s);
	loop_end_line(&all->loop, PORT_DEBUG);
}

void session_log_announced(struct sessions *all, const struct session *s)
{
	struct text *t = ANKLET_HAS_LOG(PORT_INFO) ? begin_line(all, s, LEVEL_INFO) : NULL;

	if (t == NULL)
		return;
	text_str(t, "waits for the peer on ");
	text_address(t, &s->announced);
	loop_end_line(&all->loop, PORT_INFO);
}

/* Where it goes to, and how. A name that the hop looks up has no address here. */
static void text_way(struct text *t, const struct sessions *all, const struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);
	bool known = !s->remote || session_is_bind(s);

	if (known)
		text_address(t, &s->reached);
	if (hop != NULL) {
		struct address at = {.ip = s->addresses[s->server_address], .port = hop->port};

		text_str(t, known ? " through " : "through ");
		text_address(t, &at);
	}
	if (stream_is_encrypted(&s->server)) {
		text_str(t, " with ");
		text_tls(t, s->server.tls);
	}
}

void session_log_granted(struct sessions *all, const struct session *s)
{
	struct text *t = ANKLET_HAS_LOG(PORT_INFO) ? begin_line(all, s, LEVEL_INFO) : NULL;

	if (t == NULL)
		return;
	text_str(t, "granted, ");
	text_way(t, all, s);
	text_str(t, " after ");
	text_since(t, all, s);
	loop_end_line(&all->loop, PORT_INFO);
}

/* Is there more to be said of it? Of a reset there is not: TLS would only repeat it. */
static bool is_of_tls(uint8_t reason)
{
	return (reason >= REASON_CLIENT_TLS && reason <= REASON_TLS_FULL) ||
	       (reason >= REASON_TLS_UNVERIFIED && reason <= REASON_STARTTLS_INJECTION) ||
	       (reason >= REASON_SERVER_TLS && reason <= REASON_SERVER_TRUNCATED);
}

/* What TLS has to say about it, in a few words of ours: with whom it failed, the reason has said. */
static void text_tls_reason(struct text *t, const struct tls *tls)
{
	if (!ANKLET_HAS_TLS || tls == NULL || *tls_reason(tls) == '\0')
		return;
	text_str_str(t, ": ", tls_reason(tls));
}

void text_reason(struct text *t, enum session_reason reason, int16_t rule)
{
	text_str(t, text_of_list(reason_words, reason));
	if (reason == REASON_RULE) {
		text_str_num(t, " ", (uint64_t)rule + 1);
	}
}

/* Which hop it was, as configured, where it is the hop that failed. */
static void text_hop(struct text *t, const struct sessions *all, const struct session *s)
{
	const struct endpoint *hop = session_hop_endpoint(all, s);

	if (hop == NULL || s->state < SESSION_RESOLVE_HOP || s->state > SESSION_HOP_PEER ||
		s->reason > REASON_HOP_IPV6)
		return;
	text_str(t, ", via ");
	text_endpoint(t, hop, &session_config(all, s)->strings);
}

bool session_concerns_hop(const struct sessions *all, const struct session *s)
{
	return s->state >= SESSION_RESOLVE_HOP && s->state < SESSION_HOP &&
	       s->reason < REASON_HOP_LOOP && session_hop_endpoint(all, s) != NULL;
}

static void text_verdict(struct text *t, const struct sessions *all, const struct session *s)
{
	uint16_t code = reply_code(s->request.version, session_stage(s), session_verdict(all, s));

	if (s->state >= SESSION_GRANT) {
		text_str(t, s->reason == REASON_ENDED ? "closed, " : "aborted, ");
	} else if (s->reason != REASON_LEFT) {
		text_str(t, "refused");
		if (code != 0) {
			text_str_num(t, " with ", code);
		}
		text_str(t, ", ");
	}
	if (session_concerns_hop(all, s))
		text_str(t, "next hop: ");
	text_reason(t, (enum session_reason)s->reason, s->rule);
	text_hop_code(t, s);
	if (is_of_tls(s->reason)) {
		text_tls_reason(t, s->client.tls);
		text_tls_reason(t, s->server.tls);
	}
	if (ANKLET_HAS_ROUTES)
		text_hop(t, all, s);
	if (s->reason == REASON_NOT_SOCKS) {
		text_str_num(t, ": its first byte is ", s->request.version);
	}
}

#define SAME_MS 1000

/*
 * Has a hop just refused the same request of the same client? Where proxies are each other's hops, one request goes
 * round until a client has its share, and each round is refused; and some ask on and on. It is known by a sum: that
 * another one has the same is as good as never, and costs a line.
 */
static bool repeats(struct sessions *all, const struct session *s)
{
	const uint8_t *byte = (const uint8_t *)&s->request;
	uint32_t sum = ip_hash(&s->from.ip), now = port_now(all->loop.port);
	bool again;

	if (!is_hops_refusal(s->reason) && s->reason != REASON_HOP_ENDED)
		return false;
	for (size_t i = 0; i < sizeof s->request; i++) /* zero where nothing was written */
		sum = (sum ^ byte[i]) * 16777619u;
	again = sum == all->refused_sum && now - all->refused_at < SAME_MS;
	all->refused_sum = sum;
	all->refused_at = now;
	return again && all->loop.log < LEVEL_DEBUG;
}

void session_log_end(struct sessions *all, const struct session *s)
{
	bool left = s->reason == REASON_LEFT;
	bool by_rule = s->reason >= REASON_RULE && s->reason <= REASON_LOOP;
	bool logged = left ? ANKLET_HAS_LOG(PORT_DEBUG) : ANKLET_HAS_LOG(PORT_INFO);
	struct text *t = NULL;

	if (ANKLET_HAS_ROUTES && logged && repeats(all, s))
		loop_pass_over(&all->loop, LEVEL_INFO, &s->from.ip);
	else if (logged)
		t = begin_line(all, s, left ? LEVEL_DEBUG : by_rule ? LEVEL_REFUSED : LEVEL_INFO);
	if (t == NULL)
		return;
	text_verdict(t, all, s);
	if (s->state == SESSION_RELAY) {
		text_str_num(t, ", up ", s->relay.up.bytes);
		text_str_num(t, " down ", s->relay.down.bytes);
		text_str(t, " in ");
	} else {
		text_str(t, " after ");
	}
	text_since(t, all, s);
	loop_end_line(&all->loop, left ? PORT_DEBUG : PORT_INFO);
}

/*
 * Those who ask for the status, from their connection to its end. See status.h.
 *
 * The listener of TCP is for browsers, too, and any page that somebody looks at can let his browser ask there. So it
 * only shows (GET and HEAD), names itself by an address, 'localhost' or what the configuration calls it, and answers
 * nothing that a browser asks for on behalf of another site.
 */
#include "proxy/instance.h"

#include <string.h>

#include "base/check.h"

#if CONFIG_ANKLET_STATUS

#define LIMIT_MS 5000     /* for the head; and again for the answer */
#define SILENT_MS 250     /* for the head where others wait: it may be on its way until then */
#define LINGER_MS 2000    /* until the client closes */
#define DROPPED_MAX 65536 /* bytes that are read and dropped until then */
#define STEPS_A_TICK 32

_Static_assert(sizeof(struct http_reader) <= STATUS_PIECE, "a place is no larger than its piece");

enum step { STEP_FREE, STEP_HEAD, STEP_ANSWER, STEP_LINGER };

/* ---- Places ---- */

static bool is_full(const struct anklet *a, bool control)
{
	unsigned free = 0;

	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++)
		free += a->status.asking[i].step == STEP_FREE;
	return free <= (control ? 0 : 1);
}

/*
 * The oldest that has not made a whole request, of that address (NULL: of any), and so may be evicted for one more;
 * NULL: there is none. What just came from one is read first. Who comes by TCP takes no place of control's.
 */
static struct status_asking *silent(const struct anklet *a, bool control, const struct ip *of)
{
	const struct status_asking *oldest = NULL;

	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++) {
		const struct status_asking *s = &a->status.asking[i];

		if (s->step == STEP_HEAD && !s->ready && (control || !s->control) &&
			(of == NULL || ip_equal(&s->from, of)) &&
			(oldest == NULL || time_passed(s->due.at, oldest->due.at)))
			oldest = s;
	}
	return (struct status_asking *)oldest;
}

/* In how many ms that one will have been silent long enough; negative: never. */
static int32_t evictable_in(const struct anklet *a, const struct status_asking *s)
{
	uint32_t now = port_now(a->sessions.loop.port);

	return s == NULL ? -1 : time_until(s->due.at - (LIMIT_MS - SILENT_MS), now);
}

int32_t status_room(const struct anklet *a, bool control)
{
	return is_full(a, control) ? evictable_in(a, silent(a, control, NULL)) : 0;
}

/* How this host may be called by those who ask, besides by address: "" for nothing. */
static const char *status_name(const struct anklet *a)
{
	return string_table_at(&instance_config(a)->strings, instance_config(a)->status.at.name);
}

static void set_limit(struct anklet *a, struct status_asking *s, uint32_t ms)
{
	s->due = (struct deadline){.set = true, .at = port_now(a->sessions.loop.port) + ms};
	loop_deadline(&a->sessions.loop, &s->due);
}

static void close_asking(struct anklet *a, struct status_asking *s, bool reset)
{
	if (reset)
		loop_reset(&a->sessions.loop, &s->sock);
	else
		loop_close(&a->sessions.loop, &s->sock);
	memset(s, 0, sizeof *s);
}

/* Makes room for one more: one of the newcomer's own address goes first. */
static void evict(struct anklet *a, bool control, const struct address *from)
{
	struct status_asking *own = silent(a, control, &from->ip);

	close_asking(a, evictable_in(a, own) == 0 ? own : silent(a, control, NULL), true);
}

/* Is it one to whom the listener of TCP is open? */
static bool is_admitted(const struct anklet *a, const struct address *from)
{
	const struct status_endpoint *status = &instance_config(a)->status;

	return status->anywhere ? ip_prefix_holds(&status->from, &from->ip)
				: ip_class(&from->ip) == IP_LOOPBACK;
}

static void log_not_admitted(struct anklet *a, const struct address *from)
{
	struct loop *loop = &a->sessions.loop;
	struct text *t =
		ANKLET_HAS_LOG(PORT_WARNING) ? loop_line_of(loop, LEVEL_WARNING, &from->ip) : NULL;

	if (t == NULL)
		return;
	text_address(t, from);
	text_str(t, ": closed at once, the status is not shown to that address");
	loop_end_line(loop, PORT_WARNING);
}

void status_begin(struct anklet *a, bool control, port_sock sock, const struct address *from)
{
	struct status_asking *s = a->status.asking;
	struct loop *loop = &a->sessions.loop;

	if (!control && !is_admitted(a, from)) {
		log_not_admitted(a, from);
		port_reset(loop->port, &sock);
		return;
	}
	if (is_full(a, control))
		evict(a, control, from);
	while (s->step != STEP_FREE)
		s++;
	check(s < a->status.asking + ANKLET_STATUS_ASKING);
	s->step = STEP_HEAD;
	s->control = control;
	s->may_act = CONFIG_ANKLET_CONTROL && control && port_peer_is_own(loop->port, sock);
	s->from = from->ip;
	s->sock = sock;
	s->ready = true; /* the head is often there already */
	loop_own(loop, sock, OWNER_STATUS, (unsigned)(s - a->status.asking));
	set_limit(a, s, LIMIT_MS);
}

/* ---- Answers ---- */

/* Begins an answer whose head is in the piece. */
static void begin_answer(struct anklet *a, struct status_asking *s, const struct text *t)
{
	s->step = STEP_ANSWER;
	s->len = (uint16_t)t->len;
	set_limit(a, s, LIMIT_MS);
}

static struct text piece_of(struct status_asking *s)
{
	struct text t;

	text_init(&t, s->piece, sizeof s->piece);
	return t;
}

/* An answer of a line of text; 'more': lines of the head. */
static void answer_words(struct anklet *a, struct status_asking *s, enum http_status status,
	const char *more, const char *words)
{
	bool body = s->reader.method != HTTP_HEAD;
	struct text t = piece_of(s); /* from here on the reader is gone */

	text_http_head(&t, status, more);
	text_str_num(&t, "Content-Type: text/plain\r\nContent-Length: ", strlen(words) + 1);
	text_str(&t, "\r\n\r\n");
	if (body) {
		text_str(&t, words);
		text_char(&t, '\n');
	}
	s->answer = STATUS_WORDS;
	begin_answer(a, s, &t);
}

/* What can be asked for, in the order of enum status_answer. */
static const struct {
	char path[10];
	bool about_clients; /* who asks for what: where the listener says 'sessions' only */
} shown[] = {
	[STATUS_SUMMARY] = {"/status", false},
	[STATUS_METRICS] = {"/metrics", false},
	[STATUS_SESSIONS] = {"/sessions", true},
	[STATUS_REFUSALS] = {"/refusals", true},
	[STATUS_PAGE] = {"/", false},
};

static const char json_head[] = "Content-Type: application/json\r\n";
static const char metrics_head[] = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";

static const char *head_of(enum status_answer answer)
{
	if (CONFIG_ANKLET_PAGE && answer == STATUS_PAGE)
		return status_page_head;
	return answer == STATUS_METRICS ? metrics_head : json_head;
}

/* Begins an answer that is written row by row. */
static void answer_rows(struct anklet *a, struct status_asking *s, enum status_answer answer)
{
	bool body = s->reader.method != HTTP_HEAD;
	struct text t;

	s->chunked = !s->reader.old;
	s->answer = (uint8_t)(body ? answer : STATUS_WORDS);
	t = piece_of(s);
	text_http_head(&t, HTTP_OK, head_of(answer));
	text_str(&t, s->chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
	begin_answer(a, s, &t);
}

/* Where nothing is said *n stays what it is. False: it is no such number. */
static bool number_of(const struct http_reader *r, const char *key, uint32_t most, uint32_t *n)
{
	struct word word = http_query(r->target, key);

	return word.at == NULL || number_parse(word.at, word.len, most, n);
}

/* Why is it not answered by TCP? NULL: it is. */
static const char *objection(const struct http_reader *r)
{
	if (r->host != HTTP_HOST_OWN)
		return "Host names another host: ask by address, or by the name in the "
		       "configuration";
	return r->from_other ? "another site may not ask" : NULL;
}

static void answer_act(struct anklet *a, struct status_asking *s)
{
	char words[80];
	struct text t;
	enum http_status status = HTTP_FORBIDDEN;

	text_init(&t, words, sizeof words);
	if (s->may_act)
		status = status_act(a, s->reader.target, &t);
	else
		text_str(&t, "only root, and the user as whom anklet runs, may do that");
	answer_words(a, s, status, "", words);
}

static void answer(struct anklet *a, struct status_asking *s)
{
	const struct http_reader *r = &s->reader;
	const char *why = s->control ? NULL : objection(r);
	unsigned i = STATUS_SUMMARY;
	uint32_t limit = 100, after = 0;

	while (i < STATUS_PAGE && !http_path_is(r->target, shown[i].path))
		i++;
	if (why != NULL)
		answer_words(a, s, HTTP_FORBIDDEN, "", why);
	else if (CONFIG_ANKLET_CONTROL && s->control && status_is_act(r->target)) {
		if (r->method == HTTP_POST)
			answer_act(a, s);
		else
			answer_words(a, s, HTTP_BAD_METHOD, "Allow: POST\r\n", "use POST");
	} else if (r->method > HTTP_HEAD)
		answer_words(a, s, HTTP_BAD_METHOD, "Allow: GET, HEAD\r\n", "use GET or HEAD");
	else if (!http_path_is(r->target, shown[i].path) ||
		 (!CONFIG_ANKLET_PAGE && i == STATUS_PAGE))
		answer_words(a, s, HTTP_NOT_FOUND, "",
			"there are /status, /metrics, /sessions and /refusals");
	else if (shown[i].about_clients && !s->control && !instance_config(a)->status.sessions)
		answer_words(a, s, HTTP_FORBIDDEN, "",
			"the status line of the configuration has no 'sessions'");
	else if (i == STATUS_SESSIONS &&
		 (!number_of(r, "limit", UINT16_MAX, &limit) ||
			 !number_of(r, "after", UINT32_MAX, &after) || limit == 0))
		answer_words(a, s, HTTP_BAD_REQUEST, "",
			"write after=NUMBER and limit=NUMBER, of at least 1");
	else {
		s->cursor = (struct status_cursor){.left = (uint16_t)limit, .after = after};
		answer_rows(a, s, (enum status_answer)i);
	}
}

static bool add_row(struct anklet *a, struct status_asking *s, struct text *t)
{
	switch ((enum status_answer)s->answer) {
	case STATUS_SUMMARY:
		return status_summary(a, &s->cursor, t);
	case STATUS_METRICS:
		return status_metrics(a, &s->cursor, t);
	case STATUS_SESSIONS:
		return status_sessions(a, &s->cursor, t);
	case STATUS_REFUSALS:
		return status_refusals(a, &s->cursor, t);
	case STATUS_PAGE:
		return CONFIG_ANKLET_PAGE && status_page(&s->cursor, t);
	case STATUS_WORDS:
		break;
	}
	return false;
}

/* As many rows as one piece holds. What did not fit is written again, in the next one. */
static void fill_piece(struct anklet *a, struct status_asking *s)
{
	bool more = true;
	struct text t;

	text_init(&t, s->piece + HTTP_CHUNK_BEFORE, STATUS_PIECE);
	while (more && !t.cut) {
		struct status_cursor before = s->cursor;
		size_t len = t.len;

		more = add_row(a, s, &t);
		if (!t.cut)
			continue;
		check(len > 0);
		s->cursor = before;
		t.len = len;
	}
	if (!t.cut)
		s->answer = STATUS_WORDS; /* there is no other piece */
	s->at = s->chunked ? 0 : HTTP_CHUNK_BEFORE;
	s->len = (uint16_t)(s->chunked ? http_chunk(s->piece, t.len, !t.cut)
				       : HTTP_CHUNK_BEFORE + t.len);
}

/* ---- Steps: each answers whether another one can follow at once ---- */

static bool read_head(struct anklet *a, struct status_asking *s)
{
	struct port *p = a->sessions.loop.port;
	const uint8_t *data;
	size_t used;
	int n = port_peek(p, s->sock, &data);
	enum parse parsed;

	if (n == PORT_AGAIN)
		return false;
	if (n < 0) {
		close_asking(a, s, n != PORT_EOF);
		return false;
	}
	parsed = http_read(&s->reader, s->control ? "" : status_name(a), data, (size_t)n, &used);
	port_consume(p, s->sock, used);
	if (parsed == PARSE_MALFORMED)
		answer_words(a, s, (enum http_status)s->reader.wrong, "",
			s->reader.wrong == HTTP_LONG_HEAD ? "the head has more than 1024 bytes"
							  : "invalid request of HTTP/1.1");
	else if (parsed == PARSE_DONE)
		answer(a, s);
	return true;
}

static bool send_answer(struct anklet *a, struct status_asking *s)
{
	struct port *p = a->sessions.loop.port;
	int n;

	if (s->at == s->len && s->answer != STATUS_WORDS)
		fill_piece(a, s);
	if (s->at == s->len) {
		port_shutdown(p, s->sock);
		s->step = STEP_LINGER;
		set_limit(a, s, LINGER_MS);
		return true;
	}
	n = port_send(p, s->sock, s->piece + s->at, (size_t)(s->len - s->at));
	if (n < 0 && n != PORT_AGAIN)
		close_asking(a, s, true);
	if (n < 0)
		return false;
	s->at = (uint16_t)(s->at + n);
	return true;
}

/* Closed over what lies unread, the connection would be reset, and the answer perhaps with it. */
static bool linger(struct anklet *a, struct status_asking *s)
{
	struct port *p = a->sessions.loop.port;
	const uint8_t *data;
	int n = port_peek(p, s->sock, &data);

	if (n == PORT_AGAIN)
		return false;
	if (n < 0 || s->dropped > DROPPED_MAX) {
		close_asking(a, s, n >= 0);
		return false;
	}
	port_consume(p, s->sock, (size_t)n);
	s->dropped += (uint32_t)n;
	return true;
}

static bool run_step(struct anklet *a, struct status_asking *s)
{
	switch ((enum step)s->step) {
	case STEP_HEAD:
		return read_head(a, s);
	case STEP_ANSWER:
		return send_answer(a, s);
	case STEP_LINGER:
		return linger(a, s);
	case STEP_FREE:
		break;
	}
	return false;
}

/* ---- For the instance ---- */

void anklet_introduce(struct anklet *a, uint64_t start_time, uint32_t pid)
{
	a->status.start_time = start_time;
	a->status.pid = pid;
}

void status_rejected(struct anklet *a, enum session_admission why)
{
	a->status.rejected[why - SESSION_HAS_SHARE]++;
}

void status_ready(struct anklet *a, unsigned asking)
{
	a->status.asking[asking].ready = true;
}

bool status_is_busy(const struct anklet *a)
{
	bool busy = false;

	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++)
		busy = busy || a->status.asking[i].ready;
	return busy;
}

void status_run(struct anklet *a)
{
	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++) {
		struct status_asking *s = &a->status.asking[i];

		for (unsigned n = 0; s->ready && n < STEPS_A_TICK; n++)
			s->ready = run_step(a, s);
	}
}

void status_expire(struct anklet *a, uint32_t now)
{
	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++) {
		struct status_asking *s = &a->status.asking[i];

		if (!deadline_passed(&s->due, now)) {
			loop_deadline(&a->sessions.loop, &s->due);
		} else if (s->step == STEP_HEAD && s->reader.bytes > 0) {
			answer_words(a, s, HTTP_TIMEOUT, "", "no whole request within 5 seconds");
			s->ready = true;
		} else {
			close_asking(a, s, s->step == STEP_ANSWER);
		}
	}
}

void status_stop(struct anklet *a)
{
	for (unsigned i = 0; i < ANKLET_STATUS_ASKING; i++)
		if (a->status.asking[i].step != STEP_FREE)
			close_asking(a, &a->status.asking[i], true);
}

#endif

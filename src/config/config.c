/*
 * The configuration: lines of "keyword value" to one struct, and back. See config.h.
 *
 * A value goes into the struct only when the whole line is right; so a line in error changes nothing but the table of
 * strings, which is taken back here.
 */
#include "config/config.h"

#include <string.h>

#include "config/keywords.h"
#include "config/value.h"
#include "tls/tls.h"

_Static_assert(CONFIG_ANKLET_LISTENERS >= 2, "the default is to listen on 127.0.0.1 and ::1");
_Static_assert(CONFIG_ANKLET_LISTENERS <= UINT8_MAX, "a count of listeners fits a byte");
_Static_assert(CONFIG_ANKLET_FORWARDS <= INT8_MAX, "a listener names its forward in a byte");
_Static_assert(CONFIG_ANKLET_NAME_SERVERS <= UINT8_MAX, "a count of servers fits a byte");
_Static_assert(CONFIG_ANKLET_SESSIONS <= UINT16_MAX, "limit-client fits its field");

/* What is logged where no line says so, of what there is. */
#define CONFIG_DEFAULT_LOG                                      \
	(CONFIG_ANKLET_LOG_LEVELS > 2           ? LEVEL_INFO    \
		: CONFIG_ANKLET_LOG_LEVELS == 2 ? LEVEL_WARNING \
						: LEVEL_ERROR)

/* ---- The table ---- */

#define AT(field) offsetof(struct config, field)
#define ONE(type, field) AT(field), sizeof(type), 0
#define PART(field) AT(field), sizeof(((struct config *)0)->field), 0
/* It is part of a designator. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define MANY(table, count) AT(table[0]), sizeof(((struct config *)0)->table[0]), AT(count)

/* What a keyword's row says beside its name's. */
struct keyword {
	uint16_t field, size, count_at; /* of one value; 0: there is only one */
	uint16_t initial, most;
};

#define KEYWORD_ROW(id, name, type, setting, place, initial, most, ...) {place, initial, most},
#define KEYWORD_UNSET(id, name, type, setting, place, initial, most, when, value, help, unset) \
	unset "\0"

static const struct keyword keywords[] = {KEYWORDS(KEYWORD_ROW)};
static const char unset[] = KEYWORDS(KEYWORD_UNSET);

_Static_assert(offsetof(struct config, strings) <= UINT16_MAX, "the place of a field fits 16 bits");

static const struct keyword *row_of(unsigned id)
{
	return &keywords[id - WORDS];
}

/* Where in the configuration its i-th value stands. */
static size_t place_of(unsigned id, unsigned i)
{
	return row_of(id)->field + (size_t)i * row_of(id)->size;
}

/* How many values a keyword has in a table; 1 where it has no table. */
static unsigned count_of(const struct config *c, unsigned id)
{
	size_t at = row_of(id)->count_at;

	return at > 0 ? *((const uint8_t *)c + at) : 1;
}

void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	for (unsigned id = WORDS; id < KEYWORDS_END; id++) {
		uint16_t initial = row_of(id)->initial;
		void *field = (char *)c + place_of(id, 0);

		if (name_rows[id].value == VALUE_TIME || name_rows[id].value == VALUE_TIME_OR_0)
			*(uint32_t *)field = initial * 1000u;
		else if (name_rows[id].value == VALUE_COUNT)
			*(uint16_t *)field = initial;
		else if (name_rows[id].value == VALUE_LEVEL)
			*(uint8_t *)field = (uint8_t)initial;
	}
	c->tls = tls_built;
	c->port.listen_early = true;
}

bool config_listens_by_default(const struct config *c)
{
	return c->listen_count == 0 && c->forward_count == 0;
}

const struct ip *config_source(const struct config *c, const struct ip *ip)
{
	return &c->source[ip_is_v4(ip) ? 0 : 1];
}

bool text_line(struct text *t, unsigned id, const void *value, const struct string_table *strings)
{
	int type = name_rows[id].value;
	const struct rule *rule = value;

	if (type == VALUE_ALLOW && !rule->allow)
		id = KEYWORD_DENY;
	text_str_str(t, name_text(id),
		type <= VALUE_ROUTE ? "" : " "); /* each word of a clause has its own */
	return text_value(t, type, value, strings);
}

bool text_setting(struct text *t, const struct config *c, unsigned id)
{
	return text_line(t, id, (const char *)c + place_of(id, 0), &c->strings);
}

/* ---- Reading ---- */

/* A text while it is read: in which of its lines stands what is listened on. 0: in an earlier text. */
struct lines {
	uint32_t number;
	uint32_t at[CONFIG_ANKLET_LISTENERS + CONFIG_ANKLET_FORWARDS];
};

/* A value before it goes into the configuration. */
union value {
	struct endpoint listen;
	struct rule rule;
	struct route route;
	struct forward forward;
	struct rate_limit rate;
	ip_of_families source;
	struct address server; /* all others are smaller */
};

_Static_assert(offsetof(struct forward, listen) == 0, "a forward begins as a listener");

/* Can it be listened on beside all that is listened on? */
static bool listen_check(const struct config *c, struct reading *r, struct word where,
	const struct endpoint *e, const struct lines *lines)
{
	for (unsigned i = 0; i < sizeof lines->at / sizeof lines->at[0]; i++) {
		bool forward = i >= CONFIG_ANKLET_LISTENERS;
		unsigned id = forward ? KEYWORD_FORWARD : KEYWORD_LISTEN;
		unsigned nth = forward ? i - CONFIG_ANKLET_LISTENERS : i;
		const void *other = (const char *)c + place_of(id, nth);

		if (nth < count_of(c, id) && endpoints_conflict(e, other)) {
			r->number = lines->at[i];
			return error_set(r, r->number > 0 ? ERROR_TAKEN : ERROR_TAKEN_BEFORE, where,
				(int)id);
		}
	}
	return true;
}

/* Is there room for one more? Its value stands in no table yet. '*' needs a socket to listen with for each family. */
static bool room_check(const struct config *c, struct reading *r, unsigned id, struct word keyword,
	const union value *value)
{
	unsigned room = row_of(id)->most;

	if (id == KEYWORD_LISTEN) {
		room -= value->listen.host == ENDPOINT_ANY;
		for (unsigned i = 0; i < c->listen_count; i++)
			room -= c->listen[i].host == ENDPOINT_ANY;
	}
	r->number = row_of(id)->most;
	return row_of(id)->count_at == 0 || count_of(c, id) < room ||
	       error_set(r, ERROR_FULL, keyword,
		       id == KEYWORD_DNS ? SETTING_NAME_SERVERS : name_rows[id].setting);
}

/* What is accepted can be printed and read again: that line must not become too long. */
static bool length_check(struct reading *r, unsigned id, struct word line, const void *value)
{
	char buf[CONFIG_LINE_MAX + 1];
	struct text t;

	if (!CONFIG_ANKLET_CONFIG_PRINTER)
		return true;
	text_init(&t, buf, sizeof buf);
	text_line(&t, id, value, r->strings);
	r->number = CONFIG_LINE_MAX;
	return !t.cut || error_set(r, ERROR_LONG_PRINTED, line, VALUE_NONE);
}

/* Reads what stands after the keyword, and takes it into the configuration when all of it is right. */
static bool keyword_read(
	struct config *c, struct reading *r, unsigned id, struct word keyword, struct lines *lines)
{
	const struct keyword *k = row_of(id);
	unsigned count = k->count_at > 0 ? count_of(c, id) : 0;
	struct word line = {keyword.at, (size_t)(r->rest.at + r->rest.len - keyword.at)};
	struct word first = word_take(r), more;
	union value value;

	r->number = k->most;
	memset(&value, 0, sizeof value);
	if (k->count_at == 0) /* of two sources each line sets one */
		memcpy(&value, (char *)c + place_of(id, 0), k->size);
	if (!value_read(r, name_rows[id].value, keyword, first, &value) ||
		!length_check(r, id, line, &value))
		return false;
	more = word_take(r);
	if (more.at != NULL)
		return error_set(r, ERROR_UNEXPECTED, more, VALUE_LINE_END);
	if (!room_check(c, r, id, keyword, &value))
		return false;
	/* Either begins with what is listened on. */
	if (id == KEYWORD_LISTEN || (ANKLET_HAS_FORWARDS && id == KEYWORD_FORWARD)) {
		if (!listen_check(c, r, first, &value.listen, lines))
			return false;
		lines->at[count + (id == KEYWORD_FORWARD ? CONFIG_ANKLET_LISTENERS : 0)] =
			lines->number;
	}
	memcpy((char *)c + place_of(id, count), &value, k->size);
	if (k->count_at > 0)
		++*((uint8_t *)c + k->count_at);
	return true;
}

/* Reads one line; false: r->error says why nothing was changed. */
static bool line_read(struct config *c, struct reading *r, struct word line, struct lines *lines)
{
	uint16_t strings = c->strings.len;
	struct word keyword;
	int id;

	*r = (struct reading){
		.rest = line, .tls = c->tls, .strings = &c->strings, .number = CONFIG_LINE_MAX};
	if (line.len > CONFIG_LINE_MAX) {
		error_set(r, ERROR_LONG, line, VALUE_NONE);
		r->error.at = (struct word){line.at + CONFIG_LINE_MAX, line.len - CONFIG_LINE_MAX};
		return false;
	}
	if (!line_check(r, line))
		return false;
	keyword = word_take(r);
	if (keyword.at == NULL)
		return true; /* blank, or a comment */
	id = name_read(r, ERROR_KEYWORD, VALUE_KEYWORD, keyword);
	if (id >= 0 && keyword_read(c, r, (unsigned)id, keyword, lines))
		return true;
	c->strings.len = strings;
	return false;
}

unsigned config_read(struct config *c, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx)
{
	struct lines lines = {0};
	struct word rest = {text, len};
	unsigned errors = 0;

	/* Editors of some systems write it: UTF-8. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		rest = (struct word){text + 3, len - 3};
	while (rest.at != NULL) {
		struct word line = word_split(&rest, '\n');
		struct reading r;

		line.len -= line.len > 0 && line.at[line.len - 1] == '\r';
		lines.number++;
		if (line_read(c, &r, line, &lines))
			continue;
		errors++;
		error_report(source, lines.number, line, &r.error, report, ctx);
	}
	return errors;
}

/* ---- Printing ---- */

/* One line at a time. */
struct printing {
	anklet_print *print;
	void *ctx;
	struct text t;
	char buf[CONFIG_LINE_MAX + 2]; /* with its end and a NUL */
};

/* Hands the line over, with what may still be missing, and begins the next one. */
static void print_line(struct printing *p, const char *end)
{
	text_str(&p->t, end);
	text_char(&p->t, '\n');
	p->print(p->ctx, p->t.buf, p->t.len);
	text_init(&p->t, p->buf, sizeof p->buf);
}

/* Does a rule or a route speak of addresses? */
static bool has_addresses(const struct config *c)
{
	bool has = false;

	for (unsigned i = 0; i < c->rules.count; i++)
		has = has || c->rules.rule[i].to.kind == PATTERN_PREFIX;
	for (unsigned i = 0; i < c->routes.count; i++)
		has = has || c->routes.route[i].to.kind == PATTERN_PREFIX;
	return has;
}

/* The line about rates before that one whose clients are all of its own; -1: there is none. */
static int rate_covering(const struct rate_limits *rates, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (ip_prefix_within(&rates->line[i].from, &rates->line[j].from))
			return (int)j;
	return -1;
}

/* What one may not have thought of stands before the line that brings it. */
static void print_notes(
	struct printing *p, const struct config *c, unsigned id, unsigned i, const void *value)
{
	int type = name_rows[id].value;
	bool rate = ANKLET_HAS_RATES && type == VALUE_LIMIT_RATE;
	const struct route *route =
		&c->routes.route[ANKLET_HAS_ROUTES && id == KEYWORD_ROUTE ? i : 0];
	int covering = id == KEYWORD_ALLOW ? rules_covering(&c->rules, &c->strings, i)
		       : rate              ? rate_covering(CONFIG_RATES(c), i)
					   : -1;

	if (CONFIG_ANKLET_STATUS && type == VALUE_STATUS && status_note(value)[0] != '\0') {
		print_line(p, status_note(value));
	} else if (covering >= 0) {
		text_str(&p->t, rate ? "# the next line" : "# the next rule");
		text_str_num(&p->t, rate ? " never decides: limit-rate " : " never decides: rule ",
			(unsigned)covering + 1);
		print_line(p, " matches all that it does");
	} else if (id == KEYWORD_ALLOW && rules_in_vain(&c->rules, i)) {
		print_line(p, "# the next rule changes nothing: what no allow matches is refused "
			      "anyway");
	} else if (ANKLET_HAS_ROUTES && id == KEYWORD_ROUTE && route_is_remote(route) &&
		   route->to.kind != PATTERN_PREFIX && has_addresses(c)) {
		print_line(p, "# the hop looks names up: no address after 'to' matches them");
	}
}

/* Every value there is, or what is in force without one. */
static void print_keyword(struct printing *p, const struct config *c, unsigned id)
{
	bool rules = id == KEYWORD_DENY; /* which are all printed as the table of allow */
	bool nowhere = id == KEYWORD_LISTEN && !config_listens_by_default(c), none = true;
	unsigned count = rules ? 0 : id == KEYWORD_SOURCE ? 2 : count_of(c, id);
	const char *words = text_of_list(unset, id - WORDS);

	for (unsigned i = 0; i < count; i++) {
		const void *value = (const char *)c + place_of(id, i);

		if (id == KEYWORD_SOURCE)
			value = &c->source[i];
		if (CONFIG_ANKLET_HINTS)
			print_notes(p, c, id, i, value);
		if (text_line(&p->t, id, value, &c->strings)) {
			print_line(p, "");
			none = false;
		}
		text_init(&p->t, p->buf, sizeof p->buf);
	}
	if (CONFIG_ANKLET_HINTS && none && *words != '\0') {
		text_str_str(&p->t, "# ", name_text(id));
		text_str_str(&p->t, ": ", nowhere ? "nowhere; there are forwards only" : words);
		print_line(p, nowhere ? "" : " (default)");
	}
}

void config_print(const struct config *c, anklet_print *print, void *ctx)
{
	struct printing p = {.print = print, .ctx = ctx};

	if (!CONFIG_ANKLET_CONFIG_PRINTER)
		return;
	text_init(&p.t, p.buf, sizeof p.buf);
	for (unsigned id = WORDS; id < KEYWORDS_END; id++)
		if (name_is_built(id, c->tls))
			print_keyword(&p, c, id);
}

/*
 * The configuration: lines of "keyword value" to one struct, and back. See config.h.
 *
 * A value goes into the struct only when the whole line is right; so a line in error changes nothing, the
 * strings it had added aside, which are taken back here.
 */
#include "config/config.h"

#include <string.h>

#include "config/error.h"
#include "config/keywords.h"
#include "config/value.h"
#include "tls/tls.h"

_Static_assert(CONFIG_ANKLET_LISTENERS >= 2, "the default is to listen on 127.0.0.1 and ::1");
_Static_assert(CONFIG_ANKLET_LISTENERS <= UINT8_MAX, "a count of listeners fits a byte");
_Static_assert(CONFIG_ANKLET_FORWARDS <= INT8_MAX, "a listener names its forward in a byte");
_Static_assert(CONFIG_ANKLET_NAME_SERVERS <= UINT8_MAX, "a count of servers fits a byte");
_Static_assert(CONFIG_ANKLET_SESSIONS <= UINT16_MAX, "limit-client fits its field");

/* What is logged where no line says so, of what there is. */
#define CONFIG_DEFAULT_LOG                                     \
	(ANKLET_HAS_LOG(PORT_INFO)             ? LEVEL_INFO    \
		: ANKLET_HAS_LOG(PORT_WARNING) ? LEVEL_WARNING \
					       : LEVEL_ERROR)

/* ---- The table ---- */

#define FIELD(field) offsetof(struct config, field)
#define SIZE(field) sizeof(((struct config *)0)->field)
#define ONE(field) FIELD(field), SIZE(field), 0
/* It is part of a designator. NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define MANY(table, count) FIELD(table[0]), SIZE(table[0]), FIELD(count)

struct keyword {
	char name[18];
	uint8_t type, setting;          /* enum value_type, enum setting */
	uint16_t field, size, count_at; /* of one value; 0: there is only one */
	uint16_t initial, most;
};

#define KEYWORD_ID(id, ...) KEYWORD_##id,
#define KEYWORD_ROW(id, name, type, setting, place, initial, most, when, value, help, unset) \
	{name, VALUE_##type, SETTING_##setting, place, initial, most},
#define KEYWORD_UNSET(id, name, type, setting, place, initial, most, when, value, help, unset) \
	unset "\0"

enum keyword_id { KEYWORDS(KEYWORD_ID) KEYWORD_COUNT };

static const struct keyword keywords[] = {KEYWORDS(KEYWORD_ROW)};
static const char unset[] = KEYWORDS(KEYWORD_UNSET);

_Static_assert(KEYWORD_COUNT <= 32, "a set of keywords has 32 bits");
_Static_assert(offsetof(struct config, strings) <= UINT16_MAX, "the place of a field fits 16 bits");

const char *config_keyword(unsigned i)
{
	return i < KEYWORD_COUNT ? keywords[i].name : NULL;
}

static void *field_of(struct config *c, const struct keyword *k, unsigned i)
{
	return (char *)c + k->field + (size_t)i * k->size;
}

static const void *value_of(const struct config *c, const struct keyword *k, unsigned i)
{
	return (const char *)c + k->field + (size_t)i * k->size;
}

/* How many values a keyword has in a table; 1 where it has no table. */
static unsigned count_of(const struct config *c, const struct keyword *k)
{
	return k->count_at > 0 ? *((const uint8_t *)c + k->count_at) : 1;
}

void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	for (unsigned i = 0; i < KEYWORD_COUNT; i++) {
		const struct keyword *k = &keywords[i];
		void *field = field_of(c, k, 0);

		if (k->type == VALUE_TIME || k->type == VALUE_TIME_OR_0)
			*(uint32_t *)field = k->initial * 1000u;
		else if (k->type == VALUE_COUNT)
			*(uint16_t *)field = k->initial;
		else if (k->type == VALUE_LEVEL)
			*(uint8_t *)field = (uint8_t)k->initial;
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

/* Appends a keyword with one value; false where that stands for none. */
static bool text_line(struct text *t, const struct keyword *k, const void *value,
	const struct string_table *strings)
{
	const struct rule *rule = value;

	if (k->type == VALUE_ALLOW || k->type == VALUE_DENY) {
		text_str(t, keywords[rule->allow ? KEYWORD_ALLOW : KEYWORD_DENY].name);
		text_clause(t, CLAUSE_ALLOW, rule, NULL, strings);
		return true;
	}
	if (ANKLET_HAS_ROUTES && k->type == VALUE_ROUTE) {
		text_route(t, value, strings);
		return true;
	}
	text_str(t, k->name);
	text_char(t, ' ');
	return text_value(t, k->type, value, strings);
}

/* ---- Reading ---- */

/* A text while it is read: in which of its lines stands what is listened on. 0: in an earlier text. */
struct lines {
	uint32_t number;
	uint32_t at[CONFIG_ANKLET_LISTENERS + CONFIG_ANKLET_FORWARDS];
};

/* A value before it goes into the configuration. */
union value {
	struct endpoint endpoint; /* or whatever has no member of its own */
	struct rule rule;
	struct route route;
	struct forward forward;
};

static bool values_read(
	struct reading *r, const struct keyword *k, struct word keyword, union value *value)
{
	if (k->type == VALUE_ALLOW || k->type == VALUE_DENY) {
		value->rule.allow = k->type == VALUE_ALLOW;
		return clause_read(
			r, value->rule.allow ? CLAUSE_ALLOW : CLAUSE_DENY, keyword, value, NULL);
	}
	if (ANKLET_HAS_ROUTES && k->type == VALUE_ROUTE)
		return clause_read(r, CLAUSE_ROUTE, keyword, value, &value->route.tls);
	return value_read(r, k->type, keyword, word_take(r), value);
}

static bool is_listened(const struct keyword *k)
{
	return k->type == VALUE_LISTEN || (ANKLET_HAS_FORWARDS && k->type == VALUE_FORWARD);
}

/* Where the line of its i-th value is noted. */
static unsigned place_of(const struct keyword *k, unsigned i)
{
	return k->type == VALUE_LISTEN ? i : CONFIG_ANKLET_LISTENERS + i;
}

/* Can it be listened on beside all that is listened on? */
static bool place_check(const struct config *c, struct reading *r, struct word place,
	const struct endpoint *e, const struct lines *lines)
{
	for (const struct keyword *k = keywords; k < keywords + KEYWORD_COUNT; k++) {
		for (unsigned i = 0; is_listened(k) && i < count_of(c, k); i++) {
			const struct endpoint *other = value_of(c, k, i);

			if (!endpoints_conflict(e, other))
				continue;
			error_other(r, ERROR_CONFLICT, place, k->name);
			r->error.most = lines->at[place_of(k, i)];
			return false;
		}
	}
	return true;
}

/* Is there room for one more? Its value stands in no table yet. '*' needs a socket to listen with for each family. */
static bool room_check(const struct config *c, struct reading *r, const struct keyword *k,
	struct word keyword, const union value *value)
{
	int setting = k->type == VALUE_SERVER ? SETTING_NAME_SERVERS : k->setting;
	unsigned room = k->most;

	if (k->type == VALUE_LISTEN) {
		room -= value->endpoint.host == ENDPOINT_ANY;
		for (unsigned i = 0; i < c->listen_count; i++)
			room -= c->listen[i].host == ENDPOINT_ANY;
	}
	return k->count_at == 0 || count_of(c, k) < room ||
	       error_setting(r, ERROR_FULL, keyword, setting, k->most);
}

/* What is accepted can be printed and read again: that line must not become too long. */
static bool length_check(
	struct reading *r, const struct keyword *k, struct word line, const void *value)
{
	char buf[CONFIG_LINE_MAX + 1];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_line(&t, k, value, r->strings);
	return !t.cut || error_setting(r, ERROR_LONG_PRINTED, line, SETTING_NONE, CONFIG_LINE_MAX);
}

struct names config_keywords(bool tls)
{
	struct names names = {keywords[0].name, sizeof keywords[0], KEYWORD_COUNT, 0};

	for (unsigned i = 0; i < KEYWORD_COUNT; i++)
		if (setting_is_built(tls, keywords[i].setting))
			names.among |= 1u << i;
	return names;
}

/* Finds the line's keyword; NULL: r->error is filled. */
static const struct keyword *keyword_find(struct reading *r, struct word keyword)
{
	struct names names = config_keywords(r->tls);
	int found = names_find(&names, keyword);

	if (found >= 0) {
		if ((names.among >> found & 1) != 0)
			return &keywords[found];
		error_setting(r, ERROR_DISABLED, keyword, keywords[found].setting, 0);
		return NULL;
	}
	error_set(r, ERROR_KEYWORD, keyword, VALUE_NAMES);
	r->error.names = names;
	r->error.suggestion = names_nearest(&names, keyword);
	return NULL;
}

/* Reads what stands after the keyword, and takes it into the configuration when all of it is right. */
static bool keyword_read(struct config *c, struct reading *r, const struct keyword *k,
	struct word keyword, struct lines *lines)
{
	unsigned count = k->count_at > 0 ? count_of(c, k) : 0;
	struct word values = r->rest, word;
	struct word line = {keyword.at, (size_t)(values.at + values.len - keyword.at)};
	union value value;

	r->most = k->most;
	memset(&value, 0, sizeof value);
	if (k->count_at == 0)
		memcpy(&value, field_of(c, k, 0), k->size); /* of two sources each line sets one */
	if (!values_read(r, k, keyword, &value) || !length_check(r, k, line, &value))
		return false;
	word = word_take(r);
	if (word.at != NULL)
		return error_set(r, ERROR_UNEXPECTED, word, VALUE_LINE_END);
	if (!room_check(c, r, k, keyword, &value))
		return false;
	if (is_listened(k)) {
		/* Either begins with what is listened on. */
		r->rest = values;
		if (!place_check(c, r, word_take(r), &value.endpoint, lines))
			return false;
		lines->at[place_of(k, count)] = lines->number;
	}
	memcpy(field_of(c, k, count), &value, k->size);
	if (k->count_at > 0)
		++*((uint8_t *)c + k->count_at);
	return true;
}

_Static_assert(offsetof(struct forward, listen) == 0, "a forward begins as a listener");
_Static_assert(sizeof(union value) >= sizeof(struct ip[2]) &&
		       sizeof(union value) >= sizeof(struct address),
	"there is room for a value of any type");

/* Reads one line; false: r->error says why nothing was changed. */
static bool line_read(struct config *c, struct reading *r, struct word line, struct lines *lines)
{
	uint16_t strings = c->strings.len;
	const struct keyword *k;
	struct word keyword;

	*r = (struct reading){.rest = line, .tls = c->tls, .strings = &c->strings};
	if (line.len > CONFIG_LINE_MAX) {
		error_setting(r, ERROR_LONG, line, SETTING_NONE, CONFIG_LINE_MAX);
		r->error.at = (struct word){line.at + CONFIG_LINE_MAX, line.len - CONFIG_LINE_MAX};
		return false;
	}
	if (!line_check(r, line))
		return false;
	keyword = word_take(r);
	if (keyword.at == NULL)
		return true; /* blank, or a comment */
	k = keyword_find(r, keyword);
	if (k != NULL && keyword_read(c, r, k, keyword, lines))
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

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		rest = (struct word){
			text + 3, len - 3}; /* editors of some systems write it: UTF-8 */
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

/* One line, handed over by print_end(). */
struct printing {
	anklet_print *print;
	void *ctx;
	struct text t;
	char buf[CONFIG_LINE_MAX + 2]; /* with its end and a NUL */
};

static struct text *print_begin(struct printing *p, const char *start)
{
	text_init(&p->t, p->buf, sizeof p->buf);
	text_str(&p->t, start);
	return &p->t;
}

static void print_end(struct printing *p)
{
	text_char(&p->t, '\n');
	p->print(p->ctx, p->t.buf, p->t.len);
}

static void print_comment(struct printing *p, const char *comment)
{
	text_str(print_begin(p, "# "), comment);
	print_end(p);
}

/* What one may not have thought of stands before the rule that brings it. */
static void print_rule_notes(struct printing *p, const struct config *c, unsigned i)
{
	int before = rules_covering(&c->rules, &c->strings, i);

	if (before >= 0) {
		text_num(print_begin(p, "# the next rule never decides: rule "),
			(unsigned)before + 1);
		text_str(&p->t, " matches all that it does");
		print_end(p);
	} else if (rules_in_vain(&c->rules, i)) {
		print_comment(p, "the next rule changes nothing: no allow follows, and what none "
				 "matches is refused");
	}
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

static void print_notes(
	struct printing *p, const struct config *c, const struct keyword *k, unsigned i)
{
	bool unverified = false;

	if (k->type == VALUE_ALLOW)
		print_rule_notes(p, c, i);
	if (ANKLET_HAS_ROUTES && k->type == VALUE_ROUTE) {
		const struct route *route = &c->routes.route[i];

		if (route_is_remote(route) && route->to.kind != PATTERN_PREFIX && has_addresses(c))
			print_comment(p,
				"the hop looks names up: an address after 'to', of a rule or a "
				"route, matches none of them");
		unverified = route->tls.verify_none || route->hop.tls.verify_none;
	}
	if (ANKLET_HAS_FORWARDS && k->type == VALUE_FORWARD)
		unverified = c->forward[i].target.tls.verify_none;
	if (ANKLET_HAS_TLS && unverified)
		print_comment(
			p, "verify=none: whoever answers there is believed to be the right one");
}

/* What is in force without a value. */
static void print_unset(struct printing *p, const struct config *c, enum keyword_id i)
{
	const char *words = text_of_list(unset, i);
	bool nowhere = i == KEYWORD_LISTEN && !config_listens_by_default(c);

	if (*words == '\0')
		return;
	text_str(print_begin(p, "# "), keywords[i].name);
	text_str(&p->t, ": ");
	text_str(&p->t, nowhere ? "nowhere; there are forwards only" : words);
	text_str(&p->t, nowhere ? "" : " (default)");
	print_end(p);
}

static void print_keyword(struct printing *p, const struct config *c, enum keyword_id id)
{
	const struct keyword *k = &keywords[id];
	int type = k->type;
	unsigned count = type == VALUE_SOURCE ? 2 : type == VALUE_DENY ? 0 : count_of(c, k);
	bool none = type != VALUE_DENY;

	for (unsigned i = 0; i < count; i++) {
		const void *value = type == VALUE_SOURCE ? &c->source[i] : value_of(c, k, i);

		if (CONFIG_ANKLET_HINTS)
			print_notes(p, c, k, i);
		if (text_line(print_begin(p, ""), k, value, &c->strings)) {
			print_end(p);
			none = false;
		}
	}
	if (CONFIG_ANKLET_HINTS && none)
		print_unset(p, c, id);
}

void config_print(const struct config *c, anklet_print *print, void *ctx)
{
	struct printing p = {.print = print, .ctx = ctx};

	for (unsigned i = 0; i < KEYWORD_COUNT; i++)
		if (setting_is_built(c->tls, keywords[i].setting))
			print_keyword(&p, c, (enum keyword_id)i);
}

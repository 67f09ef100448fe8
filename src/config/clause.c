/*
 * Clauses: what stands in a rule, in a route, and among the options of an endpoint, word by word. See value.h.
 */
#include <stddef.h>
#include <string.h>

#include "config/keywords.h"
#include "config/value.h"
#include "loop/rates.h"
#include "policy/routes.h"
#include "policy/rules.h"

enum { WORD_NONE = 255, GROUP_NONE = 0, GROUP_COMMAND, GROUP_WAY, GROUP_LOOKUP };

/* What a word's row says beside its name's. */
struct clause_word {
	uint8_t at, value;
	uint8_t group, excludes, needs;
};

/* clang-format off */
#define WORD_ROW(id, name, type, clause, field, value, setting, types, group, excludes, needs) \
	{offsetof(clause, field), value, GROUP_##group, WORD_##excludes, WORD_##needs},

static const struct clause_word words[] = {
	RATE_WORDS(WORD_ROW) RULE_WORDS(WORD_ROW) ROUTE_WORDS(WORD_ROW) TLS_WORDS(WORD_ROW) HOP_WORDS(WORD_ROW)};
/* clang-format on */
#if CONFIG_ANKLET_ROUTES == 0
enum { WORD_UNRESOLVED }; /* whoever asks for it is dead code */
#endif

_Static_assert(offsetof(struct rule, from) == offsetof(struct route, from) &&
		       offsetof(struct rule, from) == offsetof(struct rate_limit, from) &&
		       offsetof(struct rule, to) == offsetof(struct route, to),
	"from and to stand in the same place of all");

/* Do its words stand after the '?' of an endpoint? */
static bool is_options(int type)
{
	return type == VALUE_SERVER_OPTIONS || type == VALUE_CLIENT_OPTIONS ||
	       type == VALUE_HOP_OPTIONS;
}

/* Where in the clause the value of a word stands: the options of a route are a part of it. */
static size_t place_of(unsigned i, int type)
{
	bool option = ANKLET_HAS_TLS && type == VALUE_ROUTE && i >= LINE_WORDS;

	return words[i].at + (option ? offsetof(struct route, tls) : 0);
}

/* Reads a word that is none too many, with its value. seen: where each word of the clause stands, if it does. */
static bool clause_word_read(
	struct reading *r, int type, struct word word, void *clause, struct word *seen)
{
	int i = name_read(r, ERROR_UNEXPECTED, type, word);
	struct word name = word, value;

	if (i < 0)
		return false;
	name.len = strlen(name_text((unsigned)i));
	if (seen[i].at != NULL)
		return error_set(r, ERROR_TWICE, name, VALUE_NONE);
	for (int j = 0; j < WORDS; j++)
		if (seen[j].at != NULL &&
			((words[i].group != GROUP_NONE && words[i].group == words[j].group) ||
				words[i].excludes == j || words[j].excludes == i))
			return error_set(r, ERROR_EXCLUDES, name, j);
	seen[i] = name;
	clause = (char *)clause + place_of((unsigned)i, type);
	if (name_rows[i].value == VALUE_FLAG) {
		*(uint8_t *)clause = words[i].value;
		return true;
	}
	if (name.at[name.len - 1] == '=')
		value = (struct word){
			word.len > name.len ? name.at + name.len : NULL, word.len - name.len};
	else
		value = word_take(r);
	return value_read(r, name_rows[i].value, word, value, clause);
}

/* What could never have an effect is a mistake. */
static bool route_check(
	struct reading *r, struct word keyword, struct route *route, const struct word *seen)
{
	bool by_address = endpoint_is_hop(&route->hop) && !endpoint_takes_names(&route->hop);

	if (endpoint_is_hop(&route->hop))
		route->how = ROUTE_VIA;
	if (route->how == 0)
		return error_set(r, ERROR_MISSING, keyword, VALUE_WAY);
	for (unsigned i = LINE_WORDS; i < WORDS && route->how < ROUTE_TLS; i++)
		if (seen[i].at != NULL)
			return error_set(r, ERROR_UNEXPECTED, seen[i], VALUE_NO_OPTIONS);
	if (route->lookup == ROUTE_UNRESOLVED && (by_address || route->to.kind == PATTERN_PREFIX))
		return error_set(r, ERROR_EXCLUDES, seen[WORD_UNRESOLVED],
			by_address ? route->hop.scheme : CHOICE_TO_ADDRESS);
	if (by_address)
		route->lookup = ROUTE_RESOLVE; /* it takes no names */
	return true;
}

bool clause_read(struct reading *r, int type, struct word keyword, struct word first, void *clause)
{
	bool options = is_options(type);
	struct rule *rule = clause;
	struct word seen[WORDS];

	memset(seen, 0, sizeof seen);
	for (struct word rest = first; rest.at != NULL;) {
		struct word word = options ? word_split(&rest, '&') : rest;

		if (word.len == 0) /* the separator that stands there instead is wrong */
			word = (struct word){word.at - 1, 1};
		if (!clause_word_read(r, type, word, clause, seen))
			return false;
		if (!options)
			rest = word_take(r);
	}
	for (unsigned i = 0; i < WORDS; i++)
		if (seen[i].at != NULL && words[i].needs != WORD_NONE &&
			seen[words[i].needs].at == NULL)
			return error_set(r, ERROR_NEEDS, seen[i], words[i].needs);
	if (ANKLET_HAS_RATES && type_is_rate_line(type) && first.at == NULL)
		return error_set(r, ERROR_MISSING, keyword, type);
	if (ANKLET_HAS_ROUTES && type == VALUE_ROUTE)
		return route_check(r, keyword, clause, seen);
	if (type == VALUE_ALLOW) {
		rule->allow = true;
		if (CONFIG_ANKLET_BIND && rule->any_peer && rule->to.kind != PATTERN_ANY)
			return error_set(r, ERROR_EXCLUDES, seen[WORD_ANY_PEER], CHOICE_TO_ADDRESS);
	}
	return true;
}

void text_clause(struct text *t, int type, const void *clause, const struct string_table *strings)
{
	char separator = is_options(type) ? '?' : ' ';

	for (unsigned i = 0; i < WORDS; i++) {
		const void *at = (const char *)clause + place_of(i, type);
		int value = name_rows[i].value;
		struct text before = *t;

		if ((name_rows[i].types >> type & 1) == 0)
			continue;
		text_char(t, separator);
		text_str_str(t, name_text(i),
			value == VALUE_FLAG || strchr(name_text(i), '=') != NULL ? "" : " ");
		if (value == VALUE_FLAG ? *(const uint8_t *)at == words[i].value
					: text_value(t, value, at, strings)) {
			separator = separator == '?' ? '&' : separator;
			continue;
		}
		*t = before;
		t->buf[t->len] = '\0';
	}
}

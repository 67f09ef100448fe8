/*
 * Clauses: what stands in a rule, in a route, and among the options of an endpoint, word by word.
 *
 * One reader and one printer (value.h) go by the rows of keywords.h.
 */
#include <stddef.h>
#include <string.h>

#include "config/keywords.h"
#include "config/value.h"
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
	RULE_WORDS(WORD_ROW) ROUTE_WORDS(WORD_ROW) TLS_WORDS(WORD_ROW)};
/* clang-format on */
#if CONFIG_ANKLET_ROUTES == 0
enum { WORD_UNRESOLVED }; /* whoever asks for it is dead code */
#endif

_Static_assert(WORDS <= 32, "a set of words has 32 bits");
_Static_assert(offsetof(struct rule, from) == offsetof(struct route, from) &&
		       offsetof(struct rule, to) == offsetof(struct route, to),
	"from and to stand in the same place of either");

/* Where in the clause the value of a word stands: the options of a route are a part of it. */
static size_t place_of(unsigned i, int type)
{
	bool option = type == VALUE_ROUTE && i >= LINE_WORDS;

	return words[i].at + (option ? offsetof(struct route, tls) : 0);
}

/* Its value follows at once. */
static bool is_option(const char *name)
{
	return name[strlen(name) - 1] == '=';
}

/* ---- Reading ---- */

/* The words that have been read: a set of bits, and where each stands. */
struct seen {
	uint32_t has;
	struct word word[WORDS];
};

/* Is the new word none too many beside those that stand there already? */
static bool word_fits(struct reading *r, unsigned new, struct word word, uint32_t has)
{
	for (unsigned i = 0; i < WORDS; i++) {
		if ((has >> i & 1) == 0)
			continue;
		if (i == new)
			return error_set(r, ERROR_TWICE, word, VALUE_NONE);
		if ((words[i].group != GROUP_NONE && words[i].group == words[new].group) ||
			words[i].excludes == new || words[new].excludes == i)
			return error_set(r, ERROR_EXCLUDES, word, (int)i);
	}
	return true;
}

/* What could never have an effect is a mistake. */
static bool route_check(
	struct reading *r, struct word keyword, struct route *route, const struct seen *seen)
{
	bool by_address =
		route->hop.scheme == ENDPOINT_SOCKS4 || route->hop.scheme == ENDPOINT_SOCKS4_TLS;

	if (endpoint_is_hop(&route->hop))
		route->how = ROUTE_VIA;
	if (route->how == 0)
		return error_set(r, ERROR_MISSING, keyword, VALUE_WAY);
	for (unsigned i = LINE_WORDS; i < WORDS && route->how < ROUTE_TLS; i++)
		if ((seen->has >> i & 1) != 0)
			return error_set(r, ERROR_UNEXPECTED, seen->word[i], VALUE_NO_OPTIONS);
	if (route->lookup == ROUTE_UNRESOLVED && (by_address || route->to.kind == PATTERN_PREFIX))
		/* The word that says so was seen. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		return error_set(r, ERROR_EXCLUDES, seen->word[WORD_UNRESOLVED],
			by_address ? SCHEME_TCP + route->hop.scheme : CHOICE_TO_ADDRESS);
	if (by_address)
		route->lookup = ROUTE_RESOLVE; /* it takes no names */
	return true;
}

/* Reads the next word, which is none too many, with its value. */
static bool clause_word_read(
	struct reading *r, int type, struct word word, void *clause, struct seen *seen)
{
	int i = name_read(r, ERROR_UNEXPECTED, type, word);
	struct word value = word;
	size_t len;
	void *at;

	if (i < 0)
		return false;
	len = strlen(name_text((unsigned)i));
	seen->word[i] = (struct word){word.at, len};
	if (!word_fits(r, (unsigned)i, seen->word[i], seen->has))
		return false;
	seen->has |= 1u << i;
	at = (char *)clause + place_of((unsigned)i, type);
	if (name_rows[i].value == VALUE_FLAG) {
		*(uint8_t *)at = words[i].value;
		return true;
	}
	if (is_option(name_text((unsigned)i)))
		value = (struct word){word.len > len ? word.at + len : NULL, word.len - len};
	else
		value = word_take(r);
	return value_read(r, name_rows[i].value, word, value, at);
}

bool clause_read(struct reading *r, int type, struct word keyword, void *clause)
{
	struct rule *rule = clause;
	struct seen seen;
	struct word word;

	seen.has = 0;
	while ((word = word_take(r)).at != NULL) {
		if (word.len == 0) /* the separator that stands there instead is wrong */
			word = (struct word){word.at - 1, 1};
		if (!clause_word_read(r, type, word, clause, &seen))
			return false;
	}
	for (unsigned i = 0; i < WORDS; i++)
		if ((seen.has >> i & 1) != 0 && words[i].needs != WORD_NONE &&
			(seen.has >> words[i].needs & 1) == 0)
			return error_set(r, ERROR_NEEDS, seen.word[i], words[i].needs);
	if (ANKLET_HAS_ROUTES && type == VALUE_ROUTE)
		return route_check(r, keyword, clause, &seen);
	if (type == VALUE_ALLOW) {
		rule->allow = true;
		if (CONFIG_ANKLET_BIND && rule->any_peer && rule->to.kind != PATTERN_ANY)
			return error_set(
				r, ERROR_EXCLUDES, seen.word[WORD_ANY_PEER], CHOICE_TO_ADDRESS);
	}
	return true;
}

/* ---- Printing ---- */

void text_clause(struct text *t, int type, const void *clause, const struct string_table *strings)
{
	char separator = type == VALUE_CLIENT_OPTIONS ? '?' : ' ';

	for (unsigned i = 0; i < WORDS; i++) {
		const void *at = (const char *)clause + place_of(i, type);
		const char *name = name_text(i);
		struct text before = *t;
		bool given;

		if ((name_rows[i].types >> type & 1) == 0)
			continue;
		text_char(t, separator);
		text_str(t, name);
		if (name_rows[i].value == VALUE_FLAG) {
			given = *(const uint8_t *)at == words[i].value;
		} else {
			text_str(t, is_option(name) ? "" : " ");
			given = text_value(t, name_rows[i].value, at, strings);
		}
		if (!given) {
			*t = before;
			t->buf[t->len] = '\0';
		} else if (separator == '?') {
			separator = '&';
		}
	}
}

/*
 * Every word of the configuration, what was probably meant, and what is said of mistakes. See keywords.h.
 */
#include "config/keywords.h"

#include <string.h>

#include "base/log_lines.h"
#include "policy/routes.h"
#include "protocol/starttls.h"
#include "tls/tls.h"

#define NAME_MAX_LEN 24 /* of a row */
#define SLIPS_MAX 2     /* bytes that a slip of the pen gets wrong */

#define WORD_SHOWN 48 /* bytes of a wrong word that a sentence repeats */
#define INDENT "    "
#define LINE_SHOWN 72    /* bytes of the line, where it has more */
#define SHOWN_BEFORE 32  /* of them before the caret, where that many are */
#define SOURCE_SHOWN 256 /* bytes of the name of the source, its last ones */
#define REPORT_SIZE 1280 /* room for all of it */

#define CONFIG_ANKLET_NONE 1
#define BUILT(built) ((built) ? IS(NONE) : 0u)

/* clang-format off */
#define TEXT(id, name, ...) name "\0"
#define KEYWORD_ROW(id, name, type, setting, ...) \
	{IS(KEYWORD) | BUILT(CONFIG_ANKLET_##setting), SETTING_##setting, VALUE_##type},
#define WORD_ROW(id, name, type, clause, field, value, setting, types, ...) \
	{(types) | BUILT(CONFIG_ANKLET_##setting), SETTING_##setting, VALUE_##type},
#define SCHEME_ROW(id, name, setting, types) \
	{IS(SCHEME) | (types) | BUILT(CONFIG_ANKLET_##setting), SETTING_##setting, VALUE_NONE},
#define CHOICE_ROW(id, name, type, value, setting, built) \
	{IS(type) | BUILT(built), SETTING_##setting, value},

static const char texts[] = RATE_WORDS(TEXT) RULE_WORDS(TEXT) ROUTE_WORDS(TEXT) TLS_WORDS(TEXT) HOP_WORDS(TEXT)
	KEYWORDS(TEXT) SCHEMES(TEXT) CHOICES(TEXT);

const struct name_row name_rows[] = {RATE_WORDS(WORD_ROW) RULE_WORDS(WORD_ROW) ROUTE_WORDS(WORD_ROW)
	TLS_WORDS(WORD_ROW) HOP_WORDS(WORD_ROW) KEYWORDS(KEYWORD_ROW) SCHEMES(SCHEME_ROW) CHOICES(CHOICE_ROW)};
/* clang-format on */

_Static_assert(VALUE_FLAG <= ROW_TYPES, "a set of types has a bit for each");

/* Where nothing is read or printed, a listener's scheme is the only name that is said, if that is all there may be. */
#define ONLY_TCP                                                                             \
	(!CONFIG_ANKLET_CONFIG_READER && !CONFIG_ANKLET_CONFIG_PRINTER && !ANKLET_HAS_TLS && \
		!ANKLET_HAS_ROUTES && !ANKLET_HAS_FORWARDS && !CONFIG_ANKLET_CONTROL)

const char *name_text(unsigned i)
{
	return ONLY_TCP ? "tcp://" : text_of_list(texts, i);
}

bool name_is_built(unsigned i, bool tls)
{
	return (name_rows[i].types & IS(NONE)) != 0 &&
	       (name_rows[i].setting != SETTING_TLS_STREAMS || tls);
}

int name_find(unsigned types, struct word word)
{
	int either_case = (types & IS(SCHEME)) != 0 ? 0x20 : 0; /* RFC 3986, section 3.1 */
	const char *text = texts;

	for (unsigned i = 0; i < NAMES; i++) {
		size_t n = 0;

		while (n < word.len && text[n] != '\0' && (word.at[n] | either_case) == text[n])
			n++;
		if (text[n] == '\0' && (name_rows[i].types & types) != 0 &&
			(n == word.len || text[n - 1] == '=' || text[n - 1] == '/'))
			return (int)i;
		text += strlen(text) + 1;
	}
	return -1;
}

/* It is Levenshtein's. row[j] is that of the bytes of 'word' so far to the first j of 'name'. */
size_t name_distance(const char *name, struct word word)
{
	struct word all = {name, strlen(name)}, rest = word, start = word_split(&rest, '=');
	size_t row[NAME_MAX_LEN + 1], name_len = word_split(&all, '=').len;

	for (size_t j = 0; j <= name_len; j++)
		row[j] = j;
	for (size_t i = 0; i < start.len; i++) {
		size_t diagonal = row[0]; /* row[j - 1] before this byte */

		row[0] = i + 1;
		for (size_t j = 1; j <= name_len; j++) {
			size_t replaced = diagonal + (start.at[i] != name[j - 1]);
			size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
		}
	}
	/* What would have to be written anew altogether resembles nothing. */
	return row[name_len] > SLIPS_MAX || row[name_len] >= start.len ? SIZE_MAX : row[name_len];
}

static bool is_expected(unsigned i, unsigned type, bool tls)
{
	return type < VALUE_FLAG && (name_rows[i].types >> type & 1) != 0 && name_is_built(i, tls);
}

const char *name_suggestion(unsigned type, bool tls, struct word word)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	for (unsigned i = 0; CONFIG_ANKLET_HINTS && i < NAMES; i++) {
		size_t d = is_expected(i, type, tls) ? name_distance(name_text(i), word) : SIZE_MAX;

		if (d < best) {
			best = d;
			nearest = name_text(i);
		}
	}
	return nearest;
}

static void text_names(struct text *t, unsigned type, bool tls)
{
	unsigned left = 0;

	for (unsigned i = 0; i < NAMES; i++)
		left += is_expected(i, type, tls);
	for (unsigned i = 0; left > 0; i++) {
		if (!is_expected(i, type, tls))
			continue;
		left--;
		text_str_str(t, name_text(i), left == 0 ? "" : left == 1 ? " or " : ", ");
	}
}

/* ---- Errors ---- */

#define SETTING_NAME(setting) #setting "\0"

static const char kinds[] = ERROR_KINDS(TEXT);
static const char expected[] = VALUE_TYPES(TEXT);
_Static_assert(PATTERN_PORTS == 8, "what is expected of ports names it");
static const char settings[] = "\0" SETTINGS(SETTING_NAME);

/* Appends a text from start to end, with dots for the rest. A tab is a blank; what is not printable a '?'. */
static void text_part(struct text *t, struct word all, size_t start, size_t end)
{
	text_str(t, start > 0 ? "..." : "");
	for (size_t i = start; i < all.len && i < end; i++) {
		char c = all.at[i];

		text_char(t, c >= 0x20 && c <= 0x7e ? c : c == '\t' ? ' ' : '?');
	}
	text_str(t, end < all.len ? "..." : "");
}

void text_error(struct text *t, const struct config_error *error)
{
	const char *sentence = text_of_list(kinds, error->kind);
	bool or_0;

	for (; *sentence != '\0'; sentence++) {
		if (*sentence == '%')
			text_part(t, error->word, 0, WORD_SHOWN);
		else if (*sentence == '&')
			text_str(t, name_text(error->about));
		else if (*sentence == '#')
			text_num(t, error->number);
		else if (*sentence != '$')
			text_char(t, *sentence);
		else if (error->about == SETTING_TLS_STREAMS)
			text_str(t, "Mbed TLS");
		else {
			text_str_str(t, "CONFIG_ANKLET_", text_of_list(settings, error->about));
		}
	}
	if (!CONFIG_ANKLET_HINTS || error->kind > ERROR_PROHIBITED)
		return;
	if (error->suggestion != NULL) {
		text_str_str(t, ": did you mean '", error->suggestion);
		text_str(t, "'?");
		return;
	}
	text_str(t, ": expected ");
	text_names(t, error->about, error->tls);
	or_0 = error->about == VALUE_TIME_OR_0;
	text_str(t, text_of_list(expected, or_0 ? VALUE_TIME : error->about));
	if (error->about == VALUE_COUNT)
		text_num(t, error->number);
	if (or_0 || error->about == VALUE_COUNT)
		text_str(t, NO_LIMIT);
}

void error_report(const char *source, unsigned long number, struct word line,
	const struct config_error *error, anklet_print *report, void *ctx)
{
	size_t at = (size_t)(error->at.at - line.at), len = strlen(source);
	size_t last = line.len > LINE_SHOWN ? line.len - LINE_SHOWN : 0; /* place to start at */
	size_t start = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0, end, shown;
	char buf[REPORT_SIZE];
	struct text t;

	start = start < last ? start : last;
	end = start + LINE_SHOWN < line.len ? start + LINE_SHOWN : line.len;
	shown = end - at < error->at.len ? end - at : error->at.len;
	text_init(&t, buf, sizeof buf);
	text_part(&t, (struct word){source, len}, len > SOURCE_SHOWN ? len - SOURCE_SHOWN : 0, len);
	text_char(&t, ':');
	text_num(&t, number);
	text_char(&t, ':');
	text_num(&t, at + 1);
	text_str(&t, ": ");
	text_error(&t, error);
	text_str(&t, "\n" INDENT);
	text_part(&t, line, start, end);
	text_str(&t, "\n" INDENT);
	for (size_t i = 0; i < (start > 0 ? strlen("...") : 0) + at - start; i++)
		text_char(&t, ' ');
	text_char(&t, '^');
	for (size_t i = 1; i < shown; i++)
		text_char(&t, '~');
	text_char(&t, '\n');
	report(ctx, t.buf, t.len);
}

/*
 * Errors in a configuration: their sentences, what was probably meant, and the report. See error.h.
 */
#include "config/error.h"

#include <string.h>

#include "anklet_config.h"
#include "policy/pattern.h"

#define NAME_MAX_LEN 24 /* longer words are near to nothing */
#define NEAR 2          /* bytes that a slip of the pen gets wrong */
#define WORD_SHOWN 48   /* bytes of a wrong word that a sentence repeats */
#define INDENT "    "
#define SHOWN_MAX 72     /* bytes of the line that are shown */
#define SHOWN_BEFORE 32  /* of them before the caret, where that many are */
#define SOURCE_SHOWN 256 /* bytes of the name of the source, its last ones */
#define REPORT_SIZE 1280 /* room for all of it */

/* ---- Names ---- */

static const char *name_of(const struct names *names, unsigned i)
{
	return names->first + (size_t)i * names->step;
}

int names_find(const struct names *names, struct word word)
{
	for (unsigned i = 0; i < names->count; i++)
		if (word_is(word, name_of(names, i)))
			return (int)i;
	return -1;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance. row[j] is that of the bytes of 'word' so far to the first j of 'name'. */
static size_t distance(struct word word, const char *name, size_t name_len)
{
	size_t row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= name_len; j++)
		row[j] = j;
	for (size_t i = 0; i < word.len; i++) {
		size_t diagonal = row[0]; /* row[j - 1] before this byte */

		row[0] = i + 1;
		for (size_t j = 1; j <= name_len; j++) {
			size_t replaced = diagonal + (word.at[i] != name[j - 1]);

			diagonal = row[j];
			row[j] = least(least(row[j], row[j - 1]) + 1, replaced);
		}
	}
	return row[name_len];
}

const char *names_nearest(const struct names *names, struct word word)
{
	struct word rest = word, start = word_split(&rest, '=');
	/* What would have to be written anew altogether is near to nothing. */
	size_t best = least(NEAR + 1, start.len);
	const char *nearest = NULL;

	if (!CONFIG_ANKLET_HINTS || start.len > NAME_MAX_LEN)
		return NULL;
	for (unsigned i = 0; i < names->count; i++) {
		const char *name = name_of(names, i);
		size_t d = distance(start, name, strcspn(name, "="));

		if ((names->among >> i & 1) != 0 && d < best) {
			best = d;
			nearest = name;
		}
	}
	return nearest;
}

static void text_names(struct text *t, const struct names *names)
{
	uint32_t left = names->among;

	for (unsigned i = 0; left != 0; i++) {
		uint32_t bit = 1u << i;

		if ((left & bit) == 0)
			continue;
		left &= ~bit;
		text_str(t, name_of(names, i));
		text_str(t, left == 0 ? "" : (left & (left - 1)) == 0 ? " or " : ", ");
	}
}

/* ---- The sentence ---- */

#define KIND_TEXT(kind, text) text "\0"
#define EXPECTS_TEXT(type, expects) expects "\0"
#define SETTING_NAME(setting) #setting "\0"

static const char kinds[] = ERROR_KINDS(KIND_TEXT);
static const char expected[] = VALUE_TYPES(EXPECTS_TEXT);
static const char settings[] = "\0" SETTINGS(SETTING_NAME);

void text_shown(struct text *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] >= 0x20 && bytes[i] <= 0x7e)
			text_char(t, bytes[i]);
		else
			text_char(t, bytes[i] == '\t' ? ' ' : '?');
	}
}

static void text_about(struct text *t, const struct config_error *error)
{
	size_t len = error->about.len;

	text_shown(t, error->about.at, len < WORD_SHOWN ? len : WORD_SHOWN);
	text_str(t, len > WORD_SHOWN ? "..." : "");
}

static void text_other(struct text *t, const struct config_error *error)
{
	if (error->other != NULL)
		text_shown(t, error->other, strlen(error->other));
	if (error->setting == SETTING_TLS_STREAMS) {
		text_str(t, "Mbed TLS");
	} else if (error->setting != SETTING_NONE) {
		text_str(t, "CONFIG_ANKLET_");
		text_str(t, text_of_list(settings, error->setting));
		text_str(t, error->kind == ERROR_FULL ? "=" : "");
	}
	if (error->most == 0)
		return;
	text_str(t, error->kind == ERROR_CONFLICT ? ", line " : "");
	text_num(t, error->most);
}

/* Appends a pattern; what '%' and '&' stand for. */
static void text_filled(struct text *t, const char *pattern, const struct config_error *error)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '&')
			text_other(t, error);
		else if (*pattern == '%')
			text_about(t, error);
		else
			text_char(t, *pattern);
	}
}

static void text_hint(struct text *t, const struct config_error *error)
{
	bool zero = error->expects == VALUE_TIME_OR_0; /* else a VALUE_TIME */

	if (error->suggestion != NULL) {
		text_str(t, ": did you mean '");
		text_str(t, error->suggestion);
		text_str(t, "'?");
	} else if (error->expects != VALUE_NONE) {
		text_str(t, ": expected ");
		text_names(t, &error->names);
		text_str(t, text_of_list(expected, error->expects - zero));
		if (error->expects == VALUE_COUNT)
			text_num(t, error->most);
		text_str(t, zero || error->expects == VALUE_COUNT ? "; 0 is no limit" : "");
	}
}

void text_error(struct text *t, const struct config_error *error)
{
	text_filled(t, text_of_list(kinds, error->kind), error);
	if (CONFIG_ANKLET_HINTS)
		text_hint(t, error);
}

/* ---- The report ---- */

static void text_place(struct text *t, const char *source, unsigned long number, size_t column)
{
	size_t len = strlen(source);
	size_t skip = len > SOURCE_SHOWN ? len - SOURCE_SHOWN : 0;

	text_str(t, skip > 0 ? "..." : "");
	text_shown(t, source + skip, len - skip);
	text_char(t, ':');
	text_num(t, number);
	text_char(t, ':');
	text_num(t, column);
	text_str(t, ": ");
}

static void text_repeated(struct text *t, char c, size_t n)
{
	while (n-- > 0)
		text_char(t, c);
}

/* The line, or the part around the caret, and under the wrong word a caret and tildes. */
static void text_line(struct text *t, struct word line, struct word wrong)
{
	size_t at = (size_t)(wrong.at - line.at), start = 0, end = line.len, shown;

	if (line.len > SHOWN_MAX) {
		start = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
		if (start > line.len - SHOWN_MAX)
			start = line.len - SHOWN_MAX;
		end = start + SHOWN_MAX;
	}
	text_str(t, start > 0 ? INDENT "..." : INDENT);
	text_shown(t, line.at + start, end - start);
	text_str(t, end < line.len ? "...\n" INDENT : "\n" INDENT);
	text_repeated(t, ' ', (start > 0 ? 3 : 0) + at - start);
	shown = end - at < wrong.len ? end - at : wrong.len;
	text_char(t, '^');
	text_repeated(t, '~', shown > 1 ? shown - 1 : 0);
	text_char(t, '\n');
}

void error_report(const char *source, unsigned long number, struct word line,
	const struct config_error *error, anklet_print *report, void *ctx)
{
	char buf[REPORT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_place(&t, source, number, (size_t)(error->at.at - line.at) + 1);
	text_error(&t, error);
	text_char(&t, '\n');
	text_line(&t, line, error->at);
	report(ctx, t.buf, t.len);
}

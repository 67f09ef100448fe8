/*
 * Errors in a configuration: their sentences, what was probably meant, and the report. See error.h.
 */
#include "config/error.h"

#include <string.h>

#include "config/keywords.h"
#include "policy/pattern.h"

#define WORD_SHOWN 48 /* bytes of a wrong word that a sentence repeats */
#define INDENT "    "
#define SHOWN_MAX 72     /* bytes of the line that are shown */
#define SHOWN_BEFORE 32  /* of them before the caret, where that many are */
#define SOURCE_SHOWN 256 /* bytes of the name of the source, its last ones */
#define REPORT_SIZE 1280 /* room for all of it */

/* ---- The sentence ---- */

#define KIND_TEXT(kind, text) text "\0"
#define EXPECTS_TEXT(type, expects) expects "\0"

static const char kinds[] = ERROR_KINDS(KIND_TEXT);
static const char expected[] = VALUE_TYPES(EXPECTS_TEXT);

void text_shown(struct text *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] >= 0x20 && bytes[i] <= 0x7e)
			text_char(t, bytes[i]);
		else
			text_char(t, bytes[i] == '\t' ? ' ' : '?');
	}
}

/* Appends a pattern with what '%', '&' and '#' stand for. */
static void text_filled(struct text *t, const char *pattern, const struct config_error *error)
{
	size_t len = error->about.len, shown = len < WORD_SHOWN ? len : WORD_SHOWN;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern == '%') {
			text_shown(t, error->about.at, shown);
			text_str(t, len > shown ? "..." : "");
		} else if (*pattern == '&') {
			text_str(t, error->other);
		} else if (*pattern == '#') {
			text_num(t, error->number);
		} else {
			text_char(t, *pattern);
		}
	}
}

void text_error(struct text *t, const struct config_error *error)
{
	text_filled(t, text_of_list(kinds, error->kind), error);
	if (!CONFIG_ANKLET_HINTS)
		return;
	if (error->suggestion != NULL) {
		text_str(t, ": did you mean '");
		text_str(t, error->suggestion);
		text_str(t, "'?");
	} else if (error->expects != VALUE_NONE) {
		text_str(t, ": expected ");
		text_names(t, error->expects, error->tls);
		text_str(t, text_of_list(expected, error->expects));
		if (error->expects == VALUE_COUNT) {
			text_num(t, error->number);
			text_str(t, NO_LIMIT);
		}
	}
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

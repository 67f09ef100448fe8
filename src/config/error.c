/*
 * Errors in a configuration: their sentences, what was probably meant, and the report. See error.h.
 */
#include "config/error.h"

#include <string.h>

#include "config/keywords.h"
#include "policy/pattern.h"

#define WORD_SHOWN 48 /* bytes of a wrong word that a sentence repeats */
#define INDENT "    "
#define LINE_SHOWN 72    /* bytes of the line, where it has more */
#define SHOWN_BEFORE 32  /* of them before the caret, where that many are */
#define SOURCE_SHOWN 256 /* bytes of the name of the source, its last ones */
#define REPORT_SIZE 1280 /* room for all of it */

#define KIND_TEXT(kind, text) text "\0"
#define EXPECTS_TEXT(type, expects) expects "\0"
#define SETTING_NAME(setting) "CONFIG_ANKLET_" #setting "\0"

static const char kinds[] = ERROR_KINDS(KIND_TEXT);
static const char expected[] = VALUE_TYPES(EXPECTS_TEXT);
_Static_assert(PATTERN_PORTS == 8, "what is expected of ports names it");
static const char settings[] = "\0" SETTINGS(SETTING_NAME);

/* Appends the bytes of a text from start to end, with dots for the rest. A tab is a blank; what is not printable a '?'. */
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
		else
			text_str(t, text_of_list(settings, error->about));
	}
	if (!CONFIG_ANKLET_HINTS || error->kind > ERROR_PROHIBITED)
		return;
	if (error->suggestion != NULL) {
		text_str(t, ": did you mean '");
		text_str(t, error->suggestion);
		text_str(t, "'?");
		return;
	}
	text_str(t, ": expected ");
	text_names(t, error->about, error->tls);
	text_str(t, text_of_list(expected, error->about));
	if (error->about == VALUE_COUNT) {
		text_num(t, error->number);
		text_str(t, NO_LIMIT);
	}
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

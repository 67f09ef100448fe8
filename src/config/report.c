/*
 * The report of one error in a configuration. See report.h.
 */
#include "config/report.h"

#include <string.h>

#define INDENT "    "
#define SHOWN_MAX 72     /* octets of the line that are shown */
#define SHOWN_BEFORE 32  /* of them in front of the caret, where that many are */
#define SOURCE_SHOWN 256 /* octets of the name of the source, its last ones */
#define REPORT_SIZE 1280 /* room for all of it; a message and a remedy take at most 320 each */

/* The part of a line that is shown. */
struct window {
	size_t start, end; /* in the line */
};

static struct window window_around(size_t line_len, size_t at)
{
	struct window w = {0, line_len};

	if (line_len <= SHOWN_MAX)
		return w;
	if (at > SHOWN_BEFORE)
		w.start = at - SHOWN_BEFORE;
	if (w.start > line_len - SHOWN_MAX)
		w.start = line_len - SHOWN_MAX;
	w.end = w.start + SHOWN_MAX;
	return w;
}

static void text_repeated(struct text *t, char c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_char(t, c);
}

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

/* The line, and under the wrong word a caret and tildes. */
static void text_line(struct text *t, struct word line, struct word wrong)
{
	size_t at = (size_t)(wrong.at - line.at);
	struct window w = window_around(line.len, at);
	const char *dots = w.start > 0 ? "..." : "";
	size_t shown = w.end - at < wrong.len ? w.end - at : wrong.len;

	text_str(t, INDENT);
	text_str(t, dots);
	text_shown(t, line.at + w.start, w.end - w.start);
	text_str(t, w.end < line.len ? "...\n" INDENT : "\n" INDENT);
	text_repeated(t, ' ', strlen(dots) + at - w.start);
	text_char(t, '^');
	text_repeated(t, '~', shown > 1 ? shown - 1 : 0);
	text_char(t, '\n');
}

void config_report(const char *source, unsigned long number, struct word line,
	const struct config_fault *fault, anklet_print *report, void *ctx)
{
	char buf[REPORT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_place(&t, source, number, (size_t)(fault->wrong.at - line.at) + 1);
	text_fault(&t, fault);
	text_char(&t, '\n');
	text_line(&t, line, fault->wrong);
	if (CONFIG_ANKLET_REMEDIES) {
		text_str(&t, INDENT);
		text_remedy(&t, fault);
		text_char(&t, '\n');
	}
	report(ctx, t.buf, t.len);
}

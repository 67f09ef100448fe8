/*
 * Pieces of a text. See word.h.
 */
#include "base/word.h"

#include <string.h>

bool word_is(struct word word, const char *s)
{
	return strlen(s) == word.len && memcmp(word.at, s, word.len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\0' || (c >= '\t' && c <= '\r');
}

bool word_next(struct word *line, struct word *word)
{
	const char *at = line->at, *end = at + line->len;

	/* Whoever filled the line has written all of it. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
	while (at < end && is_blank(*at))
		at++;
	word->at = at;
	while (at < end && !is_blank(*at))
		at++;
	word->len = (size_t)(at - word->at);
	*line = (struct word){at, (size_t)(end - at)};
	return word->len > 0;
}

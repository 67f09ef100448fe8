/*
 * Pieces of a text. See word.h.
 */
#include "base/word.h"

#include <string.h>

bool word_is(struct word word, const char *s)
{
	return strlen(s) == word.len && memcmp(word.at, s, word.len) == 0;
}

struct word word_split(struct word *rest, char c)
{
	struct word first = *rest;
	const char *at = first.len > 0 ? memchr(first.at, c, first.len) : NULL;

	*rest = (struct word){NULL, 0};
	if (at != NULL) {
		*rest = (struct word){at + 1, (size_t)(first.at + first.len - at - 1)};
		first.len = (size_t)(at - first.at);
	}
	return first;
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

/*
 * Pieces of a text, and the configuration's strings. See word.h.
 */
#include "base/word.h"

#include <string.h>

#include "base/check.h"

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

_Static_assert(CONFIG_ANKLET_CONFIG_TEXT <= UINT16_MAX, "an offset names every string");

uint16_t string_table_add(struct string_table *table, struct word word)
{
	size_t at = 1; /* where the first one begins */

	if (word.len == 0)
		return STRING_NONE;
	check(memchr(word.at, '\0', word.len) == NULL);
	for (; at < table->len; at += strlen(table->text + at) + 1)
		if (word_is(word, table->text + at))
			return (uint16_t)at;
	if (word.len >= sizeof table->text - at)
		return STRING_NONE;
	memcpy(table->text + at, word.at, word.len);
	table->text[at + word.len] = '\0';
	table->len = (uint16_t)(at + word.len + 1);
	return (uint16_t)at;
}

const char *string_table_at(const struct string_table *table, uint16_t offset)
{
	check(offset == STRING_NONE || offset < table->len);
	return offset == STRING_NONE ? "" : table->text + offset;
}

/*
 * The configuration's strings in one fixed table. See string_table.h.
 */
#include "base/string_table.h"

#include <string.h>

#include "base/check.h"
#include "base/word.h"

/* The first string begins at offset 1. */
uint16_t string_table_add(struct string_table *table, const char *text, size_t len)
{
	struct word word = {text, len};
	size_t at = 1;

	if (len == 0)
		return STRING_NONE;
	check(memchr(text, '\0', len) == NULL);
	for (; at < table->len; at += strlen(table->text + at) + 1)
		if (word_is(word, table->text + at))
			return (uint16_t)at;
	if (len >= sizeof table->text - at)
		return STRING_NONE;
	memcpy(table->text + at, text, len);
	table->text[at + len] = '\0';
	table->len = (uint16_t)(at + len + 1);
	return (uint16_t)at;
}

const char *string_table_at(const struct string_table *table, uint16_t offset)
{
	check(offset == STRING_NONE || offset < table->len);
	return offset == STRING_NONE ? "" : table->text + offset;
}

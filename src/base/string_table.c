/*
 * The configuration's strings in one fixed table. See string_table.h.
 */
#include "base/string_table.h"

#include <string.h>

#include "base/check.h"

/* An equal string that is there already, or STRING_NONE. The first one begins at offset 1. */
static uint16_t find(const struct string_table *table, const char *text, size_t len)
{
	size_t at = 1;

	while (at < table->len) {
		size_t there = strlen(table->text + at);

		if (there == len && memcmp(table->text + at, text, len) == 0)
			return (uint16_t)at;
		at += there + 1;
	}
	return STRING_NONE;
}

uint16_t string_table_add(struct string_table *table, const char *text, size_t len)
{
	size_t at = table->len > 0 ? table->len : 1;
	uint16_t same;

	if (len == 0)
		return STRING_NONE;
	check(memchr(text, '\0', len) == NULL);
	same = find(table, text, len);
	if (same != STRING_NONE)
		return same;
	if (len >= sizeof table->text - at)
		return STRING_NONE;
	table->text[0] = '\0';
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

/*
 * The configuration's strings, one after the other in one fixed table. A string is named by its offset, so that the
 * table can be copied as a whole.
 */
#ifndef ANKLET_STRING_TABLE_H
#define ANKLET_STRING_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"

#define STRING_NONE 0 /* names the empty string, which stands for 'not given' */

struct string_table {
	uint16_t len; /* bytes in use; all zero is an empty table */
	char text[CONFIG_ANKLET_CONFIG_TEXT];
};

_Static_assert(CONFIG_ANKLET_CONFIG_TEXT <= UINT16_MAX, "an offset names every string");

/*
 * Adds text[0..len), which holds no NUL: its offset, that of an equal string where there is one, or STRING_NONE when
 * it does not fit. To take back what was added since, set len to what it was then.
 */
uint16_t string_table_add(struct string_table *table, const char *text, size_t len);

/* The string at an offset that string_table_add() gave, or "" for STRING_NONE. */
const char *string_table_at(const struct string_table *table, uint16_t offset);

#endif

/*
 * Pieces of a text that somebody else keeps, and a table that keeps the configuration's strings.
 */
#ifndef ANKLET_WORD_H
#define ANKLET_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"

struct word {
	const char *at;
	size_t len;
};

/* Is the word this one? */
bool word_is(struct word word, const char *s);

/* What stands before the first c; *rest becomes what follows it, and its 'at' NULL where there is no c. */
struct word word_split(struct word *rest, char c);

/* Takes the next word off *line, between blanks and \t \v \f \r and NUL, which are shown as such. False: none left. */
bool word_next(struct word *line, struct word *word);

#define STRING_NONE 0 /* names the empty string, which stands for 'not given' */

/* Strings, one after the other. One is named by its offset, so that the table can be copied as a whole. */
struct string_table {
	uint16_t len; /* bytes in use; all zero is an empty table */
	char text[CONFIG_ANKLET_CONFIG_TEXT];
};

/*
 * Adds a word, which holds no NUL: its offset, that of an equal string where there is one, or STRING_NONE when it does
 * not fit. To take back what was added since, set len to what it was then.
 */
uint16_t string_table_add(struct string_table *table, struct word word);

/* The string at an offset that string_table_add() gave, or "" for STRING_NONE. */
const char *string_table_at(const struct string_table *table, uint16_t offset);

#endif

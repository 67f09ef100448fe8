/*
 * One line of the configuration, taken apart word by word.
 *
 * Words are separated by blanks and tabs. A '#' at the start of a word begins a
 * comment. A name may stand in double quotes.
 */
#ifndef ANKLET_CONFIG_LINE_H
#define ANKLET_CONFIG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "anklet_config.h"
#include "config/fault.h"

struct config_line {
	const char *next, *end;    /* what is still to be read */
	struct word keyword;       /* its first word */
	struct config_fault fault; /* filled by whoever returns false for this line */
};

/* A name that was written plain or in quotes: any octets but NUL. */
struct config_name {
	size_t len;
	char text[CONFIG_ANKLET_USERID_MAX];
};

/* Begins to read text[0..len), a line without its end; false when it is no text, or too long. */
bool config_line_init(struct config_line *line, const char *text, size_t len);

/* Takes the next word; false when there is none left, which is no fault. */
bool config_line_word(struct config_line *line, struct word *word);

/* Takes the word that must follow the word 'behind'. kind: what would be wrong with a wrong one. */
bool config_line_value(struct config_line *line, struct word behind, enum config_fault_kind kind,
	struct word *value);

/* Takes the one word that must follow the keyword, and makes sure that nothing follows it. */
bool config_line_only(struct config_line *line, enum config_fault_kind kind, struct word *value);

/* Takes the name that must follow the word 'behind'. */
bool config_line_name(struct config_line *line, struct word behind, enum config_fault_kind kind,
	struct config_name *name);

/* Makes sure that nothing is left. */
bool config_line_end(struct config_line *line);

#endif

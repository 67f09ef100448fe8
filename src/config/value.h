/*
 * Values of the configuration: for each type how one is read, and printed.
 */
#ifndef ANKLET_CONFIG_VALUE_H
#define ANKLET_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/endpoint.h"

/* What is read from, word by word, and what goes wrong meanwhile. */
struct reading {
	struct word rest; /* what is still to be read */
	bool tls;         /* is built in */
	uint32_t number;  /* '#' of an error: how much there may be, or a line */
	struct string_table *strings;
	struct config_error error; /* filled by whoever returns false */
};

/* Fills r->error (about: what the kind says it is), and returns false so that a reader can return it. */
bool error_set(struct reading *r, enum error_kind kind, struct word word, int about);

/* The row of a name of the type that is built in; negative: r->error is filled. */
int name_read(struct reading *r, enum error_kind kind, int type, struct word word);

/* Is the line ASCII without controls, but for bytes from 0x80 on in quotes and in a comment? */
bool line_check(struct reading *r, struct word line);

/*
 * Takes the next word; at is NULL when there is none left, which is no error. A word that begins with '"'
 * ends after the next one that no backslash precedes, and whatever follows that without a blank.
 */
struct word word_take(struct reading *r);

/*
 * Reads a word as a value of a type into *at, and of a forward the next word, too. A word whose at is NULL is
 * what 'subject' lacks. False: r->error is filled, *at may be changed, and strings may be left in the table.
 */
bool value_read(struct reading *r, int type, struct word subject, struct word word, void *at);

/* Appends the value as it is read; false where there is none, or one that stands for none. */
bool text_value(struct text *t, int type, const void *at, const struct string_table *strings);

/*
 * Reads the words from 'first' to the last of the line into a struct rule or route that is zero, or all options of an
 * endpoint into a struct tls_options that is. Answers as value_read() does; 'keyword' may lack a way.
 */
bool clause_read(struct reading *r, int type, struct word keyword, struct word first, void *clause);

/* Appends those words that are given, each after its separator. */
void text_clause(struct text *t, int type, const void *clause, const struct string_table *strings);

/* A number; "LOW-HIGH" or "PORT", from 'least' on. False: it is none, and nothing is said of that. */
bool count_read(struct word word, uint32_t most, uint16_t *count);
bool range_read(struct word word, uint32_t least, struct port_range *range);
void text_range(struct text *t, const struct port_range *range);

/* A time, 0 only where that is one, printed in the largest unit that says it exactly. */
bool time_read(struct word word, bool zero, uint32_t *ms);
void text_time(struct text *t, uint32_t ms);

/* What follows the digits of a number. */
struct word unit_of(struct word word);

/*
 * Is the type about rates; a line of words about them? Only with ANKLET_HAS_RATES; the others but such lines are read
 * and printed by these two. Of a line the latter prints nothing, and says whether it stands for any. (value_rates.c)
 */
bool type_is_rate(int type);
bool type_is_rate_line(int type);
bool rate_value_read(int type, struct word word, void *at);
bool text_rate_value(struct text *t, int type, const void *at);

struct status_endpoint;

/* A comment on who sees what there, where that may not be what was meant; else "". */
const char *status_note(const struct status_endpoint *status);

/* Puts a string into the table. */
bool string_read(struct reading *r, struct word word, uint16_t *string);

#endif

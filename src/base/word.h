/*
 * A piece of a text that somebody else keeps.
 */
#ifndef ANKLET_WORD_H
#define ANKLET_WORD_H

#include <stdbool.h>
#include <stddef.h>

struct word {
	const char *at;
	size_t len;
};

/* Is the word this one? */
bool word_is(struct word word, const char *s);

/* What stands before the first c; *rest becomes what follows it, and its 'at' NULL where there is no c. */
struct word word_split(struct word *rest, char c);

/* Takes the next word off *line, between blanks and \t \v \f \r and NUL, which are shown as such. False: none is left. */
bool word_next(struct word *line, struct word *word);

#endif

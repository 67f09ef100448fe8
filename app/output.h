/*
 * What the program says outside its log: to standard output and standard error, unbuffered.
 */
#ifndef ANKLET_POSIX_OUTPUT_H
#define ANKLET_POSIX_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct output {
	int fd;
	bool failed; /* something could not be written; nothing is after that */
};

/* Writes all of the text; output is a struct output. An anklet_print of anklet.h. */
void output_bytes(void *output, const char *text, size_t len);

void output_str(struct output *output, const char *s);

/* To standard error: "anklet: WHAT: WHY", or "anklet: WHAT" where why is NULL, and the line's end. */
void output_error(const char *what, const char *why);

/* What is said is put together here: one text at a time, which begins like this. */
extern struct text message;
struct text *message_begin(const char *start);

#endif

/*
 * Files of text, read line by line into a buffer of fixed size.
 */
#ifndef ANKLET_APP_LINES_H
#define ANKLET_APP_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/word.h"

#define LINES_LINE_MAX 1024 /* bytes; longer lines are passed over */

struct lines {
	int fd;
	size_t left; /* bytes that may still be read */
	size_t at;   /* where the next line begins */
	size_t len;  /* bytes in the buffer */
	bool passing_over;
	char buf[LINES_LINE_MAX];
};

/*
 * Opens a file of which at most size_max bytes are read. False, and errno,
 * where that fails; then lines_next() has none. A FIFO is not waited for.
 */
bool lines_open(struct lines *l, const char *path, size_t size_max);

/*
 * The next line without its end, until the next call; one that the file leaves
 * open at its end counts. False when none is left; the file is then closed.
 */
bool lines_next(struct lines *l, struct word *line);

/* Closes a file whose lines were not all read. */
void lines_close(struct lines *l);

#endif

/*
 * Asking a running anklet, by the socket that its keyword 'control' opens.
 */
#ifndef ANKLET_POSIX_ASK_H
#define ANKLET_POSIX_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define ASK_DEFAULT_PATH "/run/anklet/control.sock"
#define ASK_LINE 2048 /* more than the longest line of an answer */

/* What a command ends with when nobody listens there. */
enum { EXIT_NOT_RUNNING = 3 };

/* One line of an answer, with its end if that came. It is the callee's only during the call. */
typedef void ask_line(void *ctx, const char *line, size_t len);

/*
 * Sends 'request' ("GET /status") and hands over the answer line by line. EXIT_SUCCESS; else what is wrong was said
 * on standard error: EXIT_NOT_RUNNING, or EXIT_FAILURE, also when the answer says no; EXIT_USAGE: what was asked is
 * wrong.
 */
int ask(const char *path, const char *request, ask_line *take, void *ctx);

/*
 * Appends a template in which {key} stands for the value that has this key in the rest of the JSON after the value
 * before it; {key:N} fills it up to N columns, a number from the left. Keys that end with _ms are times. What is not
 * there is nothing.
 */
void text_filled(struct text *t, const char *template, const char *json);

/* Where the value that has this key begins; NULL: there is none. */
const char *ask_find(const char *json, const char *key);

/* The number that has this key, where true is 1; 0: there is none. */
uint64_t ask_number(const char *json, const char *key);

#endif

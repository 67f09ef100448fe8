/*
 * Output of the program. See output.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static char message_buf[1024];

struct text message;

struct text *message_begin(const char *start)
{
	text_init(&message, message_buf, sizeof message_buf);
	text_str(&message, start);
	return &message;
}

void output_bytes(void *output, const char *text, size_t len)
{
	struct output *o = output;

	/* Each round writes at least one byte, or is interrupted. */
	while (len > 0 && !o->failed) {
		ssize_t n = write(o->fd, text, len);

		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			o->failed = true;
		}
	}
}

void output_str(struct output *output, const char *s)
{
	output_bytes(output, s, strlen(s));
}

void output_error(const char *what, const char *why)
{
	struct output err = {.fd = STDERR_FILENO};

	output_str(&err, "anklet: ");
	output_str(&err, what);
	if (why != NULL) {
		output_str(&err, ": ");
		output_str(&err, why);
	}
	output_str(&err, "\n");
}

/*
 * Files line by line. See lines.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "lines.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool lines_open(struct lines *l, const char *path, size_t size_max)
{
	l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	l->left = size_max;
	l->at = l->len = 0;
	l->passing_over = false;
	return l->fd >= 0;
}

void lines_close(struct lines *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* Reads on after the unfinished line. False at the end of the file and of what may be read. */
static bool fill(struct lines *l)
{
	size_t room;
	ssize_t n;

	memmove(l->buf, l->buf + l->at, l->len - l->at);
	l->len -= l->at;
	l->at = 0;
	if (l->len == sizeof l->buf) {
		l->passing_over = true;
		l->len = 0;
	}
	room = sizeof l->buf - l->len;
	n = read(l->fd, l->buf + l->len, room < l->left ? room : l->left);
	if (n <= 0)
		return false;
	l->len += (size_t)n;
	l->left -= (size_t)n;
	return true;
}

bool lines_next(struct lines *l, struct word *line)
{
	/* Every round takes a line or reads at least one of the bytes left. */
	while (l->fd >= 0) {
		const char *start = l->buf + l->at;
		const char *end = memchr(start, '\n', l->len - l->at);
		bool pass_over = l->passing_over, last = false;

		if (end == NULL) {
			if (fill(l))
				continue;
			if (l->at == l->len)
				break;
			start = l->buf + l->at;
			end = l->buf + l->len;
			pass_over = l->passing_over || l->left == 0;
			last = true;
		}
		*line = (struct word){start, (size_t)(end - start)};
		l->at = last ? l->len : l->at + line->len + 1;
		l->passing_over = false;
		if (!pass_over)
			return true;
	}
	lines_close(l);
	return false;
}

/*
 * Asking a running anklet. See ask.h.
 *
 * It is asked by HTTP/1.0, which has no chunks. What an answer lacks at its end shows, for all that there is of it ends
 * with a line end. The strings in it are printable ASCII, so that they do no harm to a terminal.
 */
#define _GNU_SOURCE
#include "ask.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "options.h"
#include "output.h"

#define LIMIT_S 10 /* without a byte, or a place in the backlog */

#define NO_ANSWER "the answer ends in its middle, or does not come"

/* ---- The connection ---- */

static int connect_to(const char *path, int *status)
{
	const struct timeval limit = {.tv_sec = LIMIT_S};
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = strlen(path) < sizeof at.sun_path ? socket(AF_UNIX, SOCK_STREAM, 0) : -1;

	*status = EXIT_FAILURE;
	if (fd < 0) {
		output_error(path, "the path of a socket has at most 107 bytes");
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* connect()'s, too */
	if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	if (errno == ENOENT || errno == ECONNREFUSED) {
		*status = EXIT_NOT_RUNNING;
		output_error(
			path, "nobody listens there; is it running, with that after 'control'?");
	} else {
		output_error(path, errno == EAGAIN ? NO_ANSWER : strerror(errno));
	}
	close(fd);
	return -1;
}

/* ---- The answer ---- */

struct answer {
	ask_line *take;
	void *ctx;
	bool body;    /* its head is over */
	bool refused; /* the status is not 200 */
	bool wrong;   /* it is 400 */
	bool whole;   /* what came last ended with its line */
	size_t len;
	char line[ASK_LINE + 1];
};

static void take_line(struct answer *a)
{
	struct output err = {.fd = STDERR_FILENO};

	a->line[a->len] = '\0';
	if (a->body && !a->refused)
		a->take(a->ctx, a->line, a->len);
	else if (a->body)
		output_str(&err, a->line);
	else if (strncmp(a->line, "HTTP/1.1 ", 9) == 0 &&
		 (a->refused = strncmp(a->line + 9, "200", 3) != 0)) {
		a->wrong = strncmp(a->line + 9, "400", 3) == 0;
		output_str(&err, "anklet: ");
	} else
		a->body = a->line[0] == '\r';
	a->len = 0;
}

static void take_bytes(struct answer *a, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		a->line[a->len++] = bytes[i];
		if (bytes[i] == '\n' || a->len == ASK_LINE)
			take_line(a);
		a->whole = bytes[i] == '\n';
	}
}

int ask(const char *path, const char *request, ask_line *take, void *ctx)
{
	struct answer a = {.take = take, .ctx = ctx};
	char buf[4096];
	struct text t;
	int status, fd = connect_to(path, &status);
	ssize_t n;

	if (fd < 0)
		return status;
	text_init(&t, buf, sizeof buf);
	text_str_str(&t, request, " HTTP/1.0\r\nHost: localhost\r\n\r\n");
	n = send(fd, buf, t.len, MSG_NOSIGNAL);
	while (n > 0 || (n < 0 && errno == EINTR)) {
		n = recv(fd, buf, sizeof buf, 0);
		if (n > 0)
			take_bytes(&a, buf, (size_t)n);
	}
	close(fd);
	if (n == 0 && a.body && a.whole)
		return a.wrong ? EXIT_USAGE : a.refused ? EXIT_FAILURE : EXIT_SUCCESS;
	output_error(path, NO_ANSWER);
	return EXIT_FAILURE;
}

/* ---- What is in it ---- */

/* Where the value of a key begins; NULL: there is none. In a string no quote stands without a backslash before it. */
static const char *find(const char *json, const char *key, size_t len)
{
	for (const char *at = json; (at = strchr(at, '"')) != NULL; at++)
		if (strncmp(at + 1, key, len) == 0 && at[len + 1] == '"' && at[len + 2] == ':')
			return at + len + 3;
	return NULL;
}

const char *ask_find(const char *json, const char *key)
{
	return find(json, key, strlen(key));
}

/* The digits there, and what follows them. strtoull() would bring a static libc's stdio along. */
static uint64_t take_number(const char **at)
{
	uint64_t n = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		n = n * 10 + (uint64_t)(**at - '0');
	return n;
}

uint64_t ask_number(const char *json, const char *key)
{
	const char *at = ask_find(json, key);

	return at == NULL ? 0 : *at == 't' ? 1 : take_number(&at);
}

/* A string without its quotes and one level of backslashes, or a number. Returns what follows it. */
static const char *text_json(struct text *t, const char *at, bool time)
{
	if (*at != '"') {
		uint64_t n = take_number(&at);

		if (time)
			text_duration(t, n);
		else
			text_num(t, n);
		return at;
	}
	for (at++; *at != '"' && *at != '\0'; at++) {
		at += *at == '\\' && at[1] != '\0';
		text_char(t, *at);
	}
	return at;
}

static const char *text_key(struct text *t, const char *key, const char *json)
{
	size_t len = 0, width = 0;
	const char *at;
	char buf[600];
	struct text value;

	while (key[len] != ':' && key[len] != '}')
		len++;
	at = find(json, key, len);
	if (key[len] == ':') {
		const char *digits = key + len + 1;

		width = (size_t)take_number(&digits);
	}
	text_init(&value, buf, sizeof buf);
	if (at != NULL) {
		bool number = *at != '"';

		json = text_json(&value, at, len > 3 && memcmp(key + len - 3, "_ms", 3) == 0);
		for (size_t i = value.len; number && i < width; i++)
			text_char(t, ' ');
		text_str(t, value.buf);
		for (size_t i = value.len; !number && i < width; i++)
			text_char(t, ' ');
	}
	return json;
}

void text_filled(struct text *t, const char *template, const char *json)
{
	while (*template != '\0') {
		if (*template != '{') {
			text_char(t, *template ++);
			continue;
		}
		json = text_key(t, template + 1, json);
		template = strchr(template, '}') + 1;
	}
}

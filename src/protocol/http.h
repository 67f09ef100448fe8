/*
 * HTTP/1.1, as little of it as a program needs that shows what it is doing (RFC 9110, RFC 9112): heads of requests that
 * are read, heads of answers and chunks that are written.
 *
 * A head is read through a small window, a line at a time: of what says nothing here (cookies, say) nothing is kept,
 * and such a line may be longer than the window. A body is not read, for what can be asked fits the target.
 */
#ifndef ANKLET_HTTP_H
#define ANKLET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/word.h"
#include "protocol/parse.h"

#define HTTP_HEAD_MAX 1024 /* bytes of a request's head, with all line ends */
#define HTTP_WINDOW 256    /* bytes of a line that are looked at */
#define HTTP_TARGET_MAX 95

/* What an answer begins with. */
enum http_status {
	HTTP_OK,
	HTTP_BAD_REQUEST,
	HTTP_FORBIDDEN,
	HTTP_NOT_FOUND,
	HTTP_BAD_METHOD,
	HTTP_TIMEOUT,
	HTTP_LONG_TARGET,
	HTTP_LONG_HEAD,
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

/* For whom is the request? */
enum http_host {
	HTTP_HOST_MISSING,
	HTTP_HOST_OWN,   /* an address, 'localhost' or the name that was given */
	HTTP_HOST_OTHER, /* a name that somebody else may let point here */
};

/* A head while it is read. All zero is one of which nothing has been read. */
struct http_reader {
	uint16_t bytes;
	uint16_t line_len; /* more than HTTP_WINDOW: what is beyond that was dropped */
	uint8_t wrong;     /* enum http_status, after PARSE_MALFORMED */
	uint8_t method;    /* enum http_method */
	uint8_t host;      /* enum http_host */
	bool requested;    /* the request line was read */
	bool old;          /* HTTP/1.0, which knows no chunks */
	bool from_other;   /* a browser asks on behalf of another site (Sec-Fetch-Site) */
	char target[HTTP_TARGET_MAX + 1]; /* begins with '/' */
	char line[HTTP_WINDOW];
};

/*
 * Reads on in a head. 'name' is how this host may be called besides, "" for no other. A line ends with CR LF or LF.
 * PARSE_MALFORMED: no head of HTTP/1, or longer than HTTP_HEAD_MAX.
 */
enum parse http_read(
	struct http_reader *r, const char *name, const uint8_t *data, size_t len, size_t *used);

/* Is that the target's path, whatever follows a '?'? */
bool http_path_is(const char *target, const char *path);

/* The value of a word after the '?'; its 'at' is NULL where there is none. */
struct word http_query(const char *target, const char *key);

/* Appends the status line, what every answer has, and 'more': lines with their ends. The empty line is the caller's. */
void text_http_head(struct text *t, enum http_status status, const char *more);

/* Bytes before a chunk and after it, and those of the last one, which is empty. */
#define HTTP_CHUNK_BEFORE 6
#define HTTP_CHUNK_AFTER 2
#define HTTP_CHUNK_LAST 5

/*
 * Makes a chunk of the len bytes (1 to 65,535) that stand at chunk + HTTP_CHUNK_BEFORE, and of the last one of an
 * answer its end. Returns the bytes that are to be sent, from 'chunk' on.
 */
size_t http_chunk(char *chunk, size_t len, bool last);

#endif

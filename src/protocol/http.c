/*
 * HTTP/1.1, as little as is needed. See http.h.
 */
#include "protocol/http.h"

#include <string.h>

#include "base/address.h"

enum { CR = 0x0d, LF = 0x0a };

static enum parse wrong(struct http_reader *r, enum http_status status)
{
	r->wrong = (uint8_t)status;
	return PARSE_MALFORMED;
}

/* In either case of the letters. */
static bool is_word(struct word word, const char *s)
{
	size_t n = 0;

	while (n < word.len && s[n] != '\0') {
		char a = word.at[n], b = s[n];

		if (a != b && !((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z'))
			return false;
		n++;
	}
	return n == word.len && s[n] == '\0';
}

/* ---- The request line (RFC 9112, section 3) ---- */

static const char methods[] = "GET\0HEAD\0POST";

static uint8_t method_of(struct word word)
{
	uint8_t method = HTTP_GET;

	while (method < HTTP_OTHER && !word_is(word, text_of_list(methods, method)))
		method++;
	return method;
}

static enum parse take_request(struct http_reader *r, struct word line)
{
	struct word version = line, method = word_split(&version, ' '), target;

	if (line.len == 0)
		return PARSE_MORE; /* before it an empty line is read over (section 2.2) */
	target = version.at != NULL ? word_split(&version, ' ') : (struct word){0};
	if (version.at == NULL) /* so long that its end is not there, or none */
		return wrong(r, r->line_len > HTTP_WINDOW ? HTTP_LONG_TARGET : HTTP_BAD_REQUEST);
	if (target.len > HTTP_TARGET_MAX)
		return wrong(r, HTTP_LONG_TARGET);
	if (version.len != 8 || memcmp(version.at, "HTTP/1.", 7) != 0 || target.len == 0 ||
		*target.at != '/')
		return wrong(r, HTTP_BAD_REQUEST);
	memcpy(r->target, target.at, target.len);
	r->method = method_of(method);
	r->old = version.at[7] == '0';
	r->requested = true;
	return PARSE_MORE;
}

/* ---- The fields after it (section 5) ---- */

/* Compared whole, without the port: a page whose owner lets its name point here sends that name (DNS rebinding). */
static enum http_host host_of(struct word port, const char *name)
{
	bool v6 = port.len > 0 && *port.at == '[';
	struct word host = word_split(&port, v6 ? ']' : ':');
	struct ip ip;

	return ip_parse(host.at + v6, host.len - v6, &ip) || is_word(host, "localhost") ||
			       (*name != '\0' && is_word(host, name))
		       ? HTTP_HOST_OWN
		       : HTTP_HOST_OTHER;
}

static struct word without_blanks(struct word word)
{
	while (word.len > 0 && (*word.at == ' ' || *word.at == '\t'))
		word = (struct word){word.at + 1, word.len - 1};
	while (word.len > 0 && (word.at[word.len - 1] == ' ' || word.at[word.len - 1] == '\t'))
		word.len--;
	return word;
}

static enum parse take_field(struct http_reader *r, const char *name, struct word line)
{
	bool whole = r->line_len <= HTTP_WINDOW;
	struct word value = line, field = word_split(&value, ':');

	if (value.at == NULL || field.len == 0 || memchr(field.at, ' ', field.len) != NULL ||
		memchr(field.at, '\t', field.len) != NULL)
		return wrong(r, HTTP_BAD_REQUEST);
	value = without_blanks(value);
	if (is_word(field, "Host")) {
		if (r->host != HTTP_HOST_MISSING)
			return wrong(r, HTTP_BAD_REQUEST);
		r->host = (uint8_t)(whole ? host_of(value, name) : HTTP_HOST_OTHER);
	} else if (is_word(field, "Sec-Fetch-Site")) {
		r->from_other = r->from_other || !whole ||
				!(is_word(value, "none") || is_word(value, "same-origin"));
	}
	return PARSE_MORE;
}

static enum parse take_line(struct http_reader *r, const char *name)
{
	struct word line = {r->line, r->line_len <= HTTP_WINDOW ? r->line_len : HTTP_WINDOW};
	enum parse answer;

	if (line.len > 0 && r->line_len <= HTTP_WINDOW && line.at[line.len - 1] == CR)
		line.len--;
	for (size_t i = 0; i < line.len; i++)
		if (((uint8_t)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
			return wrong(r, HTTP_BAD_REQUEST);
	if (!r->requested)
		answer = take_request(r, line);
	else
		answer = line.len == 0 ? PARSE_DONE : take_field(r, name, line);
	r->line_len = 0;
	return answer;
}

enum parse http_read(
	struct http_reader *r, const char *name, const uint8_t *data, size_t len, size_t *used)
{
	enum parse answer = PARSE_MORE;
	size_t at = 0;

	while (answer == PARSE_MORE && at < len) {
		uint8_t byte = data[at++];

		if (byte == LF) {
			answer = take_line(r, name);
		} else {
			if (r->line_len < HTTP_WINDOW)
				r->line[r->line_len] = (char)byte;
			r->line_len++;
		}
		if (++r->bytes == HTTP_HEAD_MAX && answer == PARSE_MORE)
			answer = wrong(r, HTTP_LONG_HEAD);
	}
	*used = at;
	return answer;
}

/* ---- The target ---- */

bool http_path_is(const char *target, const char *path)
{
	size_t len = strlen(path);

	return strncmp(target, path, len) == 0 && (target[len] == '\0' || target[len] == '?');
}

struct word http_query(const char *target, const char *key)
{
	struct word rest = {target, strlen(target)};

	(void)word_split(&rest, '?');
	while (rest.at != NULL) {
		struct word value = word_split(&rest, '&'), name = word_split(&value, '=');

		if (value.at != NULL && word_is(name, key))
			return value;
	}
	return (struct word){0};
}

/* ---- Answers ---- */

static const char statuses[] = "200 OK\0"
			       "400 Bad Request\0"
			       "403 Forbidden\0"
			       "404 Not Found\0"
			       "405 Method Not Allowed\0"
			       "408 Request Timeout\0"
			       "414 URI Too Long\0"
			       "431 Request Header Fields Too Large";

void text_http_head(struct text *t, enum http_status status, const char *more)
{
	text_str_str(t, "HTTP/1.1 ", text_of_list(statuses, status));
	text_str_str(t,
		"\r\nConnection: close\r\nCache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n",
		more);
}

size_t http_chunk(char *chunk, size_t len, bool last)
{
	static const char end[] = "\r\n0\r\n\r\n";
	size_t n = last ? sizeof end - 1 : HTTP_CHUNK_AFTER;

	for (unsigned i = 0; i < 4; i++)
		chunk[i] = "0123456789abcdef"[len >> (12 - 4 * i) & 15];
	chunk[4] = CR;
	chunk[5] = LF;
	memcpy(chunk + HTTP_CHUNK_BEFORE + len, end, n);
	return HTTP_CHUNK_BEFORE + len + n;
}

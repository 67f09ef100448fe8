/*
 * What a build refuses of a configuration because a feature is left out of it.
 *
 * Tests whose configurations speak of such a feature expect the refusal instead. Here is said
 * which word is refused and why, from the text alone; how that reads is compared in test_config_errors.c.
 */
#ifndef ANKLET_TEST_LEFT_OUT_H
#define ANKLET_TEST_LEFT_OUT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/report.h"

/* Words that mean the same wherever they stand. */
static const struct {
	const char *word;
	bool built;
	const char *needed;
} left_out_words[] = {
	{"bind-ports", CONFIG_ANKLET_BIND, "CONFIG_ANKLET_BIND"},
	{"bind-address", CONFIG_ANKLET_BIND, "CONFIG_ANKLET_BIND"},
	{"bind", CONFIG_ANKLET_BIND, "CONFIG_ANKLET_BIND"},
	{"any-peer", CONFIG_ANKLET_BIND, "CONFIG_ANKLET_BIND"},
	{"needs-connect", CONFIG_ANKLET_BIND, "CONFIG_ANKLET_BIND"},
	{"ident", CONFIG_ANKLET_IDENT, "CONFIG_ANKLET_IDENT"},
	{"dns", CONFIG_ANKLET_NAMES, "CONFIG_ANKLET_NAMES"},
	{"resolve", CONFIG_ANKLET_NAMES, "CONFIG_ANKLET_NAMES"},
	{"log", CONFIG_ANKLET_LOG_LEVELS > 0, "CONFIG_ANKLET_LOG_LEVELS above 0"},
	{"warning", CONFIG_ANKLET_LOG_LEVELS > 1, "a larger CONFIG_ANKLET_LOG_LEVELS"},
	{"info", CONFIG_ANKLET_LOG_LEVELS > 2, "a larger CONFIG_ANKLET_LOG_LEVELS"},
	{"debug", CONFIG_ANKLET_LOG_LEVELS > 3, "a larger CONFIG_ANKLET_LOG_LEVELS"},
};

/* A line while it is looked through. */
struct left_out {
	struct word line, keyword, before; /* the word in front of the present one */
	struct config_fault fault;
	size_t decided_at; /* a mistake in front of this place in the line is found first */
};

/* The next word of the line behind 'at', or an empty one. */
static inline struct word left_out_next(struct word line, const char *at)
{
	static const char blanks[] = " \t\r";
	const char *end = line.at + line.len;
	struct word word;

	while (at < end && strchr(blanks, *at) != NULL)
		at++;
	word = (struct word){at, 0};
	while (at + word.len < end && strchr(blanks, at[word.len]) == NULL)
		word.len++;
	return word.len > 0 && *at == '#' ? (struct word){end, 0} : word;
}

/* The part of an endpoint that would have to be looked up: a name, or a zone. */
static inline struct word left_out_name(struct word endpoint)
{
	const char *end = endpoint.at + endpoint.len, *at = endpoint.at, *stop;
	const char *options = memchr(at, '?', endpoint.len);
	struct ip ip;

	if (options != NULL)
		end = options;
	for (const char *c = at; c + 3 <= end; c++)
		if (memcmp(c, "://", 3) == 0)
			at = c + 3;
	if (at < end && *at == '[') {
		at++;
		stop = memchr(at, ']', (size_t)(end - at));
		if (stop == NULL || memchr(at, '%', (size_t)(stop - at)) == NULL)
			return (struct word){end, 0};
		return (struct word){at, (size_t)(stop - at)};
	}
	stop = memchr(at, ':', (size_t)(end - at));
	if (stop == NULL)
		stop = end;
	if (!endpoint_is_name(at, (size_t)(stop - at)) || ip_parse(at, (size_t)(stop - at), &ip))
		return (struct word){end, 0};
	return (struct word){at, (size_t)(stop - at)};
}

/* Is an endpoint expected at this word? */
static inline bool left_out_is_endpoint(const struct left_out *l)
{
	if (word_is(l->keyword, "route"))
		return word_is(l->before, "via");
	return l->before.len > 0 &&
	       (word_is(l->keyword, "listen") || word_is(l->keyword, "forward"));
}

/* Is the word refused? Its port is looked at before its host, and a level behind all else in its line. */
static inline bool left_out_is(struct left_out *l, struct word word)
{
	bool is_extra =
		l->before.len > 0 && word_is(l->keyword, "log") && !word_is(l->before, "log");

	for (size_t i = 0; i < sizeof left_out_words / sizeof left_out_words[0]; i++) {
		if (left_out_words[i].built || !word_is(word, left_out_words[i].word) || is_extra)
			continue;
		config_fault_absent(&l->fault, word, left_out_words[i].needed);
		l->decided_at =
			word_is(l->before, "log") ? l->line.len : (size_t)(word.at - l->line.at);
		return true;
	}
	if (!CONFIG_ANKLET_NAMES && left_out_is_endpoint(l)) {
		struct word name = left_out_name(word);
		const char *options = memchr(word.at, '?', word.len);
		const char *end = options != NULL ? options : word.at + word.len;

		config_fault(&l->fault, FAULT_NAME_ABSENT, name);
		l->decided_at = (size_t)(end - l->line.at);
		return name.len > 0;
	}
	return false;
}

/* Is the line refused? */
static inline bool left_out_find(struct word line, struct left_out *l)
{
	struct word word = left_out_next(line, line.at);

	*l = (struct left_out){.line = line, .keyword = word};
	while (word.len > 0) {
		if (left_out_is(l, word))
			return true;
		l->before = word;
		word = left_out_next(line, word.at + word.len);
	}
	return false;
}

/* The reports that are expected of a text whose lines would be good if everything were built in. */
static char refusals[65536];
static size_t refusals_len;

static inline void refusals_add(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	assert_true(refusals_len + len < sizeof refusals);
	memcpy(refusals + refusals_len, text, len);
	refusals_len += len;
	refusals[refusals_len] = '\0';
}

/* Fills them; returns how many there are. */
static inline unsigned refusals_of(const char *source, const char *text)
{
	unsigned count = 0, number = 0;

	refusals_len = 0;
	refusals[0] = '\0';
	while (*text != '\0') {
		struct word line = {text, strcspn(text, "\n")};
		struct left_out l;

		text += line.len + (text[line.len] == '\n');
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		number++;
		if (!left_out_find(line, &l))
			continue;
		config_report(source, number, line, &l.fault, refusals_add, NULL);
		count++;
	}
	return count;
}

/* Is a mistake at that column of the line (from 1) not found, because something is refused before? Fills them too. */
static inline bool refused_before(const char *text, size_t column)
{
	struct word line = {text, strcspn(text, "\r\n")};
	struct left_out l;

	return refusals_of("anklet.conf", text) > 0 && left_out_find(line, &l) &&
	       l.decided_at < column;
}

#endif

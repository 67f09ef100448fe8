/*
 * For the tests of config: one configuration to read into, and what was reported meanwhile.
 */
#ifndef ANKLET_TEST_CONFIG_READING_H
#define ANKLET_TEST_CONFIG_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "disabled.h"
#include "guard.h"
#include "room.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* What was reported, and in how many calls. */
static char reported[65536];
static size_t reported_len;
static unsigned reports;

static inline void collect(void *ctx, const char *text, size_t len)
{
	assert_ptr_equal(ctx, &reports);
	assert_true(reported_len + len < sizeof reported);
	memcpy(reported + reported_len, text, len);
	reported_len += len;
	reported[reported_len] = '\0';
	reports++;
}

/* Reads text, which ends at an unreadable page. */
static inline unsigned read_bytes(const char *text, size_t len)
{
	uint8_t *copy = guard_copy(text, len);
	unsigned errors;

	reported_len = 0;
	reported[0] = '\0';
	reports = 0;
	errors = config_read(&config, "anklet.conf", (char *)copy, len, collect, &reports);
	guard_free(copy, len);
	assert_int_equal(errors, reports);
	return errors;
}

static inline unsigned read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static inline void read_good(const char *text)
{
	if (read_text(text) != 0)
		fail_msg("%s", reported);
}

/* Reads lines that are good where all that they speak of is built in; false: each that is not was refused for that. */
static inline bool read_if_built(const char *text)
{
	if (read_text(text) == 0)
		return true;
	if (!all_disabled(reported, "anklet.conf:"))
		fail_msg("%s", reported);
	return false;
}

/* The length of a sentence as this build says it: what would be right is said with CONFIG_ANKLET_HINTS. */
static inline size_t sentence_len(const char *sentence)
{
	const char *end;

	if (CONFIG_ANKLET_HINTS)
		return strlen(sentence);
	end = strstr(sentence, ": expected ");
	if (end == NULL)
		end = strstr(sentence, ": did you mean ");
	return end == NULL ? strlen(sentence) : (size_t)(end - sentence);
}

/*
 * All that was reported is one error, and this is what it says, there; or, elsewhere, that something is disabled.
 * What is expected instead is different there, too, and then not compared.
 */
static inline void assert_error(const char *text, unsigned column, const char *sentence)
{
	const char *hint = strstr(sentence, ": expected ");
	size_t len = sentence_len(sentence);
	char start[1024];
	unsigned line = 1;

	if (hint != NULL && !ALL_IS_BUILT)
		len = (size_t)(hint - sentence);
	for (const char *c = text; *c != '\0'; c++)
		line += *c == '\n' && c[1] != '\0';
	snprintf(start, sizeof start, "anklet.conf:%u:%u: %.*s%s", line, column, (int)len, sentence,
		ALL_IS_BUILT ? "\n    " : "");
	if (reports == 1 && strncmp(reported, start, strlen(start)) == 0)
		return;
	if (ALL_IS_BUILT || !all_disabled(reported, "anklet.conf:"))
		fail_msg("%s: expected %s, not %s", text, start, reported);
}

/* What was reported is this, without the hints where there are none. */
static inline void assert_reported(const char *expected)
{
	char built[sizeof reported] = "";
	size_t len = 0;

	for (unsigned line = 0; *expected != '\0'; line++) {
		size_t line_len = strcspn(expected, "\n");
		char sentence[1024];

		memcpy(sentence, expected, line_len);
		sentence[line_len] = '\0';
		if (line % 3 == 0)
			sentence[sentence_len(sentence)] = '\0';
		len += (size_t)snprintf(built + len, sizeof built - len, "%s\n", sentence);
		expected += line_len + 1;
	}
	assert_string_equal(reported, built);
}

/* A line in error, the column of what is wrong, and the sentence. */
struct mistake {
	const char *text;
	unsigned column;
	const char *sentence;
};

/* Each is the only error, and changes nothing at all, even where strings were added. */
static inline void check_mistakes(const struct mistake *mistakes, size_t count, bool tls)
{
	for (size_t i = 0; i < count; i++) {
		struct config before;

		config_init(&config);
		config.tls = tls;
		read_good("listen *\nallow to a.example user bob\nuser nobody\n");
		memcpy(&before, &config, sizeof before);
		read_text(mistakes[i].text);
		assert_error(mistakes[i].text, mistakes[i].column, mistakes[i].sentence);
		memset(config.strings.text + config.strings.len, 0,
			sizeof config.strings.text - config.strings.len);
		assert_memory_equal(&config, &before, sizeof config);
	}
}

static inline int defaults(void **state)
{
	(void)state;
	config_init(&config);
	return 0;
}

#endif

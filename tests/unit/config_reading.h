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
#include "config/fault.h"
#include "guard.h"
#include "left_out.h"
#include "room.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct config config;

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
static inline unsigned read_octets(const char *text, size_t len)
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
	return read_octets(text, strlen(text));
}

static inline void read_good(const char *text)
{
	if (read_text(text) != 0)
		fail_msg("%s", reported);
}

/*
 * Reads lines that are good where all that they speak of is built in: true. False: some are
 * not, and each of those was refused, and nothing else.
 */
static inline bool read_if_built(const char *text)
{
	unsigned count = refusals_of("anklet.conf", text);

	if (read_text(text) != count)
		fail_msg("%s", reported);
	assert_string_equal(reported, refusals);
	return count == 0;
}

/* All that was reported is this; its lines that say what would be right are left out with CONFIG_ANKLET_REMEDIES. */
static inline void assert_reported(const char *expected)
{
	char built[sizeof reported] = "";
	size_t len = 0;

	for (unsigned line = 1; *expected != '\0'; line++) {
		size_t line_len = strcspn(expected, "\n") + 1;

		if (CONFIG_ANKLET_REMEDIES || line % 4 != 0) {
			memcpy(built + len, expected, line_len);
			len += line_len;
		}
		expected += line_len;
	}
	built[len] = '\0';
	assert_string_equal(reported, built);
}

static inline int defaults(void **state)
{
	(void)state;
	config_init(&config);
	return 0;
}

#endif

/*
 * LOG_TIME=utc: the log's time, whatever place TZ names.
 */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "system_unix.h"

static void no_place_counts(void **state)
{
	struct tm parts;

	(void)state;
	assert_int_equal(setenv("TZ", "XXX-9", 1), 0);
	tzset();
	time_start();
	assert_true(time_parts(951826154, &parts));
	assert_int_equal(parts.tm_year, 100);
	assert_int_equal(parts.tm_mon, 1);
	assert_int_equal(parts.tm_mday, 29);
	assert_int_equal(parts.tm_hour, 12);
	assert_int_equal(parts.tm_min, 9);
	assert_int_equal(parts.tm_sec, 14);
}

/* Every day of five centuries, and some seconds of it. */
static void the_calendar_is_libc_s(void **state)
{
	(void)state;
	if (sizeof(time_t) < 8)
		skip();
	for (time_t now = 0; now < (time_t)86400 * 366 * 500; now += 86400 / 2 - 1) {
		struct tm right, parts;

		assert_non_null(gmtime_r(&now, &right));
		assert_true(time_parts(now, &parts));
		assert_int_equal(parts.tm_year, right.tm_year);
		assert_int_equal(parts.tm_mon, right.tm_mon);
		assert_int_equal(parts.tm_mday, right.tm_mday);
		assert_int_equal(parts.tm_hour, right.tm_hour);
		assert_int_equal(parts.tm_min, right.tm_min);
		assert_int_equal(parts.tm_sec, right.tm_sec);
	}
}

static void what_has_no_four_digits_is_unknown(void **state)
{
	struct tm parts;

	(void)state;
	assert_false(time_parts(-1, &parts));
	if (sizeof(time_t) < 8)
		return;
	assert_true(time_parts((time_t)253402300799, &parts));
	assert_int_equal(parts.tm_year, 8099);
	assert_int_equal(parts.tm_mon, 11);
	assert_int_equal(parts.tm_mday, 31);
	assert_int_equal(parts.tm_sec, 59);
	assert_false(time_parts((time_t)253402300800, &parts));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_place_counts),
		cmocka_unit_test(the_calendar_is_libc_s),
		cmocka_unit_test(what_has_no_four_digits_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

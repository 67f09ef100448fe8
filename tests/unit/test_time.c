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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_place_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

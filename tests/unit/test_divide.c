/*
 * divide: what a processor of 32 bits does instead of its compiler's division.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/divide.h"

static void as_the_compiler_divides(void **state)
{
	static const uint32_t by[] = {1, 2, 3, 10, 1000, 86400, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof by / sizeof by[0]; i++)
		for (unsigned bit = 0; bit < 64; bit++)
			for (uint64_t near = 0; near < 3; near++) {
				uint64_t n = ((uint64_t)1 << bit) - 1 + near;

				assert_true(divided_slowly(n, by[i]) == n / by[i]);
				assert_true(divided_slowly(~n, by[i]) == ~n / by[i]);
				assert_true(divided(n, by[i]) == n / by[i]);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_compiler_divides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

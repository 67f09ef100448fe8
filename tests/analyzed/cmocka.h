/*
 * cmocka.h as clang-tidy finds it: after an assertion it holds.
 *
 * For all that can be seen of them cmocka's own functions return where one fails. The analyzer then follows each test
 * with every set of assertions broken: many times as long, through what cannot happen.
 */
#ifndef ANALYZED_CMOCKA_H
#define ANALYZED_CMOCKA_H

#include_next <cmocka.h>

#define HOLDS(condition) ((condition) ? (void)0 : __builtin_trap())
#define INTEGER(n) cast_to_largest_integral_type(n)
#define POINTER(p) ((const void *)(p))

#undef fail
#define fail() __builtin_trap()
#undef skip
#define skip() __builtin_trap()
#undef assert_true
#define assert_true(condition) HOLDS(condition)
#undef assert_false
#define assert_false(condition) HOLDS(!(condition))
#undef assert_int_equal
#define assert_int_equal(a, b) HOLDS(INTEGER(a) == INTEGER(b))
#undef assert_int_not_equal
#define assert_int_not_equal(a, b) HOLDS(INTEGER(a) != INTEGER(b))
#undef assert_in_range
#define assert_in_range(n, low, high) \
	HOLDS(INTEGER(n) >= INTEGER(low) && INTEGER(n) <= INTEGER(high))
#undef assert_null
#define assert_null(p) HOLDS(!POINTER(p))
#undef assert_non_null
#define assert_non_null(p) HOLDS(POINTER(p))
#undef assert_ptr_equal
#define assert_ptr_equal(a, b) HOLDS(POINTER(a) == POINTER(b))

#endif

/*
 * text: what is appended, what is cut, and that nothing is written past the buffer.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "guard.h"

#define LITERAL(s) (s), sizeof(s) - 1

static void appends_strings_and_bytes(void **state)
{
	char buf[16];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	assert_string_equal(buf, "");
	text_str(&t, "ab");
	text_char(&t, 'c');
	text_bytes(&t, "defgh", 2);
	text_str(&t, "");
	assert_string_equal(buf, "abcde");
	assert_int_equal(t.len, 5);
	assert_false(t.cut);
}

static void fills_the_buffer_to_its_last_byte(void **state)
{
	char buf[4];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "abc");
	assert_string_equal(buf, "abc");
	assert_false(t.cut);
	text_str(&t, "");
	assert_false(t.cut);
	text_char(&t, 'd');
	assert_true(t.cut);
	assert_string_equal(buf, "abc");
}

static void one_byte_is_an_empty_text(void **state)
{
	char buf[1] = {'x'};
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	assert_int_equal(buf[0], '\0');
	text_char(&t, 'a');
	assert_true(t.cut);
	assert_int_equal(t.len, 0);
	assert_int_equal(buf[0], '\0');
}

/* Every size of buffer, flush against an unreadable page. */
static void never_writes_past_the_buffer(void **state)
{
	static const char whole[] = "ab12345007\\\"\\x00z1.5s";
	char zeros[sizeof whole + 2] = {0};

	(void)state;
	for (size_t size = 1; size <= sizeof zeros; size++) {
		char *buf = (char *)guard_copy(zeros, size);
		struct text t;

		text_init(&t, buf, size);
		text_str(&t, "ab");
		text_num(&t, 12345);
		text_padded(&t, 7, 3);
		text_escaped(&t, LITERAL("\"\0z"));
		text_duration(&t, 1500);
		assert_int_equal(t.cut, size < sizeof whole);
		assert_true(t.len < size);
		assert_int_equal(buf[t.len], '\0');
		assert_memory_equal(buf, whole, t.len);
		guard_free((uint8_t *)buf, size);
	}
}

static void nothing_follows_a_cut(void **state)
{
	char buf[8];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	text_str(&t, "abcd");
	text_escaped(&t, "\x01z", 2);
	assert_true(t.cut);
	text_str(&t, "ef");
	text_char(&t, 'g');
	text_num(&t, 7);
	text_escaped(&t, "h", 1);
	assert_string_equal(buf, "abcd");
}

static void numbers_in_decimal(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	text_num(&t, 0);
	text_char(&t, ' ');
	text_num(&t, UINT64_MAX);
	text_char(&t, ' ');
	text_padded(&t, 42, 2);
	text_char(&t, ' ');
	text_padded(&t, 42, 5);
	text_char(&t, ' ');
	text_padded(&t, 0, 0);
	assert_string_equal(buf, "0 18446744073709551615 42 00042 0");
	text_init(&t, buf, sizeof buf);
	text_padded(&t, 1, 99);
	assert_string_equal(buf, "00000000000000000001");
}

/* Digits are split off in steps of 16 bits: at each seam of them, what printf() says. */
static void every_length_of_number_as_printf_says(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 64; shift++)
		for (int off = -2; off <= 2; off++) {
			uint64_t n = ((uint64_t)1 << shift) * 7 + (uint64_t)off;
			char buf[24], expected[24];
			struct text t;

			text_init(&t, buf, sizeof buf);
			text_num(&t, n);
			snprintf(expected, sizeof expected, "%" PRIu64, n);
			assert_string_equal(buf, expected);
		}
}

static void escapes_every_byte_that_could_harm(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char buf[8], expected[8], byte = (char)c;
		struct text t;

		text_init(&t, buf, sizeof buf);
		text_escaped(&t, &byte, 1);
		if (c == '"' || c == '\\')
			snprintf(expected, sizeof expected, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			snprintf(expected, sizeof expected, "\\x%02x", c);
		else
			snprintf(expected, sizeof expected, "%c", c);
		assert_string_equal(buf, expected);
		assert_false(t.cut);
	}
}

static void an_escape_is_whole_or_absent(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 12; size++) {
		char buf[12];
		size_t fit = (size - 1) / 4;
		struct text t;

		text_init(&t, buf, size);
		text_escaped(&t, "\x1b\xff", 2);
		assert_int_equal(t.len, 4 * (fit < 2 ? fit : 2));
		assert_int_equal(t.cut, fit < 2);
		assert_memory_equal(buf, "\\x1b\\xff", t.len);
	}
}

static void durations_as_a_person_writes_them(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} cases[] = {{0, "0ms"}, {1, "1ms"}, {999, "999ms"}, {1000, "1.0s"}, {12345, "12.3s"},
		{59999, "59.9s"}, {60000, "1m00s"}, {245000, "4m05s"}, {3599999, "59m59s"},
		{3600000, "1h00m"}, {7620000, "2h07m"}, {UINT32_MAX, "1193h02m"},
		{60 * UINT64_C(86400000), "1440h00m"},
		{UINT32_MAX * UINT64_C(1000), "1193046h28m"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char buf[16];
		struct text t;

		text_init(&t, buf, sizeof buf);
		text_duration(&t, cases[i].ms);
		assert_string_equal(buf, cases[i].text);
	}
}

static void hexadecimal_digits(void **state)
{
	static const char digits[] = "0123456789abcdef", capitals[] = "0123456789ABCDEF";
	unsigned known = 0;

	(void)state;
	for (int i = 0; i < 16; i++) {
		assert_int_equal(text_hex_value(digits[i]), i);
		assert_int_equal(text_hex_value(capitals[i]), i);
	}
	for (unsigned c = 0; c < 256; c++)
		known += text_hex_value((char)c) >= 0;
	assert_int_equal(known, 22);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_strings_and_bytes),
		cmocka_unit_test(fills_the_buffer_to_its_last_byte),
		cmocka_unit_test(one_byte_is_an_empty_text),
		cmocka_unit_test(never_writes_past_the_buffer),
		cmocka_unit_test(nothing_follows_a_cut),
		cmocka_unit_test(numbers_in_decimal),
		cmocka_unit_test(every_length_of_number_as_printf_says),
		cmocka_unit_test(escapes_every_byte_that_could_harm),
		cmocka_unit_test(an_escape_is_whole_or_absent),
		cmocka_unit_test(durations_as_a_person_writes_them),
		cmocka_unit_test(hexadecimal_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

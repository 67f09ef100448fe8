/*
 * Text put together in a buffer of fixed size. See text.h.
 */
#include "base/text.h"

#include <string.h>

#include "base/check.h"

void text_init(struct text *t, char *buf, size_t size)
{
	check(size > 0);
	t->buf = buf;
	t->size = size;
	t->len = 0;
	t->cut = false;
	buf[0] = '\0';
}

void text_bytes(struct text *t, const char *s, size_t len)
{
	size_t room = t->size - 1 - t->len;

	if (t->cut)
		return;
	if (len > room) {
		len = room;
		t->cut = true;
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
	t->buf[t->len] = '\0';
}

void text_char(struct text *t, char c)
{
	if (t->len + 1 >= t->size)
		t->cut = true;
	if (t->cut)
		return;
	t->buf[t->len++] = c;
	t->buf[t->len] = '\0';
}

void text_str(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_str_str(struct text *t, const char *s, const char *more)
{
	text_str(t, s);
	text_str(t, more);
}

const char *text_of_list(const char *list, unsigned n)
{
	while (n-- > 0)
		list += strlen(list) + 1;
	return list;
}

/*
 * Divides a number by ten and returns the remainder: in steps
 * of 16, for a 32-bit processor has no division for it, and the compiler's own takes
 * 700 bytes of flash.
 */
static unsigned digit_off(uint64_t *n)
{
	uint32_t rest = 0;
	uint64_t quotient = 0;

	for (unsigned shift = 64; shift > 0;) {
		shift -= 16;
		rest = rest << 16 | (uint32_t)(*n >> shift & 0xffff);
		quotient |= (uint64_t)(rest / 10) << shift;
		rest %= 10;
	}
	*n = quotient;
	return rest;
}

void text_padded(struct text *t, uint64_t n, unsigned width)
{
	char digits[20]; /* 2^64 - 1 has 20 */
	unsigned used = 0;

	do
		digits[sizeof digits - ++used] = (char)('0' + digit_off(&n));
	while (n > 0 || (used < width && used < sizeof digits));
	text_bytes(t, digits + sizeof digits - used, used);
}

void text_num(struct text *t, uint64_t n)
{
	text_padded(t, n, 1);
}

void text_str_num(struct text *t, const char *s, uint64_t n)
{
	text_str(t, s);
	text_num(t, n);
}

void text_escaped(struct text *t, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < len && !t->cut; i++) {
		unsigned char c = from[i];
		bool plain = c >= 0x20 && c <= 0x7e;
		size_t before = t->len;

		if (!plain || c == '"' || c == '\\')
			text_char(t, '\\');
		text_char(t, plain ? (char)c : 'x');
		if (!plain) {
			text_char(t, "0123456789abcdef"[c >> 4]);
			text_char(t, "0123456789abcdef"[c & 15]);
		}
		if (t->cut) { /* half an escape would say something else */
			t->len = before;
			t->buf[before] = '\0';
		}
	}
}

char text_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool text_same_letters(const void *a, const void *b, size_t len)
{
	const char *x = a, *y = b;

	for (size_t i = 0; i < len; i++)
		if (text_lower(x[i]) != text_lower(y[i]))
			return false;
	return true;
}

int text_hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

void text_duration(struct text *t, uint64_t ms)
{
	/* In steps of 16, as in digit_off(): of the seconds there are fewer than 2^32. */
	uint32_t high = (uint32_t)(ms >> 16), rest = high % 1000 << 16 | (uint16_t)ms;
	uint32_t s = (high / 1000 << 16) + rest / 1000, whole = s, part = rest % 1000 / 100;
	char mark = '.', last = 's';

	if (s >= 60) {
		whole = s / 60;
		part = s % 60;
		mark = 'm';
	}
	if (s >= 3600) {
		whole = s / 3600;
		part = s / 60 % 60;
		mark = 'h';
		last = 'm';
	}
	if (ms < 1000) {
		text_num(t, ms);
		text_char(t, 'm');
	} else {
		text_num(t, whole);
		text_char(t, mark);
		text_padded(t, part, mark == '.' ? 1 : 2);
	}
	text_char(t, last);
}

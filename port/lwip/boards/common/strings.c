/*
 * Of libc's strings and memory what an image uses, each in a short loop: libc's own are unrolled for long ones, and ten
 * times as long themselves. memcpy() is not among them: what is relayed goes through it.
 *
 * All are used though nobody may name them: the compiler makes calls of them, too.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Or the compiler finds that such a loop is what memset() does, and calls it. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#define LIBC __attribute__((used))

/* By words where it can: Mbed TLS clears each number that it is done with. */
LIBC void *memset(void *to, int c, size_t len)
{
	typedef uint32_t __attribute__((may_alias)) word;
	unsigned char *at = to;

	for (; len > 0; len--) {
		for (; (uintptr_t)at % sizeof(word) == 0 && len > sizeof(word);
			len -= sizeof(word)) {
			*(word *)(void *)at = 0x01010101u * (unsigned char)c;
			at += sizeof(word);
		}
		*at++ = (unsigned char)c;
	}
	return to;
}

LIBC void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *out = to;
	const unsigned char *in = from;

	/* Backwards, unless what is read lies after what is written. */
	if ((uintptr_t)out - (uintptr_t)in >= len)
		return memcpy(to, from, len);
	while (len-- > 0)
		out[len] = in[len];
	return to;
}

LIBC int memcmp(const void *one, const void *other, size_t len)
{
	const unsigned char *a = one, *b = other;

	for (; len > 0; a++, b++, len--)
		if (*a != *b)
			return *a - *b;
	return 0;
}

LIBC void *memchr(const void *in, int c, size_t len)
{
	const unsigned char *at = in;

	for (; len > 0; at++, len--)
		if (*at == (unsigned char)c)
			return (void *)(uintptr_t)at;
	return NULL;
}

LIBC size_t strlen(const char *s)
{
	const char *end = s;

	while (*end != '\0')
		end++;
	return (size_t)(end - s);
}

LIBC char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == '\0')
			return NULL;
	return (char *)(uintptr_t)s;
}

LIBC int strcmp(const char *one, const char *other)
{
	while (*one != '\0' && *one == *other)
		one++, other++;
	return (unsigned char)*one - (unsigned char)*other;
}

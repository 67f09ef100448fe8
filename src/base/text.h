/*
 * Text put together in a buffer of fixed size: log lines, error messages, printed addresses.
 *
 * There are no formats on purpose: a peer's bytes can never be taken for one.
 * What does not fit is left out and remembered in 'cut', and nothing is appended
 * from then on: a text may lack its end, but never a piece of its middle. It is
 * always terminated, so the last byte of the buffer belongs to the NUL.
 */
#ifndef ANKLET_TEXT_H
#define ANKLET_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t size; /* of buf, NUL included; at least 1 */
	size_t len;  /* without the NUL */
	bool cut;    /* something did not fit */
};

/* Makes t an empty text in buf, which stays the caller's and must outlive it. */
void text_init(struct text *t, char *buf, size_t size);

/* Append one byte; a NUL-terminated string; len bytes as they are. */
void text_char(struct text *t, char c);
void text_str(struct text *t, const char *s);
void text_bytes(struct text *t, const char *s, size_t len);

/* The n-th string, from 0, of a list: they stand one after the other, each with its NUL. */
const char *text_of_list(const char *list, unsigned n);

/* Append two strings; n in decimal; a string and then n. */
void text_str_str(struct text *t, const char *s, const char *more);
void text_num(struct text *t, uint64_t n);
void text_str_num(struct text *t, const char *s, uint64_t n);

/* Appends n in decimal with leading zeros to 'width' digits (at most 20). */
void text_padded(struct text *t, uint64_t n, unsigned width);

/*
 * Appends bytes that somebody else chose, so that they are harmless in a log
 * and on a terminal: 0x20 to 0x7e as they are, except '"' and '\', which get a
 * backslash; every other byte as \xHH. An escape is never cut in two.
 */
void text_escaped(struct text *t, const void *bytes, size_t len);

/* A letter in lower case, of ASCII's; and whether two texts are the same but for the case of their letters. */
char text_lower(char c);
bool text_same_letters(const void *a, const void *b, size_t len);

/* The value of a hexadecimal digit of either case, or -1. */
int text_hex_value(char c);

/*
 * Appends milliseconds, fewer than 2^32 seconds of them, as a person writes them: "250ms", "12.3s", "4m05s", "2h07m".
 */
void text_duration(struct text *t, uint64_t ms);

#endif

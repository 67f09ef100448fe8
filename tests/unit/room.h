/*
 * For tests whose input needs tables of a certain size: what is built smaller has others to be held against.
 */
#ifndef ANKLET_TEST_ROOM_H
#define ANKLET_TEST_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../skip.h"
#include "anklet_config.h"

/* A size as it stands in a text. */
#define NUMBER_OF(n) #n
#define NUMBER(n) NUMBER_OF(n)

/* Ends the test, as one that was skipped, where what it is made of is not built in. The condition is the reason. */
#define needs(condition)                                   \
	do {                                               \
		if (!(condition))                          \
			skip_because("needs " #condition); \
	} while (0)

/* How many lines there are in a text. */
static inline int lines_in(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

#endif

/*
 * check(): what the program relies on, and finds out at once if it is not so.
 *
 * The checks are cheap and stay on in what is released: it is better that the
 * program ends than that it goes on with what it does not understand. There it
 * ends by a trap, whose place a core or the kernel's log tells; with CHECK_TELLS
 * it says the condition, the file and the line, which is for the tests.
 */
#ifndef ANKLET_CHECK_H
#define ANKLET_CHECK_H

#ifdef CHECK_TELLS
#include <assert.h>
#define check(condition) assert(condition)
#else
#define check(condition) ((condition) ? (void)0 : __builtin_trap())
#endif

#endif

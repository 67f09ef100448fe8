/*
 * assert() for small images: an undefined instruction, and no text. See fault.c.
 */
#undef assert
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())

#ifndef static_assert
#define static_assert _Static_assert
#endif

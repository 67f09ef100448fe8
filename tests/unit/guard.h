/*
 * Memory whose end is guarded: reading one byte past it stops the test.
 */
#ifndef ANKLET_TEST_GUARD_H
#define ANKLET_TEST_GUARD_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline size_t guard_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Bytes of the pages that hold len bytes, without the unreadable page after them. */
static inline size_t guard_span(size_t len)
{
	return (len / guard_page() + 1) * guard_page();
}

/*
 * Of those that were given back: overwritten, and at hand without a mapping of their own. They stay readable, for each
 * change of a page's protection is a system call, which took most of a test's time where it cuts its messages at every
 * place.
 */
static struct {
	uint8_t *base[8];
	size_t count;
} guard_spare;

static inline uint8_t *guard_map(size_t span)
{
	int zero = open("/dev/zero", O_RDWR); /* MAP_ANONYMOUS is not POSIX */
	uint8_t *base =
		mmap(NULL, span + guard_page(), PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);

	if (base == MAP_FAILED)
		abort();
	if (mprotect(base + span, guard_page(), PROT_NONE) != 0)
		abort();
	close(zero);
	return base;
}

/* Copies data to memory that ends at an unreadable page. Give it back to guard_free(). */
static inline uint8_t *guard_copy(const void *data, size_t len)
{
	size_t span = guard_span(len);
	uint8_t *base;

	if (span == guard_page() && guard_spare.count > 0)
		base = guard_spare.base[--guard_spare.count];
	else
		base = guard_map(span);
	if (len > 0)
		memcpy(base + span - len, data, len);
	return base + span - len;
}

/* len as it was given to guard_copy(). From here on it has other bytes, or none. */
static inline void guard_free(uint8_t *copy, size_t len)
{
	size_t span = guard_span(len);
	uint8_t *base = copy + len - span;

	if (span == guard_page() &&
		guard_spare.count < sizeof guard_spare.base / sizeof *guard_spare.base) {
		memset(copy, 0xdb, len);
		guard_spare.base[guard_spare.count++] = base;
	} else {
		munmap(base, span + guard_page());
	}
}

#endif

/*
 * Breaks the program off when its own code allocates after the start.
 *
 * Linked with --wrap, which sends every call that the program's objects make,
 * but none of those inside libc, here. The start is over at the first wait.
 * With NO_MALLOC_PROVE in the environment an allocation is made on purpose then,
 * to show that it would be seen.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct port;

/* The linker prescribes the names. NOLINTBEGIN(bugprone-reserved-identifier) */
int __real_port_wait(struct port *p, int32_t ms);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *old);

int __wrap_port_wait(struct port *p, int32_t ms);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *old);

static bool started;
static void *volatile proof; /* volatile: else the compiler leaves the allocation out */

static void refuse(const char *call)
{
	if (!started)
		return;
	fprintf(stderr, "no_malloc: %s was called after the start\n", call);
	abort();
}

int __wrap_port_wait(struct port *p, int32_t ms)
{
	if (!started) {
		started = true;
		if (getenv("NO_MALLOC_PROVE") != NULL)
			proof = malloc(1);
	}
	return __real_port_wait(p, ms);
}

void *__wrap_malloc(size_t size)
{
	refuse("malloc");
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	refuse("calloc");
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	refuse("realloc");
	return __real_realloc(old, size);
}

void __wrap_free(void *old)
{
	refuse("free");
	__real_free(old);
}
/* NOLINTEND(bugprone-reserved-identifier) */

/*
 * The firmware's heap for the TLS library: what is given out is clean and nobody else's, and
 * nothing is lost when it comes back in whatever order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Its own, for the heap is only in the firmware; and so that the blocks themselves can be looked at. */
#undef CONFIG_ANKLET_TLS_HEAP
#define CONFIG_ANKLET_TLS_HEAP 4096
#include "../../port/lwip/firmware/tls_heap.c" /* NOLINT(bugprone-suspicious-include) */

#define PIECES 64
#define ROUNDS 200000

static int start(void **state)
{
	(void)state;
	tls_heap_init();
	return 0;
}

/* Every byte belongs to one block, neighbours know each other, and no two free ones are neighbours. */
static void assert_whole(void)
{
	struct block *b = (struct block *)(void *)tls_heap, *last = NULL;
	size_t sum = 0, used = 0;

	for (; b != NULL; last = b, b = block_after(b)) {
		assert_int_equal(b->before, last == NULL ? 0 : last->size);
		assert_true(last == NULL || last->used || b->used);
		sum += b->size;
		used += b->used ? b->size : 0;
	}
	assert_int_equal(sum, sizeof tls_heap);
	assert_int_equal(used, tls_heap_use().now);
}

static void assert_empty(void)
{
	assert_whole();
	assert_int_equal(tls_heap_use().now, 0);
	assert_int_equal(free_blocks->size, sizeof tls_heap);
}

static void nothing_is_given_for_nothing(void **state)
{
	(void)state;
	assert_null(tls_heap_calloc(0, 8));
	assert_null(tls_heap_calloc(8, 0));
	tls_heap_free(NULL);
	assert_empty();
}

static void more_than_there_is_is_refused(void **state)
{
	void *most_of_it;

	(void)state;
	assert_null(tls_heap_calloc(1, sizeof tls_heap));
	assert_null(tls_heap_calloc(SIZE_MAX / 2, 4));
	assert_null(tls_heap_calloc(SIZE_MAX, 1));
	most_of_it = tls_heap_calloc(1, sizeof tls_heap - HEADER);
	assert_non_null(most_of_it);
	assert_null(tls_heap_calloc(1, 1));
	tls_heap_free(most_of_it);
	assert_empty();
}

static void the_smallest_that_suffices_is_taken(void **state)
{
	void *large = tls_heap_calloc(1, 400), *between = tls_heap_calloc(1, 8);
	void *small = tls_heap_calloc(1, 64), *last = tls_heap_calloc(1, 8);

	(void)state;
	tls_heap_free(small);
	tls_heap_free(large);
	assert_ptr_equal(tls_heap_calloc(1, 60), small);
	assert_ptr_equal(tls_heap_calloc(1, 300), large);
	tls_heap_free(between);
	tls_heap_free(last);
	assert_whole();
}

static void the_most_that_was_in_use_is_told(void **state)
{
	void *piece = tls_heap_calloc(10, 100);
	size_t with = tls_heap_use().now;

	(void)state;
	assert_in_range(with, 1000 + HEADER, 1000 + HEADER + UNIT);
	tls_heap_free(piece);
	assert_int_equal(tls_heap_use().most, with);
	assert_int_equal(tls_heap_use().all, CONFIG_ANKLET_TLS_HEAP);
}

static uint32_t chance(void)
{
	static uint32_t n = 1;

	n = n * 1664525u + 1013904223u;
	return n >> 8;
}

static bool is_all(const uint8_t *bytes, size_t len, uint8_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

struct piece {
	uint8_t *at;
	size_t len;
	uint8_t value;
};

static void take(struct piece *p)
{
	p->len = 1 + chance() % (chance() % 8 == 0 ? 1500 : 120);
	p->at = tls_heap_calloc(1, p->len);
	if (p->at == NULL)
		return;
	assert_int_equal((uintptr_t)p->at % UNIT, 0);
	assert_true(is_all(p->at, p->len, 0));
	p->value = (uint8_t)chance();
	memset(p->at, p->value, p->len);
}

static void give_back(struct piece *p)
{
	assert_true(is_all(p->at, p->len, p->value));
	tls_heap_free(p->at);
	p->at = NULL;
}

static void nothing_is_lost_in_any_order(void **state)
{
	struct piece pieces[PIECES] = {{0}};

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct piece *p = &pieces[chance() % PIECES];

		if (p->at == NULL)
			take(p);
		else
			give_back(p);
		if (round % 64 == 0)
			assert_whole();
	}
	for (unsigned i = 0; i < PIECES; i++)
		if (pieces[i].at != NULL)
			give_back(&pieces[i]);
	assert_empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_given_for_nothing, start),
		cmocka_unit_test_setup(more_than_there_is_is_refused, start),
		cmocka_unit_test_setup(the_smallest_that_suffices_is_taken, start),
		cmocka_unit_test_setup(the_most_that_was_in_use_is_told, start),
		cmocka_unit_test_setup(nothing_is_lost_in_any_order, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

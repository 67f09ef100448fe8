/*
 * The memory of the TLS library. See tls_heap.h.
 *
 * Blocks lie one after the other, and each knows its own size and that of the one before
 * it. So a block that becomes free becomes one with its neighbours, and no two
 * free ones ever lie side by side. Free blocks are in a list besides; the smallest that suffices is
 * taken. The header is two words: a handshake takes a hundred small pieces, and the
 * library's own allocator would put 32 bytes before each.
 */
#include "tls_heap.h"

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "anklet_config.h"

#define UNIT 8u /* blocks begin at multiples of it, and so does what is given out */

struct block {
	uint32_t size;        /* bytes, this header included */
	uint32_t before : 31; /* the size of the block before; 0: there is none */
	uint32_t used : 1;
	struct block *next, *previous; /* of the free ones; what is given out begins here */
};

#define HEADER offsetof(struct block, next)
#define SMALLEST ((sizeof(struct block) + UNIT - 1) / UNIT * UNIT)
#define LARGEST (1u << 30) /* that somebody can ask for */

_Static_assert(HEADER % UNIT == 0, "what is given out is aligned as the block is");
_Static_assert(CONFIG_ANKLET_TLS_HEAP < LARGEST, "a block names every size");

/* Whole units. */
static alignas(UNIT) unsigned char tls_heap[CONFIG_ANKLET_TLS_HEAP / UNIT * UNIT];
static struct block *free_blocks;
static size_t in_use, most;

static struct block *block_at(struct block *b, ptrdiff_t bytes)
{
	return (struct block *)(void *)((unsigned char *)b + bytes);
}

/* The block after b, or NULL. */
static struct block *block_after(struct block *b)
{
	unsigned char *at = (unsigned char *)b + b->size;

	return at < tls_heap + sizeof tls_heap ? (struct block *)(void *)at : NULL;
}

/* Gives b its size, and tells the block after it. */
static void set_size(struct block *b, size_t size)
{
	struct block *next;

	b->size = (uint32_t)size;
	next = block_after(b);
	if (next != NULL)
		next->before = b->size & (LARGEST - 1);
}

static void list_add(struct block *b)
{
	b->used = 0;
	b->previous = NULL;
	b->next = free_blocks;
	if (free_blocks != NULL)
		free_blocks->previous = b;
	free_blocks = b;
}

static void list_remove(struct block *b)
{
	if (b->previous != NULL)
		b->previous->next = b->next;
	else
		free_blocks = b->next;
	if (b->next != NULL)
		b->next->previous = b->previous;
}

void tls_heap_init(void)
{
	struct block *whole = (struct block *)(void *)tls_heap;

	free_blocks = NULL;
	in_use = most = 0;
	whole->before = 0;
	set_size(whole, sizeof tls_heap);
	list_add(whole);
}

static struct block *best_fit(size_t size)
{
	struct block *best = NULL;

	for (struct block *b = free_blocks; b != NULL; b = b->next)
		if (b->size >= size && (best == NULL || b->size < best->size))
			best = b;
	return best;
}

/* Cuts off what is more than size, when that makes a block. */
static void trim(struct block *b, size_t size)
{
	size_t rest = b->size - size;
	struct block *cut;

	if (rest < SMALLEST)
		return;
	set_size(b, size);
	cut = block_after(b);
	set_size(cut, rest);
	list_add(cut);
}

void *tls_heap_calloc(size_t count, size_t size)
{
	struct block *b;
	size_t bytes;

	if (count == 0 || size == 0 || size > LARGEST / count)
		return NULL;
	bytes = (HEADER + count * size + UNIT - 1) / UNIT * UNIT;
	if (bytes < SMALLEST)
		bytes = SMALLEST;
	b = best_fit(bytes);
	if (b == NULL)
		return NULL;
	list_remove(b);
	b->used = 1;
	trim(b, bytes);
	in_use += b->size;
	if (in_use > most)
		most = in_use;
	memset((unsigned char *)b + HEADER, 0, b->size - HEADER);
	return (unsigned char *)b + HEADER;
}

void tls_heap_free(void *memory)
{
	struct block *b, *other;

	if (memory == NULL)
		return;
	b = (struct block *)(void *)((unsigned char *)memory - HEADER);
	assert(b->used && b->size <= in_use);
	in_use -= b->size;
	other = block_after(b);
	if (other != NULL && !other->used) {
		list_remove(other);
		set_size(b, b->size + other->size);
	}
	other = b->before > 0 ? block_at(b, -(ptrdiff_t)b->before) : NULL;
	if (other != NULL && !other->used) {
		list_remove(other);
		set_size(other, other->size + b->size);
		b = other;
	}
	list_add(b);
}

struct tls_heap_use tls_heap_use(void)
{
	return (struct tls_heap_use){.now = in_use, .most = most, .all = sizeof tls_heap};
}

/*
 * The serial line. What it cannot take at once waits in a ring, so that nobody waits for it.
 */
#include "board.h"
#include "board_parts.h"
#include "chip.h"

#define RING_SIZE CHIP_CONSOLE

_Static_assert((RING_SIZE & (RING_SIZE - 1)) == 0, "a count without end finds its place");

static char ring[RING_SIZE];
static uint32_t head, tail; /* counted without end: head - tail bytes are waiting */

bool board_put(const char *text, size_t len)
{
	if (len > RING_SIZE - (head - tail))
		console_drain();
	if (len > RING_SIZE - (head - tail))
		return false;
	for (size_t i = 0; i < len; i++)
		ring[head++ % RING_SIZE] = text[i];
	console_drain();
	return true;
}

/* A terminal wants '\r' before '\n'. */
bool console_drain(void)
{
	static bool returned;

	while (head != tail) {
		char c = ring[tail % RING_SIZE];

		if (!chip_put(c == '\n' && !returned ? '\r' : c))
			break;
		returned = c == '\n' && !returned;
		if (!returned)
			tail++;
	}
	return head != tail;
}

void console_flush(void)
{
	while (console_drain())
		;
}

/*
 * Reads a chain of pbufs as the row of words that an Ethernet controller is fed with.
 */
#ifndef BOARD_GATHER_H
#define BOARD_GATHER_H

#include <stdint.h>
#include <string.h>

#include "lwip/pbuf.h"

struct gather {
	const struct pbuf *part;
	uint16_t at; /* in that part */
};

/* The next four bytes; past the end they are zero. The first one is in the low bits. */
static inline uint32_t gather_word(struct gather *g)
{
	uint32_t word = 0;

	if (g->part != NULL && g->part->len - g->at >= 4) {
		memcpy(&word, (const uint8_t *)g->part->payload + g->at, 4);
		g->at = (uint16_t)(g->at + 4);
		return word;
	}
	for (unsigned shift = 0; shift < 32 && g->part != NULL;) {
		if (g->at == g->part->len) {
			g->part = g->part->next;
			g->at = 0;
			continue;
		}
		word |= (uint32_t)((const uint8_t *)g->part->payload)[g->at++] << shift;
		shift += 8;
	}
	return word;
}

#endif

/*
 * When a program that hands lwIP its frames itself calls anklet for its next tick. See embed.h.
 */
#include "embed.h"

#include "internal.h"

#include "lwip/timeouts.h"

#define LONGEST_MS 60000

/* lwIP's next timer counts as well: what it does may be somebody's reason to be ready. */
uint32_t embed_next(const struct port *p, int32_t ms)
{
	uint32_t next = sys_timeouts_sleeptime();

	if (next > LONGEST_MS)
		next = LONGEST_MS;
	if (p->starved && next > RETRY_MS)
		next = RETRY_MS;
	return ms >= 0 && (uint32_t)ms < next ? (uint32_t)ms : next;
}

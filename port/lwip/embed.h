/*
 * For programs that have lwIP already, and hand it its frames themselves.
 *
 * All calls of anklet are made where such a program calls lwIP: in its loop, or in lwIP's own thread (NO_SYS 0). There
 * anklet_poll(a, 0) is a tick. One is due after each frame that lwIP was given, and one when embed_next() is over:
 *
 *	static void tick(void *unused)
 *	{
 *		(void)unused;
 *		sys_untimeout(tick, NULL);
 *		anklet_poll(a, 0);
 *		sys_timeout(embed_next(&port, anklet_next(a)), tick, NULL);
 *	}
 *
 * So it comes by a timer of lwIP's: one more than lwIP counts for itself (MEMP_NUM_SYS_TIMEOUT). Nothing waits in
 * board_wait(), which is empty; but anklet_start() would for the address of a name, so listen at addresses. A program
 * without threads is examples/lwip-bare, and one with them examples/lwip-threads.
 */
#ifndef ANKLET_LWIP_EMBED_H
#define ANKLET_LWIP_EMBED_H

#include <stdint.h>

struct port;

/*
 * How many milliseconds nothing is to be done unless a frame comes; ms is what anklet_next() says of anklet, negative:
 * it has no limit. After anklet_poll(). A minute at most.
 */
uint32_t embed_next(const struct port *p, int32_t ms);

#endif

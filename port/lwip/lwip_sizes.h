/*
 * The sizes of port/lwip, beside those of anklet_config.h. Also for a lwipopts.h, whose pools follow them.
 */
#ifndef ANKLET_LWIP_SIZES_H
#define ANKLET_LWIP_SIZES_H

#include "anklet_config.h"

/*
 * Bytes of a ring: what a peer may send before somebody reads. TCP_WND must not
 * be more, so that a ring cannot overflow.
 */
#ifndef CONFIG_ANKLET_LWIP_RING
#define CONFIG_ANKLET_LWIP_RING 1072
#endif

/* Rings: one for each connection, under way or established, that the core holds. */
#ifndef CONFIG_ANKLET_LWIP_RINGS
#define CONFIG_ANKLET_LWIP_RINGS                                                           \
	(2 * CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_SPARE_SOCKETS + ANKLET_STATUS_ASKING + \
		(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_TCP ? CONFIG_ANKLET_LOOKUPS : 0))
#endif

/* Connections that may wait to be accepted, over all listeners; half-open ones count. */
#ifndef CONFIG_ANKLET_LWIP_WAITING
#define CONFIG_ANKLET_LWIP_WAITING 8
#endif

/*
 * Datagrams that have arrived and that nobody has read, over all ports; what comes then is dropped. Where there
 * are none but the answers of name servers, one for each name that is looked up.
 */
#ifndef CONFIG_ANKLET_LWIP_DATAGRAMS
#define CONFIG_ANKLET_LWIP_DATAGRAMS (CONFIG_ANKLET_UDP_FLOWS > 0 ? 8 : CONFIG_ANKLET_LOOKUPS)
#endif

#endif

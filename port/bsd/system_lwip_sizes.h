/*
 * lwIP's BSD sockets, beside an operating system: what struct port has of them. See port_arch.h.
 */
#ifndef ANKLET_SYSTEM_LWIP_SIZES_H
#define ANKLET_SYSTEM_LWIP_SIZES_H

#include "lwip/opt.h"

#define SYSTEM_FD_SET char none

/*
 * The most bytes that are shown or moved at once. lwIP shows one piece that has
 * arrived, which is a segment or a few of them.
 */
#ifndef CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH
#define CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH 5760
#endif
#define SYSTEM_SCRATCH CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH
#define SYSTEM_DROP 1460

#define PORT_FAMILIES (LWIP_IPV6 ? PORT_BOTH : PORT_IPV4)
#define PORT_ROOM_VARIES 0
#define PORT_ZONE_MAX UINT8_MAX

/* Descriptors are lwIP's, and begin at an offset. */
#define SYSTEM_DESCRIPTORS (LWIP_SOCKET_OFFSET + MEMP_NUM_NETCONN)

struct system {
	uint8_t dropped
		[SYSTEM_DROP]; /* where bytes go that were moved: port_peek() still shows them */
};

#endif

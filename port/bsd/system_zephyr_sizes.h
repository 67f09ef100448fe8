/*
 * Zephyr: what struct port has of it. See port_arch.h. What Zephyr's own configuration
 * must have room for is asserted in system_zephyr.c, by the names that it has there.
 */
#ifndef ANKLET_SYSTEM_ZEPHYR_SIZES_H
#define ANKLET_SYSTEM_ZEPHYR_SIZES_H

#define SYSTEM_FD_SET char none

/*
 * The most bytes that are shown or moved at once. All that lies unread at a socket has to
 * fit: system_zephyr.c says why.
 */
#define SYSTEM_SCRATCH CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE
#define SYSTEM_DROP 512

#ifdef CONFIG_NET_IPV6
#define PORT_FAMILIES PORT_BOTH
#else
#define PORT_FAMILIES PORT_IPV4
#endif
#define PORT_ZONE_MAX UINT8_MAX
#define PORT_ROOM_VARIES 0

/* One table has every descriptor there is. */
#define SYSTEM_DESCRIPTORS CONFIG_ZVFS_OPEN_MAX

struct system {
	uint8_t dropped
		[SYSTEM_DROP]; /* where bytes go that were moved: port_peek() still shows them */
};

#endif

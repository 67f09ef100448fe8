/*
 * lwIP on the LM3S6965 with TLS: fewer connections, and more for octets that are sent as copies, as
 * encrypted ones are. See lwipopts_common.h.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "lwip_sizes.h"
#include "lwipopts_common.h"

#define TCP_MSS 536
#define TCP_WND CONFIG_ANKLET_LWIP_RING
#define TCP_SND_BUF CONFIG_ANKLET_LWIP_RING
#define TCP_SND_QUEUELEN 8

#define MEM_SIZE 3008
/* One more, for a listener is made of one. */
#define MEMP_NUM_TCP_PCB (CONFIG_ANKLET_LWIP_RINGS + CONFIG_ANKLET_LWIP_WAITING + 1)
#define MEMP_NUM_TCP_PCB_LISTEN                                 \
	(CONFIG_ANKLET_LISTENERS + 2 * CONFIG_ANKLET_FORWARDS + \
		CONFIG_ANKLET_BIND * CONFIG_ANKLET_SESSIONS)
#define MEMP_NUM_TCP_SEG 24
/* Each forward and each of its clients, each name that is looked up, and DHCP. */
#define MEMP_NUM_UDP_PCB                                        \
	(2 * CONFIG_ANKLET_FORWARDS + CONFIG_ANKLET_UDP_FLOWS + \
		CONFIG_ANKLET_NAMES * CONFIG_ANKLET_LOOKUPS + 1)
#define MEMP_NUM_PBUF 24
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL)
#define ARP_TABLE_SIZE 8

#endif

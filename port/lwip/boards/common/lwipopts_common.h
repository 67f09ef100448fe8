/*
 * What every board's lwIP has in common: the raw API without an operating system, IPv4 and DHCP. A board's
 * lwipopts.h includes this, sets its sizes, and leaves the rest to anklet_lwipopts.h. Names are looked up by anklet
 * itself, so lwIP's DNS is disabled.
 *
 * Received frames are passed by reference and used again at once (ethernet.c),
 * so nothing may be on that keeps them: no queue of segments out of order, no
 * reassembly of fragments.
 */
#ifndef LWIPOPTS_COMMON_H
#define LWIPOPTS_COMMON_H

#include "lwip_dhcp_hooks.h"

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ICMP 1
#define LWIP_DHCP 1
#define LWIP_DNS 0
#define LWIP_RAW 0
#define LWIP_IGMP 0
#define LWIP_AUTOIP 0
#define LWIP_ACD 0
#define LWIP_DHCP_DOES_ACD_CHECK 0
/* Figures of what the pools have held, which 'log debug' tells (figures.c). */
#define LWIP_STATS (CONFIG_ANKLET_LOG_LEVELS > 3)
#define LINK_STATS 0
#define ETHARP_STATS 0
#define IP_STATS 0
#define IPFRAG_STATS 0
#define ICMP_STATS 0
#define UDP_STATS 0
#define TCP_STATS 0
#define MEM_STATS LWIP_STATS
#define MEMP_STATS LWIP_STATS
#define SYS_STATS 0

#define MEM_ALIGNMENT 4
#define MEMP_MEM_MALLOC 0
#define MEM_LIBC_MALLOC 0
#define ETH_PAD_SIZE 2

#define PBUF_POOL_SIZE 0
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define TCP_QUEUE_OOSEQ 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define ARP_QUEUEING 0
/* They compare windows with a pool of pbufs that is not there. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1

#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_NETIF_HOSTNAME 0
#define LWIP_NETIF_STATUS_CALLBACK 0
#define LWIP_NETIF_API 0
#define LWIP_CHECKSUM_ON_COPY 0
#define LWIP_NO_CTYPE_H 1

#endif

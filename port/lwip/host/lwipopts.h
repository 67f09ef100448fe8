/*
 * lwIP on a development machine, for tests: the loopback interface, no privileges,
 * a clock that the tests turn.
 *
 * The sizes follow those of the core, so that one build has few and small
 * buffers, as on a board, and another one many.
 */
#ifndef ANKLET_LWIP_HOST_LWIPOPTS_H
#define ANKLET_LWIP_HOST_LWIPOPTS_H

#ifndef CONFIG_ANKLET_LWIP_HOST_MSS
#define CONFIG_ANKLET_LWIP_HOST_MSS 1460
#endif

/* Pieces that one connection may have under way. */
#ifndef CONFIG_ANKLET_LWIP_HOST_QUEUE
#define CONFIG_ANKLET_LWIP_HOST_QUEUE (4 * TCP_SND_BUF / TCP_MSS)
#endif

/* Ports that share the stack: a test has its clients and servers beside the proxy. */
#define HOST_PORTS 3
#define HOST_SOCKETS ANKLET_SOCKETS

/* ---- No operating system, callbacks only ---- */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* ---- Network ---- */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 0
#ifndef LWIP_DNS
#define LWIP_DNS 0
#endif
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_LOOPIF_MULTICAST 0
#define IP_REASSEMBLY 0
#define LWIP_IPV6_REASS 0
#define LWIP_IPV6_MLD 0
#define LWIP_ICMP6 1

/* ---- TCP ---- */
#define TCP_MSS CONFIG_ANKLET_LWIP_HOST_MSS
#define TCP_SND_QUEUELEN CONFIG_ANKLET_LWIP_HOST_QUEUE
#ifndef TCP_QUEUE_OOSEQ
#define TCP_QUEUE_OOSEQ 0
#endif

/* ---- Tables ---- */
#define MEMP_NUM_TCP_PCB (HOST_PORTS * (HOST_SOCKETS + 8))
#define MEMP_NUM_TCP_PCB_LISTEN (HOST_PORTS * HOST_SOCKETS)
#define MEMP_NUM_UDP_PCB (HOST_PORTS * HOST_SOCKETS)
#define MEMP_NUM_TCP_SEG 512
#define MEMP_NUM_PBUF 512
#define DNS_MAX_SERVERS 3

/* ---- Memory ---- */
#define MEM_ALIGNMENT 8
#define MEM_SIZE 1048576
#define PBUF_POOL_SIZE 16

#define LWIP_STATS 1
#define LWIP_STATS_DISPLAY 0

#include "anklet_lwipopts.h"

#endif

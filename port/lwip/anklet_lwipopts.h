/*
 * All that port/lwip asks of lwIP's options. A program's lwipopts.h includes this at its end:
 *
 *	#include "anklet_lwipopts.h"
 *
 * What that file has left open is set here. What it has set otherwise is an error that names the option and what it
 * has to be. The port's own files read this once more, after lwIP's defaults, so a program that does not include it
 * is told the same; hence it has no include guard.
 *
 * All else is the program's: NO_SYS, IPv6 (addresses_dual.c or addresses_v4.c), LWIP_DNS, TCP_QUEUE_OOSEQ, and whose
 * memory lwIP takes. Of it anklet needs headers for what is under way, not the bytes, which are in its rings.
 */
#include "lwip_hooks.h"
#include "lwip_sizes.h"

/* ---- What has to be there ---- */

#ifndef LWIP_TCP
#define LWIP_TCP 1
#endif
#if !LWIP_TCP
#error "lwipopts.h: LWIP_TCP has to be 1"
#endif

#ifndef LWIP_UDP
#define LWIP_UDP 1
#endif
#if !LWIP_UDP && (CONFIG_ANKLET_NAMES || CONFIG_ANKLET_UDP_FLOWS > 0)
#error "lwipopts.h: LWIP_UDP has to be 1: name servers are asked by datagrams"
#endif

#ifndef LWIP_CALLBACK_API
#define LWIP_CALLBACK_API 1
#endif
#if !LWIP_CALLBACK_API
#error "lwipopts.h: LWIP_CALLBACK_API has to be 1, and LWIP_EVENT_API 0"
#endif

#if defined LWIP_TIMERS && !LWIP_TIMERS || defined LWIP_TIMERS_CUSTOM && LWIP_TIMERS_CUSTOM
#error "lwipopts.h: LWIP_TIMERS has to be 1, and LWIP_TIMERS_CUSTOM 0: port_wait() asks lwIP when its next one is due"
#endif

#ifndef SO_REUSE
#define SO_REUSE 1
#endif
#if !SO_REUSE
#error "lwipopts.h: SO_REUSE has to be 1: a listener opens again at the port of connections that linger"
#endif

#ifndef TCP_LISTEN_BACKLOG
#define TCP_LISTEN_BACKLOG 1
#endif
#if !TCP_LISTEN_BACKLOG
#error "lwipopts.h: TCP_LISTEN_BACKLOG has to be 1: who waits to be accepted is counted there"
#endif

#ifndef LWIP_TCP_PCB_NUM_EXT_ARGS
#define LWIP_TCP_PCB_NUM_EXT_ARGS 1
#endif
#if LWIP_TCP_PCB_NUM_EXT_ARGS < 1
#error "lwipopts.h: LWIP_TCP_PCB_NUM_EXT_ARGS has to be 1, and 1 more than the program uses: windows are closed before the SYN-ACK"
#endif

/* ---- Windows, which rings hold ---- */

#ifndef LWIP_WND_SCALE
#define LWIP_WND_SCALE 0
#endif
#if LWIP_WND_SCALE
#error "lwipopts.h: LWIP_WND_SCALE has to be 0: bytes under way are counted in 16 bits"
#endif

#ifndef TCP_MSS
#define TCP_MSS 536
#endif
#ifndef TCP_WND
#define TCP_WND CONFIG_ANKLET_LWIP_RING
#endif
#if TCP_WND > CONFIG_ANKLET_LWIP_RING
#error "lwipopts.h: TCP_WND has to be CONFIG_ANKLET_LWIP_RING at most, which can be more: a ring holds a whole window"
#endif
#if TCP_WND < 2 * TCP_MSS
#error "lwipopts.h: TCP_WND has to be 2 * TCP_MSS at least, and CONFIG_ANKLET_LWIP_RING too: or every other segment waits"
#endif

#ifndef TCP_SND_BUF
#define TCP_SND_BUF CONFIG_ANKLET_LWIP_RING
#endif
#if TCP_SND_BUF > 0xffff
#error "lwipopts.h: TCP_SND_BUF has to be 65535 at most: bytes under way are counted in 16 bits"
#endif

/* ---- Tables: anklet's part, to which comes what the program has of its own ---- */

/* A listener is made of one of the others. */
#define ANKLET_TCP_PCBS (CONFIG_ANKLET_LWIP_RINGS + CONFIG_ANKLET_LWIP_WAITING + 1)
#define ANKLET_TCP_LISTENERS                                                              \
	(CONFIG_ANKLET_LISTENERS + 2 * CONFIG_ANKLET_FORWARDS + ANKLET_STATUS_LISTENERS + \
		CONFIG_ANKLET_BIND * CONFIG_ANKLET_SESSIONS)
/* Each forward and each of its clients, and each name that is looked up. */
#define ANKLET_UDP_PCBS                                         \
	(2 * CONFIG_ANKLET_FORWARDS + CONFIG_ANKLET_UDP_FLOWS + \
		CONFIG_ANKLET_NAMES * CONFIG_ANKLET_LOOKUPS)

#ifndef MEMP_NUM_TCP_PCB
#define MEMP_NUM_TCP_PCB ANKLET_TCP_PCBS
#endif
#if MEMP_NUM_TCP_PCB < ANKLET_TCP_PCBS
#error "lwipopts.h: MEMP_NUM_TCP_PCB has to be CONFIG_ANKLET_LWIP_RINGS + CONFIG_ANKLET_LWIP_WAITING + 1 at least"
#endif

#ifndef MEMP_NUM_TCP_PCB_LISTEN
#define MEMP_NUM_TCP_PCB_LISTEN ANKLET_TCP_LISTENERS
#endif
#if MEMP_NUM_TCP_PCB_LISTEN < ANKLET_TCP_LISTENERS
#error "lwipopts.h: MEMP_NUM_TCP_PCB_LISTEN has to be ANKLET_TCP_LISTENERS at least: every listener, and one for each BIND"
#endif

/* DHCP has one, too. */
#ifndef MEMP_NUM_UDP_PCB
#define MEMP_NUM_UDP_PCB (ANKLET_UDP_PCBS + 1)
#endif
#if MEMP_NUM_UDP_PCB < ANKLET_UDP_PCBS
#error "lwipopts.h: MEMP_NUM_UDP_PCB has to be ANKLET_UDP_PCBS at least: one for each name that is looked up"
#endif

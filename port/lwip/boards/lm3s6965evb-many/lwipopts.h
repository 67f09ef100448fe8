/*
 * lwIP on the LM3S6965 for many sessions: windows and segments half as long. See lwipopts_common.h.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "lwipopts_common.h"

#define TCP_MSS 268
#define TCP_SND_QUEUELEN 8
/* What is relayed lies in the rings, and a reply is one piece: no segment has room that would be filled up later. */
#define TCP_OVERSIZE 0
/* lwIP's assertions take a KiB of flash. They are on in the same code on mps2-an385 and in the tests of port/lwip. */
#define LWIP_NOASSERT

/* Segments are short, so there are more of them. */
#define MEM_SIZE 3072
#define MEMP_NUM_TCP_SEG 40
#define MEMP_NUM_PBUF 40
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL)
#define ARP_TABLE_SIZE 8

#include "anklet_lwipopts.h"

#endif

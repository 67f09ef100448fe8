/*
 * lwIP on the LM3S6965 with TLS: fewer connections, and more for bytes that are sent as copies, as
 * encrypted ones are. See lwipopts_common.h.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "lwipopts_common.h"

#define TCP_MSS 536
#define TCP_SND_QUEUELEN 8
/* What is relayed lies in the rings, and a record is one piece: no segment has room that would be filled up later. */
#define TCP_OVERSIZE 0
/* lwIP's assertions take a KiB of flash. They are on in the same code on mps2-an385 and in the tests of port/lwip. */
#define LWIP_NOASSERT

#define MEM_SIZE 3008
#define MEMP_NUM_TCP_SEG 24
#define MEMP_NUM_PBUF 24
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL)
#define ARP_TABLE_SIZE 8

#include "anklet_lwipopts.h"

#endif

/*
 * lwIP on the MPS2 board: RAM is plenty, but the LAN9118 holds seven full frames and drops the next. So windows are two
 * segments. See lwipopts_common.h.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "lwipopts_common.h"

#define TCP_MSS 1460
#define TCP_SND_QUEUELEN 8

#define MEM_SIZE 16384
#define MEMP_NUM_TCP_SEG 256
#define MEMP_NUM_PBUF 256
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL)
#define ARP_TABLE_SIZE 16

#include "anklet_lwipopts.h"

#endif

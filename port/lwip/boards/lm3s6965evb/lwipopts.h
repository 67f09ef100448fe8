/*
 * lwIP on the LM3S6965: 64 KiB of RAM. See lwipopts_common.h.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#include "lwipopts_common.h"

#define TCP_MSS 536
#define TCP_WND (2 * TCP_MSS)
#define TCP_SND_BUF (2 * TCP_MSS)
#define TCP_SND_QUEUELEN 8

#define MEM_SIZE 3072
#define MEMP_NUM_TCP_PCB 34
#define MEMP_NUM_TCP_PCB_LISTEN 8
#define MEMP_NUM_TCP_SEG 80
#define MEMP_NUM_UDP_PCB 3
#define MEMP_NUM_PBUF 80
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL)
#define ARP_TABLE_SIZE 8
#define DNS_TABLE_SIZE 4
#define DNS_MAX_SERVERS 2

#endif

/*
 * lwIP in a program with threads. The last line is anklet's.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define TCPIP_MBOX_SIZE 64
#define MEMP_NUM_TCPIP_MSG_INPKT 64
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_RAW 0
#define MEM_ALIGNMENT 8
#define MEM_SIZE 65536
#define PBUF_POOL_SIZE 64
#define MEMP_NUM_PBUF 256
#define MEMP_NUM_TCP_SEG 256
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 1) /* one for anklet's ticks */

#define TCP_MSS 1460
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_SND_QUEUELEN 16
#define TCP_QUEUE_OOSEQ 1

#include "anklet_lwipopts.h"

#endif

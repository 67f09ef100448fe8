/*
 * lwIP with threads and BSD sockets on a development machine, for tests: the loopback
 * interface, and otherwise what ESP-IDF chooses (its lwipopts.h), sizes aside.
 */
#ifndef ANKLET_LWIP_SOCKETS_HOST_LWIPOPTS_H
#define ANKLET_LWIP_SOCKETS_HOST_LWIPOPTS_H

#include "anklet_config.h"

/* ---- Threads; the stack's own is told by messages ---- */
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_TCPIP_CORE_LOCKING 0
#define LWIP_NETCONN 1
#define LWIP_NETCONN_SEM_PER_THREAD 1
#define LWIP_NETCONN_FULLDUPLEX 1
#define TCPIP_MBOX_SIZE 32
#define DEFAULT_TCP_RECVMBOX_SIZE 32
#define DEFAULT_UDP_RECVMBOX_SIZE 32
#define DEFAULT_ACCEPTMBOX_SIZE 32

/* ---- Sockets, by their usual names. Descriptors begin at some offset. ---- */
#define LWIP_SOCKET 1
#define LWIP_COMPAT_SOCKETS 1
#define LWIP_POSIX_SOCKETS_IO_NAMES 1
#define LWIP_SOCKET_OFFSET 24
#define LWIP_SO_SNDTIMEO 1
#define LWIP_SO_RCVTIMEO 1
#define LWIP_SO_LINGER 0
#define SO_REUSE 1

/* ---- Network ---- */
#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ARP 0
#define LWIP_DNS 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_HAVE_LOOPIF 1
#define LWIP_LOOPIF_MULTICAST 0
#define LWIP_NETIF_TX_SINGLE_PBUF 1
#define IP_REASSEMBLY 0
#define LWIP_IPV6_REASS 0
#define LWIP_IPV6_MLD 0

/* ---- TCP ---- */
#define TCP_MSS 1440
#define TCP_WND 5760
#define TCP_SND_BUF 5760
#define TCP_LISTEN_BACKLOG 1

/* ---- Tables: a test has its clients and servers beside the proxy, in sockets of the same kind ---- */
#ifndef MEMP_NUM_NETCONN
#define MEMP_NUM_NETCONN 1000
#endif
#define DNS_TABLE_SIZE 8
#define DNS_MAX_SERVERS 3

/* ---- Memory: the C library's, as there; a sanitizer then sees each piece ---- */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_STATS 1
#define LWIP_STATS_DISPLAY 0

#endif

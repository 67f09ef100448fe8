/*
 * lwIP with threads and BSD sockets on a development machine, as ESP-IDF has it unless it is told
 * otherwise: each value is its default, with the name that menuconfig has for it, where it has one.
 * What is set otherwise for the tests' sake stands at the end.
 */
#ifndef ANKLET_COMPONENT_LWIPOPTS_H
#define ANKLET_COMPONENT_LWIPOPTS_H

#include <sys/select.h>

/* ---- Threads; the stack's own is told by messages ---- */
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_TCPIP_CORE_LOCKING 0 /* CONFIG_LWIP_TCPIP_CORE_LOCKING=n */
#define LWIP_NETCONN 1
#define LWIP_NETCONN_SEM_PER_THREAD 1
#define LWIP_NETCONN_FULLDUPLEX 1
#define TCPIP_MBOX_SIZE 32          /* CONFIG_LWIP_TCPIP_RECVMBOX_SIZE */
#define DEFAULT_TCP_RECVMBOX_SIZE 6 /* CONFIG_LWIP_TCP_RECVMBOX_SIZE */
#define DEFAULT_UDP_RECVMBOX_SIZE 6 /* CONFIG_LWIP_UDP_RECVMBOX_SIZE */
#define DEFAULT_ACCEPTMBOX_SIZE 6   /* CONFIG_LWIP_TCP_ACCEPTMBOX_SIZE */

/* ---- Sockets, by lwIP's own names. Their descriptors are the last that an fd_set holds. ---- */
#define LWIP_SOCKET 1
#define LWIP_COMPAT_SOCKETS 0
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_OFFSET (FD_SETSIZE - MEMP_NUM_NETCONN)
#define LWIP_SO_SNDTIMEO 1
#define LWIP_SO_RCVTIMEO 1
#define LWIP_TCP_KEEPALIVE 1
#define LWIP_SO_LINGER 0       /* CONFIG_LWIP_SO_LINGER=n */
#define LWIP_SO_RCVBUF 0       /* CONFIG_LWIP_SO_RCVBUF=n */
#define LWIP_NETBUF_RECVINFO 0 /* CONFIG_LWIP_NETBUF_RECVINFO=n */
#define SO_REUSE 1             /* CONFIG_LWIP_SO_REUSE=y */
#define SO_REUSE_RXTOALL 1     /* CONFIG_LWIP_SO_REUSE_RXTOALL=y */
#define LWIP_TIMEVAL_PRIVATE 0

/* ---- Network ---- */
#define LWIP_IPV4 1 /* CONFIG_LWIP_IPV4=y */
#ifndef LWIP_IPV6
#define LWIP_IPV6 1 /* CONFIG_LWIP_IPV6=y; the build without says 0 */
#endif
#define IP_REASSEMBLY 0           /* CONFIG_LWIP_IP4_REASSEMBLY=n */
#define LWIP_IPV6_REASS 0         /* CONFIG_LWIP_IP6_REASSEMBLY=n */
#define LWIP_IPV6_NUM_ADDRESSES 3 /* CONFIG_LWIP_IPV6_NUM_ADDRESSES */
#define LWIP_NETIF_LOOPBACK 1     /* CONFIG_LWIP_NETIF_LOOPBACK=y */
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_TX_SINGLE_PBUF 1
#define LWIP_STATS 0 /* CONFIG_LWIP_STATS=n */

/* ---- Names: DNS_TABLE_SIZE stays lwIP's 4, for which menuconfig has nothing ---- */
#define LWIP_DNS 1
#define DNS_MAX_SERVERS 3 /* CONFIG_LWIP_DNS_MAX_SERVERS */

/* ---- TCP ---- */
#define TCP_MSS 1440               /* CONFIG_LWIP_TCP_MSS */
#define TCP_WND 5760               /* CONFIG_LWIP_TCP_WND_DEFAULT */
#define TCP_SND_BUF 5760           /* CONFIG_LWIP_TCP_SND_BUF_DEFAULT */
#define TCP_MAXRTX 12              /* CONFIG_LWIP_TCP_MAXRTX */
#define TCP_SYNMAXRTX 12           /* CONFIG_LWIP_TCP_SYNMAXRTX */
#define TCP_TMR_INTERVAL 250       /* CONFIG_LWIP_TCP_TMR_INTERVAL */
#define TCP_MSL 60000              /* CONFIG_LWIP_TCP_MSL */
#define TCP_FIN_WAIT_TIMEOUT 20000 /* CONFIG_LWIP_TCP_FIN_WAIT_TIMEOUT */
#define TCP_QUEUE_OOSEQ 1          /* CONFIG_LWIP_TCP_QUEUE_OOSEQ=y */
#define TCP_OOSEQ_MAX_PBUFS 4      /* CONFIG_LWIP_TCP_OOSEQ_MAX_PBUFS */
#define TCP_OVERSIZE TCP_MSS       /* CONFIG_LWIP_TCP_OVERSIZE_MSS=y */
#define LWIP_TCP_RTO_TIME \
	1500 /* CONFIG_LWIP_TCP_RTO_TIME, with CONFIG_LWIP_TCP_HIGH_SPEED_RETRANSMISSION=y */
#define TCP_LISTEN_BACKLOG 1

/* ---- Memory: the C library's, as there; a sanitizer then sees each piece ---- */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8 /* 4 there: a pointer's size */

/*
 * ---- What is set otherwise ----
 *
 * A test has its clients and servers beside the proxy, in sockets of the same kind: there would be 10 of them
 * (CONFIG_LWIP_MAX_SOCKETS). All of them share the loopback interface, which drops what goes beyond its queue (8:
 * CONFIG_LWIP_LOOPBACK_MAX_PBUFS), and stands here for a network. It is the only interface.
 */
#ifndef MEMP_NUM_NETCONN
#define MEMP_NUM_NETCONN 1000
#endif
#define LWIP_ARP 0
#define LWIP_LOOPIF_MULTICAST 0
#define LWIP_IPV6_MLD 0

#endif

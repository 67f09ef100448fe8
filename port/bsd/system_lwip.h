/*
 * Sockets as lwIP has them, by the names that it has in every configuration. See system.h.
 */
#ifndef ANKLET_SYSTEM_LWIP_H
#define ANKLET_SYSTEM_LWIP_H

#include "lwip/errno.h"
#include "lwip/sockets.h"

#define bsd_close lwip_close
#define bsd_connect lwip_connect
#define bsd_getsockname lwip_getsockname
#define bsd_listen lwip_listen
#define bsd_recv lwip_recv
#define bsd_recvmsg lwip_recvmsg
#define bsd_select lwip_select
#define bsd_send lwip_send
#define bsd_sendmsg lwip_sendmsg
#define bsd_setsockopt lwip_setsockopt

#endif

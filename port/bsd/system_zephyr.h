/*
 * Sockets as Zephyr has them with CONFIG_POSIX_API. See system.h.
 */
#ifndef ANKLET_SYSTEM_ZEPHYR_H
#define ANKLET_SYSTEM_ZEPHYR_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#define bsd_close close
#define bsd_connect connect
#define bsd_getsockname getsockname
#define bsd_listen listen
#define bsd_recv recv
#define bsd_recvmsg recvmsg
#define bsd_select select
#define bsd_send send
#define bsd_sendmsg sendmsg
#define bsd_setsockopt setsockopt

#endif

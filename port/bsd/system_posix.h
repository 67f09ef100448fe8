/*
 * Sockets as Linux and POSIX have them. See system.h.
 */
#ifndef ANKLET_SYSTEM_POSIX_H
#define ANKLET_SYSTEM_POSIX_H

#if !defined _GNU_SOURCE && !defined _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define bsd_close close
#define bsd_connect connect
#define bsd_getsockname getsockname
#define bsd_listen listen
#define bsd_recv recv
#define bsd_recvmsg recvmsg
#define bsd_send send
#define bsd_sendmsg sendmsg
#define bsd_setsockopt setsockopt

/* Where send() has no such flag, the port ignores SIGPIPE, which it does in any case for its log. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

#endif

/* <sys/socket.h> as a system has it whose only sockets are lwIP's. */
#ifndef ANKLET_LWIP_SOCKETS_HOST_SYS_SOCKET_H
#define ANKLET_LWIP_SOCKETS_HOST_SYS_SOCKET_H

#include "lwip/sockets.h"

#endif

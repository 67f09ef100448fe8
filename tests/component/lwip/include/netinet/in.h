/* <netinet/in.h> as a system has it whose only sockets are lwIP's. */
#ifndef ANKLET_LWIP_SOCKETS_HOST_NETINET_IN_H
#define ANKLET_LWIP_SOCKETS_HOST_NETINET_IN_H

#include "lwip/sockets.h"

#endif

/* <unistd.h> as a system has it whose only descriptors are lwIP's: close() is lwIP's. */
#ifndef ANKLET_LWIP_SOCKETS_HOST_UNISTD_H
#define ANKLET_LWIP_SOCKETS_HOST_UNISTD_H

#include_next <unistd.h>

int lwip_close(int s);
#undef close
#define close(s) lwip_close(s)

#endif

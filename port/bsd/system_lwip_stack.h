/*
 * What the BSD layer does not tell: calls into lwIP's own thread.
 *
 * Each runs there while nothing else of the stack does, and is over when it
 * returns (tcpip_api_call()), as every call of the BSD layer is. A descriptor
 * names one of the layer's sockets.
 */
#ifndef ANKLET_SYSTEM_LWIP_STACK_H
#define ANKLET_SYSTEM_LWIP_STACK_H

#include <stdbool.h>

#include "lwip/opt.h"
#include "lwip/tcpbase.h"

#include "base/address.h"

/* Runs run(arg) in lwIP's thread. */
void stack_run(void (*run)(void *arg), void *arg);

/*
 * The state of a TCP socket; CLOSED too when lwIP has no control block for it any more, with
 * *error then the errno of what aborted it, or 0 when both sides have ended in order.
 */
enum tcp_state stack_state(int fd, int *error);

/*
 * lwIP frees the control block of a connection in TIME_WAIT when its time is over, and when memory
 * runs short, without a word to the BSD layer, which goes on to use it while bytes lie
 * unread. From now on the layer lets go of this connection's before.
 */
void stack_guard(int fd);

/* Is there room for one more socket? */
bool stack_has_room(void);

/* From now on lwIP resets who comes to this listener. */
void stack_refuse_waiting(int fd);

/* Breaks a connection or an attempt off (RST). The descriptor stays open. */
void stack_abort(int fd);

/* Is ip an address of any interface? */
bool stack_is_local(const struct ip *ip);

/* The local address from which 'peer' would be reached, with port 0. False: there is no way. */
bool stack_local_for(const struct address *peer, struct address *at);

/* The name servers that lwIP has, as DHCP gives them: how many (0 to max), with port 0. */
size_t stack_name_servers(struct address *servers, size_t max);

#endif

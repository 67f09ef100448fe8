/*
 * How DHCP's name servers are learned where lwIP's own DNS is not built in (LWIP_DNS 0): included by such a lwipopts.h.
 *
 * With LWIP_DNS lwIP asks for them and keeps them itself, and port_name_servers() takes them from there.
 */
#ifndef ANKLET_LWIP_DHCP_HOOKS_H
#define ANKLET_LWIP_DHCP_HOOKS_H

#include <stdint.h>

struct dhcp_msg;
struct pbuf;

/* Asks for option 6 in a message of len bytes of options that is about to be sent. */
void name_servers_ask(struct dhcp_msg *message, uint16_t *len);
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, message, type, len) \
	name_servers_ask(message, len)

/* Takes an option of an answer, whose value stands there, if it is that one. 'state' is that of lwIP's dhcp.c. */
void name_servers_take(
	uint8_t state, uint8_t option, uint8_t len, const struct pbuf *answer, uint16_t at);
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, message, type, option, len, answer, at) \
	name_servers_take(state, option, len, answer, at)

#endif

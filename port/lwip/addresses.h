/*
 * Between the core's addresses and lwIP's.
 *
 * What depends on the families that lwIP was built with: addresses_dual.c and
 * addresses_v4.c each have all of it, and a build takes one.
 */
#ifndef ANKLET_LWIP_ADDRESSES_H
#define ANKLET_LWIP_ADDRESSES_H

#include <stdbool.h>
#include <stdint.h>

#include "lwip/opt.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"

#include "base/address.h"

/* False: no such family here. A scope is kept where there are scopes. */
bool address_to_lwip(const struct address *at, ip_addr_t *ip);

void address_from_lwip(const ip_addr_t *ip, uint16_t port, struct address *at);

/* lwIP's type of an address, IPADDR_TYPE_V4 or IPADDR_TYPE_V6. */
u8_t address_type(const struct ip *ip);

/* Is ip an address of that interface? */
bool address_is_of(const struct netif *netif, const struct ip *ip);

/* A number that is another one when this host's addresses are others. */
uint32_t address_sum(void);

/* The number of the interface of that name, in a zone; 0: there is none, or no zone. In lwIP's thread. */
uint32_t address_zone(const char *name);

#endif

/*
 * Addresses for a lwIP with IPv4 alone. A build with both families takes addresses_dual.c.
 */
#include "addresses.h"

#include <string.h>

_Static_assert(LWIP_IPV4 && !LWIP_IPV6, "lwipopts.h asks for IPv6: take addresses_dual.c");

u8_t address_type(const struct ip *ip)
{
	return ip_is_v4(ip) ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6;
}

bool address_to_lwip(const struct address *at, ip_addr_t *ip)
{
	memcpy(&ip->addr, at->ip.byte + IP_V4_AT, 4);
	return ip_is_v4(&at->ip);
}

void address_from_lwip(const ip_addr_t *ip, uint16_t port, struct address *at)
{
	*at = (struct address){.ip = ip_v4(0, 0, 0, 0), .port = port};
	memcpy(at->ip.byte + IP_V4_AT, &ip->addr, 4);
}

bool address_is_of(const struct netif *netif, const struct ip *ip)
{
	return ip_is_v4(ip) && memcmp(&netif_ip4_addr(netif)->addr, ip->byte + IP_V4_AT, 4) == 0;
}

uint32_t address_sum(void)
{
	const struct netif *netif;
	uint32_t sum = 0;

	NETIF_FOREACH(netif)
	{
		sum = sum * 31 + netif_ip4_addr(netif)->addr;
	}
	return sum;
}

/* Only IPv6 has zones. */
uint32_t address_zone(const char *name)
{
	(void)name;
	return 0;
}

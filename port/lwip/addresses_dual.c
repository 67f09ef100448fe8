/*
 * Addresses for a lwIP with IPv4 and IPv6. A build with IPv4 alone takes addresses_v4.c.
 */
#include "addresses.h"

#include <string.h>

#include "anklet_config.h"

_Static_assert(CONFIG_ANKLET_IPV6,
	"lwipopts.h asks for IPv6, without which anklet is built: CONFIG_ANKLET_IPV6");
_Static_assert(LWIP_IPV4 &&LWIP_IPV6, "lwipopts.h asks for one family only: take addresses_v4.c");

u8_t address_type(const struct ip *ip)
{
	return ip_is_v4(ip) ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6;
}

bool address_to_lwip(const struct address *at, ip_addr_t *ip)
{
	memset(ip, 0, sizeof *ip);
	IP_SET_TYPE(ip, address_type(&at->ip));
	if (ip_is_v4(&at->ip)) {
		memcpy(&ip_2_ip4(ip)->addr, at->ip.byte + IP_V4_AT, 4);
		return true;
	}
	memcpy(ip_2_ip6(ip)->addr, at->ip.byte, 16);
	ip6_addr_set_zone(ip_2_ip6(ip), (u8_t)at->scope);
	return at->scope <= UINT8_MAX;
}

void address_from_lwip(const ip_addr_t *ip, uint16_t port, struct address *at)
{
	*at = (struct address){.ip = ip_v4(0, 0, 0, 0), .port = port};
	if (IP_IS_V6(ip)) {
		memcpy(at->ip.byte, ip_2_ip6(ip)->addr, 16);
		at->scope = ip6_addr_zone(ip_2_ip6(ip));
	} else {
		memcpy(at->ip.byte + IP_V4_AT, &ip_2_ip4(ip)->addr, 4);
	}
}

bool address_is_of(const struct netif *netif, const struct ip *ip)
{
	if (ip_is_v4(ip))
		return memcmp(&netif_ip4_addr(netif)->addr, ip->byte + IP_V4_AT, 4) == 0;
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		if (!ip6_addr_isinvalid(netif_ip6_addr_state(netif, i)) &&
			memcmp(netif_ip6_addr(netif, i)->addr, ip->byte, 16) == 0)
			return true;
	return false;
}

static uint32_t sum_v6(const struct netif *netif, uint32_t sum)
{
	for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
		for (unsigned word = 0; word < 4; word++)
			if (!ip6_addr_isinvalid(netif_ip6_addr_state(netif, i)))
				sum = sum * 31 + netif_ip6_addr(netif, i)->addr[word];
	return sum;
}

uint32_t address_sum(void)
{
	const struct netif *netif;
	uint32_t sum = 0;

	NETIF_FOREACH(netif)
	{
		sum = sum_v6(netif, sum * 31 + netif_ip4_addr(netif)->addr);
	}
	return sum;
}

uint32_t address_zone(const char *name)
{
	/* lwIP reads a number after the two letters of a name, also where it has none. */
	return strlen(name) > 2 ? netif_name_to_index(name) : 0;
}

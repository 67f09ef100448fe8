/*
 * Starts lwIP's interface with the network settings. See network.h.
 */
#include "network.h"

#include "board_parts.h"

#include <string.h>

#include "lwip/dhcp.h"
#include "lwip/netif.h"

static struct netif *interface;

static void to_lwip(const struct ip *ip, ip4_addr_t *out)
{
	memcpy(&out->addr, ip->byte + IP_V4_AT, sizeof out->addr);
}

void network_start(const struct network *network)
{
	ip4_addr_t address, mask, gateway;

	interface = ethernet_init(network->mac);
	if (network->dhcp) {
		dhcp_start(interface);
		return;
	}
	to_lwip(&network->address, &address);
	to_lwip(&network->gateway, &gateway);
	mask.addr = lwip_htonl(0xffffffffu << (32 - network->bits));
	netif_set_addr(interface, &address, &mask, &gateway);
}

enum network_news network_news(struct ip *address)
{
	static ip4_addr_t last;
	static bool no_link;
	const ip4_addr_t *now = netif_ip4_addr(interface);

	if (no_link == netif_is_link_up(interface)) {
		no_link = !no_link;
		return no_link ? NETWORK_NO_LINK : NETWORK_LINK;
	}
	if (ip4_addr_cmp(now, &last))
		return NETWORK_SAME;
	last = *now;
	if (ip4_addr_isany(now))
		return NETWORK_NO_ADDRESS;
	*address = ip_v4(ip4_addr1(now), ip4_addr2(now), ip4_addr3(now), ip4_addr4(now));
	return NETWORK_ADDRESS;
}

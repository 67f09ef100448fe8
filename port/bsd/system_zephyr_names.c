/*
 * The name servers that Zephyr's resolver has, from DHCP or Zephyr's configuration. They are all that is asked of it,
 * for anklet looks names up by itself; where it is not built in there are none but those of anklet's own configuration.
 *
 * Those of multicast DNS are none for us.
 */
#include "internal.h"

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/net/dns_resolve.h>

#ifdef CONFIG_DNS_RESOLVER

/* There, struct sockaddr has room for an address of either family. */
static bool take(const void *server, size_t len, struct address *at)
{
	struct sockaddr_storage system;

	memset(&system, 0, sizeof system);
	memcpy(&system, server, len < sizeof system ? len : sizeof system);
	return address_from_system(&system, at) && ip_class(&at->ip) != IP_UNSPECIFIED;
}

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	struct dns_resolve_context *known = dns_resolve_get_default();
	size_t count = 0;

	(void)p;
	if (known->state != DNS_RESOLVE_CONTEXT_ACTIVE) /* nor is its lock made */
		return 0;
	(void)k_mutex_lock(&known->lock, K_FOREVER);
	for (size_t i = 0; i < ARRAY_SIZE(known->servers) && count < max; i++)
		if (!known->servers[i].is_mdns && !known->servers[i].is_llmnr &&
			take(&known->servers[i].dns_server, sizeof known->servers[i].dns_server,
				&servers[count]))
			count++;
	(void)k_mutex_unlock(&known->lock);
	return count;
}

#else

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	(void)p;
	(void)servers;
	(void)max;
	return 0;
}

#endif

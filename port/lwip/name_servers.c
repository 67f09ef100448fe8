/*
 * The name servers that DHCP gives: lwIP's own list where its DNS is built in, else one that is kept here.
 *
 * The list is the stack's and serves all ports. A lease that names none leaves those of the one before.
 */
#include "internal.h"

#include <string.h>

#include "lwip/dns.h"
#include "lwip/pbuf.h"
#include "lwip/prot/dhcp.h"

#include "lwip_dhcp_hooks.h"

#if LWIP_DNS

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	size_t count = 0;

	(void)p;
	for (uint8_t i = 0; i < DNS_MAX_SERVERS && count < max; i++)
		if (!ip_addr_isany(dns_getserver(i)))
			address_from_lwip(dns_getserver(i), 0, &servers[count++]);
	return count;
}

#else

#define BYTES 4 /* of an address */

static struct ip known[CONFIG_ANKLET_NAME_SERVERS];
static uint8_t known_count;

size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	size_t count = known_count < max ? known_count : max;

	(void)p;
	for (size_t i = 0; i < count; i++)
		servers[i] = (struct address){.ip = known[i]};
	return count;
}

/*
 * The list of what is asked for (option 55) gets one more. A second such list would do by RFC 3396, but
 * servers are known to read the first one only.
 */
void name_servers_ask(struct dhcp_msg *message, uint16_t *len)
{
	uint8_t *options = message->options;
	unsigned at = 0, end;

	while (at + 1 < *len && options[at] != DHCP_OPTION_PARAMETER_REQUEST_LIST)
		at += 2u + options[at + 1];
	if (at + 1 >= *len || *len + 2u > DHCP_OPTIONS_LEN) /* the end of options comes after it */
		return;
	end = at + 2u + options[at + 1];
	memmove(options + end + 1, options + end, *len - end);
	options[end] = DHCP_OPTION_DNS_SERVER;
	options[at + 1]++;
	(*len)++;
}

/* An offer is not yet a lease. */
void name_servers_take(
	uint8_t state, uint8_t option, uint8_t len, const struct pbuf *answer, uint16_t at)
{
	uint8_t ip[BYTES];

	if (option != DHCP_OPTION_DNS_SERVER || state == DHCP_STATE_SELECTING)
		return;
	known_count = 0;
	for (; len >= BYTES && known_count < CONFIG_ANKLET_NAME_SERVERS; len -= BYTES, at += BYTES)
		if (pbuf_copy_partial(answer, ip, BYTES, at) == BYTES)
			known[known_count++] = ip_v4(ip[0], ip[1], ip[2], ip[3]);
}

#endif

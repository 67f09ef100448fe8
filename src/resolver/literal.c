/*
 * Addresses as text, with zones. See literal.h.
 */
#include "resolver/literal.h"

#include <string.h>

#include "anklet_config.h"
#include "port.h"

#define NAME_SIZE 32 /* more than any system gives the name of an interface */

static bool parse_zone(const char *zone, size_t len, uint32_t *scope)
{
	char name[NAME_SIZE];

	if (number_parse(zone, len, PORT_ZONE_MAX, scope))
		return *scope != 0;
	if (len - 1 >= sizeof name - 1) /* none, or too long */
		return false;
	memcpy(name, zone, len);
	name[len] = '\0';
	*scope = port_zone(name);
	return *scope != 0;
}

bool literal_parse(const char *text, size_t len, struct address *at)
{
	const char *percent = CONFIG_ANKLET_IPV6 && len > 0 ? memchr(text, '%', len) : NULL;
	size_t ip_len = percent != NULL ? (size_t)(percent - text) : len;
	uint32_t scope = 0;
	struct ip ip;

	if (!ip_parse(text, ip_len, &ip))
		return false;
	/* Of fe80::/10 alone. */
	if (percent != NULL && (ip.byte[0] != 0xfe || ip.byte[1] >> 6 != 2 ||
				       !parse_zone(percent + 1, len - ip_len - 1, &scope)))
		return false;
	*at = (struct address){.ip = ip, .scope = scope};
	return true;
}

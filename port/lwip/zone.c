/*
 * The part of an address literal behind '%'. See addresses.h.
 */
#include "addresses.h"

#include <string.h>

bool address_zone(const char *zone, size_t len, uint32_t *scope)
{
	char name[NETIF_NAMESIZE];

	if (number_parse(zone, len, UINT8_MAX, scope))
		return *scope != 0;
	if (len == 0 || len >= sizeof name)
		return false;
	memcpy(name, zone, len);
	name[len] = '\0';
	*scope = netif_name_to_index(name);
	return *scope != 0;
}

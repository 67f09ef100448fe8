/*
 * Addresses as text, with zones. See literal.h.
 */
#include "literal.h"

#include <string.h>

#define NAME_SIZE 32 /* more than any system gives the name of an interface */

static bool parse_zone(const char *zone, size_t len, uint32_t *scope)
{
	char name[NAME_SIZE];

	if (number_parse(zone, len, literal_zone_max, scope))
		return *scope != 0;
	if (len == 0 || len >= sizeof name)
		return false;
	memcpy(name, zone, len);
	name[len] = '\0';
	*scope = literal_zone(name);
	return *scope != 0;
}

bool literal_parse(const char *text, size_t len, struct address *at)
{
	const char *percent = len > 0 ? memchr(text, '%', len) : NULL;
	size_t ip_len = percent != NULL ? (size_t)(percent - text) : len;
	struct address parsed = {.port = 0};

	if (!ip_parse(text, ip_len, &parsed.ip))
		return false;
	if (percent != NULL) {
		if (ip_is_v4(&parsed.ip) || ip_class(&parsed.ip) != IP_LINK_LOCAL)
			return false;
		if (!parse_zone(percent + 1, len - ip_len - 1, &parsed.scope))
			return false;
	}
	*at = parsed;
	return true;
}

/*
 * Patterns of destinations: what matches one. See pattern.h.
 */
#include "policy/pattern.h"

#include <string.h>

/* A last dot says that a name is whole (RFC 1034, section 3.1); it names the same host. */
static size_t len_without_dot(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

/* "*.example.com" is everything below example.com, and not example.com itself. */
static bool name_matches(const char *pattern, const char *name)
{
	size_t pattern_len = len_without_dot(pattern), len = len_without_dot(name);

	if (pattern[0] == '*') {
		pattern_len--;
		return len > pattern_len &&
		       text_same_letters(name + len - pattern_len, pattern + 1, pattern_len);
	}
	return len == pattern_len && text_same_letters(name, pattern, len);
}

bool name_is_loopback(const char *name)
{
	return ANKLET_HAS_ROUTES && /* which alone ask */
	       (name_matches("localhost", name) || name_matches("*.localhost", name));
}

static bool port_matches(const struct pattern *pattern, uint16_t port)
{
	for (unsigned i = 0; i < pattern->ports_count; i++) {
		if (port >= pattern->ports[i].low && port <= pattern->ports[i].high)
			return true;
	}
	return pattern->ports_count == 0;
}

enum match pattern_match(const struct pattern *pattern, const struct string_table *names,
	const struct destination *to)
{
	bool matches = false;

	if (!port_matches(pattern, to->port))
		return MATCH_NO;
	switch ((enum pattern_kind)pattern->kind) {
	case PATTERN_ANY:
		matches = true;
		break;
	case PATTERN_PREFIX:
		if (!to->ip_known)
			return to->remote ? MATCH_NO : MATCH_MAYBE;
		matches = ip_prefix_holds(&pattern->prefix, &to->ip);
		break;
	case PATTERN_NAME:
		matches = to->name != NULL &&
			  name_matches(string_table_at(names, pattern->name), to->name);
		break;
	}
	return matches ? MATCH_YES : MATCH_NO;
}

static bool ports_cover(const struct pattern *outer, const struct port_range *inner)
{
	for (unsigned i = 0; i < outer->ports_count; i++) {
		if (inner->low >= outer->ports[i].low && inner->high <= outer->ports[i].high)
			return true;
	}
	return outer->ports_count == 0;
}

bool pattern_covers(
	const struct pattern *outer, const struct pattern *inner, const struct string_table *names)
{
	static const struct port_range every = {0, UINT16_MAX};

	if (inner->ports_count == 0 && !ports_cover(outer, &every))
		return false;
	for (unsigned i = 0; i < inner->ports_count; i++) {
		if (!ports_cover(outer, &inner->ports[i]))
			return false;
	}
	if (outer->kind == PATTERN_ANY || outer->kind != inner->kind)
		return outer->kind == PATTERN_ANY;
	return outer->kind == PATTERN_PREFIX ? ip_prefix_within(&inner->prefix, &outer->prefix)
					     : name_matches(string_table_at(names, outer->name),
						       string_table_at(names, inner->name));
}

/*
 * Patterns of destinations: what matches one, and how it is written. See pattern.h.
 */
#include "policy/pattern.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_letters(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

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
		       same_letters(name + len - pattern_len, pattern + 1, pattern_len);
	}
	return len == pattern_len && same_letters(name, pattern, len);
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

static void text_ports(struct text *t, const struct pattern *pattern)
{
	for (unsigned i = 0; i < pattern->ports_count; i++) {
		text_char(t, i == 0 ? ':' : ',');
		text_num(t, pattern->ports[i].low);
		if (pattern->ports[i].high == pattern->ports[i].low)
			continue;
		text_char(t, '-');
		text_num(t, pattern->ports[i].high);
	}
}

void text_pattern(struct text *t, const struct pattern *pattern, const struct string_table *names)
{
	bool v6 = !ip_is_v4(&pattern->prefix.ip);

	switch ((enum pattern_kind)pattern->kind) {
	case PATTERN_ANY:
		text_char(t, '*');
		break;
	case PATTERN_PREFIX:
		text_str(t, v6 ? "[" : "");
		text_ip_prefix(t, &pattern->prefix);
		text_str(t, v6 ? "]" : "");
		break;
	case PATTERN_NAME:
		text_str(t, string_table_at(names, pattern->name));
		break;
	}
	text_ports(t, pattern);
}

void text_from_to(struct text *t, const struct ip_prefix *from, const struct pattern *to,
	const struct string_table *names)
{
	if (from->bits > 0) {
		text_str(t, " from ");
		text_ip_prefix(t, from);
	}
	if (to->kind != PATTERN_ANY || to->ports_count > 0) {
		text_str(t, " to ");
		text_pattern(t, to, names);
	}
}

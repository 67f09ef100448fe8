/*
 * Patterns of destinations as they are read: "*.example.com:80,6660-6669". See pattern.h.
 */
#include "config/pattern.h"

#include <string.h>

#include "config/endpoint.h"

/* A pattern while it is read. */
struct reading {
	struct config_fault *fault;
	struct string_table *strings;
	struct pattern pattern;
};

static bool port_range_parse(struct word range, struct pattern_ports *ports)
{
	const char *dash = range.len > 0 ? memchr(range.at, '-', range.len) : NULL;
	size_t low_len = dash != NULL ? (size_t)(dash - range.at) : range.len;
	uint32_t low, high;

	if (!number_parse(range.at, low_len, UINT16_MAX, &low))
		return false;
	high = low;
	if (dash != NULL && !number_parse(dash + 1, range.len - low_len - 1, UINT16_MAX, &high))
		return false;
	*ports = (struct pattern_ports){(uint16_t)low, (uint16_t)high};
	return low <= high;
}

/* ":80,443,6660-6669" */
static bool ports_parse(struct reading *r, struct word text)
{
	const char *at = text.at + 1, *end = text.at + text.len;

	if (at == end)
		return config_fault(r->fault, FAULT_NO_PORT, text);
	for (;;) {
		const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
		const char *stop = comma != NULL ? comma : end;
		struct word range = {at, (size_t)(stop - at)};

		if (range.len == 0) /* the comma that stands there instead is wrong */
			return config_fault(r->fault, FAULT_RULE_PORT,
				(struct word){comma != NULL ? comma : end - 1, 1});
		if (r->pattern.ports_count == PATTERN_PORTS)
			return config_fault(
				r->fault, FAULT_RULE_PORTS, (struct word){at, (size_t)(end - at)});
		if (!port_range_parse(range, &r->pattern.ports[r->pattern.ports_count]))
			return config_fault(r->fault, FAULT_RULE_PORT, range);
		r->pattern.ports_count++;
		if (comma == NULL)
			return true;
		at = comma + 1;
	}
}

static bool name_parse(struct reading *r, struct word name)
{
	bool domain = name.len > 2 && memcmp(name.at, "*.", 2) == 0;
	struct word bare = domain ? (struct word){name.at + 2, name.len - 2} : name;

	if (!endpoint_is_name(bare.at, bare.len))
		return config_fault(r->fault, FAULT_TO, name);
	r->pattern.kind = PATTERN_NAME;
	r->pattern.name = string_table_add(r->strings, name.at, name.len);
	return r->pattern.name != STRING_NONE || config_fault(r->fault, FAULT_STRINGS, name);
}

/* A pattern without brackets, up to its ports. */
static bool host_parse(struct reading *r, struct word host)
{
	if (word_is(host, "*"))
		return true;
	if (!ip_prefix_parse(host.at, host.len, &r->pattern.prefix))
		return name_parse(r, host);
	r->pattern.kind = PATTERN_PREFIX;
	return true;
}

/* "[2001:db8::/32]:80" */
static bool bracketed_parse(struct reading *r, struct word pattern)
{
	const char *close = memchr(pattern.at, ']', pattern.len);
	struct word inside, behind;

	if (close == NULL)
		return config_fault(r->fault, FAULT_BRACKET, pattern);
	inside = (struct word){pattern.at + 1, (size_t)(close - pattern.at - 1)};
	behind = (struct word){close + 1, pattern.len - inside.len - 2};
	r->pattern.kind = PATTERN_PREFIX;
	if (inside.len == 0 || memchr(inside.at, ':', inside.len) == NULL ||
		!ip_prefix_parse(inside.at, inside.len, &r->pattern.prefix))
		return config_fault(
			r->fault, FAULT_NOT_IPV6, (struct word){pattern.at, inside.len + 2});
	if (behind.len == 0)
		return true;
	if (behind.at[0] != ':')
		return config_fault(r->fault, FAULT_BEHIND_BRACKET, behind);
	return ports_parse(r, behind);
}

static bool pattern_parse(struct reading *r, struct word pattern)
{
	const char *colon = memchr(pattern.at, ':', pattern.len);
	struct word host, ports;

	if (pattern.at[0] == '[')
		return bracketed_parse(r, pattern);
	if (colon == NULL)
		return host_parse(r, pattern);
	host = (struct word){pattern.at, (size_t)(colon - pattern.at)};
	ports = (struct word){colon, pattern.len - host.len};
	if (memchr(colon + 1, ':', ports.len - 1) != NULL) {
		r->pattern.kind = PATTERN_PREFIX;
		return ip_prefix_parse(pattern.at, pattern.len, &r->pattern.prefix) ||
		       config_fault(r->fault, FAULT_TO_BARE_IPV6, pattern);
	}
	if (host.len == 0)
		return config_fault(r->fault, FAULT_TO, pattern);
	return host_parse(r, host) && ports_parse(r, ports);
}

bool config_from(struct config_line *line, struct word keyword, struct ip_prefix *from)
{
	struct word value;

	if (!config_line_value(line, keyword, FAULT_FROM, &value))
		return false;
	return ip_prefix_parse(value.at, value.len, from) ||
	       config_fault(&line->fault, FAULT_FROM, value);
}

bool config_to(struct config_line *line, struct word keyword, struct string_table *strings,
	struct pattern *to)
{
	struct reading r = {.fault = &line->fault, .strings = strings};
	struct word value;

	if (!config_line_value(line, keyword, FAULT_TO, &value) || !pattern_parse(&r, value))
		return false;
	*to = r.pattern;
	return true;
}

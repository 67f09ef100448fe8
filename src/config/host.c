/*
 * Hosts and ports in the configuration: "10.0.0.0/8:80,443", "[2001:db8::1]:1080", "*". See value.h.
 */
#include "config/value.h"

#include <string.h>

#define NAME_MAX_LEN 253 /* of a name without its last dot (RFC 1035, section 2.3.4) */
#define LABEL_MAX_LEN 63
#define ZONE_MAX_LEN 15 /* the longest name of an interface */
#define DNS_PORT 53

bool word_is_name(struct word word)
{
	size_t label = 0;

	if (word.len > CONFIG_ANKLET_NAME_MAX)
		return false;
	if (word.len > 0 && word.at[word.len - 1] == '.')
		word.len--;
	for (size_t i = 0; i < word.len; i++) {
		if (word.at[i] == '.' && label > 0) {
			label = 0;
			continue;
		}
		if (!byte_is_of_name(word.at[i]) || ++label > LABEL_MAX_LEN)
			return false;
	}
	return word.len <= NAME_MAX_LEN && label > 0 && !ip_may_be_meant(word.at, word.len);
}

/* "80,443,6660-6669" */
static bool ranges_read(struct reading *r, struct word word, struct pattern *pattern)
{
	const char *at = word.at, *end = word.at + word.len;

	while (pattern->ports_count < PATTERN_PORTS) {
		const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
		struct word range = {at, (size_t)((comma != NULL ? comma : end) - at)};

		if (!range_read(range, 0, &pattern->ports[pattern->ports_count++])) {
			if (range.len == 0) /* the comma that stands there instead is wrong */
				range = (struct word){comma != NULL ? at : at - 1, 1};
			return error_set(r, ERROR_INVALID, range, VALUE_RANGES);
		}
		if (comma == NULL)
			return true;
		at = comma + 1;
	}
	return error_set(r, ERROR_UNEXPECTED, (struct word){at, (size_t)(end - at)}, VALUE_RANGES);
}

/* "fe80::1%eth0": a link-local address says nothing without its interface (RFC 4007). */
static bool is_zoned(struct word host)
{
	const char *percent = memchr(host.at, '%', host.len), *end = host.at + host.len;
	struct ip ip;

	return percent != NULL && ip_parse(host.at, (size_t)(percent - host.at), &ip) &&
	       !ip_is_v4(&ip) && ip_class(&ip) == IP_LINK_LOCAL && ++percent < end &&
	       end - percent <= ZONE_MAX_LEN &&
	       memchr(percent, '%', (size_t)(end - percent)) == NULL;
}

/* The host, where 'written' has its brackets, if any. */
static bool host_parse(struct reading *r, int type, struct word written, struct pattern *host)
{
	bool brackets = written.at[0] == '[', pattern = type == VALUE_PATTERN;
	struct word bare = written;
	bool v6, alone;

	if (brackets)
		bare = (struct word){written.at + 1, written.len - 2};
	v6 = bare.len > 0 && memchr(bare.at, ':', bare.len) != NULL;
	alone = v6 && !brackets && (pattern || type == VALUE_SERVER); /* no port can follow */
	host->kind = PATTERN_PREFIX;
	if ((v6 == brackets || alone) && ip_prefix_parse(bare.at, bare.len, &host->prefix) &&
		(pattern || memchr(bare.at, '/', bare.len) == NULL))
		return true;
	if (v6 || brackets) {
		host->kind = PATTERN_NAME;
		if (!brackets || pattern || !is_zoned(bare))
			return error_set(r, ERROR_INVALID, written,
				brackets && !pattern && memchr(bare.at, '%', bare.len) != NULL
					? VALUE_ZONE
					: VALUE_IPV6);
	} else if (word_is(bare, "*")) {
		host->kind = PATTERN_ANY;
		return true;
	} else {
		host->kind = PATTERN_NAME;
		if (pattern && bare.len > 2 && memcmp(bare.at, "*.", 2) == 0)
			bare = (struct word){bare.at + 2, bare.len - 2};
		if (!word_is_name(bare))
			return error_set(r, ERROR_INVALID, written, pattern ? type : VALUE_HOST);
		bare = written;
	}
	if (!CONFIG_ANKLET_NAMES && !pattern)
		return error_setting(r, ERROR_DISABLED, written, SETTING_NAMES, 0);
	return string_read(r, bare, &host->name);
}

bool host_read(struct reading *r, int type, struct word word, struct pattern *host)
{
	const char *end = word.at + word.len, *colon = memchr(word.at, ':', word.len);
	bool listens = type == VALUE_LISTEN || type == VALUE_FORWARD;
	struct word written = word, port;

	*host = (struct pattern){0};
	if (word.at[0] == '[') {
		colon = memchr(word.at, ']', word.len);
		if (colon == NULL)
			return error_other(r, ERROR_UNCLOSED, word, "]");
		colon++;
		if (colon < end && *colon != ':')
			return error_set(r, ERROR_UNEXPECTED,
				(struct word){colon, (size_t)(end - colon)}, VALUE_IPV6);
	} else if (colon == NULL || memchr(colon + 1, ':', (size_t)(end - colon - 1)) != NULL) {
		colon = end;
	}
	written.len = (size_t)(colon - word.at);
	if (colon < end) {
		port = (struct word){colon + 1, (size_t)(end - colon - 1)};
		if (port.len == 0)
			return error_set(r, ERROR_MISSING, (struct word){colon, 1}, VALUE_PORT);
		if (type == VALUE_PATTERN && !ranges_read(r, port, host))
			return false;
		if (type != VALUE_PATTERN && (!count_read(port, UINT16_MAX, &host->ports[0].low) ||
						     (host->ports[0].low == 0 && !listens)))
			return error_set(
				r, ERROR_INVALID, port, listens ? VALUE_PORT_OR_0 : VALUE_PORT);
		host->ports_count = host->ports_count > 0 ? host->ports_count : 1;
	}
	if (written.len == 0)
		return error_set(
			r, ERROR_MISSING, word, type == VALUE_PATTERN ? VALUE_PATTERN : VALUE_HOST);
	return host_parse(r, type, written, host);
}

void text_pattern(struct text *t, const struct pattern *pattern, const struct string_table *strings)
{
	bool prefix = pattern->kind == PATTERN_PREFIX, v6 = !ip_is_v4(&pattern->prefix.ip);

	text_str(t, prefix && v6 ? "[" : "");
	if (prefix)
		text_ip_prefix(t, &pattern->prefix);
	else
		text_str(t, pattern->kind == PATTERN_ANY ? "*"
							 : string_table_at(strings, pattern->name));
	text_str(t, prefix && v6 ? "]" : "");
	for (unsigned i = 0; i < pattern->ports_count; i++) {
		text_char(t, i == 0 ? ':' : ',');
		text_range(t, &pattern->ports[i]);
	}
}

/* One host's address, that a socket can have or connect to without naming an interface. */
static bool is_usable(const struct ip *ip)
{
	static const unsigned usable = 1u << IP_GLOBAL | 1u << IP_LOOPBACK | 1u << IP_PRIVATE;
	enum ip_class class = ip_class(ip);

	return (usable >> class & 1) != 0 || (class == IP_LINK_LOCAL && ip_is_v4(ip));
}

/* There is one for each family. */
bool source_read(struct word word, struct ip source[2])
{
	struct ip ip;

	if (!ip_parse(word.at, word.len, &ip) || !is_usable(&ip))
		return false;
	source[ip_is_v4(&ip) ? 0 : 1] = ip;
	return true;
}

bool server_read(struct reading *r, struct word word, struct address *server)
{
	struct pattern host;

	if (!host_read(r, VALUE_SERVER, word, &host))
		return false;
	*server = (struct address){
		.ip = host.prefix.ip, .port = host.ports_count > 0 ? host.ports[0].low : DNS_PORT};
	return host.kind == PATTERN_PREFIX && is_usable(&server->ip);
}

/*
 * Endpoints, and the hosts of patterns: "10.0.0.0/8:80,443", "[2001:db8::1]:1080", "*". See endpoint.h.
 */
#include "config/endpoint.h"

#include <string.h>

#include "config/config.h"
#include "config/value.h"
#include "protocol/dns.h"

#define ZONE_MAX_LEN 15 /* the longest name of an interface */

/* ---- Hosts ---- */

bool word_is_name(struct word word)
{
	size_t len = word.len - (word.len > 0 && word.at[word.len - 1] == '.');

	return word.len <= CONFIG_ANKLET_NAME_MAX && dns_name_valid(word.at, len) &&
	       !ip_may_be_meant(word.at, len);
}

/* "fe80::1%eth0": a link-local address says nothing without its interface (RFC 4007). */
static bool is_zoned(struct word host)
{
	struct word zone = host, address = word_split(&zone, '%');
	struct ip ip;

	return CONFIG_ANKLET_IPV6 && ip_parse(address.at, address.len, &ip) && !ip_is_v4(&ip) &&
	       ip_class(&ip) == IP_LINK_LOCAL && zone.len > 0 && zone.len <= ZONE_MAX_LEN &&
	       memchr(zone.at, '%', zone.len) == NULL;
}

bool ip_is_disabled(struct word word)
{
	struct word rest = word;

	if (CONFIG_ANKLET_IPV6)
		return false;
	word_split(&rest, ':');
	return word.at[0] == '[' || (rest.len > 0 && memchr(rest.at, ':', rest.len) != NULL);
}

static bool listens(int type)
{
	return type == VALUE_LISTEN || type == VALUE_FORWARD;
}

/* "80,443,6660-6669"; of what is no pattern one port. */
static bool ports_read(struct reading *r, int type, struct word word, struct pattern *host)
{
	bool pattern = type == VALUE_PATTERN;
	int expects = pattern ? VALUE_RANGES : listens(type) ? VALUE_PORT_OR_0 : VALUE_PORT;

	if (word.len == 0)
		return error_set(r, ERROR_MISSING, (struct word){word.at - 1, 1}, VALUE_PORT);
	for (struct word rest = word; rest.at != NULL;) {
		struct word all = rest, range = word_split(&rest, pattern ? ',' : '\0');
		struct port_range *ports = &host->ports[host->ports_count];

		if (host->ports_count == PATTERN_PORTS)
			return error_set(r, ERROR_INVALID, all, expects);
		host->ports_count++;
		if (pattern ? !range_read(range, 0, ports)
			    : !count_read(range, UINT16_MAX, &ports->low) ||
					(ports->low == 0 && !listens(type)))
			return error_set(r, ERROR_INVALID, range.len > 0 ? range : word, expects);
	}
	return true;
}

/* The host itself, whose brackets, if any, are off. */
static bool host_parse(int type, struct word bare, bool brackets, struct pattern *host)
{
	bool pattern = type == VALUE_PATTERN, v6 = memchr(bare.at, ':', bare.len) != NULL;
	bool alone = v6 && (pattern || type == VALUE_SERVER); /* no port can follow */

	host->kind = PATTERN_PREFIX;
	if ((v6 == brackets || alone) &&
		(pattern ? ip_prefix_parse(bare.at, bare.len, &host->prefix)
			 : ip_parse(bare.at, bare.len, &host->prefix.ip)))
		return true;
	host->kind = !brackets && word_is(bare, "*") ? PATTERN_ANY : PATTERN_NAME;
	if (brackets)
		return !pattern && is_zoned(bare);
	if (pattern && bare.len > 2 && memcmp(bare.at, "*.", 2) == 0)
		bare = (struct word){bare.at + 2, bare.len - 2};
	return host->kind == PATTERN_ANY || word_is_name(bare);
}

bool host_read(struct reading *r, int type, struct word word, struct pattern *host)
{
	int expects = type == VALUE_PATTERN || type == VALUE_SERVER ? type : VALUE_HOST;
	bool brackets = word.at[0] == '[';
	struct word port = word, written = word, bare = word_split(&port, brackets ? ']' : ':');

	*host = (struct pattern){0};
	if (ip_is_disabled(word))
		return error_set(r, ERROR_DISABLED, word, SETTING_IPV6);
	if (brackets && (port.at == NULL || word_split(&port, ':').len > 0))
		return error_set(r, ERROR_INVALID, word, expects);
	if (!brackets && port.len > 0 && memchr(port.at, ':', port.len) != NULL) {
		bare = word; /* IPv6 */
		port.at = NULL;
	}
	if (port.at != NULL) {
		written.len = (size_t)(port.at - word.at) - 1;
		if (!ports_read(r, type, port, host))
			return false;
	}
	bare = (struct word){bare.at + brackets, bare.len - brackets};
	if (!host_parse(type, bare, brackets, host))
		return error_set(r, ERROR_INVALID, written.len > 0 ? written : word, expects);
	if (!CONFIG_ANKLET_NAMES && type != VALUE_PATTERN && host->kind == PATTERN_NAME)
		return error_set(r, ERROR_DISABLED, written, SETTING_NAMES);
	return host->kind != PATTERN_NAME || string_read(r, bare, &host->name);
}

void text_pattern(struct text *t, const struct pattern *pattern, const struct string_table *strings)
{
	const char *name = string_table_at(strings, pattern->name);
	bool prefix = pattern->kind == PATTERN_PREFIX;
	bool brackets = prefix ? !ip_is_v4(&pattern->prefix.ip) : strchr(name, ':') != NULL;

	text_str(t, brackets ? "[" : "");
	if (prefix)
		text_ip_prefix(t, &pattern->prefix);
	else
		text_str(t, pattern->kind == PATTERN_ANY ? "*" : name);
	text_str(t, brackets ? "]" : "");
	for (unsigned i = 0; i < pattern->ports_count; i++) {
		text_char(t, i == 0 ? ':' : ',');
		text_range(t, &pattern->ports[i]);
	}
}

/* ---- Endpoints ---- */

bool endpoint_has_tls(const struct endpoint *endpoint)
{
	return name_rows[endpoint->scheme].setting == SETTING_TLS_STREAMS;
}

bool endpoint_is_hop(const struct endpoint *endpoint)
{
	return (name_rows[endpoint->scheme].types & IS(HOP)) != 0;
}

uint8_t endpoint_socks(const struct endpoint *hop)
{
	return (uint8_t)(name_text(hop->scheme)[5] - '0');
}

bool endpoint_takes_names(const struct endpoint *hop)
{
	char last = name_text(hop->scheme)[6];

	return last == 'a' || last == 'h';
}

bool endpoint_starttls(const struct endpoint *endpoint, uint8_t *protocol)
{
	*protocol = (uint8_t)(endpoint->scheme - ENDPOINT_SMTP_STARTTLS);
	return *protocol <= ENDPOINT_NNTP_STARTTLS - ENDPOINT_SMTP_STARTTLS;
}

/* Takes "scheme://" off the word, where there is one, and makes sure that it makes sense. */
static bool scheme_take(struct reading *r, int type, struct word *word, struct endpoint *e)
{
	struct word rest = *word, scheme = word_split(&rest, ':');
	int found = ENDPOINT_TCP;

	if (scheme.len > 0 && rest.len >= 2 && memcmp(rest.at, "//", 2) == 0) {
		found = name_find(IS(SCHEME), *word);
		*word = (struct word){rest.at + 2, rest.len - 2};
	} else {
		scheme = *word;
	}
	if (found == ENDPOINT_SSL)
		found = ENDPOINT_TLS;
	if (found == ENDPOINT_SSLV2 || found == ENDPOINT_SSLV3)
		return error_set(r, ERROR_PROHIBITED, scheme, type);
	if (found < 0 || (name_rows[found].types >> type & 1) == 0)
		return error_set(r, ERROR_INVALID, scheme, type);
	e->scheme = (uint8_t)found;
	return name_is_built((unsigned)found, r->tls) ||
	       error_set(r, ERROR_DISABLED, scheme, name_rows[found].setting);
}

/* What follows the host; all: the endpoint as it is written. */
static bool options_read(
	struct reading *r, int type, struct word all, struct word options, struct endpoint *e)
{
	bool tls = ANKLET_HAS_TLS && endpoint_has_tls(e), taken = listens(type);
	bool password = ANKLET_HAS_HOP_PASSWORDS && endpoint_is_hop(e) && endpoint_socks(e) == 5;
	struct word marked; /* with the '?' */

	if (options.at == NULL && !tls)
		return true;
	marked = options.at == NULL ? all : (struct word){options.at - 1, options.len + 1};
	if (!tls && !password)
		return error_set(r, ERROR_UNEXPECTED, marked, VALUE_NO_OPTIONS);
	if (!clause_read(r,
		    !tls    ? VALUE_HOP_OPTIONS
		    : taken ? VALUE_SERVER_OPTIONS
			    : VALUE_CLIENT_OPTIONS,
		    all, options, &e->tls))
		return false;
	if (taken && e->tls.cert == STRING_NONE && e->tls.psk == STRING_NONE)
		return error_set(r, ERROR_MISSING, all, VALUE_CERT);
	return e->tls.password == STRING_NONE || password ||
	       error_set(r, ERROR_UNEXPECTED, marked, VALUE_NO_PASSWORD);
}

bool endpoint_read(struct reading *r, int type, struct word word, struct endpoint *e)
{
	/* The options go first: a "://" in one of them begins no scheme. */
	struct word options = word, where = word_split(&options, '?');
	bool taken = listens(type); /* connections are, and not made */
	struct pattern host = {
		.kind = PATTERN_PREFIX, .prefix.ip = ip_v4(127, 0, 0, 1), .ports_count = 1};

	*e = (struct endpoint){.scheme = ENDPOINT_TCP};
	if (!scheme_take(r, type, &where, e))
		return false;
	if (where.len == 0)
		return error_set(r, ERROR_INVALID, word, VALUE_HOST);
	/* Nothing but a port is one of this host's, and for itself alone. */
	if (!(taken && count_read(where, UINT16_MAX, &host.ports[0].low)) &&
		!host_read(r, type, where, &host))
		return false;
	if (host.ports_count == 0 && (type == VALUE_FORWARD || type == VALUE_TARGET))
		return error_set(r, ERROR_MISSING, where, VALUE_PORT);
	if (host.kind == PATTERN_ANY && !taken)
		return error_set(r, ERROR_INVALID, where, VALUE_HOST);
	e->host = host.kind;
	e->ip = host.prefix.ip;
	e->name = host.name;
	e->port = host.ports_count > 0 ? host.ports[0].low : CONFIG_DEFAULT_PORT;
	return options_read(r, type, word, options, e);
}

bool endpoints_conflict(const struct endpoint *a, const struct endpoint *b)
{
	bool everywhere = ip_class(&a->ip) == IP_UNSPECIFIED || ip_class(&b->ip) == IP_UNSPECIFIED;

	if (a->port != b->port || a->port == 0 ||
		(a->scheme == ENDPOINT_UDP) != (b->scheme == ENDPOINT_UDP))
		return false;
	if (a->host != b->host || a->host == ENDPOINT_ANY)
		return a->host == ENDPOINT_ANY || b->host == ENDPOINT_ANY;
	if (a->host == ENDPOINT_NAME)
		return a->name == b->name;
	return ip_equal(&a->ip, &b->ip) || (everywhere && ip_is_v4(&a->ip) == ip_is_v4(&b->ip));
}

void text_endpoint_plain(
	struct text *t, const struct endpoint *e, const struct string_table *strings)
{
	struct pattern where = {e->host, 1, {e->ip, IP_BITS}, e->name, {{e->port, e->port}}};

	text_str(t, name_text(e->scheme));
	text_pattern(t, &where, strings);
}

void text_endpoint(struct text *t, const struct endpoint *e, const struct string_table *strings)
{
	text_endpoint_plain(t, e, strings);
	if (ANKLET_HAS_TLS || ANKLET_HAS_HOP_PASSWORDS)
		text_clause(t, ANKLET_HAS_TLS ? VALUE_CLIENT_OPTIONS : VALUE_HOP_OPTIONS, &e->tls,
			strings);
}

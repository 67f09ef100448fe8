/*
 * Endpoints: scheme://host:port. See endpoint.h.
 */
#include "endpoint.h"

#include <string.h>

#define NAME_MAX_LEN 253 /* of a name without its last dot (RFC 1035, section 2.3.4) */
#define LABEL_MAX_LEN 63
#define ZONE_MAX_LEN 15 /* the longest name of an interface */

/* An endpoint while it is taken apart. */
struct parts {
	struct word host;
	struct word port; /* with the ':' in front of it; empty: none is written */
	bool bracketed;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_octet(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' ||
	       c == '_';
}

bool endpoint_is_name(const char *text, size_t len)
{
	size_t label = 0;
	bool number = true; /* the label so far is digits only */

	if (len > CONFIG_ANKLET_NAME_MAX)
		return false;
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' && label > 0) {
			label = 0;
			number = true;
			continue;
		}
		if (!is_name_octet(text[i]) || ++label > LABEL_MAX_LEN)
			return false;
		number = number && is_digit(text[i]);
	}
	return label > 0 && !number;
}

bool endpoint_has_tls(const struct endpoint *endpoint)
{
	uint8_t protocol;

	return endpoint->scheme == ENDPOINT_TLS || endpoint->scheme == ENDPOINT_SOCKS4_TLS ||
	       endpoint->scheme == ENDPOINT_SOCKS4A_TLS || endpoint_starttls(endpoint, &protocol);
}

bool endpoint_is_hop(const struct endpoint *endpoint)
{
	return endpoint->scheme >= ENDPOINT_SOCKS4 && endpoint->scheme <= ENDPOINT_SOCKS4A_TLS;
}

bool endpoint_starttls(const struct endpoint *endpoint, uint8_t *protocol)
{
	if (endpoint->scheme < ENDPOINT_SMTP_STARTTLS || endpoint->scheme > ENDPOINT_NNTP_STARTTLS)
		return false;
	*protocol = (uint8_t)(endpoint->scheme - ENDPOINT_SMTP_STARTTLS);
	return true;
}

/* ---- The scheme and the options ---- */

/* RFC 3986, section 3.1: schemes are the same in either case. s is in lower case. */
static bool is_scheme(struct word word, const char *s)
{
	size_t i;

	for (i = 0; i < word.len && s[i] != '\0'; i++) {
		char c = word.at[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != s[i])
			return false;
	}
	return i == word.len && s[i] == '\0';
}

static bool scheme_check(struct word scheme, struct config_fault *fault)
{
	static const char absent[][14] = {"udp", "ssl", "tls", "socks4", "socks4a", "socks5",
		"socks4+tls", "socks4a+tls", "socks5+tls", "smtp+starttls", "imap+starttls",
		"pop3+starttls", "nntp+starttls"};

	if (is_scheme(scheme, "tcp"))
		return true;
	if (is_scheme(scheme, "sslv2"))
		return config_fault(fault, FAULT_SSLV2, scheme);
	if (is_scheme(scheme, "sslv3"))
		return config_fault(fault, FAULT_SSLV3, scheme);
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
		if (is_scheme(scheme, absent[i]))
			return config_fault(fault, FAULT_SCHEME_ABSENT, scheme);
	}
	return config_fault(fault, FAULT_SCHEME, scheme);
}

/* Takes "scheme://" from the front of *rest, where there is one. */
static bool scheme_take(struct word *rest, struct config_fault *fault)
{
	for (size_t i = 0; i + 3 <= rest->len; i++) {
		struct word scheme = {rest->at, i};

		if (memcmp(rest->at + i, "://", 3) != 0)
			continue;
		if (i == 0)
			return config_fault(fault, FAULT_ENDPOINT, *rest);
		if (!scheme_check(scheme, fault))
			return false;
		rest->at += i + 3;
		rest->len -= i + 3;
		return true;
	}
	return true;
}

static bool options_check(struct word rest, struct config_fault *fault)
{
	const char *options = rest.len > 0 ? memchr(rest.at, '?', rest.len) : NULL;

	if (options == NULL)
		return true;
	return config_fault(fault, FAULT_OPTIONS,
		(struct word){options, (size_t)(rest.at + rest.len - options)});
}

/* ---- Host and port ---- */

static bool bracketed_split(struct word rest, struct parts *parts, struct config_fault *fault)
{
	const char *close = memchr(rest.at, ']', rest.len);
	struct word behind;

	if (close == NULL)
		return config_fault(fault, FAULT_BRACKET, rest);
	behind = (struct word){close + 1, (size_t)(rest.at + rest.len - close - 1)};
	if (behind.len > 0 && behind.at[0] != ':')
		return config_fault(fault, FAULT_BEHIND_BRACKET, behind);
	parts->host = (struct word){rest.at + 1, (size_t)(close - rest.at - 1)};
	parts->port = behind;
	return true;
}

static bool plain_split(struct word rest, struct parts *parts, struct config_fault *fault)
{
	const char *colon = memchr(rest.at, ':', rest.len);
	size_t host_len = colon != NULL ? (size_t)(colon - rest.at) : rest.len;

	parts->host = (struct word){rest.at, host_len};
	parts->port = (struct word){rest.at + host_len, rest.len - host_len};
	if (colon != NULL && memchr(colon + 1, ':', parts->port.len - 1) != NULL)
		return config_fault(fault, FAULT_BARE_IPV6, rest);
	return host_len > 0 || config_fault(fault, FAULT_NO_HOST, rest);
}

static bool split(struct word rest, struct parts *parts, struct config_fault *fault)
{
	*parts = (struct parts){.bracketed = rest.at[0] == '['};
	return parts->bracketed ? bracketed_split(rest, parts, fault)
				: plain_split(rest, parts, fault);
}

static bool port_parse(
	struct word port, uint16_t default_port, uint16_t *number, struct config_fault *fault)
{
	struct word digits = {port.at + 1, port.len - 1};
	uint32_t n;

	if (port.len == 0) {
		*number = default_port;
		return true;
	}
	if (digits.len == 0)
		return config_fault(fault, FAULT_NO_PORT, port);
	if (!number_parse(digits.at, digits.len, UINT16_MAX, &n))
		return config_fault(fault, FAULT_PORT, digits);
	*number = (uint16_t)n;
	return true;
}

/* "fe80::1%eth0": a link-local address says nothing without its interface (RFC 4007). */
static bool is_zoned(struct word host)
{
	const char *percent = memchr(host.at, '%', host.len);
	const char *end = host.at + host.len;
	struct ip ip;

	if (percent == NULL || !ip_parse(host.at, (size_t)(percent - host.at), &ip))
		return false;
	if (ip_is_v4(&ip) || ip_class(&ip) != IP_LINK_LOCAL)
		return false;
	if (++percent == end || end - percent > ZONE_MAX_LEN)
		return false;
	while (percent < end && (is_name_octet(*percent) || *percent == '.'))
		percent++;
	return percent == end;
}

static bool name_set(struct endpoint *e, struct word host, struct string_table *strings,
	struct config_fault *fault)
{
	e->host = ENDPOINT_NAME;
	e->name = string_table_add(strings, host.at, host.len);
	return e->name != STRING_NONE || config_fault(fault, FAULT_STRINGS, host);
}

static bool bracketed_parse(struct endpoint *e, struct word host, struct string_table *strings,
	struct config_fault *fault)
{
	struct word brackets = {host.at - 1, host.len + 2};

	e->host = ENDPOINT_IP;
	if (host.len > 0 && memchr(host.at, ':', host.len) != NULL &&
		ip_parse(host.at, host.len, &e->ip))
		return true;
	if (host.len == 0 || memchr(host.at, '%', host.len) == NULL)
		return config_fault(fault, FAULT_NOT_IPV6, brackets);
	if (!is_zoned(host))
		return config_fault(fault, FAULT_ZONE, host);
	return name_set(e, host, strings, fault);
}

static bool plain_parse(struct endpoint *e, struct word host, struct string_table *strings,
	struct config_fault *fault)
{
	if (host.len == 1 && host.at[0] == '*') {
		e->host = ENDPOINT_ANY;
		return true;
	}
	e->host = ENDPOINT_IP;
	if (ip_parse(host.at, host.len, &e->ip))
		return true;
	if (!endpoint_is_name(host.at, host.len))
		return config_fault(fault, FAULT_NAME, host);
	return name_set(e, host, strings, fault);
}

static bool host_parse(struct endpoint *e, const struct parts *parts, struct string_table *strings,
	struct config_fault *fault)
{
	return parts->bracketed ? bracketed_parse(e, parts->host, strings, fault)
				: plain_parse(e, parts->host, strings, fault);
}

bool endpoint_parse(const char *text, size_t len, uint16_t default_port,
	struct string_table *strings, struct endpoint *endpoint, struct config_fault *fault)
{
	struct endpoint e = {.scheme = ENDPOINT_TCP};
	struct word all = {text, len}, rest = all;
	struct parts parts;

	if (!scheme_take(&rest, fault) || !options_check(rest, fault))
		return false;
	if (rest.len == 0)
		return config_fault(fault, FAULT_NO_HOST, all);
	if (!split(rest, &parts, fault))
		return false;
	if (parts.port.len == 0 && default_port == 0)
		return config_fault(fault, FAULT_NO_PORT, all);
	if (!port_parse(parts.port, default_port, &e.port, fault))
		return false;
	if (!host_parse(&e, &parts, strings, fault))
		return false;
	*endpoint = e;
	return true;
}

void text_endpoint(
	struct text *t, const struct endpoint *endpoint, const struct string_table *strings)
{
	const char *name = string_table_at(strings, endpoint->name);
	bool zoned = strchr(name, ':') != NULL;

	text_str(t, "tcp://");
	switch ((enum endpoint_host)endpoint->host) {
	case ENDPOINT_ANY:
		text_char(t, '*');
		break;
	case ENDPOINT_IP:
		text_address(t, &(struct address){.ip = endpoint->ip, .port = endpoint->port});
		return;
	case ENDPOINT_NAME:
		text_str(t, zoned ? "[" : "");
		text_str(t, name);
		text_str(t, zoned ? "]" : "");
		break;
	}
	text_char(t, ':');
	text_num(t, endpoint->port);
}

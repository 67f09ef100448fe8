/*
 * Endpoints: scheme://host:port?option=value. See endpoint.h.
 */
#include "config/endpoint.h"

#include <string.h>

#include "config/near.h"
#include "protocol/starttls.h"

#define NAME_MAX_LEN 253 /* of a name without its last dot (RFC 1035, section 2.3.4) */
#define LABEL_MAX_LEN 63
#define SHORT_SCHEME 4
#define ZONE_MAX_LEN 15 /* the longest name of an interface */

static const char schemes[ENDPOINT_SCHEMES][14] = {
	[ENDPOINT_TCP] = "tcp",
	[ENDPOINT_UDP] = "udp",
	[ENDPOINT_TLS] = "tls",
	[ENDPOINT_SMTP_STARTTLS] = "smtp+starttls",
	[ENDPOINT_IMAP_STARTTLS] = "imap+starttls",
	[ENDPOINT_POP3_STARTTLS] = "pop3+starttls",
	[ENDPOINT_NNTP_STARTTLS] = "nntp+starttls",
	[ENDPOINT_SOCKS4] = "socks4",
	[ENDPOINT_SOCKS4A] = "socks4a",
	[ENDPOINT_SOCKS4_TLS] = "socks4+tls",
	[ENDPOINT_SOCKS4A_TLS] = "socks4a+tls",
};

/* An endpoint while it is taken apart. */
struct parts {
	struct word scheme; /* "tcp" where none is written */
	struct word host;
	struct word port;    /* with the ':' in front of it; empty: none is written */
	struct word options; /* with the '?'; empty: none are written */
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

/* "smtp" of "smtp+starttls". */
static struct word starttls_word(uint8_t protocol)
{
	const char *scheme = schemes[ENDPOINT_SMTP_STARTTLS + protocol];

	return (struct word){scheme, (size_t)(strchr(scheme, '+') - scheme)};
}

void text_starttls(struct text *t, uint8_t protocol)
{
	struct word word = starttls_word(protocol);

	text_octets(t, word.at, word.len);
}

bool endpoint_starttls_named(struct word word, uint8_t *protocol)
{
	for (uint8_t i = 0; i < STARTTLS_PROTOCOLS; i++) {
		struct word is = starttls_word(i);

		if (word.len == is.len && memcmp(word.at, is.at, is.len) == 0) {
			*protocol = i;
			return true;
		}
	}
	return false;
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

static bool scheme_find(struct word word, uint8_t *scheme)
{
	for (uint8_t i = 0; i < ENDPOINT_SCHEMES; i++) {
		if (is_scheme(word, schemes[i])) {
			*scheme = i;
			return true;
		}
	}
	*scheme = ENDPOINT_TLS;
	return is_scheme(word, "ssl");
}

/* hint: what is offered instead, where the kind has it. */
static bool scheme_fault(struct config_fault *fault, enum config_fault_kind kind,
	struct word scheme, const char *hint)
{
	config_fault(fault, kind, scheme);
	fault->hint = hint;
	return false;
}

/* A scheme that is none of ours: what would be right is what the line has a use for. */
static bool scheme_refuse(
	struct word scheme, const struct endpoint_use *use, struct config_fault *fault)
{
	struct config_near near;

	if (is_scheme(scheme, "sslv2"))
		return config_fault(fault, FAULT_SSLV2, scheme);
	if (is_scheme(scheme, "sslv3"))
		return config_fault(fault, FAULT_SSLV3, scheme);
	if (is_scheme(scheme, "socks5") || is_scheme(scheme, "socks5+tls"))
		return config_fault(fault, FAULT_SOCKS5, scheme);
	config_near_init(&near, scheme);
	for (unsigned i = 0; i < ENDPOINT_SCHEMES; i++)
		config_near_try(&near, schemes[i]);
	/* Two octets away from a short one is nearly everything. */
	if (near.distance > (scheme.len > SHORT_SCHEME ? 2 : 1))
		return config_fault(fault, (enum config_fault_kind)use->fault, scheme);
	return scheme_fault(fault, FAULT_SCHEME_NEAR, scheme, near.name);
}

/* where: the scheme, or all of an endpoint in which none is written. */
static bool scheme_check(const struct endpoint *e, const struct endpoint_use *use,
	struct word where, struct config_fault *fault)
{
	if ((use->schemes & 1u << e->scheme) == 0)
		return config_fault(fault, (enum config_fault_kind)use->fault, where);
	if (e->scheme == ENDPOINT_UDP && CONFIG_ANKLET_ASSOCIATIONS == 0)
		return scheme_fault(
			fault, FAULT_SCHEME_ABSENT, where, "CONFIG_ANKLET_ASSOCIATIONS above 0");
	if (endpoint_has_tls(e) && (!ANKLET_HAS_TLS || !use->tls))
		return scheme_fault(fault, FAULT_SCHEME_ABSENT, where, "Mbed TLS");
	return true;
}

/* The options go first: a "://" in one of them begins no scheme. */
static void options_take(struct word *rest, struct word *options)
{
	const char *mark = memchr(rest->at, '?', rest->len);
	const char *end = rest->at + rest->len;

	if (mark == NULL)
		mark = end;
	rest->len = (size_t)(mark - rest->at);
	*options = (struct word){mark, (size_t)(end - mark)};
}

/* Takes "scheme://" from the front of *rest, where there is one. */
static bool scheme_take(struct endpoint *e, struct word *rest, struct word *scheme,
	const struct endpoint_use *use, struct config_fault *fault)
{
	for (size_t i = 0; i + 3 <= rest->len; i++) {
		if (memcmp(rest->at + i, "://", 3) != 0)
			continue;
		if (i == 0)
			return config_fault(fault, FAULT_ENDPOINT, *rest);
		*scheme = (struct word){rest->at, i};
		if (!scheme_find(*scheme, &e->scheme))
			return scheme_refuse(*scheme, use, fault);
		rest->at += i + 3;
		rest->len -= i + 3;
		return scheme_check(e, use, *scheme, fault);
	}
	*scheme = (struct word){schemes[ENDPOINT_TCP], strlen(schemes[ENDPOINT_TCP])};
	return scheme_check(e, use, *rest, fault);
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
	parts->bracketed = rest.at[0] == '[';
	return parts->bracketed ? bracketed_split(rest, parts, fault)
				: plain_split(rest, parts, fault);
}

static bool port_parse(struct word port, const struct endpoint_use *use, uint16_t *number,
	struct config_fault *fault)
{
	struct word digits = {port.at + 1, port.len - 1};
	uint32_t n;

	if (port.len == 0) {
		*number = use->default_port;
		return true;
	}
	if (digits.len == 0)
		return config_fault(
			fault, use->default_port > 0 ? FAULT_NO_PORT : FAULT_PORT_ABSENT, port);
	if (!number_parse(digits.at, digits.len, UINT16_MAX, &n) || (n == 0 && !use->listens))
		return config_fault(
			fault, use->listens ? FAULT_PORT : FAULT_PORT_TO_CONNECT, digits);
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
	if (!CONFIG_ANKLET_NAMES)
		return config_fault(fault, FAULT_NAME_ABSENT, host);
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

static bool options_parse(struct endpoint *e, const struct parts *parts, bool listens,
	struct word all, struct string_table *strings, struct config_fault *fault)
{
	struct tls_reading r = {.strings = strings, .fault = fault};

	if (!ANKLET_HAS_TLS || !endpoint_has_tls(e)) {
		if (parts->options.len == 0)
			return true;
		config_fault(fault, FAULT_OPTIONS, parts->options);
		fault->subject = parts->scheme;
		return false;
	}
	if (!tls_options_read(&r, parts->options))
		return false;
	e->tls = r.options;
	return listens ? tls_options_check_server(&r, all) : tls_options_check_client(&r);
}

bool endpoint_parse(const char *text, size_t len, const struct endpoint_use *use,
	struct string_table *strings, struct endpoint *endpoint, struct config_fault *fault)
{
	struct endpoint e = {.scheme = ENDPOINT_TCP};
	struct word all = {text, len}, rest = all;
	struct parts parts = {0};

	options_take(&rest, &parts.options);
	if (rest.len == 0)
		return config_fault(fault, FAULT_NO_HOST, all);
	if (!scheme_take(&e, &rest, &parts.scheme, use, fault))
		return false;
	if (rest.len == 0)
		return config_fault(fault, FAULT_NO_HOST, all);
	if (!split(rest, &parts, fault))
		return false;
	if (parts.port.len == 0 && use->default_port == 0)
		return config_fault(fault, FAULT_PORT_ABSENT, all);
	if (!port_parse(parts.port, use, &e.port, fault) || !host_parse(&e, &parts, strings, fault))
		return false;
	if (e.host == ENDPOINT_ANY && !use->listens)
		return config_fault(fault, FAULT_ANY_TARGET, parts.host);
	if (!options_parse(&e, &parts, use->listens, all, strings, fault))
		return false;
	*endpoint = e;
	return true;
}

static void text_host(struct text *t, const struct endpoint *e, const struct string_table *strings)
{
	const char *name = string_table_at(strings, e->name);
	bool zoned = strchr(name, ':') != NULL;

	switch ((enum endpoint_host)e->host) {
	case ENDPOINT_ANY:
		text_char(t, '*');
		break;
	case ENDPOINT_IP:
		text_address(t, &(struct address){.ip = e->ip, .port = e->port});
		return;
	case ENDPOINT_NAME:
		text_str(t, zoned ? "[" : "");
		text_str(t, name);
		text_str(t, zoned ? "]" : "");
		break;
	}
	text_char(t, ':');
	text_num(t, e->port);
}

void text_endpoint(
	struct text *t, const struct endpoint *endpoint, const struct string_table *strings)
{
	text_str(t, schemes[endpoint->scheme]);
	text_str(t, "://");
	text_host(t, endpoint, strings);
	if (ANKLET_HAS_TLS)
		text_tls_options(t, &endpoint->tls, strings, '?', '&');
}

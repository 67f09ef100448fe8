/*
 * Endpoints: scheme://host:port?option=value. See endpoint.h.
 */
#include "config/endpoint.h"

#include <string.h>

#include "config/clause.h"
#include "config/config.h"
#include "config/value.h"

static const char schemes[][14] = {
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
	[ENDPOINT_SCHEMES] = "ssl",
	"sslv2",
	"sslv3",
};

/* Sets of schemes. */
enum {
	ARE_TLS = 1 << ENDPOINT_TLS | 1 << ENDPOINT_SMTP_STARTTLS | 1 << ENDPOINT_IMAP_STARTTLS |
		  1 << ENDPOINT_POP3_STARTTLS | 1 << ENDPOINT_NNTP_STARTTLS |
		  1 << ENDPOINT_SOCKS4_TLS | 1 << ENDPOINT_SOCKS4A_TLS,
	ARE_LISTEN = 1 << ENDPOINT_TCP | 1 << ENDPOINT_TLS,
	ARE_FORWARD = ARE_LISTEN | 1 << ENDPOINT_UDP,
	ARE_HOP = 1 << ENDPOINT_SOCKS4 | 1 << ENDPOINT_SOCKS4A | 1 << ENDPOINT_SOCKS4_TLS |
		  1 << ENDPOINT_SOCKS4A_TLS,
	ARE_TARGET = (ARE_FORWARD | ARE_TLS) & ~ARE_HOP,
};

bool endpoint_has_tls(const struct endpoint *endpoint)
{
	return (ARE_TLS >> endpoint->scheme & 1) != 0;
}

bool endpoint_is_hop(const struct endpoint *endpoint)
{
	return (ARE_HOP >> endpoint->scheme & 1) != 0;
}

bool endpoint_starttls(const struct endpoint *endpoint, uint8_t *protocol)
{
	*protocol = (uint8_t)(endpoint->scheme - ENDPOINT_SMTP_STARTTLS);
	return *protocol <= ENDPOINT_NNTP_STARTTLS - ENDPOINT_SMTP_STARTTLS;
}

static unsigned schemes_of(int type)
{
	return type == VALUE_LISTEN    ? ARE_LISTEN
	       : type == VALUE_FORWARD ? ARE_FORWARD
	       : type == VALUE_HOP     ? ARE_HOP
				       : ARE_TARGET;
}

/* A scheme that is written; RFC 3986, section 3.1: it is the same in either case. */
static bool scheme_find(struct reading *r, int type, struct word word, uint8_t *scheme)
{
	char lower[sizeof schemes[0]];
	struct names names = {schemes[0], sizeof schemes[0], sizeof schemes / sizeof schemes[0],
		schemes_of(type)};
	struct word key = {lower, word.len < sizeof lower ? word.len : 0};
	int found;

	for (size_t i = 0; i < key.len; i++)
		lower[i] = (char)(word.at[i] >= 'A' && word.at[i] <= 'Z' ? word.at[i] | 0x20
									 : word.at[i]);
	found = names_find(&names, key);
	if (found == ENDPOINT_SCHEMES)
		found = ENDPOINT_TLS;
	if (found >= 0 && found < ENDPOINT_SCHEMES) {
		*scheme = (uint8_t)found;
		return true;
	}
	error_set(r, found < 0 ? ERROR_INVALID : ERROR_PROHIBITED, word, type);
	/* Two bytes away from a short one is nearly everything; and SOCKS5 is not meant to be SOCKS4. */
	if (found < 0 && (key.len < 6 || memcmp(lower, "socks5", 6) != 0))
		r->error.suggestion = names_nearest(&names, word, word.len > 4 ? 2 : 1);
	return false;
}

/* Takes "scheme://" off the word, where there is one, and makes sure that it makes sense. */
static bool scheme_take(struct reading *r, int type, struct word *word, struct endpoint *e)
{
	struct word scheme = *word;
	int setting;

	for (size_t i = 0; i + 3 <= word->len; i++) {
		if (memcmp(word->at + i, "://", 3) != 0)
			continue;
		if (i == 0)
			return error_set(r, ERROR_INVALID, *word, type);
		scheme.len = i;
		word->at += i + 3;
		word->len -= i + 3;
		if (!scheme_find(r, type, scheme, &e->scheme))
			return false;
		break;
	}
	if ((schemes_of(type) >> e->scheme & 1) == 0)
		return error_set(r, ERROR_INVALID, scheme, type);
	setting = e->scheme == ENDPOINT_UDP ? SETTING_ASSOCIATIONS
		  : endpoint_has_tls(e)     ? SETTING_TLS_STREAMS
					    : SETTING_NONE;
	return setting_is_built(r->tls, setting) ||
	       error_setting(r, ERROR_DISABLED, scheme, setting, 0);
}

/* What follows the host. all: the endpoint as it is written. */
static bool options_take(
	struct reading *r, int type, struct word all, struct word options, struct endpoint *e)
{
	struct reading inner = *r;
	bool listens = type == VALUE_LISTEN || type == VALUE_FORWARD;

	if (!ANKLET_HAS_TLS || !endpoint_has_tls(e))
		return options.len == 0 ||
		       error_set(r, ERROR_UNEXPECTED, options, VALUE_NO_OPTIONS);
	inner.next = options.at;
	inner.end = options.at + options.len;
	inner.options = true;
	if (!clause_read(&inner, listens ? CLAUSE_SERVER : CLAUSE_CLIENT, &e->tls)) {
		r->error = inner.error;
		return false;
	}
	return !listens || e->tls.cert != STRING_NONE || e->tls.psk != STRING_NONE ||
	       error_set(r, ERROR_MISSING, all, VALUE_CERT);
}

bool endpoint_read(struct reading *r, int type, struct word word, struct endpoint *endpoint)
{
	bool listens = type == VALUE_LISTEN || type == VALUE_FORWARD;
	const char *mark = memchr(word.at, '?', word.len);
	struct word all = word, options = {word.at + word.len, 0};
	struct pattern host = {
		.kind = PATTERN_PREFIX, .prefix.ip = ip_v4(127, 0, 0, 1), .ports_count = 1};

	*endpoint = (struct endpoint){.scheme = ENDPOINT_TCP};
	/* The options go first: a "://" in one of them begins no scheme. */
	if (mark != NULL) {
		options = (struct word){mark, (size_t)(options.at - mark)};
		word.len -= options.len;
	}
	if (!scheme_take(r, type, &word, endpoint))
		return false;
	if (word.len == 0)
		return error_set(r, ERROR_MISSING, all, VALUE_HOST);
	/* Nothing but a port is one of this host's, and for itself alone. */
	if (!(listens && count_read(word, UINT16_MAX, &host.ports[0].low)) &&
		!host_read(r, type, word, &host))
		return false;
	if (host.ports_count == 0 && (type == VALUE_FORWARD || type == VALUE_TARGET))
		return error_missing(r, word, VALUE_PORT);
	if (host.kind == PATTERN_ANY && !listens)
		return error_set(r, ERROR_INVALID, word, VALUE_HOST);
	endpoint->host = host.kind;
	endpoint->ip = host.prefix.ip;
	endpoint->name = host.name;
	endpoint->port = host.ports_count > 0 ? host.ports[0].low : CONFIG_DEFAULT_PORT;
	return options_take(r, type, all, options, endpoint);
}

_Static_assert((int)ENDPOINT_ANY == (int)PATTERN_ANY && (int)ENDPOINT_IP == (int)PATTERN_PREFIX &&
		       (int)ENDPOINT_NAME == (int)PATTERN_NAME,
	"a host is the same in an endpoint and in a pattern");

static bool is_unspecified(const struct ip *ip)
{
	return ip_class(ip) == IP_UNSPECIFIED;
}

bool endpoints_conflict(const struct endpoint *a, const struct endpoint *b)
{
	if (a->port != b->port || a->port == 0 ||
		(a->scheme == ENDPOINT_UDP) != (b->scheme == ENDPOINT_UDP))
		return false;
	if (a->host == ENDPOINT_ANY || b->host == ENDPOINT_ANY)
		return true;
	if (a->host != b->host)
		return false;
	if (a->host == ENDPOINT_NAME)
		return a->name == b->name;
	return ip_equal(&a->ip, &b->ip) ||
	       (ip_is_v4(&a->ip) == ip_is_v4(&b->ip) &&
		       (is_unspecified(&a->ip) || is_unspecified(&b->ip)));
}

bool text_endpoint(
	struct text *t, const struct endpoint *endpoint, const struct string_table *strings)
{
	const char *name = string_table_at(strings, endpoint->name);
	bool zoned = strchr(name, ':') != NULL;

	text_str(t, schemes[endpoint->scheme]);
	text_str(t, "://");
	if (endpoint->host == ENDPOINT_IP) {
		text_address(t, &(struct address){.ip = endpoint->ip, .port = endpoint->port});
	} else {
		text_str(t, zoned ? "[" : "");
		text_str(t, endpoint->host == ENDPOINT_ANY ? "*" : name);
		text_str(t, zoned ? "]:" : ":");
		text_num(t, endpoint->port);
	}
	if (ANKLET_HAS_TLS)
		text_clause(t, CLAUSE_CLIENT, NULL, &endpoint->tls, strings, '?', '&');
	return endpoint->scheme != ENDPOINT_TCP;
}

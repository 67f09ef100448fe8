/*
 * Values of the configuration: how each type is read and printed. See value.h.
 */
#include "config/value.h"

#include <string.h>

#include "config/keywords.h"
#include "config/config.h"

#define SPIN_MAX_US 1000 /* longer ones would only burn the processor */
#define VALUE_MAX 255    /* bytes of a string, once decoded */
#define DNS_PORT 53

/* ---- Numbers ---- */

static bool spin_read(struct word word, uint16_t *us)
{
	uint32_t n = 0;
	bool unit = word.len > 2 && memcmp(word.at + word.len - 2, "us", 2) == 0;
	bool right = number_parse(word.at, word.len - (unit ? 2 : 0), SPIN_MAX_US, &n);

	*us = (uint16_t)n;
	return right && (unit || n == 0);
}

/* ---- Strings ---- */

/* Are there any that are percent-encoded? They belong to TLS, and to the passwords of next hops. */
#define HAS_ENCODED (ANKLET_HAS_TLS || ANKLET_HAS_HOP_PASSWORDS)

bool string_read(struct reading *r, struct word word, uint16_t *string)
{
	*string = string_table_add(r->strings, word);
	if (*string != STRING_NONE)
		return true;
	r->number = CONFIG_ANKLET_CONFIG_TEXT;
	return error_set(r, ERROR_FULL, word, SETTING_CONFIG_TEXT);
}

/* Reads the two digits of "\xHH" or "%HH"; 0: it is no byte, or none that may be in a string. */
static char hex_read(const char **at, const char *end)
{
	int high = end - *at < 2 ? -1 : text_hex_value((*at)[0]);
	int low = high < 0 ? -1 : text_hex_value((*at)[1]);

	*at += 2;
	return (char)(low < 0 ? 0 : high << 4 | low);
}

/*
 * A USERID, plain or in quotes: any bytes but NUL. Anything else is percent-encoded where need be (RFC 3986,
 * section 2.1): any bytes but controls.
 */
static bool text_read(struct reading *r, int type, struct word word, uint16_t *string)
{
	bool userid = !HAS_ENCODED || type == VALUE_USERID, quoted = userid && word.at[0] == '"';
	const char *at = word.at + quoted, *end = word.at + word.len;
	char text[VALUE_MAX];
	struct word decoded = {text, 0}, rest;
	struct ip ip;

	while (at < end && !(quoted && *at == '"')) {
		const char *start = at;
		char c = *at++;

		if (quoted && c == '\\' && at < end && (*at == '"' || *at == '\\'))
			c = *at++;
		else if (quoted && c == '\\')
			c = at < end && *at++ == 'x' ? hex_read(&at, end) : '\0';
		else if (!userid && c == '%')
			c = hex_read(&at, end);
		if (c == '\0' || (!userid && ((unsigned char)c < 0x20 || c == 0x7f)))
			return error_set(r, ERROR_INVALID,
				(struct word){start, (size_t)((at < end ? at : end) - start)},
				type);
		r->number = userid ? CONFIG_ANKLET_USERID_MAX : VALUE_MAX;
		if (decoded.len == r->number)
			return error_set(r, ERROR_LONG, word, VALUE_NONE);
		text[decoded.len++] = c;
	}
	if (quoted && at + 1 != end) /* not closed, or not at the end */
		return false;
	if (ANKLET_HAS_TLS && type == VALUE_HOST && !ip_parse(text, decoded.len, &ip) &&
		!word_is_name(decoded))
		return false;
	/* Protocols have at least one byte (RFC 7301, section 3.1). */
	for (rest = decoded; ANKLET_HAS_TLS && type == VALUE_ALPN && rest.at != NULL;)
		if (word_split(&rest, ',').len == 0)
			return false;
	return decoded.len > 0 && string_read(r, decoded, string);
}

/* In the form of its type. What may stand in a query (RFC 3986, section 3.4) does so, '&' aside, which separates. */
static bool text_string(struct text *t, int type, const char *string)
{
	bool given = *string != '\0';

	if (type == VALUE_USERID) {
		text_char(t, '"');
		text_escaped(t, string, strlen(string));
		text_char(t, '"');
		return given;
	}
	for (; *string != '\0'; string++) {
		unsigned char c = (unsigned char)*string;
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool plain = !HAS_ENCODED || type == VALUE_USER || letter ||
			     strchr("0123456789-_.~!$'()*+,;=:@/?", c) != NULL;

		text_char(t, plain ? *string : '%');
		if (!plain) {
			text_char(t, "0123456789ABCDEF"[c >> 4]);
			text_char(t, "0123456789ABCDEF"[c & 15]);
		}
	}
	return given;
}

/* One host's address, that a socket can have or connect to without naming an interface: a server's, or one's own. */
static bool address_read(struct reading *r, int type, struct word word, void *at)
{
	bool server = CONFIG_ANKLET_NAMES && type == VALUE_SERVER;
	struct pattern host = {.kind = PATTERN_PREFIX};
	struct ip *ip = &host.prefix.ip, *sources = at;
	struct address *address = at;
	enum ip_class class;

	if (!(server ? host_read(r, type, word, &host) : ip_parse(word.at, word.len, ip)))
		return false;
	class = ip_class(ip);
	if (host.kind != PATTERN_PREFIX || class == IP_UNSPECIFIED ||
		class > (ip_is_v4(ip) ? IP_LINK_LOCAL : IP_PRIVATE))
		return false;
	if (!server) {
		sources[ip_is_v4(ip) ? 0 : 1] = *ip; /* one of each family */
		return true;
	}
	address->ip = *ip;
	address->port = host.ports_count > 0 ? host.ports[0].low : DNS_PORT;
	return true;
}

/* The name that stands for a byte. */
static bool text_choice(struct text *t, int type, uint8_t value)
{
	unsigned i = WORDS;

	while (i < NAMES && ((name_rows[i].types >> type & 1) == 0 || name_rows[i].value != value))
		i++;
	text_str(t, i < NAMES ? name_text(i) : "");
	return i < NAMES;
}

/* One for each side, both of datagrams or neither. */
static bool forward_read(struct reading *r, struct word listen, struct forward *f)
{
	struct word target = word_take(r);

	if (!endpoint_read(r, VALUE_FORWARD, listen, &f->listen))
		return false;
	if (target.at == NULL)
		return error_set(r, ERROR_MISSING, listen, VALUE_TARGET);
	return endpoint_read(r, VALUE_TARGET, target, &f->target) &&
	       ((f->listen.scheme == ENDPOINT_UDP) == (f->target.scheme == ENDPOINT_UDP) ||
		       error_set(r, ERROR_UNEXPECTED, target, VALUE_UDP));
}

/* ---- Where the status is shown ---- */

static bool from_read(
	struct reading *r, struct word from, struct word network, struct ip_prefix *prefix)
{
	if (network.at == NULL)
		return error_set(r, ERROR_MISSING, from, VALUE_STATUS_FROM);
	return ip_prefix_parse(network.at, network.len, prefix) ||
	       error_set(r, ERROR_INVALID, network, VALUE_STATUS_FROM);
}

/* Without a port, or with another scheme, it is invalid. */
static bool status_read(struct reading *r, struct word where, struct status_endpoint *status)
{
	struct word word;

	*status = (struct status_endpoint){0};
	if (!endpoint_read(r, VALUE_FORWARD, where, &status->at)) {
		if (r->error.about == VALUE_FORWARD)
			r->error.about = (uint8_t)VALUE_STATUS;
		return false;
	}
	if (status->at.scheme != ENDPOINT_TCP)
		return error_set(r, ERROR_INVALID, where, VALUE_STATUS);
	while ((word = word_take(r)).at != NULL) {
		bool from = word_is(word, "from");

		if (from ? status->anywhere : word_is(word, "sessions") && status->sessions)
			return error_set(r, ERROR_TWICE, word, VALUE_NONE);
		if (!from && !word_is(word, "sessions"))
			return error_set(r, ERROR_UNEXPECTED, word, VALUE_STATUS);
		if (from && !from_read(r, word, word_take(r), &status->from))
			return false;
		status->anywhere = status->anywhere || from;
		status->sessions = status->sessions || !from;
	}
	return true;
}

static bool text_status(
	struct text *t, const struct status_endpoint *status, const struct string_table *strings)
{
	text_endpoint(t, &status->at, strings);
	text_str(t, status->sessions ? " sessions" : "");
	if (status->anywhere) {
		text_str(t, " from ");
		text_ip_prefix(t, &status->from);
	}
	return status->at.scheme == ENDPOINT_TCP;
}

const char *status_note(const struct status_endpoint *status)
{
	const struct endpoint *at = &status->at;

	if (status->anywhere && status->sessions && status->from.bits <= IP_V4_BITS &&
		ip_class(&status->from.ip) == IP_UNSPECIFIED)
		return "# the next line shows to whoever gets there who is connected to what";
	if (at->scheme == ENDPOINT_TCP && !status->anywhere && at->host != ENDPOINT_NAME &&
		ip_class(&at->ip) != IP_LOOPBACK)
		return "# the next line answers loopback alone, for it has no 'from'";
	return "";
}

/* ---- Any of them ---- */

static bool type_read(struct reading *r, int type, struct word word, void *at)
{
	struct port_range *ports = at;
	int name;

	if ((type == VALUE_SOURCE || type == VALUE_NETWORK) && ip_is_disabled(word))
		return error_set(r, ERROR_DISABLED, word, SETTING_IPV6);
	if (ANKLET_HAS_RATES && type_is_rate(type))
		return rate_value_read(type, word, at);
	if (CONFIG_ANKLET_STATUS && type == VALUE_STATUS)
		return status_read(r, word, at);
	switch (type) {
	case VALUE_TIME:
	case VALUE_TIME_OR_0:
		return time_read(word, type == VALUE_TIME_OR_0, at);
	case VALUE_SPIN:
		return CONFIG_ANKLET_FAST && spin_read(word, at);
	case VALUE_COUNT:
		return count_read(word, r->number, at);
	case VALUE_PORTS:
		*ports = (struct port_range){0};
		return word_is(word, "any") || range_read(word, 1, ports);
	case VALUE_IPV4:
		return ip_parse(word.at, word.len, at) && ip_is_v4(at);
	case VALUE_SOURCE:
	case VALUE_SERVER:
		return address_read(r, type, word, at);
	case VALUE_LEVEL:
	case VALUE_STARTTLS:
	case VALUE_VERSION:
		name = name_read(r, ERROR_INVALID, type, word);
		if (name >= 0)
			*(uint8_t *)at = name_rows[name].value;
		return name >= 0;
	case VALUE_NETWORK:
		return ip_prefix_parse(word.at, word.len, at);
	case VALUE_PATTERN:
		return host_read(r, type, word, at);
	case VALUE_USER:
		return memchr(word.at, '"', word.len) == NULL && string_read(r, word, at);
	case VALUE_LISTEN:
	case VALUE_HOP:
		return endpoint_read(r, type, word, at);
	case VALUE_FORWARD:
		return ANKLET_HAS_FORWARDS && forward_read(r, word, at);
	default:
		return text_read(r, type, word, at);
	}
}

bool value_read(struct reading *r, int type, struct word subject, struct word word, void *at)
{
	if (type <= VALUE_ROUTE)
		return clause_read(r, type, subject, word, at);
	if (word.at == NULL)
		return error_set(r, ERROR_MISSING, subject, type);
	if (type_read(r, type, word, at))
		return true;
	return r->error.kind == ERROR_NONE && error_set(r, ERROR_INVALID, word, type);
}

static bool text_rates(struct text *t, int type, const void *at, const struct string_table *strings)
{
	if (type_is_rate_line(type))
		text_clause(t, type, at, strings);
	return text_rate_value(t, type, at);
}

bool text_value(struct text *t, int type, const void *at, const struct string_table *strings)
{
	const uint16_t *number = at;
	const struct pattern *pattern = at;
	const struct forward *forward = at;

	if (ANKLET_HAS_RATES && type_is_rate(type))
		return text_rates(t, type, at, strings);
	if (CONFIG_ANKLET_STATUS && type == VALUE_STATUS)
		return text_status(t, at, strings);
	switch (type) {
	case VALUE_ALLOW:
	case VALUE_DENY:
	case VALUE_ROUTE:
		text_clause(t, type, at, strings);
		return true;
	case VALUE_TIME:
	case VALUE_TIME_OR_0:
		text_time(t, *(const uint32_t *)at);
		return true;
	case VALUE_SPIN:
		text_num(t, *number);
		text_str(t, "us");
		return *number > 0;
	case VALUE_COUNT:
		text_num(t, *number);
		return true;
	case VALUE_PORTS:
		text_range(t, at);
		return ((const struct port_range *)at)->high > 0;
	case VALUE_IPV4:
	case VALUE_SOURCE:
		text_ip(t, at);
		return !ip_is_zero(at);
	case VALUE_SERVER:
		text_address(t, at);
		return true;
	case VALUE_LEVEL:
	case VALUE_STARTTLS:
	case VALUE_VERSION:
		return text_choice(t, type, *(const uint8_t *)at);
	case VALUE_NETWORK:
		text_ip_prefix(t, at);
		return ((const struct ip_prefix *)at)->bits > 0;
	case VALUE_PATTERN:
		text_pattern(t, pattern, strings);
		return pattern->kind != PATTERN_ANY || pattern->ports_count > 0;
	case VALUE_LISTEN:
	case VALUE_FORWARD:
	case VALUE_HOP:
		text_endpoint(t, at, strings);
		if (ANKLET_HAS_FORWARDS && type == VALUE_FORWARD) {
			text_char(t, ' ');
			text_endpoint(t, &forward->target, strings);
		}
		return type != VALUE_HOP || endpoint_is_hop(at);
	default:
		return text_string(t, type, string_table_at(strings, *number));
	}
}

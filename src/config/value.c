/*
 * Values of the configuration: how each type is read and printed. See value.h.
 */
#include "config/value.h"

#include <string.h>

#include "config/keywords.h"
#include "config/config.h"

#define LIMIT_MAX_MS 1728000000u /* 20 days: below 2^31, for times compare by signed difference */
#define SPIN_MAX_US 1000         /* longer ones would only burn the processor */
#define LIMIT_MIN_MS 10          /* a shorter limit is a slip of the pen */
#define VALUE_MAX 255            /* bytes of a string, once decoded */
#define DNS_PORT 53

bool error_set(struct reading *r, enum error_kind kind, struct word word, int about)
{
	struct word end = {word.at + word.len, 0};

	r->error =
		(struct config_error){.kind = (uint8_t)kind, .about = (uint8_t)about, .word = word};
	r->error.at = kind == ERROR_MISSING ? end : word;
	r->error.number = r->number;
	r->error.tls = r->tls;
	return false;
}

int name_read(struct reading *r, enum error_kind kind, int type, struct word word)
{
	int i = name_find(1u << type, word);

	if (i < 0) {
		error_set(r, kind, word, type);
		if (kind != ERROR_INVALID)
			r->error.suggestion = name_nearest((unsigned)type, r->tls, word);
	} else if (!name_is_built((unsigned)i, r->tls)) {
		word.len = strlen(name_text((unsigned)i));
		error_set(r, ERROR_DISABLED, word, name_rows[i].setting);
		i = -1;
	}
	return i;
}

/* ---- Lines and words ---- */

struct word word_take(struct reading *r)
{
	const char *end = r->rest.at + r->rest.len, *at;
	struct word word, tail;

	if (!word_next(&r->rest, &word) || *word.at == '#') {
		r->rest = (struct word){end, 0};
		return (struct word){NULL, 0};
	}
	if (*word.at == '"') {
		for (at = word.at + 1; at < end && *at != '"'; at++)
			at += *at == '\\' && at + 1 < end;
		r->rest = (struct word){at, (size_t)(end - at)};
		at = word_next(&r->rest, &tail) ? tail.at + tail.len : end;
		word.len = (size_t)(at - word.at);
	}
	return word;
}

bool line_check(struct reading *r, struct word line)
{
	struct word word;

	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') || line.at[i] == 0x7f)
			return error_set(r, ERROR_BYTE, (struct word){line.at + i, 1}, VALUE_ASCII);
	r->rest = line;
	while ((word = word_take(r)).at != NULL)
		for (size_t i = 0; i < word.len && *word.at != '"'; i++)
			if ((unsigned char)word.at[i] >= 0x80)
				return error_set(
					r, ERROR_BYTE, (struct word){word.at + i, 1}, VALUE_ASCII);
	r->rest = line;
	return true;
}

/* ---- Numbers, times, ports ---- */

static const struct {
	uint32_t ms;
	char name[4];
} units[] = {{3600000, "h"}, {60000, "m"}, {60000, "min"}, {1000, "s"}, {1000, ""}, {1, "ms"}};

struct word unit_of(struct word word)
{
	for (; word.len > 0 && *word.at >= '0' && *word.at <= '9'; word.len--)
		word.at++;
	return word;
}

bool time_read(struct word word, bool zero, uint32_t *ms)
{
	struct word unit = unit_of(word);
	uint32_t n;

	if (!number_parse(word.at, word.len - unit.len, UINT32_MAX, &n))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		uint64_t time = (uint64_t)n * units[i].ms;

		*ms = (uint32_t)time;
		if (word_is(unit, units[i].name))
			return time == 0 ? zero : time >= LIMIT_MIN_MS && time <= LIMIT_MAX_MS;
	}
	return false;
}

static bool spin_read(struct word word, uint16_t *us)
{
	uint32_t n = 0;
	bool unit = word.len > 2 && memcmp(word.at + word.len - 2, "us", 2) == 0;
	bool right = number_parse(word.at, word.len - (unit ? 2 : 0), SPIN_MAX_US, &n);

	*us = (uint16_t)n;
	return right && (unit || n == 0);
}

void text_time(struct text *t, uint32_t ms)
{
	unsigned unit = 0;

	while (ms % units[unit].ms != 0)
		unit++;
	text_num(t, ms / units[unit].ms);
	text_str(t, ms > 0 ? units[unit].name : "");
}

bool count_read(struct word word, uint32_t most, uint16_t *count)
{
	uint32_t n = 0;
	bool right = number_parse(word.at, word.len, most, &n);

	*count = (uint16_t)n;
	return right;
}

bool range_read(struct word word, uint32_t least, struct port_range *range)
{
	struct word high = word, low = word_split(&high, '-');

	return count_read(low, UINT16_MAX, &range->low) &&
	       count_read(high.at != NULL ? high : low, UINT16_MAX, &range->high) &&
	       range->low >= least && range->low <= range->high;
}

void text_range(struct text *t, const struct port_range *range)
{
	text_num(t, range->low);
	if (range->high > range->low) {
		text_str_num(t, "-", range->high);
	}
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

static bool type_read(struct reading *r, int type, struct word word, void *at)
{
	struct port_range *ports = at;
	int name;

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

bool text_value(struct text *t, int type, const void *at, const struct string_table *strings)
{
	const uint16_t *number = at;
	const struct pattern *pattern = at;
	const struct forward *forward = at;

	if (ANKLET_HAS_RATES && type_is_rate(type))
		return text_rate_value(t, type, at, strings);
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

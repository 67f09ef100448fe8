/*
 * The configuration: lines of "keyword value" to one struct. See config.h.
 *
 * Each keyword has one reader, which sets its value only when the whole line is
 * right; so a line in error changes nothing, the strings it had added aside,
 * which are taken back here.
 */
#include "config/config.h"

#include <string.h>

#include "config/line.h"
#include "config/near.h"
#include "config/report.h"
#include "config/route.h"
#include "config/rule.h"
#include "config/values.h"
#include "tls/tls.h"

_Static_assert(CONFIG_ANKLET_LISTENERS >= 2, "the default is to listen on 127.0.0.1 and ::1");
_Static_assert(CONFIG_ANKLET_LISTENERS <= UINT8_MAX, "a count of listeners fits an octet");
_Static_assert(CONFIG_ANKLET_FORWARDS <= INT8_MAX, "a listener names its forward in an octet");
_Static_assert(CONFIG_ANKLET_NAME_SERVERS <= UINT8_MAX, "a count of servers fits an octet");
_Static_assert(CONFIG_ANKLET_SESSIONS <= UINT16_MAX, "limit-client fits its field");

/* What is logged where no line says so, of what there is. */
#define DEFAULT_LOG                                           \
	(ANKLET_HAS_LOG(PORT_INFO)             ? PORT_INFO    \
		: ANKLET_HAS_LOG(PORT_WARNING) ? PORT_WARNING \
					       : PORT_ERROR)

enum keyword {
	KEYWORD_LISTEN,
	KEYWORD_ALLOW,
	KEYWORD_DENY,
	KEYWORD_ROUTE,
	KEYWORD_FORWARD,
	KEYWORD_CA,
	KEYWORD_LIMIT_HANDSHAKE,
	KEYWORD_LIMIT_ESTABLISH,
	KEYWORD_LIMIT_IDLE,
	KEYWORD_LIMIT_HALF_CLOSED,
	KEYWORD_LIMIT_DATAGRAMS,
	KEYWORD_LIMIT_CLIENT,
	KEYWORD_BIND_PORTS,
	KEYWORD_BIND_ADDRESS,
	KEYWORD_SOURCE,
	KEYWORD_DNS,
	KEYWORD_LOG,
	KEYWORD_USER,
	KEYWORDS /* how many there are; of a line: none of them */
};

static const char keywords[KEYWORDS][18] = {
	[KEYWORD_LISTEN] = "listen",
	[KEYWORD_ALLOW] = "allow",
	[KEYWORD_DENY] = "deny",
	[KEYWORD_ROUTE] = "route",
	[KEYWORD_FORWARD] = "forward",
	[KEYWORD_CA] = "ca",
	[KEYWORD_LIMIT_HANDSHAKE] = "limit-handshake",
	[KEYWORD_LIMIT_ESTABLISH] = "limit-establish",
	[KEYWORD_LIMIT_IDLE] = "limit-idle",
	[KEYWORD_LIMIT_HALF_CLOSED] = "limit-half-closed",
	[KEYWORD_LIMIT_DATAGRAMS] = "limit-datagrams",
	[KEYWORD_LIMIT_CLIENT] = "limit-client",
	[KEYWORD_BIND_PORTS] = "bind-ports",
	[KEYWORD_BIND_ADDRESS] = "bind-address",
	[KEYWORD_SOURCE] = "source",
	[KEYWORD_DNS] = "dns",
	[KEYWORD_LOG] = "log",
	[KEYWORD_USER] = "user",
};

void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	c->limit_handshake_ms = 30 * 1000;
	c->limit_establish_ms = 120 * 1000;
	c->limit_idle_ms = 15 * 60 * 1000;
	c->limit_half_closed_ms = 120 * 1000;
	c->limit_datagrams_ms = 120 * 1000;
	c->limit_client = (CONFIG_ANKLET_SESSIONS + 1) / 2; /* one client never takes them all */
	c->log = DEFAULT_LOG;
	c->tls = tls_built;
}

bool config_listens_by_default(const struct config *c)
{
	return c->listen_count == 0 && c->forward_count == 0;
}

/* ---- One reader for each keyword ---- */

/* Sockets to listen with: '*' needs one for each family. */
static unsigned listeners(const struct endpoint *endpoint, unsigned count)
{
	unsigned sockets = 0;

	for (unsigned i = 0; i < count; i++)
		sockets += endpoint[i].host == ENDPOINT_ANY ? 2 : 1;
	return sockets;
}

static bool read_endpoint(struct config *c, struct config_line *line, struct word value,
	struct endpoint_use use, struct endpoint *endpoint)
{
	use.tls = c->tls;
	return endpoint_parse(value.at, value.len, &use, &c->strings, endpoint, &line->fault);
}

/* What is accepted can be printed and read again: that line must not become too long. second: or NULL. */
static bool check_length(const struct config *c, struct config_line *line,
	const struct endpoint *first, const struct endpoint *second)
{
	char buf[CONFIG_LINE_MAX + 1];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_octets(&t, line->keyword.at, line->keyword.len);
	text_char(&t, ' ');
	text_endpoint(&t, first, &c->strings);
	if (second != NULL) {
		text_char(&t, ' ');
		text_endpoint(&t, second, &c->strings);
	}
	return !t.cut || config_fault(&line->fault, FAULT_LONG_PRINTED, line->keyword);
}

static bool read_listen(struct config *c, struct config_line *line)
{
	static const struct endpoint_use use = {
		.default_port = CONFIG_DEFAULT_PORT,
		.schemes = 1u << ENDPOINT_TCP | 1u << ENDPOINT_TLS,
		.fault = FAULT_LISTEN_SCHEME,
		.listens = true,
	};
	struct endpoint e;
	struct word value;

	if (!config_line_only(line, FAULT_ENDPOINT, &value) ||
		!read_endpoint(c, line, value, use, &e) || !check_length(c, line, &e, NULL))
		return false;
	if (listeners(c->listen, c->listen_count) + listeners(&e, 1) > CONFIG_ANKLET_LISTENERS)
		return config_fault(&line->fault, FAULT_LISTENERS, value);
	c->listen[c->listen_count++] = e;
	return true;
}

static bool read_rule(struct config *c, struct config_line *line, bool allow)
{
	struct rule rule;

	if (!config_rule(line, allow, &c->strings, &rule))
		return false;
	if (c->rules.count == CONFIG_ANKLET_RULES)
		return config_fault(&line->fault, FAULT_RULES, line->keyword);
	c->rules.rule[c->rules.count++] = rule;
	return true;
}

/* A keyword of what is not built in. */
static bool absent(struct config_line *line, const char *needed)
{
	return config_fault_absent(&line->fault, line->keyword, needed);
}

static bool read_route(struct config *c, struct config_line *line)
{
	struct route route;

	if (CONFIG_ANKLET_ROUTES == 0)
		return absent(line, "CONFIG_ANKLET_ROUTES above 0");
	if (!config_route(line, c->tls, &c->strings, &route))
		return false;
	if (c->routes.count == CONFIG_ANKLET_ROUTES)
		return config_fault(&line->fault, FAULT_ROUTES, line->keyword);
	c->routes.route[c->routes.count++] = route;
	return true;
}

/* One side of a forward. Where it is missing it is missing at 'at'. */
static bool read_side(struct config *c, struct config_line *line, const char *at,
	struct endpoint_use use, struct endpoint *endpoint, struct word *value)
{
	if (!config_line_word(line, value))
		return config_fault_missing(
			&line->fault, (enum config_fault_kind)use.fault, line->keyword, at);
	return read_endpoint(c, line, *value, use, endpoint);
}

static bool read_forward(struct config *c, struct config_line *line)
{
	static const struct endpoint_use
		listen = {.schemes = 1u << ENDPOINT_TCP | 1u << ENDPOINT_TLS | 1u << ENDPOINT_UDP,
			.fault = FAULT_FORWARD_LISTEN_SCHEME,
			.listens = true},
		target = {.schemes = 1u << ENDPOINT_TCP | 1u << ENDPOINT_TLS | 1u << ENDPOINT_UDP |
				     1u << ENDPOINT_SMTP_STARTTLS | 1u << ENDPOINT_IMAP_STARTTLS |
				     1u << ENDPOINT_POP3_STARTTLS | 1u << ENDPOINT_NNTP_STARTTLS,
			.fault = FAULT_FORWARD_TARGET_SCHEME};
	struct forward f = {0};
	struct word from, to;

	if (CONFIG_ANKLET_FORWARDS == 0)
		return absent(line, "CONFIG_ANKLET_FORWARDS above 0");
	if (!read_side(c, line, line->next, listen, &f.listen, &from) ||
		!read_side(c, line, line->next, target, &f.target, &to) || !config_line_end(line))
		return false;
	if ((f.listen.scheme == ENDPOINT_UDP) != (f.target.scheme == ENDPOINT_UDP))
		return config_fault(&line->fault, FAULT_FORWARD_UDP, to);
	if (!check_length(c, line, &f.listen, &f.target))
		return false;
	if (c->forward_count == CONFIG_ANKLET_FORWARDS)
		return config_fault(&line->fault, FAULT_FORWARDS, line->keyword);
	c->forward[c->forward_count++] = f;
	return true;
}

static bool read_ca(struct config *c, struct config_line *line)
{
	struct tls_reading r = {.strings = &c->strings, .fault = &line->fault};
	struct word value;
	uint16_t ca;

	if (!c->tls)
		return absent(line, "Mbed TLS");
	if (!config_line_only(line, FAULT_CA, &value) || !tls_value_read(&r, value, &ca))
		return false;
	c->ca = ca;
	return true;
}

/* zero: the limit may be 0, which is none. */
static bool read_limit(struct config_line *line, bool zero, uint32_t *ms)
{
	struct word value;

	return config_line_only(line, FAULT_TIME, &value) &&
	       config_time(value, zero, ms, &line->fault);
}

static bool read_limit_datagrams(struct config *c, struct config_line *line)
{
	if (CONFIG_ANKLET_ASSOCIATIONS == 0)
		return absent(line, "CONFIG_ANKLET_ASSOCIATIONS above 0");
	return read_limit(line, false, &c->limit_datagrams_ms);
}

static bool read_limit_client(struct config *c, struct config_line *line)
{
	struct word value;
	uint32_t n;

	if (!config_line_only(line, FAULT_LIMIT_CLIENT, &value))
		return false;
	if (!number_parse(value.at, value.len, CONFIG_ANKLET_SESSIONS, &n))
		return config_fault(&line->fault, FAULT_LIMIT_CLIENT, value);
	c->limit_client = (uint16_t)n;
	return true;
}

static bool read_bind_ports(struct config *c, struct config_line *line)
{
	struct word value;

	if (!CONFIG_ANKLET_BIND)
		return absent(line, "CONFIG_ANKLET_BIND");
	return config_line_only(line, FAULT_BIND_PORTS, &value) &&
	       config_bind_ports(value, &c->bind_port_low, &c->bind_port_high, &line->fault);
}

static bool read_bind_address(struct config *c, struct config_line *line)
{
	struct word value;
	struct ip ip;

	if (!CONFIG_ANKLET_BIND)
		return absent(line, "CONFIG_ANKLET_BIND");
	if (!config_line_only(line, FAULT_BIND_ADDRESS, &value))
		return false;
	if (!ip_parse(value.at, value.len, &ip) || !ip_is_v4(&ip))
		return config_fault(&line->fault, FAULT_BIND_ADDRESS, value);
	c->bind_address = ip;
	return true;
}

static bool read_source(struct config *c, struct config_line *line)
{
	struct word value;
	struct ip ip;

	if (!config_line_only(line, FAULT_SOURCE, &value) ||
		!config_source(value, &ip, &line->fault))
		return false;
	*(ip_is_v4(&ip) ? &c->source_v4 : &c->source_v6) = ip;
	return true;
}

static bool read_dns(struct config *c, struct config_line *line)
{
	struct address server;
	struct word value;

	if (!CONFIG_ANKLET_NAMES)
		return absent(line, "CONFIG_ANKLET_NAMES");
	if (!config_line_only(line, FAULT_DNS, &value) || !config_dns(value, &server, &line->fault))
		return false;
	if (c->port.name_servers == CONFIG_ANKLET_NAME_SERVERS)
		return config_fault(&line->fault, FAULT_NAME_SERVERS, value);
	c->port.name_server[c->port.name_servers++] = server;
	return true;
}

static bool read_log(struct config *c, struct config_line *line)
{
	struct word value;

	if (CONFIG_ANKLET_LOG_LEVELS == 0)
		return absent(line, "CONFIG_ANKLET_LOG_LEVELS above 0");
	return config_line_only(line, FAULT_LOG, &value) &&
	       config_level(value, &c->log, &line->fault);
}

static bool read_user(struct config *c, struct config_line *line)
{
	struct word value;
	uint16_t user;

	if (!config_line_only(line, FAULT_USER, &value) || !config_user(value, &line->fault))
		return false;
	user = string_table_add(&c->strings, value.at, value.len);
	if (user == STRING_NONE)
		return config_fault(&line->fault, FAULT_STRINGS, value);
	c->user = user;
	return true;
}

static bool read_values(struct config *c, struct config_line *line, enum keyword keyword)
{
	switch (keyword) {
	case KEYWORD_LISTEN:
		return read_listen(c, line);
	case KEYWORD_ALLOW:
	case KEYWORD_DENY:
		return read_rule(c, line, keyword == KEYWORD_ALLOW);
	case KEYWORD_ROUTE:
		return read_route(c, line);
	case KEYWORD_FORWARD:
		return read_forward(c, line);
	case KEYWORD_CA:
		return read_ca(c, line);
	case KEYWORD_LIMIT_HANDSHAKE:
		return read_limit(line, false, &c->limit_handshake_ms);
	case KEYWORD_LIMIT_ESTABLISH:
		return read_limit(line, false, &c->limit_establish_ms);
	case KEYWORD_LIMIT_IDLE:
		return read_limit(line, true, &c->limit_idle_ms);
	case KEYWORD_LIMIT_HALF_CLOSED:
		return read_limit(line, true, &c->limit_half_closed_ms);
	case KEYWORD_LIMIT_DATAGRAMS:
		return read_limit_datagrams(c, line);
	case KEYWORD_LIMIT_CLIENT:
		return read_limit_client(c, line);
	case KEYWORD_BIND_PORTS:
		return read_bind_ports(c, line);
	case KEYWORD_BIND_ADDRESS:
		return read_bind_address(c, line);
	case KEYWORD_SOURCE:
		return read_source(c, line);
	case KEYWORD_DNS:
		return read_dns(c, line);
	case KEYWORD_LOG:
		return read_log(c, line);
	case KEYWORD_USER:
		return read_user(c, line);
	case KEYWORDS:
		break;
	}
	return false;
}

const char *config_keyword(unsigned i)
{
	return i < KEYWORDS ? keywords[i] : NULL;
}

/* ---- Lines ---- */

/* The line's keyword, or KEYWORDS: line->fault says what is wrong with it. */
static enum keyword keyword_find(struct config_line *line)
{
	struct config_near near;

	config_near_init(&near, line->keyword);
	for (unsigned i = 0; i < KEYWORDS; i++) {
		if (word_is(line->keyword, keywords[i]))
			return (enum keyword)i;
		config_near_try(&near, keywords[i]);
	}
	config_fault(&line->fault, near.name ? FAULT_KEYWORD_NEAR : FAULT_KEYWORD, line->keyword);
	line->fault.hint = near.name;
	return KEYWORDS;
}

/* Reads one line; false: line->fault says why nothing was changed. */
static bool read_line(struct config *c, struct word text, struct config_line *line)
{
	uint16_t strings = c->strings.len;

	if (!config_line_init(line, text.at, text.len))
		return false;
	if (!config_line_word(line, &line->keyword))
		return true; /* blank, or a comment */
	if (read_values(c, line, keyword_find(line)))
		return true;
	c->strings.len = strings;
	return false;
}

/* Takes the next line from text[*at..len), its end left out: LF, or CR LF. */
static struct word next_line(const char *text, size_t len, size_t *at)
{
	const char *start = text + *at;
	const char *lf = memchr(start, '\n', len - *at);
	size_t line_len = lf != NULL ? (size_t)(lf - start) : len - *at;

	*at += line_len + (lf != NULL);
	if (line_len > 0 && start[line_len - 1] == '\r')
		line_len--;
	return (struct word){start, line_len};
}

unsigned config_read(struct config *c, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx)
{
	unsigned long number = 0;
	unsigned errors = 0;
	size_t at = 0;

	while (at < len) {
		struct word start = next_line(text, len, &at);
		struct config_line line;

		number++;
		if (read_line(c, start, &line))
			continue;
		errors++;
		config_report(source, number, start, &line.fault, report, ctx);
	}
	return errors;
}

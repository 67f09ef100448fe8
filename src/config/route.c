/*
 * The lines with route: "route to *.onion via socks4a://127.0.0.1:9050". See route.h.
 */
#include "config/route.h"

#include <string.h>

#include "config/config.h"
#include "config/near.h"
#include "config/pattern.h"

enum route_word {
	WORD_DIRECT, /* these four in the order of enum route_how */
	WORD_VIA,
	WORD_TLS,
	WORD_STARTTLS,
	WORD_FROM,
	WORD_TO,
	WORD_RESOLVE,
	WORD_UNRESOLVED,
	ROUTE_WORDS
};

_Static_assert((int)WORD_DIRECT == (int)ROUTE_DIRECT && (int)WORD_VIA == (int)ROUTE_VIA &&
		       (int)WORD_TLS == (int)ROUTE_TLS && (int)WORD_STARTTLS == (int)ROUTE_STARTTLS,
	"a way's word is its number");

static const char route_words[ROUTE_WORDS][11] = {
	[WORD_DIRECT] = "direct",
	[WORD_VIA] = "via",
	[WORD_TLS] = "tls",
	[WORD_STARTTLS] = "starttls",
	[WORD_FROM] = "from",
	[WORD_TO] = "to",
	[WORD_RESOLVE] = "resolve",
	[WORD_UNRESOLVED] = "unresolved",
};

/* A route while it is read. */
struct reading {
	struct config_line *line;
	struct string_table *strings;
	bool tls; /* is built in */
	struct route route;
	struct tls_reading options;
	struct word option;            /* the first one; empty: there is none */
	struct word seen[ROUTE_WORDS]; /* where each word stood; empty: it did not */
};

static bool has(const struct reading *r, enum route_word which)
{
	return r->seen[which].len > 0;
}

static bool complain(struct reading *r, enum config_fault_kind kind, enum route_word which)
{
	return config_fault(&r->line->fault, kind, r->seen[which]);
}

/* ---- The words ---- */

static bool via_read(struct reading *r, struct word keyword)
{
	const struct endpoint_use use = {
		.default_port = CONFIG_DEFAULT_PORT,
		.schemes = 1u << ENDPOINT_SOCKS4 | 1u << ENDPOINT_SOCKS4A |
			   1u << ENDPOINT_SOCKS4_TLS | 1u << ENDPOINT_SOCKS4A_TLS,
		.fault = FAULT_HOP_SCHEME,
		.tls = r->tls,
	};
	struct word value;

	return config_line_value(r->line, keyword, FAULT_HOP_SCHEME, &value) &&
	       endpoint_parse(
		       value.at, value.len, &use, r->strings, &r->route.hop, &r->line->fault);
}

static bool tls_check(struct reading *r, struct word word)
{
	if (ANKLET_HAS_TLS && r->tls)
		return true;
	return config_fault_absent(&r->line->fault, word, "Mbed TLS");
}

static bool starttls_read(struct reading *r, struct word keyword, struct word value)
{
	if (value.len == 0)
		return config_fault_missing(&r->line->fault, FAULT_STARTTLS, keyword, value.at);
	return tls_check(r, keyword) &&
	       (endpoint_starttls_named(value, &r->route.starttls) ||
		       config_fault(&r->line->fault, FAULT_STARTTLS, value));
}

static bool option_read(struct reading *r, struct word option)
{
	if (r->option.len == 0)
		r->option = option;
	if (!ANKLET_HAS_TLS)
		return config_fault(&r->line->fault, FAULT_ROUTE_OPTION, option);
	return tls_option_read(&r->options, option);
}

/* A word that stands for a way: there is one a route. */
static bool is_second_way(const struct reading *r, enum route_word which)
{
	return which <= WORD_STARTTLS && (has(r, WORD_DIRECT) || has(r, WORD_VIA) ||
						 has(r, WORD_TLS) || has(r, WORD_STARTTLS));
}

static bool word_find(struct config_line *line, struct word word, enum route_word *found)
{
	struct config_near near;

	config_near_init(&near, word);
	for (unsigned i = 0; i < ROUTE_WORDS; i++) {
		if (word_is(word, route_words[i])) {
			*found = (enum route_word)i;
			return true;
		}
		config_near_try(&near, route_words[i]);
	}
	config_fault(&line->fault, near.name ? FAULT_WORD_NEAR : FAULT_ROUTE_WORD, word);
	line->fault.hint = near.name;
	return false;
}

/* value: what stands behind a '=' in the same word. */
static bool value_read(
	struct reading *r, enum route_word which, struct word word, struct word value)
{
	switch (which) {
	case WORD_VIA:
		return via_read(r, word);
	case WORD_TLS:
		return tls_check(r, word);
	case WORD_STARTTLS:
		return starttls_read(r, word, value);
	case WORD_FROM:
		return config_from(r->line, word, &r->route.from);
	case WORD_TO:
		return config_to(r->line, word, r->strings, &r->route.to);
	case WORD_RESOLVE:
		return CONFIG_ANKLET_NAMES ||
		       config_fault_absent(&r->line->fault, word, "CONFIG_ANKLET_NAMES");
	case WORD_DIRECT:
	case WORD_UNRESOLVED:
	case ROUTE_WORDS:
		break;
	}
	return true;
}

static bool word_read(struct reading *r, struct word word)
{
	const char *end = word.at + word.len, *equals = memchr(word.at, '=', word.len);
	struct word name = {word.at, equals != NULL ? (size_t)(equals - word.at) : word.len};
	struct word value = {end, 0};
	enum route_word which;

	if (equals != NULL)
		value = (struct word){equals + 1, (size_t)(end - equals - 1)};
	if (equals != NULL && !word_is(name, route_words[WORD_STARTTLS]))
		return option_read(r, word);
	if (!word_find(r->line, name, &which))
		return false;
	if (has(r, which))
		return config_fault(&r->line->fault, FAULT_ROUTE_TWICE, name);
	if (is_second_way(r, which))
		return config_fault(&r->line->fault, FAULT_ROUTE_TWO, name);
	r->seen[which] = name;
	return value_read(r, which, name, value);
}

/* ---- The whole ---- */

static bool via_check(struct reading *r)
{
	struct route *route = &r->route;
	bool by_address =
		route->hop.scheme == ENDPOINT_SOCKS4 || route->hop.scheme == ENDPOINT_SOCKS4_TLS;

	route->resolve = by_address || has(r, WORD_RESOLVE);
	route->unresolved = has(r, WORD_UNRESOLVED);
	if (!route->unresolved)
		return true;
	if (route->to.kind == PATTERN_PREFIX)
		return complain(r, FAULT_UNRESOLVED_TO, WORD_UNRESOLVED);
	if (!route->resolve)
		return true;
	return complain(r, by_address ? FAULT_SOCKS4_UNRESOLVED : FAULT_RESOLVE_UNRESOLVED,
		WORD_UNRESOLVED);
}

/* Do the words make sense together? Whatever could never have an effect is a mistake. */
static bool sense_check(struct reading *r)
{
	bool via = has(r, WORD_VIA);

	if (has(r, WORD_RESOLVE) && !via)
		return complain(r, FAULT_ROUTE_VIA_WORD, WORD_RESOLVE);
	if (has(r, WORD_UNRESOLVED) && !via)
		return complain(r, FAULT_ROUTE_VIA_WORD, WORD_UNRESOLVED);
	if (via || has(r, WORD_DIRECT))
		return r->option.len == 0
			       ? !via || via_check(r)
			       : config_fault(&r->line->fault, FAULT_ROUTE_OPTION, r->option);
	return !ANKLET_HAS_TLS || tls_options_check_client(&r->options);
}

/* Which way it goes. */
static bool how_set(struct reading *r)
{
	for (uint8_t how = ROUTE_DIRECT; how <= ROUTE_STARTTLS; how++) {
		if (has(r, (enum route_word)how)) {
			r->route.how = how;
			return true;
		}
	}
	return config_fault(&r->line->fault, FAULT_ROUTE_HOW, r->line->keyword);
}

/* What is accepted can be printed and read again: that line must not become too long. */
static bool length_check(struct reading *r)
{
	char buf[CONFIG_LINE_MAX + 1];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_route(&t, &r->route, r->strings);
	return !t.cut || config_fault(&r->line->fault, FAULT_LONG_PRINTED, r->line->keyword);
}

bool config_route(
	struct config_line *line, bool tls, struct string_table *strings, struct route *route)
{
	struct reading r = {.line = line,
		.strings = strings,
		.tls = tls,
		.options = {.strings = strings, .fault = &line->fault}};
	struct word word;

	while (config_line_word(line, &word)) {
		if (!word_read(&r, word))
			return false;
	}
	if (!how_set(&r) || !sense_check(&r))
		return false;
	r.route.tls = r.options.options;
	if (!length_check(&r))
		return false;
	*route = r.route;
	return true;
}

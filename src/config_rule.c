/*
 * The lines with allow and deny: "allow connect from 10.0.0.0/8 to *:80,443". See config_rule.h.
 */
#include "config_rule.h"

#include <string.h>

#include "config_near.h"
#include "endpoint.h"

enum rule_word {
	WORD_CONNECT,
	WORD_BIND,
	WORD_FROM,
	WORD_TO,
	WORD_USER,
	WORD_IDENT,
	WORD_ANY_PEER,
	WORD_NEEDS_CONNECT,
	RULE_WORDS
};

static const char rule_words[RULE_WORDS][14] = {
	[WORD_CONNECT] = "connect",
	[WORD_BIND] = "bind",
	[WORD_FROM] = "from",
	[WORD_TO] = "to",
	[WORD_USER] = "user",
	[WORD_IDENT] = "ident",
	[WORD_ANY_PEER] = "any-peer",
	[WORD_NEEDS_CONNECT] = "needs-connect",
};

/* A rule while it is read. */
struct reading {
	struct config_line *line;
	struct string_table *strings;
	struct rule rule;
	struct word seen[RULE_WORDS]; /* where each word stood; empty: it did not */
};

/* ---- Where to: the pattern ---- */

static bool port_range_parse(struct word range, struct rule_ports *ports)
{
	const char *dash = range.len > 0 ? memchr(range.at, '-', range.len) : NULL;
	size_t low_len = dash != NULL ? (size_t)(dash - range.at) : range.len;
	uint32_t low, high;

	if (!number_parse(range.at, low_len, UINT16_MAX, &low))
		return false;
	high = low;
	if (dash != NULL && !number_parse(dash + 1, range.len - low_len - 1, UINT16_MAX, &high))
		return false;
	*ports = (struct rule_ports){(uint16_t)low, (uint16_t)high};
	return low <= high;
}

/* ":80,443,6660-6669" */
static bool ports_parse(struct reading *r, struct word text)
{
	const char *at = text.at + 1, *end = text.at + text.len;

	if (at == end)
		return config_fault(&r->line->fault, FAULT_NO_PORT, text);
	for (;;) {
		const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
		const char *stop = comma != NULL ? comma : end;
		struct word range = {at, (size_t)(stop - at)};

		if (range.len == 0) /* the comma that stands there instead is wrong */
			return config_fault(&r->line->fault, FAULT_RULE_PORT,
				(struct word){comma != NULL ? comma : end - 1, 1});
		if (r->rule.ports_count == RULE_PORTS)
			return config_fault(&r->line->fault, FAULT_RULE_PORTS,
				(struct word){at, (size_t)(end - at)});
		if (!port_range_parse(range, &r->rule.ports[r->rule.ports_count]))
			return config_fault(&r->line->fault, FAULT_RULE_PORT, range);
		r->rule.ports_count++;
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
		return config_fault(&r->line->fault, FAULT_TO, name);
	r->rule.to = RULE_TO_NAME;
	r->rule.to_name = string_table_add(r->strings, name.at, name.len);
	return r->rule.to_name != STRING_NONE || config_fault(&r->line->fault, FAULT_STRINGS, name);
}

/* A pattern without brackets, up to its ports. */
static bool host_parse(struct reading *r, struct word host)
{
	if (word_is(host, "*"))
		return true;
	if (!ip_prefix_parse(host.at, host.len, &r->rule.to_prefix))
		return name_parse(r, host);
	r->rule.to = RULE_TO_PREFIX;
	return true;
}

/* "[2001:db8::/32]:80" */
static bool bracketed_parse(struct reading *r, struct word pattern)
{
	const char *close = memchr(pattern.at, ']', pattern.len);
	struct word inside, behind;

	if (close == NULL)
		return config_fault(&r->line->fault, FAULT_BRACKET, pattern);
	inside = (struct word){pattern.at + 1, (size_t)(close - pattern.at - 1)};
	behind = (struct word){close + 1, pattern.len - inside.len - 2};
	r->rule.to = RULE_TO_PREFIX;
	if (inside.len == 0 || memchr(inside.at, ':', inside.len) == NULL ||
		!ip_prefix_parse(inside.at, inside.len, &r->rule.to_prefix))
		return config_fault(
			&r->line->fault, FAULT_NOT_IPV6, (struct word){pattern.at, inside.len + 2});
	if (behind.len == 0)
		return true;
	if (behind.at[0] != ':')
		return config_fault(&r->line->fault, FAULT_BEHIND_BRACKET, behind);
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
		r->rule.to = RULE_TO_PREFIX;
		return ip_prefix_parse(pattern.at, pattern.len, &r->rule.to_prefix) ||
		       config_fault(&r->line->fault, FAULT_TO_BARE_IPV6, pattern);
	}
	if (host.len == 0)
		return config_fault(&r->line->fault, FAULT_TO, pattern);
	return host_parse(r, host) && ports_parse(r, ports);
}

/* ---- The words ---- */

static bool from_read(struct reading *r, struct word keyword)
{
	struct word value;

	if (!config_line_value(r->line, keyword, FAULT_FROM, &value))
		return false;
	return ip_prefix_parse(value.at, value.len, &r->rule.from) ||
	       config_fault(&r->line->fault, FAULT_FROM, value);
}

static bool to_read(struct reading *r, struct word keyword)
{
	struct word value;

	return config_line_value(r->line, keyword, FAULT_TO, &value) && pattern_parse(r, value);
}

static bool user_read(struct reading *r, struct word keyword)
{
	struct config_name name;

	if (!config_line_name(r->line, keyword, FAULT_RULE_USER, &name))
		return false;
	r->rule.user = string_table_add(r->strings, name.text, name.len);
	return r->rule.user != STRING_NONE || config_fault(&r->line->fault, FAULT_STRINGS, keyword);
}

static bool word_find(struct config_line *line, struct word word, enum rule_word *found)
{
	struct config_near near;

	config_near_init(&near, word);
	for (unsigned i = 0; i < RULE_WORDS; i++) {
		if (word_is(word, rule_words[i])) {
			*found = (enum rule_word)i;
			return true;
		}
		config_near_try(&near, rule_words[i]);
	}
	config_fault(&line->fault, near.name ? FAULT_RULE_WORD_NEAR : FAULT_RULE_WORD, word);
	line->fault.hint = near.name;
	return false;
}

static bool word_read(struct reading *r, struct word word)
{
	enum rule_word which;

	if (!word_find(r->line, word, &which))
		return false;
	if (r->seen[which].len > 0)
		return config_fault(&r->line->fault, FAULT_TWICE, word);
	r->seen[which] = word;
	switch (which) {
	case WORD_FROM:
		return from_read(r, word);
	case WORD_TO:
		return to_read(r, word);
	case WORD_USER:
		return user_read(r, word);
	case WORD_CONNECT:
	case WORD_BIND:
	case WORD_IDENT:
	case WORD_ANY_PEER:
	case WORD_NEEDS_CONNECT:
	case RULE_WORDS:
		break;
	}
	return true;
}

/* ---- The whole ---- */

static bool has(const struct reading *r, enum rule_word which)
{
	return r->seen[which].len > 0;
}

static bool complain(struct reading *r, enum config_fault_kind kind, enum rule_word which)
{
	return config_fault(&r->line->fault, kind, r->seen[which]);
}

/* A word of BIND alone, in a rule that cannot grant one. */
static bool bind_word_check(struct reading *r, enum rule_word which)
{
	if (has(r, which) && !r->rule.allow)
		return complain(r, FAULT_DENY_BIND_WORD, which);
	if (has(r, which) && !r->rule.bind)
		return complain(r, FAULT_CONNECT_BIND_WORD, which);
	return true;
}

/* Do the words make sense together? Whatever could never have an effect is a mistake. */
static bool sense_check(struct reading *r)
{
	if (has(r, WORD_CONNECT) && has(r, WORD_BIND))
		return complain(r, FAULT_BOTH_COMMANDS,
			r->seen[WORD_BIND].at > r->seen[WORD_CONNECT].at ? WORD_BIND
									 : WORD_CONNECT);
	if (has(r, WORD_IDENT) && !r->rule.allow)
		return complain(r, FAULT_DENY_IDENT, WORD_IDENT);
	if (!bind_word_check(r, WORD_ANY_PEER) || !bind_word_check(r, WORD_NEEDS_CONNECT))
		return false;
	if (has(r, WORD_ANY_PEER) && r->rule.to != RULE_TO_ANY)
		return complain(r, FAULT_ANY_PEER_TO, WORD_ANY_PEER);
	return true;
}

/* What is accepted can be printed and read again: that line must not become too long. */
static bool length_check(struct reading *r)
{
	char buf[CONFIG_LINE_MAX + 1];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_rule(&t, &r->rule, r->strings);
	return !t.cut || config_fault(&r->line->fault, FAULT_LONG_RULE, r->line->keyword);
}

bool config_rule(
	struct config_line *line, bool allow, struct string_table *strings, struct rule *rule)
{
	struct reading r = {.line = line, .strings = strings, .rule = {.allow = allow}};
	struct word word;

	while (config_line_word(line, &word)) {
		if (!word_read(&r, word))
			return false;
	}
	r.rule.connect = !has(&r, WORD_BIND);
	r.rule.bind = !has(&r, WORD_CONNECT);
	r.rule.ident = has(&r, WORD_IDENT);
	r.rule.any_peer = has(&r, WORD_ANY_PEER);
	r.rule.needs_connect = has(&r, WORD_NEEDS_CONNECT);
	if (!sense_check(&r) || !length_check(&r))
		return false;
	*rule = r.rule;
	return true;
}

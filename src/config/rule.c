/*
 * The lines with allow and deny: "allow connect from 10.0.0.0/8 to *:80,443". See rule.h.
 */
#include "config/rule.h"

#include <string.h>

#include "config/near.h"
#include "config/pattern.h"

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

/* ---- The words ---- */

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
	config_fault(&line->fault, near.name ? FAULT_WORD_NEAR : FAULT_RULE_WORD, word);
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
		return config_from(r->line, word, &r->rule.from);
	case WORD_TO:
		return config_to(r->line, word, r->strings, &r->rule.to);
	case WORD_USER:
		return user_read(r, word);
	case WORD_BIND:
	case WORD_ANY_PEER:
	case WORD_NEEDS_CONNECT:
		return CONFIG_ANKLET_BIND ||
		       config_fault_absent(&r->line->fault, word, "CONFIG_ANKLET_BIND");
	case WORD_IDENT:
		return CONFIG_ANKLET_IDENT ||
		       config_fault_absent(&r->line->fault, word, "CONFIG_ANKLET_IDENT");
	case WORD_CONNECT:
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

/* Do the words of BIND alone make sense? */
static bool bind_words_check(struct reading *r)
{
	if (!bind_word_check(r, WORD_ANY_PEER) || !bind_word_check(r, WORD_NEEDS_CONNECT))
		return false;
	if (has(r, WORD_ANY_PEER) && r->rule.to.kind != PATTERN_ANY)
		return complain(r, FAULT_ANY_PEER_TO, WORD_ANY_PEER);
	return true;
}

/* Do the words make sense together? Whatever could never have an effect is a mistake. */
static bool sense_check(struct reading *r)
{
	if (CONFIG_ANKLET_BIND && has(r, WORD_CONNECT) && has(r, WORD_BIND))
		return complain(r, FAULT_BOTH_COMMANDS,
			r->seen[WORD_BIND].at > r->seen[WORD_CONNECT].at ? WORD_BIND
									 : WORD_CONNECT);
	if (CONFIG_ANKLET_IDENT && has(r, WORD_IDENT) && !r->rule.allow)
		return complain(r, FAULT_DENY_IDENT, WORD_IDENT);
	return !CONFIG_ANKLET_BIND || bind_words_check(r);
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

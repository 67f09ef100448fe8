/*
 * A rule as the configuration line that says it. See rules.h.
 */
#include "rules.h"

#include <string.h>

static void text_ports(struct text *t, const struct rule *rule)
{
	for (unsigned i = 0; i < rule->ports_count; i++) {
		text_char(t, i == 0 ? ':' : ',');
		text_num(t, rule->ports[i].low);
		if (rule->ports[i].high == rule->ports[i].low)
			continue;
		text_char(t, '-');
		text_num(t, rule->ports[i].high);
	}
}

static void text_to(struct text *t, const struct rule *rule, const struct string_table *names)
{
	bool v6 = !ip_is_v4(&rule->to_prefix.ip);

	switch ((enum rule_to)rule->to) {
	case RULE_TO_ANY:
		text_char(t, '*');
		break;
	case RULE_TO_PREFIX:
		text_str(t, v6 ? "[" : "");
		text_ip_prefix(t, &rule->to_prefix);
		text_str(t, v6 ? "]" : "");
		break;
	case RULE_TO_NAME:
		text_str(t, string_table_at(names, rule->to_name));
		break;
	}
	text_ports(t, rule);
}

void text_rule(struct text *t, const struct rule *rule, const struct string_table *names)
{
	const char *user = string_table_at(names, rule->user);

	text_str(t, rule->allow ? "allow" : "deny");
	if (!rule->connect || !rule->bind)
		text_str(t, rule->connect ? " connect" : " bind");
	if (rule->from.bits > 0) {
		text_str(t, " from ");
		text_ip_prefix(t, &rule->from);
	}
	if (rule->to != RULE_TO_ANY || rule->ports_count > 0) {
		text_str(t, " to ");
		text_to(t, rule, names);
	}
	if (rule->user != STRING_NONE) {
		text_str(t, " user \"");
		text_escaped(t, user, strlen(user));
		text_char(t, '"');
	}
	text_str(t, rule->ident ? " ident" : "");
	text_str(t, rule->any_peer ? " any-peer" : "");
	text_str(t, rule->needs_connect ? " needs-connect" : "");
}

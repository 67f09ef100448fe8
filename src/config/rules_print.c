/*
 * A rule as the configuration line that says it. See rules.h.
 */
#include "policy/rules.h"

#include <string.h>

void text_rule(struct text *t, const struct rule *rule, const struct string_table *names)
{
	const char *user = string_table_at(names, rule->user);

	text_str(t, rule->allow ? "allow" : "deny");
	if (!rule->connect || !rule->bind)
		text_str(t, !CONFIG_ANKLET_BIND || rule->connect ? " connect" : " bind");
	text_from_to(t, &rule->from, &rule->to, names);
	if (rule->user != STRING_NONE) {
		text_str(t, " user \"");
		text_escaped(t, user, strlen(user));
		text_char(t, '"');
	}
	if (CONFIG_ANKLET_IDENT)
		text_str(t, rule->ident ? " ident" : "");
	if (CONFIG_ANKLET_BIND) {
		text_str(t, rule->any_peer ? " any-peer" : "");
		text_str(t, rule->needs_connect ? " needs-connect" : "");
	}
}

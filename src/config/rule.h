/*
 * The lines with allow and deny.
 */
#ifndef ANKLET_CONFIG_RULE_H
#define ANKLET_CONFIG_RULE_H

#include "base/string_table.h"
#include "config/line.h"
#include "policy/rules.h"

/*
 * Reads what follows allow or deny to the end of the line. Returns true and
 * sets *rule; or false, with line->fault filled and strings perhaps left in the
 * table.
 */
bool config_rule(
	struct config_line *line, bool allow, struct string_table *strings, struct rule *rule);

#endif

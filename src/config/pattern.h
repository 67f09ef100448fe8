/*
 * Whom and where to: the values of 'from' and 'to', which allow, deny and route lines share.
 *
 * Each takes the word that must follow 'keyword', and returns true and sets its value; or
 * returns false, with line->fault filled and strings perhaps left in the table.
 */
#ifndef ANKLET_CONFIG_PATTERN_H
#define ANKLET_CONFIG_PATTERN_H

#include "base/string_table.h"
#include "config/line.h"
#include "policy/pattern.h"

/* "10.0.0.0/8": clients. */
bool config_from(struct config_line *line, struct word keyword, struct ip_prefix *from);

/* "*.example.com:80,443": destinations. */
bool config_to(struct config_line *line, struct word keyword, struct string_table *strings,
	struct pattern *to);

#endif

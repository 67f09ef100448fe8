/*
 * Clauses: what stands in a rule, in a route, and among the options of an endpoint, word by word.
 *
 * One table says of each word what it takes, where that goes, which setting of the build it belongs to,
 * what it excludes and what it needs. One reader and one printer go by it. The readers return true; or
 * false with r->error filled, and strings perhaps left in the table.
 */
#ifndef ANKLET_CONFIG_CLAUSE_H
#define ANKLET_CONFIG_CLAUSE_H

#include "config/value.h"
#include "policy/routes.h"
#include "policy/rules.h"

enum clause {
	CLAUSE_ALLOW = 1,
	CLAUSE_DENY = 2,
	CLAUSE_ROUTE = 4,
	CLAUSE_SERVER = 8, /* options of TLS where clients are served */
	CLAUSE_CLIENT = 16 /* and where a connection is made */
};

/* Read all words that are left: as options, which are all zero before; as a rule; as a route. */
bool clause_read(struct reading *r, enum clause clause, struct tls_options *tls);
bool rule_read(struct reading *r, bool allow, struct rule *rule);
bool route_read(struct reading *r, struct word keyword, struct route *route);

/*
 * Appends those words of a clause that are given, each after a separator: 'first', and then 'next'. line is a
 * struct rule or a struct route; neither it nor tls is looked at where the clause has no such words.
 */
void text_clause(struct text *t, enum clause clause, const void *line,
	const struct tls_options *tls, const struct string_table *strings, char first, char next);

/* Append the whole line. */
void text_rule(struct text *t, const struct rule *rule, const struct string_table *strings);
void text_route(struct text *t, const struct route *route, const struct string_table *strings);

#endif

/*
 * Who may reach what: the one place that decides. See rules.h.
 *
 * It reads in the order of the specification: when a rule matches, what the
 * rules say together, and what no rule can say.
 */
#include "policy/rules.h"
#include "policy/users.h"

#include <string.h>

/* ---- When a rule matches ---- */

static bool command_matches(const struct rule *rule, const struct rules_query *q)
{
	return rule->command != (CONFIG_ANKLET_BIND && q->bind ? RULE_CONNECT : RULE_BIND);
}

static bool user_matches(
	const struct rule *rule, const struct string_table *names, const struct rules_query *q)
{
	if (CONFIG_ANKLET_PASSWORDS &&
		((rule->password && !q->proven) || (rule->user != STRING_NONE && q->claimed)))
		return false;
	return rule->user == STRING_NONE ||
	       strcmp(string_table_at(names, rule->user), q->userid) == 0;
}

static enum match rule_matches(
	const struct rule *rule, const struct string_table *names, const struct rules_query *q)
{
	struct destination to = {.name = q->name,
		.port = q->port,
		.ip_known = q->ip_known,
		.remote = q->remote,
		.ip = q->ip};
	enum match match;

	if (!command_matches(rule, q) || !ip_prefix_holds(&rule->from, &q->client) ||
		!user_matches(rule, names, q))
		return MATCH_NO;
	match = pattern_match(&rule->to, names, &to);
	if (match != MATCH_NO || !q->ip_known || !ip_embeds_v4(&q->ip, &to.ip))
		return match;
	return pattern_match(&rule->to, names, &to);
}

/* ---- What the rules say together ---- */

/* What can come of a request: bits of a set. */
enum outcome { OUTCOME_REFUSE = 1, OUTCOME_GRANT = 2, OUTCOME_GRANT_BESIDE_CONNECT = 4 };

/* rule NULL: none matched, and what nobody allowed is refused. */
static enum outcome outcome_of(const struct rule *rule, const struct rules_query *q)
{
	if (rule == NULL || !rule->allow)
		return OUTCOME_REFUSE;
	return CONFIG_ANKLET_BIND && q->bind && rule->needs_connect ? OUTCOME_GRANT_BESIDE_CONNECT
								    : OUTCOME_GRANT;
}

/*
 * Finds the first rule that certainly matches; NULL: there is none. Adds to
 * *possible what the rules before it would decide if they matched. *ident
 * becomes true when one of all these wants identd asked.
 */
static const struct rule *first_certain(const struct rules *rules, const struct string_table *names,
	const struct rules_query *q, unsigned *possible, bool *ident)
{
	for (unsigned i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rule[i];
		enum match match = rule_matches(rule, names, q);

		if (match == MATCH_NO)
			continue;
		*ident = *ident || rule->ident;
		if (match == MATCH_YES)
			return rule;
		*possible |= outcome_of(rule, q);
	}
	return NULL;
}

static void refuse(struct rules_answer *answer, enum rules_reason reason)
{
	*answer = (struct rules_answer){
		.verdict = RULES_REFUSE, .reason = (uint8_t)reason, .rule = -1};
}

static const struct rule *judge_by_rules(const struct rules *rules,
	const struct string_table *names, const struct rules_query *q, struct rules_answer *answer)
{
	unsigned possible = 0;
	bool ident = false;
	const struct rule *rule = first_certain(rules, names, q, &possible, &ident);
	enum outcome outcome = outcome_of(rule, q);

	if ((possible & ~(unsigned)outcome) != 0) {
		*answer = (struct rules_answer){
			.verdict = RULES_UNDECIDED, .rule = -1, .ident = ident};
		return NULL;
	}
	refuse(answer, rule != NULL ? RULES_BY_RULE : RULES_BY_NO_RULE);
	if (rule != NULL)
		answer->rule = (int16_t)(rule - rules->rule);
	if (outcome == OUTCOME_REFUSE)
		return NULL;
	answer->verdict = RULES_GRANT;
	answer->ident = ident;
	answer->needs_connect = outcome == OUTCOME_GRANT_BESIDE_CONNECT;
	return rule;
}

/* ---- Where no rules are written ---- */

static void judge_by_default(const struct rules_query *q, struct rules_answer *answer)
{
	enum ip_class client = ip_class(&q->client);

	refuse(answer, RULES_BY_DEFAULT);
	if (client == IP_LOOPBACK || client == IP_PRIVATE || client == IP_LINK_LOCAL)
		answer->verdict = RULES_GRANT;
}

/* ---- What no rule can say, and what only a rule can that names the address ---- */

static bool is_any_peer(const struct rules_query *q)
{
	struct ip any = ip_v4(0, 0, 0, 0);

	return CONFIG_ANKLET_BIND && q->bind &&
	       (ip_equal(&q->ip, &any) || (CONFIG_ANKLET_SOCKS5 && ip_is_zero(&q->ip)));
}

/* An address with one of IPv4 in it is what that one is. */
static enum ip_class class_of(const struct ip *ip)
{
	struct ip v4;

	return ip_class(ip_embeds_v4(ip, &v4) ? &v4 : ip);
}

static bool is_unreachable(const struct rules_query *q)
{
	enum ip_class class = class_of(&q->ip);

	return class == IP_UNSPECIFIED || class == IP_RESERVED || class == IP_BROADCAST;
}

static bool is_special(enum ip_class class)
{
	return class == IP_LOOPBACK || class == IP_LINK_LOCAL || class == IP_MULTICAST;
}

static bool is_protected(const struct rules_query *q)
{
	return ip_class(&q->client) != IP_LOOPBACK && (q->own || is_special(class_of(&q->ip)));
}

/* Does the block lie within one of the special ranges? */
static bool within_special_range(const struct ip_prefix *prefix)
{
	static const struct ip_prefix ranges[] = {
		{IP_OF_V6(0, 0, 1), IP_BITS},
		{IP_OF_V6(0xfe, 0x80, 0), 10},
		{IP_OF_V6(0xff, 0, 0), 8},
		{IP_OF_V4(127, 0, 0, 0), IP_V4_BITS + 8},
		{IP_OF_V4(169, 254, 0, 0), IP_V4_BITS + 16},
		{IP_OF_V4(224, 0, 0, 0), IP_V4_BITS + 4},
	};

	for (size_t i = CONFIG_ANKLET_IPV6 ? 0 : 3; i < sizeof ranges / sizeof ranges[0]; i++) {
		if (ip_prefix_within(prefix, &ranges[i]))
			return true;
	}
	return false;
}

/*
 * Does the rule, which matched, name the address? All of 127.0.0.0/8 is our own
 * anyway, so there the range is enough; any other address of our own must stand
 * there by itself, even one within a special range.
 */
static bool rule_names_address(const struct rule *rule, const struct rules_query *q)
{
	if (rule->to.kind != PATTERN_PREFIX || !ip_prefix_holds(&rule->to.prefix, &q->ip))
		return false;
	if (rule->to.prefix.bits == IP_BITS)
		return true;
	if (q->own && ip_class(&q->ip) != IP_LOOPBACK)
		return false;
	return within_special_range(&rule->to.prefix);
}

/* Takes back what was granted, by 'rule' or by default (NULL), where the address does not allow it. */
static void guard(const struct rule *rule, const struct rules_query *q, struct rules_answer *answer)
{
	if (q->listener)
		refuse(answer, RULES_BY_LOOP);
	else if (is_any_peer(q) && rule != NULL && rule->any_peer)
		return;
	else if (is_unreachable(q))
		refuse(answer, RULES_BY_ADDRESS);
	else if (is_protected(q) && (rule == NULL || !rule_names_address(rule, q)))
		refuse(answer, RULES_BY_PROTECTION);
}

void rules_judge(const struct rules *rules, const struct string_table *names,
	const struct rules_query *query, struct rules_answer *answer)
{
	const struct rule *rule = NULL;

	if (rules->count == 0)
		judge_by_default(query, answer);
	else
		rule = judge_by_rules(rules, names, query, answer);
	if (query->ip_known && answer->verdict == RULES_GRANT)
		guard(rule, query, answer);
}

/* ---- Whether to ask for a password ---- */

/* Does the rule decide about whatever such a client asks for? */
static bool is_last(const struct rule *rule)
{
	return rule->command == RULE_EVERY && rule->user == STRING_NONE && !rule->password &&
	       rule->to.kind == PATTERN_ANY && rule->to.ports_count == 0;
}

static bool wants_proof(
	const struct rule *rule, const struct string_table *names, const struct users *users)
{
	const char *user;

	if (rule->password || rule->user == STRING_NONE)
		return rule->password;
	user = string_table_at(names, rule->user);
	return users_hold(users, user, strlen(user));
}

struct rules_proof rules_proof(const struct rules *rules, const struct string_table *names,
	const struct users *users, const struct ip *client)
{
	struct rules_proof proof = {false, rules->count == 0};

	for (unsigned i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rule[i];

		if (!ip_prefix_holds(&rule->from, client))
			continue;
		if (rule->allow && wants_proof(rule, names, users))
			proof.wanted = true;
		else if (rule->allow)
			proof.unwanted = true;
		if (is_last(rule))
			break;
	}
	return proof;
}

/* ---- What a rule is good for ---- */

static bool rule_covers(
	const struct rule *outer, const struct rule *inner, const struct string_table *names)
{
	if (CONFIG_ANKLET_PASSWORDS && outer->password && !inner->password)
		return false;
	return (outer->command == RULE_EVERY || outer->command == inner->command) &&
	       (outer->user == STRING_NONE || outer->user == inner->user) &&
	       ip_prefix_within(&inner->from, &outer->from) &&
	       pattern_covers(&outer->to, &inner->to, names);
}

int rules_covering(const struct rules *rules, const struct string_table *names, unsigned i)
{
	for (unsigned j = 0; j < i; j++) {
		if (rule_covers(&rules->rule[j], &rules->rule[i], names))
			return (int)j;
	}
	return -1;
}

bool rules_in_vain(const struct rules *rules, unsigned i)
{
	static const struct rule any;

	/* A last 'deny' alone says what holds anyway, and is meant to. */
	if (rule_covers(&rules->rule[i], &any, NULL))
		return false;
	while (i < rules->count && !rules->rule[i].allow)
		i++;
	return i == rules->count;
}

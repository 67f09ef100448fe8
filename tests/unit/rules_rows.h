/*
 * Rows for the tests of rules: rules as in the configuration, a request, and what is expected.
 */
#ifndef ANKLET_TEST_RULES_ROWS_H
#define ANKLET_TEST_RULES_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "disabled.h"
#include "room.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define LAN "192.168.1.7"
#define WORLD "198.51.100.7"
#define LOCAL "127.0.0.1"

static inline void take_report(void *ctx, const char *text, size_t len)
{
	strncat(ctx, text, len);
}

/* False: this build refuses them, for something that is disabled. */
static inline bool use_lines(const char *lines)
{
	static char reports[65536];

	reports[0] = '\0';
	if (config_read(&config, "rules", lines, strlen(lines), take_report, reports) == 0)
		return true;
	if (!all_disabled(reports, "rules:"))
		fail_msg("%s", reports);
	return false;
}

static inline bool use_rules(const char *lines)
{
	needs(lines_in(lines) <= CONFIG_ANKLET_RULES);
	config_init(&config);
	return use_lines(lines);
}

static inline struct ip ip_of(const char *text)
{
	struct ip ip;

	if (!ip_parse(text, strlen(text), &ip))
		fail_msg("'%s' is an address", text);
	return ip;
}

/* A request, written shortly. */
struct ask {
	const char *client;
	const char *name; /* NULL: by address */
	const char *ip;   /* NULL: not known yet */
	uint16_t port;
	const char *userid; /* NULL: "" */
	bool bind, own, listener, remote;
	bool proven, claimed;
};

#define ASK(client_, name_, ip_, port_, ...)                                            \
	{                                                                               \
		.client = client_, .name = name_, .ip = ip_, .port = port_, __VA_ARGS__ \
	}

static inline struct rules_answer judge(const struct ask *ask)
{
	struct rules_query q = {
		.bind = ask->bind,
		.client = ip_of(ask->client),
		.userid = ask->userid != NULL ? ask->userid : "",
		.name = ask->name,
		.port = ask->port,
		.ip_known = ask->ip != NULL,
		.own = ask->own,
		.listener = ask->listener,
		.remote = ask->remote,
		.proven = ask->proven,
		.claimed = ask->claimed,
	};
	struct rules_answer answer;

	memset(&answer, 0xa5, sizeof answer);
	if (ask->ip != NULL)
		q.ip = ip_of(ask->ip);
	rules_judge(&config.rules, &config.strings, &q, &answer);
	return answer;
}

struct row {
	const char *rules;
	struct ask ask;
	enum rules_verdict verdict;
	enum rules_reason reason;
	int rule;
};

static inline void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rules_answer a;

		if (!use_rules(rows[i].rules) || (rows[i].ask.bind && !CONFIG_ANKLET_BIND))
			continue;
		a = judge(&rows[i].ask);
		if (a.verdict != rows[i].verdict)
			fail_msg("row %zu: %sverdict %d", i, rows[i].rules, a.verdict);
		if (a.verdict != RULES_UNDECIDED && a.reason != rows[i].reason)
			fail_msg("row %zu: %sreason %d", i, rows[i].rules, a.reason);
		if (a.rule != rows[i].rule)
			fail_msg("row %zu: %srule %d", i, rows[i].rules, a.rule);
		if (a.verdict == RULES_REFUSE)
			assert_false(a.ident || a.needs_connect);
	}
}

/* What a row expects: verdict, reason, rule. */
#define GRANTED_BY(rule) RULES_GRANT, RULES_BY_RULE, rule
#define REFUSED_BY(rule) RULES_REFUSE, RULES_BY_RULE, rule
#define UNMATCHED RULES_REFUSE, RULES_BY_NO_RULE, -1
#define UNREACHABLE RULES_REFUSE, RULES_BY_ADDRESS, -1
#define PROTECTED RULES_REFUSE, RULES_BY_PROTECTION, -1
#define LOOP RULES_REFUSE, RULES_BY_LOOP, -1
#define OPEN RULES_UNDECIDED, RULES_BY_RULE, -1

#endif

/*
 * rules: tables of who may reach what, rules written as in the configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define LAN "192.168.1.7"
#define WORLD "198.51.100.7"
#define LOCAL "127.0.0.1"

static struct config config;

static void fail_on_error(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	fail_msg("%.*s", (int)len, text);
}

static void use_rules(const char *lines)
{
	config_init(&config);
	config_read(&config, "rules", lines, strlen(lines), fail_on_error, NULL);
}

static struct ip ip_of(const char *text)
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
	bool bind, own, listener;
};

#define ASK(client_, name_, ip_, port_, ...)                                            \
	{                                                                               \
		.client = client_, .name = name_, .ip = ip_, .port = port_, __VA_ARGS__ \
	}

static struct rules_answer judge(const struct ask *ask)
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

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rules_answer a;

		use_rules(rows[i].rules);
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

#define GRANT RULES_GRANT
#define REFUSE RULES_REFUSE
#define UNDECIDED RULES_UNDECIDED
#define BY_RULE RULES_BY_RULE

static void where_no_rules_are_written(void **state)
{
	static const struct {
		const char *client;
		bool served;
	} clients[] = {{"127.0.0.1", true}, {"127.8.8.8", true}, {"::1", true}, {"10.1.1.1", true},
		{"172.16.0.1", true}, {"172.32.0.1", false}, {"192.168.0.1", true},
		{"169.254.1.1", true}, {"fe80::1", true}, {"fd00::1", true}, {"fc00::1", true},
		{"::ffff:10.1.1.1", true}, {"::ffff:8.8.8.8", false}, {"8.8.8.8", false},
		{"100.64.0.1", false}, {"2001:db8::1", false}, {"::10.1.1.1", false},
		{"0.0.0.0", false}, {"224.0.0.1", false}, {"::", false}};

	(void)state;
	use_rules("");
	for (size_t i = 0; i < COUNT(clients); i++) {
		for (unsigned bind = 0; bind < 2; bind++) {
			struct ask by_ip = ASK(clients[i].client, NULL, WORLD, 80, .bind = bind);
			struct ask by_name =
				ASK(clients[i].client, "a.example", NULL, 80, .bind = bind);
			struct rules_answer a = judge(&by_ip), b = judge(&by_name);

			assert_int_equal(a.verdict, clients[i].served ? GRANT : REFUSE);
			assert_int_equal(b.verdict, clients[i].served ? GRANT : REFUSE);
			assert_int_equal(a.reason, RULES_BY_DEFAULT);
			assert_int_equal(a.rule, -1);
			assert_false(a.ident || a.needs_connect);
		}
	}
}

static void the_first_match_decides(void **state)
{
	static const struct row rows[] = {
		{"allow\n", ASK(WORLD, NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"deny\n", ASK(LOCAL, NULL, WORLD, 80), REFUSE, BY_RULE, 0},
		{"deny\nallow\n", ASK(LAN, NULL, WORLD, 80), REFUSE, BY_RULE, 0},
		{"allow\ndeny\n", ASK(LAN, NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"allow from 10.0.0.0/8\n", ASK("10.1.1.1", NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"allow from 10.0.0.0/8\n", ASK(LAN, NULL, WORLD, 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		{"allow from 10.0.0.0/8\n", ASK(LOCAL, NULL, WORLD, 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "10.1.1.1", 80), REFUSE, BY_RULE, 0},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "::ffff:a01:101", 80), REFUSE,
			BY_RULE, 0},
		{"deny to [::ffff:10.0.0.0/104]\nallow\n", ASK(LAN, NULL, "10.1.1.1", 80), REFUSE,
			BY_RULE, 0},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "11.1.1.1", 80), GRANT, BY_RULE, 1},
		{"allow from ::/0\n", ASK(WORLD, NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"allow from 0.0.0.0/0\n", ASK("2001:db8::1", NULL, WORLD, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow from 2001:db8::/32\n", ASK("2001:db8::1", NULL, WORLD, 80), GRANT, BY_RULE,
			0},
		{"allow to 2001:db8::/32\n", ASK(LAN, NULL, "2001:db8::1", 80), GRANT, BY_RULE, 0},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void commands_ports_and_users(void **state)
{
	static const struct row rows[] = {
		{"allow connect\n", ASK(LAN, NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"allow connect\n", ASK(LAN, NULL, WORLD, 80, .bind = true), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow bind\n", ASK(LAN, NULL, WORLD, 80, .bind = true), GRANT, BY_RULE, 0},
		{"allow bind\n", ASK(LAN, NULL, WORLD, 80), REFUSE, RULES_BY_NO_RULE, -1},
		{"allow\n", ASK(LAN, NULL, WORLD, 0, .bind = true), GRANT, BY_RULE, 0},
		{"deny bind\nallow\n", ASK(LAN, NULL, WORLD, 80, .bind = true), REFUSE, BY_RULE, 0},
		{"deny bind\nallow\n", ASK(LAN, NULL, WORLD, 80), GRANT, BY_RULE, 1},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 80), GRANT, BY_RULE, 0},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 443), GRANT, BY_RULE, 0},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6660), GRANT, BY_RULE, 0},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6669), GRANT, BY_RULE, 0},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6670), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6659), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 81), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *:0-65535\n", ASK(LAN, NULL, WORLD, 65535), GRANT, BY_RULE, 0},
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, NULL, "10.0.0.1", 25), REFUSE, BY_RULE,
			0},
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, NULL, "10.0.0.1", 26), GRANT, BY_RULE,
			1},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bob"), GRANT, BY_RULE, 0},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bobby"), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bo"), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "Bob"), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80), REFUSE, RULES_BY_NO_RULE, -1},
		{"allow user \"\\xff\\\"\"\n", ASK(LAN, NULL, WORLD, 80, .userid = "\xff\""), GRANT,
			BY_RULE, 0},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void names_and_addresses_do_not_mix(void **state)
{
	static const struct row rows[] = {
		/* a name rule speaks of requests by name only */
		{"allow to a.example\n", ASK(LAN, "a.example", NULL, 80), GRANT, BY_RULE, 0},
		{"allow to a.example\n", ASK(LAN, "a.example", WORLD, 80), GRANT, BY_RULE, 0},
		{"allow to a.example\n", ASK(LAN, NULL, WORLD, 80), REFUSE, RULES_BY_NO_RULE, -1},
		{"deny to a.example\nallow\n", ASK(LAN, NULL, WORLD, 80), GRANT, BY_RULE, 1},
		{"allow to a.example\n", ASK(LAN, "b.example", NULL, 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		/* case, and the last dot */
		{"deny to A.Example\nallow\n", ASK(LAN, "a.eXAMPLE", NULL, 80), REFUSE, BY_RULE, 0},
		{"deny to a.example\nallow\n", ASK(LAN, "a.example.", NULL, 80), REFUSE, BY_RULE,
			0},
		{"deny to a.example.\nallow\n", ASK(LAN, "a.example", NULL, 80), REFUSE, BY_RULE,
			0},
		{"deny to a.example.\nallow\n", ASK(LAN, "a.example.", NULL, 80), REFUSE, BY_RULE,
			0},
		{"deny to *.example.\nallow\n", ASK(LAN, "B.EXAMPLE.", NULL, 80), REFUSE, BY_RULE,
			0},
		/* whole names */
		{"allow to a.example\n", ASK(LAN, "xa.example", NULL, 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		{"allow to a.example\n", ASK(LAN, "a.example.org", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to a.example\n", ASK(LAN, "b.a.example", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		/* everything below a domain */
		{"allow to *.example.com\n", ASK(LAN, "a.example.com", NULL, 80), GRANT, BY_RULE,
			0},
		{"allow to *.example.com\n", ASK(LAN, "a.b.Example.com.", NULL, 80), GRANT, BY_RULE,
			0},
		{"allow to *.example.com\n", ASK(LAN, "example.com", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *.example.com\n", ASK(LAN, ".example.com", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *.example.com\n", ASK(LAN, "badexample.com", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *.example.com\n", ASK(LAN, "a.example.com.evil.org", NULL, 80), REFUSE,
			RULES_BY_NO_RULE, -1},
		{"allow to *.com\n", ASK(LAN, ".", NULL, 80), REFUSE, RULES_BY_NO_RULE, -1},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void undecided_while_it_depends_on_the_address(void **state)
{
	static const struct row rows[] = {
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80), UNDECIDED, 0, -1},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", WORLD, 80), GRANT, BY_RULE,
			1},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", "10.0.0.1", 80), REFUSE,
			BY_RULE, 0},
		{"allow to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), UNDECIDED, 0, -1},
		/* everything that can follow says the same */
		{"deny to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		{"deny to 10.0.0.0/8\ndeny\n", ASK(LAN, "a.example", NULL, 80), REFUSE, BY_RULE, 1},
		{"allow to 10.0.0.0/8\nallow to a.example\n", ASK(LAN, "a.example", NULL, 80),
			GRANT, BY_RULE, 1},
		{"deny to 10.0.0.0/8\ndeny to a.example\nallow\n", ASK(LAN, "a.example", NULL, 80),
			REFUSE, BY_RULE, 1},
		{"allow to 10.0.0.0/8\ndeny to 11.0.0.0/8\nallow\n",
			ASK(LAN, "a.example", NULL, 80), UNDECIDED, 0, -1},
		{"allow to 10.0.0.0/8\ndeny to 11.0.0.0/8\ndeny\n", ASK(LAN, "a.example", NULL, 80),
			UNDECIDED, 0, -1},
		/* a certain match in front ends it */
		{"allow to a.example\ndeny to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), GRANT,
			BY_RULE, 0},
		{"deny\nallow to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), REFUSE, BY_RULE,
			0},
		/* what cannot match for another reason leaves nothing open */
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, "a.example", NULL, 80), GRANT, BY_RULE,
			1},
		{"deny from 10.0.0.0/8 to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80),
			GRANT, BY_RULE, 1},
		{"deny bind to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80), GRANT,
			BY_RULE, 1},
		{"deny to 10.0.0.0/8 user bob\nallow\n",
			ASK(LAN, "a.example", NULL, 80, .userid = "eve"), GRANT, BY_RULE, 1},
		/* needs-connect is part of what is decided, but for BIND only */
		{"allow bind to 10.0.0.0/8 needs-connect\nallow\n",
			ASK(LAN, "a.example", NULL, 80, .bind = true), UNDECIDED, 0, -1},
		{"allow to 10.0.0.0/8 needs-connect\nallow\n", ASK(LAN, "a.example", NULL, 80),
			GRANT, BY_RULE, 1},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void never_reached_whatever_the_rules_say(void **state)
{
	static const char *const addresses[] = {"0.0.0.0", "0.1.2.3", "0.255.255.255", "240.0.0.1",
		"255.255.255.254", "255.255.255.255", "::", "::ffff:0.0.0.0", "::ffff:f000:1"};
	static const char *const clients[] = {LOCAL, "::1", LAN, WORLD};

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		char rules[64];

		snprintf(rules, sizeof rules, "allow to %s\nallow\n", addresses[i]);
		use_rules(rules);
		for (size_t j = 0; j < COUNT(clients); j++) {
			struct ask ask = ASK(clients[j], NULL, addresses[i], 80);
			struct rules_answer a = judge(&ask);

			assert_int_equal(a.verdict, REFUSE);
			assert_int_equal(a.reason, RULES_BY_ADDRESS);
			assert_int_equal(a.rule, -1);
		}
	}
	use_rules("");
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct ask ask = ASK(LOCAL, "a.example", addresses[i], 80);

		assert_int_equal(judge(&ask).verdict, REFUSE);
	}
}

static void our_own_listeners_are_a_loop(void **state)
{
	static const struct row rows[] = {
		{"", ASK(LOCAL, NULL, LOCAL, 1080, .own = true, .listener = true), REFUSE,
			RULES_BY_LOOP, -1},
		{"allow to 127.0.0.1\n",
			ASK(LOCAL, NULL, LOCAL, 1080, .own = true, .listener = true), REFUSE,
			RULES_BY_LOOP, -1},
		{"allow to 192.168.1.1\n",
			ASK(LAN, "me.example", "192.168.1.1", 1080, .own = true, .listener = true),
			REFUSE, RULES_BY_LOOP, -1},
		{"allow to 127.0.0.1\n", ASK(LOCAL, NULL, LOCAL, 1081, .own = true), GRANT, BY_RULE,
			0},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void loopback_clients_reach_their_own_host(void **state)
{
	static const char *const clients[] = {LOCAL, "127.200.0.1", "::1", "::ffff:127.0.0.1"};
	static const char *const addresses[] = {
		LOCAL, "::1", "169.254.169.254", "fe80::1", "224.0.0.1"};

	(void)state;
	for (size_t i = 0; i < COUNT(clients); i++) {
		for (size_t j = 0; j < COUNT(addresses); j++) {
			struct ask ask = ASK(clients[i], NULL, addresses[j], 80, .own = true);

			use_rules("");
			assert_int_equal(judge(&ask).verdict, GRANT);
			use_rules("allow\n");
			assert_int_equal(judge(&ask).verdict, GRANT);
		}
	}
}

static void others_reach_special_ranges_by_name_of_the_address_only(void **state)
{
#define PROTECTED REFUSE, RULES_BY_PROTECTION, -1
	static const struct row rows[] = {
		/* by default, and by what does not name the address */
		{"", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"", ASK(LAN, "localhost", "127.0.0.1", 80, .own = true), PROTECTED},
		{"", ASK(LAN, "localhost", "::1", 80, .own = true), PROTECTED},
		{"", ASK(LAN, NULL, "127.9.9.9", 80), PROTECTED},
		{"", ASK(LAN, NULL, "::ffff:127.0.0.1", 80), PROTECTED},
		{"", ASK(LAN, NULL, "169.254.169.254", 80), PROTECTED},
		{"", ASK(LAN, NULL, "fe80::1", 80), PROTECTED},
		{"", ASK(LAN, NULL, "224.0.0.1", 80), PROTECTED},
		{"", ASK(LAN, NULL, "ff02::1", 80), PROTECTED},
		{"", ASK("fe80::2", NULL, "fe80::1", 80), PROTECTED},
		{"", ASK(LAN, NULL, LOCAL, 80, .bind = true), PROTECTED},
		{"allow\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"allow to *:80\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"allow to localhost\n", ASK(LAN, "localhost", LOCAL, 80, .own = true), PROTECTED},
		{"allow to *.example\n", ASK(LAN, "a.example", LOCAL, 80, .own = true), PROTECTED},
		{"allow to 0.0.0.0/0\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"allow to [::/0]\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"allow to [::/0]\n", ASK(LAN, NULL, "::1", 80, .own = true), PROTECTED},
		{"allow to [::/127]\n", ASK(LAN, NULL, "::1", 80, .own = true), PROTECTED},
		{"allow to 126.0.0.0/7\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		{"allow to 169.0.0.0/8\n", ASK(LAN, NULL, "169.254.169.254", 80), PROTECTED},
		{"allow to [fe00::/8]\n", ASK(LAN, NULL, "fe80::1", 80), PROTECTED},
		{"allow to 224.0.0.0/3\n", ASK(LAN, NULL, "224.0.0.1", 80), PROTECTED},
		/* the first match decides, even if a later one names the address */
		{"allow\nallow to 127.0.0.1\n", ASK(LAN, NULL, LOCAL, 80, .own = true), PROTECTED},
		/* named: the address, or a block within the range */
		{"allow to 127.0.0.1\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANT, BY_RULE, 0},
		{"allow to [::ffff:127.0.0.1]\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANT,
			BY_RULE, 0},
		{"allow to 127.0.0.1:80\n", ASK(LAN, "localhost", LOCAL, 80, .own = true), GRANT,
			BY_RULE, 0},
		{"allow to 127.0.0.0/8\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANT, BY_RULE,
			0},
		{"allow to 127.0.0.0/24\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANT, BY_RULE,
			0},
		{"allow to [::1]\n", ASK(LAN, NULL, "::1", 80, .own = true), GRANT, BY_RULE, 0},
		{"allow to 169.254.0.0/16\n", ASK(LAN, NULL, "169.254.169.254", 80), GRANT, BY_RULE,
			0},
		{"allow to [fe80::/10]\n", ASK(LAN, NULL, "fe80::1", 80), GRANT, BY_RULE, 0},
		{"allow to 224.0.0.0/4\n", ASK(LAN, NULL, "224.0.0.1", 80), GRANT, BY_RULE, 0},
		{"allow to [ff00::/8]\n", ASK(LAN, NULL, "ff02::1", 80), GRANT, BY_RULE, 0},
		{"allow to 127.0.0.1\n", ASK(LAN, NULL, "127.0.0.2", 80), REFUSE, RULES_BY_NO_RULE,
			-1},
		/* a rule against it stays one */
		{"deny to 127.0.0.0/8\nallow to 127.0.0.1\n",
			ASK(LAN, NULL, LOCAL, 80, .own = true), REFUSE, BY_RULE, 0},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void others_reach_our_own_addresses_one_by_one(void **state)
{
	static const struct row rows[] = {
		{"", ASK(LAN, NULL, "192.168.1.1", 80, .own = true), PROTECTED},
		{"", ASK(LAN, NULL, "192.168.1.1", 80), GRANT, RULES_BY_DEFAULT, -1},
		{"", ASK(LAN, NULL, "2001:db8::1", 80, .own = true), PROTECTED},
		{"allow\n", ASK(LAN, "me.example", "192.168.1.1", 80, .own = true), PROTECTED},
		{"allow to me.example\n", ASK(LAN, "me.example", "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.0/24\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.0/31\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.1\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true), GRANT,
			BY_RULE, 0},
		{"allow to 192.168.1.1/32:80\n",
			ASK(LAN, "me.example", "192.168.1.1", 80, .own = true), GRANT, BY_RULE, 0},
		{"allow to [2001:db8::1]\n", ASK(LAN, NULL, "2001:db8::1", 80, .own = true), GRANT,
			BY_RULE, 0},
		/* one of our own within a special range must still be named by itself */
		{"allow to 169.254.0.0/16\n", ASK(LAN, NULL, "169.254.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 169.254.1.1\n", ASK(LAN, NULL, "169.254.1.1", 80, .own = true), GRANT,
			BY_RULE, 0},
		{"allow to [fe80::/10]\n", ASK(LAN, NULL, "fe80::1", 80, .own = true), PROTECTED},
	};

	(void)state;
	check(rows, COUNT(rows));
#undef PROTECTED
}

static void bind_for_any_peer(void **state)
{
#define ANY_PEER ASK(LAN, NULL, "0.0.0.0", 0, .bind = true)
	static const struct row rows[] = {
		{"", ANY_PEER, REFUSE, RULES_BY_ADDRESS, -1},
		{"allow\n", ANY_PEER, REFUSE, RULES_BY_ADDRESS, -1},
		{"allow bind to 0.0.0.0\n", ANY_PEER, REFUSE, RULES_BY_ADDRESS, -1},
		{"allow bind any-peer\n", ANY_PEER, GRANT, BY_RULE, 0},
		{"allow any-peer\n", ANY_PEER, GRANT, BY_RULE, 0},
		{"allow bind any-peer from 10.0.0.0/8\n", ANY_PEER, REFUSE, RULES_BY_NO_RULE, -1},
		{"deny bind\nallow bind any-peer\n", ANY_PEER, REFUSE, BY_RULE, 0},
		{"allow\nallow bind any-peer\n", ANY_PEER, REFUSE, RULES_BY_ADDRESS, -1},
		{"allow any-peer\n", ASK(LAN, NULL, "0.0.0.0", 80), REFUSE, RULES_BY_ADDRESS, -1},
		{"allow any-peer\n", ASK(LAN, NULL, "0.0.0.1", 0, .bind = true), REFUSE,
			RULES_BY_ADDRESS, -1},
		{"allow any-peer\n", ASK(LAN, NULL, "::", 0, .bind = true), REFUSE,
			RULES_BY_ADDRESS, -1},
		{"allow bind any-peer\n", ASK(LAN, NULL, WORLD, 0, .bind = true), GRANT, BY_RULE,
			0},
		{"allow bind any-peer\n", ASK(LAN, NULL, LOCAL, 0, .bind = true), REFUSE,
			RULES_BY_PROTECTION, -1},
	};

	(void)state;
	check(rows, COUNT(rows));
#undef ANY_PEER
}

static void who_is_asked_for_ident(void **state)
{
	static const struct {
		const char *rules;
		struct ask ask;
		bool ident;
	} rows[] = {
		{"allow ident\n", ASK(LAN, NULL, WORLD, 80), true},
		{"allow\n", ASK(LAN, NULL, WORLD, 80), false},
		{"allow\nallow ident\n", ASK(LAN, NULL, WORLD, 80), false},
		{"allow from 10.0.0.0/8 ident\nallow\n", ASK(LAN, NULL, WORLD, 80), false},
		/* one that may match is asked for first */
		{"allow to 10.0.0.0/8 ident\nallow\n", ASK(LAN, "a.example", NULL, 80), true},
		{"allow to 10.0.0.0/8 ident\ndeny\n", ASK(LAN, "a.example", NULL, 80), true},
		{"allow to 10.0.0.0/8 ident\n", ASK(LAN, "a.example", NULL, 80), true},
		{"allow to 10.0.0.0/8\nallow ident\n", ASK(LAN, "a.example", NULL, 80), true},
		{"allow\nallow to 10.0.0.0/8 ident\n", ASK(LAN, "a.example", NULL, 80), false},
		/* not for what is refused anyway */
		{"allow ident\n", ASK(LAN, NULL, LOCAL, 80), false},
		{"allow ident\n", ASK(LAN, NULL, "0.0.0.0", 80), false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		use_rules(rows[i].rules);
		if (judge(&rows[i].ask).ident != rows[i].ident)
			fail_msg("row %zu: %s", i, rows[i].rules);
	}
}

static void needs_connect_is_passed_on(void **state)
{
	struct ask bind = ASK(LAN, NULL, WORLD, 80, .bind = true),
		   connect = ASK(LAN, NULL, WORLD, 80);

	(void)state;
	use_rules("allow bind needs-connect\n");
	assert_int_equal(judge(&bind).verdict, GRANT);
	assert_true(judge(&bind).needs_connect);
	use_rules("allow needs-connect\n");
	assert_true(judge(&bind).needs_connect);
	assert_false(judge(&connect).needs_connect);
	use_rules("allow bind\nallow bind needs-connect\n");
	assert_false(judge(&bind).needs_connect);
}

/*
 * What is said of a name before its address is known holds for every address it
 * may turn out to have, the protection of addresses aside; and no later answer
 * asks for an IDENT that the first had not asked for.
 */
static void the_first_answer_binds_the_later_ones(void **state)
{
	static const char *const parts[] = {"allow to 10.0.0.0/8", "deny to 10.1.0.0/16",
		"allow to a.example ident", "deny to *.example:25", "allow bind needs-connect",
		"deny connect to 11.0.0.0/8", "allow to [::/0]:80 ident", "deny from 10.0.0.0/8",
		"allow connect", "deny"};
	static const char *const addresses[] = {
		"10.0.0.1", "10.1.0.1", "11.0.0.1", "198.51.100.1", "2001:db8::1"};
	const unsigned n = COUNT(parts);

	(void)state;
	for (unsigned set = 0; set < n * n * n; set++) {
		char rules[256];

		snprintf(rules, sizeof rules, "%s\n%s\n%s\n", parts[set % n], parts[set / n % n],
			parts[set / n / n]);
		use_rules(rules);
		for (unsigned i = 0; i < COUNT(addresses) * 4; i++) {
			struct ask ask =
				ASK(LAN, "a.example", NULL, i & 1 ? 25 : 80, .bind = (i & 2) != 0);
			struct rules_answer before = judge(&ask), after;

			ask.ip = addresses[i / 4];
			after = judge(&ask);
			assert_int_not_equal(after.verdict, UNDECIDED);
			if (before.verdict != UNDECIDED)
				assert_int_equal(after.verdict, before.verdict);
			if (before.verdict == GRANT)
				assert_int_equal(after.needs_connect, before.needs_connect);
			if (after.ident)
				assert_true(before.ident);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_no_rules_are_written),
		cmocka_unit_test(the_first_match_decides),
		cmocka_unit_test(commands_ports_and_users),
		cmocka_unit_test(names_and_addresses_do_not_mix),
		cmocka_unit_test(undecided_while_it_depends_on_the_address),
		cmocka_unit_test(never_reached_whatever_the_rules_say),
		cmocka_unit_test(our_own_listeners_are_a_loop),
		cmocka_unit_test(loopback_clients_reach_their_own_host),
		cmocka_unit_test(others_reach_special_ranges_by_name_of_the_address_only),
		cmocka_unit_test(others_reach_our_own_addresses_one_by_one),
		cmocka_unit_test(bind_for_any_peer),
		cmocka_unit_test(who_is_asked_for_ident),
		cmocka_unit_test(needs_connect_is_passed_on),
		cmocka_unit_test(the_first_answer_binds_the_later_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

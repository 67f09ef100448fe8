/*
 * rules: when a rule matches, and what the rules say together.
 */
#include "policy/users.h"
#include "rules_rows.h"

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

			assert_int_equal(a.verdict, clients[i].served ? RULES_GRANT : RULES_REFUSE);
			assert_int_equal(b.verdict, clients[i].served ? RULES_GRANT : RULES_REFUSE);
			assert_int_equal(a.reason, RULES_BY_DEFAULT);
			assert_int_equal(a.rule, -1);
			assert_false(a.ident || a.needs_connect);
		}
	}
}

static void the_first_match_decides(void **state)
{
	static const struct row rows[] = {
		{"allow\n", ASK(WORLD, NULL, WORLD, 80), GRANTED_BY(0)},
		{"deny\n", ASK(LOCAL, NULL, WORLD, 80), REFUSED_BY(0)},
		{"deny\nallow\n", ASK(LAN, NULL, WORLD, 80), REFUSED_BY(0)},
		{"allow\ndeny\n", ASK(LAN, NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow from 10.0.0.0/8\n", ASK("10.1.1.1", NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow from 10.0.0.0/8\n", ASK(LAN, NULL, WORLD, 80), UNMATCHED},
		{"allow from 10.0.0.0/8\n", ASK(LOCAL, NULL, WORLD, 80), UNMATCHED},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "10.1.1.1", 80), REFUSED_BY(0)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "::ffff:a01:101", 80),
			REFUSED_BY(0)},
		{"deny to [::ffff:10.0.0.0/104]\nallow\n", ASK(LAN, NULL, "10.1.1.1", 80),
			REFUSED_BY(0)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "11.1.1.1", 80), GRANTED_BY(1)},
		{"allow from ::/0\n", ASK(WORLD, NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow from 0.0.0.0/0\n", ASK("2001:db8::1", NULL, WORLD, 80), UNMATCHED},
		{"allow from 2001:db8::/32\n", ASK("2001:db8::1", NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow to 2001:db8::/32\n", ASK(LAN, NULL, "2001:db8::1", 80), GRANTED_BY(0)},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void commands_ports_and_users(void **state)
{
	static const struct row rows[] = {
		{"allow connect\n", ASK(LAN, NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow connect\n", ASK(LAN, NULL, WORLD, 80, .bind = true), UNMATCHED},
		{"allow bind\n", ASK(LAN, NULL, WORLD, 80, .bind = true), GRANTED_BY(0)},
		{"allow bind\n", ASK(LAN, NULL, WORLD, 80), UNMATCHED},
		{"allow\n", ASK(LAN, NULL, WORLD, 0, .bind = true), GRANTED_BY(0)},
		{"deny bind\nallow\n", ASK(LAN, NULL, WORLD, 80, .bind = true), REFUSED_BY(0)},
		{"deny bind\nallow\n", ASK(LAN, NULL, WORLD, 80), GRANTED_BY(1)},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 80), GRANTED_BY(0)},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 443), GRANTED_BY(0)},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6660), GRANTED_BY(0)},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6669), GRANTED_BY(0)},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6670), UNMATCHED},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 6659), UNMATCHED},
		{"allow to *:80,443,6660-6669\n", ASK(LAN, NULL, WORLD, 81), UNMATCHED},
		{"allow to *:0-65535\n", ASK(LAN, NULL, WORLD, 65535), GRANTED_BY(0)},
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, NULL, "10.0.0.1", 25), REFUSED_BY(0)},
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, NULL, "10.0.0.1", 26), GRANTED_BY(1)},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bob"), GRANTED_BY(0)},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bobby"), UNMATCHED},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "bo"), UNMATCHED},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80, .userid = "Bob"), UNMATCHED},
		{"allow user bob\n", ASK(LAN, NULL, WORLD, 80), UNMATCHED},
		{"allow user \"\\xff\\\"\"\n", ASK(LAN, NULL, WORLD, 80, .userid = "\xff\""),
			GRANTED_BY(0)},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void names_and_addresses_do_not_mix(void **state)
{
	static const struct row rows[] = {
		/* a name rule speaks of requests by name only */
		{"allow to a.example\n", ASK(LAN, "a.example", NULL, 80), GRANTED_BY(0)},
		{"allow to a.example\n", ASK(LAN, "a.example", WORLD, 80), GRANTED_BY(0)},
		{"allow to a.example\n", ASK(LAN, NULL, WORLD, 80), UNMATCHED},
		{"deny to a.example\nallow\n", ASK(LAN, NULL, WORLD, 80), GRANTED_BY(1)},
		{"allow to a.example\n", ASK(LAN, "b.example", NULL, 80), UNMATCHED},
		/* case, and the last dot */
		{"deny to A.Example\nallow\n", ASK(LAN, "a.eXAMPLE", NULL, 80), REFUSED_BY(0)},
		{"deny to a.example\nallow\n", ASK(LAN, "a.example.", NULL, 80), REFUSED_BY(0)},
		{"deny to a.example.\nallow\n", ASK(LAN, "a.example", NULL, 80), REFUSED_BY(0)},
		{"deny to a.example.\nallow\n", ASK(LAN, "a.example.", NULL, 80), REFUSED_BY(0)},
		{"deny to *.example.\nallow\n", ASK(LAN, "B.EXAMPLE.", NULL, 80), REFUSED_BY(0)},
		/* whole names */
		{"allow to a.example\n", ASK(LAN, "xa.example", NULL, 80), UNMATCHED},
		{"allow to a.example\n", ASK(LAN, "a.example.org", NULL, 80), UNMATCHED},
		{"allow to a.example\n", ASK(LAN, "b.a.example", NULL, 80), UNMATCHED},
		/* everything below a domain */
		{"allow to *.example.com\n", ASK(LAN, "a.example.com", NULL, 80), GRANTED_BY(0)},
		{"allow to *.example.com\n", ASK(LAN, "a.b.Example.com.", NULL, 80), GRANTED_BY(0)},
		{"allow to *.example.com\n", ASK(LAN, "example.com", NULL, 80), UNMATCHED},
		{"allow to *.example.com\n", ASK(LAN, ".example.com", NULL, 80), UNMATCHED},
		{"allow to *.example.com\n", ASK(LAN, "badexample.com", NULL, 80), UNMATCHED},
		{"allow to *.example.com\n", ASK(LAN, "a.example.com.evil.org", NULL, 80),
			UNMATCHED},
		{"allow to *.com\n", ASK(LAN, ".", NULL, 80), UNMATCHED},
	};

	(void)state;
	check(rows, COUNT(rows));
}

static void undecided_while_it_depends_on_the_address(void **state)
{
	static const struct row rows[] = {
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80), OPEN},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", WORLD, 80), GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", "10.0.0.1", 80),
			REFUSED_BY(0)},
		{"allow to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), OPEN},
		/* everything that can follow says the same */
		{"deny to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), UNMATCHED},
		{"deny to 10.0.0.0/8\ndeny\n", ASK(LAN, "a.example", NULL, 80), REFUSED_BY(1)},
		{"allow to 10.0.0.0/8\nallow to a.example\n", ASK(LAN, "a.example", NULL, 80),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\ndeny to a.example\nallow\n", ASK(LAN, "a.example", NULL, 80),
			REFUSED_BY(1)},
		{"allow to 10.0.0.0/8\ndeny to 11.0.0.0/8\nallow\n",
			ASK(LAN, "a.example", NULL, 80), OPEN},
		{"allow to 10.0.0.0/8\ndeny to 11.0.0.0/8\ndeny\n", ASK(LAN, "a.example", NULL, 80),
			OPEN},
		/* a certain match before it ends it */
		{"allow to a.example\ndeny to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80),
			GRANTED_BY(0)},
		{"deny\nallow to 10.0.0.0/8\n", ASK(LAN, "a.example", NULL, 80), REFUSED_BY(0)},
		/* what cannot match for another reason leaves nothing open */
		{"deny to 10.0.0.0/8:25\nallow\n", ASK(LAN, "a.example", NULL, 80), GRANTED_BY(1)},
		{"deny from 10.0.0.0/8 to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80),
			GRANTED_BY(1)},
		{"deny bind to 10.0.0.0/8\nallow\n", ASK(LAN, "a.example", NULL, 80),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8 user bob\nallow\n",
			ASK(LAN, "a.example", NULL, 80, .userid = "eve"), GRANTED_BY(1)},
		/* needs-connect is part of what is decided, but for BIND only */
		{"allow bind to 10.0.0.0/8 needs-connect\nallow\n",
			ASK(LAN, "a.example", NULL, 80, .bind = true), OPEN},
		{"allow to 10.0.0.0/8 needs-connect\nallow\n", ASK(LAN, "a.example", NULL, 80),
			GRANTED_BY(1)},
	};

	(void)state;
	check(rows, COUNT(rows));
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
		if (!use_rules(rows[i].rules))
			continue;
		if (judge(&rows[i].ask).ident != rows[i].ident)
			fail_msg("row %zu: %s", i, rows[i].rules);
	}
}

static void needs_connect_is_passed_on(void **state)
{
	struct ask bind = ASK(LAN, NULL, WORLD, 80, .bind = true),
		   connect = ASK(LAN, NULL, WORLD, 80);

	(void)state;
	if (!use_rules("allow bind needs-connect\n"))
		return;
	assert_int_equal(judge(&bind).verdict, RULES_GRANT);
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
		if (!use_rules(rules))
			continue;
		for (unsigned i = 0; i < COUNT(addresses) * 4; i++) {
			struct ask ask =
				ASK(LAN, "a.example", NULL, i & 1 ? 25 : 80, .bind = (i & 2) != 0);
			struct rules_answer before = judge(&ask), after;

			ask.ip = addresses[i / 4];
			after = judge(&ask);
			assert_int_not_equal(after.verdict, RULES_UNDECIDED);
			if (before.verdict != RULES_UNDECIDED)
				assert_int_equal(after.verdict, before.verdict);
			if (before.verdict == RULES_GRANT)
				assert_int_equal(after.needs_connect, before.needs_connect);
			if (after.ident)
				assert_true(before.ident);
		}
	}
}

/* What a next hop will look up is decided at once: by names and ports, and no address guards it. */
static void a_name_that_a_hop_looks_up(void **state)
{
#define REMOTE ASK(LAN, "a.example", NULL, 80, .remote = true)
	static const struct row rows[] = {
		{"deny to 10.0.0.0/8\nallow\n", REMOTE, GRANTED_BY(1)},
		{"allow to 10.0.0.0/8\n", REMOTE, UNMATCHED},
		{"allow to [::/0]\nallow to 0.0.0.0/0\n", REMOTE, UNMATCHED},
		{"deny to a.example\nallow\n", REMOTE, REFUSED_BY(0)},
		{"allow to *.example:80\n", REMOTE, GRANTED_BY(0)},
		{"allow to *.example:81\n", REMOTE, UNMATCHED},
		{"", REMOTE, RULES_GRANT, RULES_BY_DEFAULT, -1},
		{"", ASK(WORLD, "a.example", NULL, 80, .remote = true), RULES_REFUSE,
			RULES_BY_DEFAULT, -1},
	};

	(void)state;
	check(rows, COUNT(rows));
}

#if CONFIG_ANKLET_PASSWORDS

#define NOBODY ASK(LAN, NULL, WORLD, 80)
#define FRED ASK(LAN, NULL, WORLD, 80, .userid = "fred")
#define PROVEN_FRED ASK(LAN, NULL, WORLD, 80, .userid = "fred", .proven = true)
#define CLAIMED_FRED ASK(LAN, NULL, WORLD, 80, .userid = "fred", .claimed = true)

/*
 * A userid is a claim: only a proven one meets a rule with 'password', and a user's claimed one meets none about him.
 */
static void passwords(void **state)
{
	static const struct row rows[] = {
		{"allow password\n", NOBODY, UNMATCHED},
		{"allow password\n", FRED, UNMATCHED},
		{"allow password\n", CLAIMED_FRED, UNMATCHED},
		{"allow password\n", PROVEN_FRED, GRANTED_BY(0)},
		{"allow password user bob\n", PROVEN_FRED, UNMATCHED},
		{"allow password user fred\n", PROVEN_FRED, GRANTED_BY(0)},
		{"allow password user fred\n", FRED, UNMATCHED},
		{"allow user fred\n", FRED, GRANTED_BY(0)},
		{"allow user fred\n", CLAIMED_FRED, UNMATCHED},
		{"allow user fred\n", PROVEN_FRED, GRANTED_BY(0)},
		{"allow\n", CLAIMED_FRED, GRANTED_BY(0)},
		{"allow password\nallow connect\n", NOBODY, GRANTED_BY(1)},
		{"deny to 192.0.2.0/24\nallow password\n", PROVEN_FRED, GRANTED_BY(1)},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* Whether such a client is to be asked for one. */
static void whom_to_ask_for_a_password(void **state)
{
	static const struct {
		const char *rules;
		bool wanted, unwanted;
	} rows[] = {
		{"", false, true},
		{"allow\n", false, true},
		{"allow password\n", true, false},
		{"allow password\nallow\n", true, true},
		{"allow\nallow password\n", false, true},
		{"deny\nallow password\n", false, false},
		{"allow connect\nallow password\n", true, true},
		{"allow password to *:80\nallow connect to *:443\n", true, true},
		{"allow password from 10.0.0.0/8\nallow from 172.16.0.0/12\n", true, false},
		{"allow password from 172.16.0.0/12\nallow from 10.0.0.0/8\n", false, true},
		{"allow password from 172.16.0.0/12\n", false, false},
		{"allow user fred\n", true, false},
		{"allow user bob\n", false, true},
		{"allow user bob\nallow password user bob\n", true, true},
		{"deny user fred\nallow\n", false, true},
		{"deny to 192.0.2.0/24\nallow password\n", true, false},
	};
	static struct users users;
	struct ip client = ip_of("10.1.1.1");
	struct text why;
	char words[80];

	(void)state;
	text_init(&why, words, sizeof words);
	assert_true(users_read(&users, (const uint8_t *)"fred:x", 6, &why));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rules_proof proof;

		if (!use_rules(rows[i].rules))
			continue;
		proof = rules_proof(&config.rules, &config.strings, &users, &client);
		if (proof.wanted != rows[i].wanted || proof.unwanted != rows[i].unwanted)
			fail_msg(
				"row %zu: %s%d %d", i, rows[i].rules, proof.wanted, proof.unwanted);
	}
}

#else

static void passwords(void **state)
{
	(void)state;
	skip_because("needs CONFIG_ANKLET_PASSWORDS");
}

static void whom_to_ask_for_a_password(void **state)
{
	passwords(state);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_no_rules_are_written),
		cmocka_unit_test(the_first_match_decides),
		cmocka_unit_test(commands_ports_and_users),
		cmocka_unit_test(names_and_addresses_do_not_mix),
		cmocka_unit_test(undecided_while_it_depends_on_the_address),
		cmocka_unit_test(who_is_asked_for_ident),
		cmocka_unit_test(needs_connect_is_passed_on),
		cmocka_unit_test(the_first_answer_binds_the_later_ones),
		cmocka_unit_test(a_name_that_a_hop_looks_up),
		cmocka_unit_test(passwords),
		cmocka_unit_test(whom_to_ask_for_a_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

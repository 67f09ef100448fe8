/*
 * rules: the addresses that no rule opens, and those that only a rule opens that names them.
 */
#include "rules_rows.h"

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

			assert_int_equal(a.verdict, RULES_REFUSE);
			assert_int_equal(a.reason, RULES_BY_ADDRESS);
			assert_int_equal(a.rule, -1);
		}
	}
	use_rules("");
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct ask ask = ASK(LOCAL, "a.example", addresses[i], 80);

		assert_int_equal(judge(&ask).verdict, RULES_REFUSE);
	}
}

static void our_own_listeners_are_a_loop(void **state)
{
	static const struct row rows[] = {
		{"", ASK(LOCAL, NULL, LOCAL, 1080, .own = true, .listener = true), LOOP},
		{"allow to 127.0.0.1\n",
			ASK(LOCAL, NULL, LOCAL, 1080, .own = true, .listener = true), LOOP},
		{"allow to 192.168.1.1\n",
			ASK(LAN, "me.example", "192.168.1.1", 1080, .own = true, .listener = true),
			LOOP},
		{"allow to 127.0.0.1\n", ASK(LOCAL, NULL, LOCAL, 1081, .own = true), GRANTED_BY(0)},
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
			assert_int_equal(judge(&ask).verdict, RULES_GRANT);
			use_rules("allow\n");
			assert_int_equal(judge(&ask).verdict, RULES_GRANT);
		}
	}
}

static void others_reach_special_ranges_by_name_of_the_address_only(void **state)
{
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
		{"allow to 127.0.0.1\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANTED_BY(0)},
		{"allow to [::ffff:127.0.0.1]\n", ASK(LAN, NULL, LOCAL, 80, .own = true),
			GRANTED_BY(0)},
		{"allow to 127.0.0.1:80\n", ASK(LAN, "localhost", LOCAL, 80, .own = true),
			GRANTED_BY(0)},
		{"allow to 127.0.0.0/8\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANTED_BY(0)},
		{"allow to 127.0.0.0/24\n", ASK(LAN, NULL, LOCAL, 80, .own = true), GRANTED_BY(0)},
		{"allow to [::1]\n", ASK(LAN, NULL, "::1", 80, .own = true), GRANTED_BY(0)},
		{"allow to 169.254.0.0/16\n", ASK(LAN, NULL, "169.254.169.254", 80), GRANTED_BY(0)},
		{"allow to [fe80::/10]\n", ASK(LAN, NULL, "fe80::1", 80), GRANTED_BY(0)},
		{"allow to 224.0.0.0/4\n", ASK(LAN, NULL, "224.0.0.1", 80), GRANTED_BY(0)},
		{"allow to [ff00::/8]\n", ASK(LAN, NULL, "ff02::1", 80), GRANTED_BY(0)},
		{"allow to 127.0.0.1\n", ASK(LAN, NULL, "127.0.0.2", 80), UNMATCHED},
		/* a rule against it stays one */
		{"deny to 127.0.0.0/8\nallow to 127.0.0.1\n",
			ASK(LAN, NULL, LOCAL, 80, .own = true), REFUSED_BY(0)},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* What a rule's other fields hold is of no meaning while it speaks of no address. */
static void only_a_block_names_an_address(void **state)
{
	struct ask ask = ASK(LAN, "localhost", LOCAL, 80, .own = true);
	struct rule *rule = &config.rules.rule[0];

	(void)state;
	use_rules("allow to 127.0.0.1\n");
	assert_int_equal(judge(&ask).verdict, RULES_GRANT);
	rule->to.kind = PATTERN_ANY;
	assert_int_equal(judge(&ask).verdict, RULES_REFUSE);
	rule->to.kind = PATTERN_NAME;
	rule->to.name = string_table_add(&config.strings, (struct word){"localhost", 9});
	assert_int_equal(judge(&ask).verdict, RULES_REFUSE);
	assert_int_equal(judge(&ask).reason, RULES_BY_PROTECTION);
}

static void others_reach_our_own_addresses_one_by_one(void **state)
{
	static const struct row rows[] = {
		{"", ASK(LAN, NULL, "192.168.1.1", 80, .own = true), PROTECTED},
		{"", ASK(LAN, NULL, "192.168.1.1", 80), RULES_GRANT, RULES_BY_DEFAULT, -1},
		{"", ASK(LAN, NULL, "2001:db8::1", 80, .own = true), PROTECTED},
		{"allow\n", ASK(LAN, "me.example", "192.168.1.1", 80, .own = true), PROTECTED},
		{"allow to me.example\n", ASK(LAN, "me.example", "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.0/24\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.0/31\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 192.168.1.1\n", ASK(LAN, NULL, "192.168.1.1", 80, .own = true),
			GRANTED_BY(0)},
		{"allow to 192.168.1.1/32:80\n",
			ASK(LAN, "me.example", "192.168.1.1", 80, .own = true), GRANTED_BY(0)},
		{"allow to [2001:db8::1]\n", ASK(LAN, NULL, "2001:db8::1", 80, .own = true),
			GRANTED_BY(0)},
		/* one of our own within a special range must still be named by itself */
		{"allow to 169.254.0.0/16\n", ASK(LAN, NULL, "169.254.1.1", 80, .own = true),
			PROTECTED},
		{"allow to 169.254.1.1\n", ASK(LAN, NULL, "169.254.1.1", 80, .own = true),
			GRANTED_BY(0)},
		{"allow to [fe80::/10]\n", ASK(LAN, NULL, "fe80::1", 80, .own = true), PROTECTED},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* An address of IPv4 within one of IPv6, behind NAT64 or 6to4: what a rule says of the one holds for the other. */
static void addresses_within_addresses(void **state)
{
#define LAN6 "fd00::7"
	static const struct row rows[] = {
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "64:ff9b::a01:203", 80),
			REFUSED_BY(0)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "64:ff9b::10.1.2.3", 80),
			REFUSED_BY(0)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "2002:a01:203::1", 80),
			REFUSED_BY(0)},
		{"deny to 10.0.0.0/8\nallow\n",
			ASK(LOCAL, "a.example", "2002:a01:203:9:8:7:6:5", 80), REFUSED_BY(0)},
		{"deny to 10.1.2.3\nallow\n", ASK(LAN6, NULL, "64:ff9b::a01:203", 80),
			REFUSED_BY(0)},
		{"deny to 10.1.2.3:80\nallow\n", ASK(LAN, NULL, "64:ff9b::a01:203", 81),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "64:ff9b::b01:203", 80),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "2003:a01:203::1", 80),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "64:ff9b:0:1::a01:203", 80),
			GRANTED_BY(1)},
		{"deny to 10.0.0.0/8\nallow\n", ASK(LAN, NULL, "64:ff9b:1::a01:203", 80),
			GRANTED_BY(1)},
		{"deny to 0.0.0.0/0\nallow\n", ASK(LAN, NULL, "64:ff9b::808:808", 80),
			REFUSED_BY(0)},
		/* An allow holds, too: with all that it asks for. A rule of IPv6 is what it was. */
		{"allow to 203.0.113.0/24\n", ASK(LAN, NULL, "64:ff9b::cb00:7105", 80),
			GRANTED_BY(0)},
		{"allow to 203.0.113.0/24\n", ASK(LAN, NULL, "64:ff9b::cb00:7205", 80), UNMATCHED},
		{"allow to [64:ff9b::/96]\ndeny to 10.0.0.0/8\n",
			ASK(LAN, NULL, "64:ff9b::a01:203", 80), GRANTED_BY(0)},
		{"deny to 10.0.0.0/8\nallow to [2002::/16]\n",
			ASK(LAN, NULL, "2002:a01:203::1", 80), REFUSED_BY(0)},
		{"deny to [2002::/16]\nallow\n", ASK(LAN, NULL, "2002:a01:203::1", 80),
			REFUSED_BY(0)},
		/* What it is stays what it is; and only its own spelling names it. */
		{"allow\n", ASK(LOCAL, NULL, "64:ff9b::f000:1", 80), UNREACHABLE},
		{"allow\n", ASK(LOCAL, NULL, "2002::1", 80), UNREACHABLE},
		{"allow\n", ASK(LAN, NULL, "64:ff9b::7f00:1", 80), PROTECTED},
		{"allow\n", ASK(LAN, NULL, "64:ff9b::a9fe:a9fe", 80), PROTECTED},
		{"allow\n", ASK(LAN, NULL, "2002:a9fe:a9fe::1", 80), PROTECTED},
		{"allow\n", ASK(LAN, NULL, "2002:e000:1::1", 80), PROTECTED},
		{"", ASK(LAN, NULL, "64:ff9b::7f00:1", 80), PROTECTED},
		{"allow to 127.0.0.1\n", ASK(LAN, NULL, "64:ff9b::7f00:1", 80), PROTECTED},
		{"allow to 127.0.0.0/8\n", ASK(LAN, NULL, "64:ff9b::7f00:1", 80), PROTECTED},
		{"allow to [64:ff9b::/96]\n", ASK(LAN, NULL, "64:ff9b::7f00:1", 80), PROTECTED},
		{"allow to [64:ff9b::7f00:1]\n", ASK(LAN, NULL, "64:ff9b::7f00:1", 80),
			GRANTED_BY(0)},
		{"allow\n", ASK(LAN, NULL, "64:ff9b::cb00:7105", 80, .own = true), PROTECTED},
	};

	(void)state;
	check(rows, COUNT(rows));
}

/* The obligation of a rule is not lost in the other spelling. */
static void ident_is_asked_within_addresses(void **state)
{
	struct ask ask = ASK(LAN, NULL, "2002:a01:203::1", 80);

	(void)state;
	if (!use_rules("allow to 10.0.0.0/8 ident\nallow\n"))
		return;
	assert_true(judge(&ask).ident);
}

#define ANY_PEER6 ASK(LAN, NULL, "::", 0, .bind = true)

static void bind_for_any_peer(void **state)
{
#define ANY_PEER ASK(LAN, NULL, "0.0.0.0", 0, .bind = true)
	static const struct row rows[] = {
		{"", ANY_PEER, UNREACHABLE},
		{"allow\n", ANY_PEER, UNREACHABLE},
		{"allow bind to 0.0.0.0\n", ANY_PEER, UNREACHABLE},
		{"allow bind any-peer\n", ANY_PEER, GRANTED_BY(0)},
		{"allow any-peer\n", ANY_PEER, GRANTED_BY(0)},
		{"allow bind any-peer from 10.0.0.0/8\n", ANY_PEER, UNMATCHED},
		{"deny bind\nallow bind any-peer\n", ANY_PEER, REFUSED_BY(0)},
		{"allow\nallow bind any-peer\n", ANY_PEER, UNREACHABLE},
		{"allow any-peer\n", ASK(LAN, NULL, "0.0.0.0", 80), UNREACHABLE},
		{"allow any-peer\n", ASK(LAN, NULL, "0.0.0.1", 0, .bind = true), UNREACHABLE},
		{"allow any-peer\n", ASK(LAN, NULL, "::", 80), UNREACHABLE},
		{"allow\n", ANY_PEER6, UNREACHABLE},
		{"allow bind any-peer\n", ASK(LAN, NULL, WORLD, 0, .bind = true), GRANTED_BY(0)},
		{"allow bind any-peer\n", ASK(LAN, NULL, LOCAL, 0, .bind = true), PROTECTED},
	};

	(void)state;
	check(rows, COUNT(rows));
#undef ANY_PEER
}

/* Whoever comes may come by IPv6, where there is a protocol that can tell the address. */
static void bind_for_any_peer_of_ipv6(void **state)
{
	static const struct row with[] = {{"allow any-peer\n", ANY_PEER6, GRANTED_BY(0)}};
	static const struct row without[] = {{"allow any-peer\n", ANY_PEER6, UNREACHABLE}};

	(void)state;
	check(CONFIG_ANKLET_SOCKS5 ? with : without, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_reached_whatever_the_rules_say),
		cmocka_unit_test(our_own_listeners_are_a_loop),
		cmocka_unit_test(loopback_clients_reach_their_own_host),
		cmocka_unit_test(others_reach_special_ranges_by_name_of_the_address_only),
		cmocka_unit_test(only_a_block_names_an_address),
		cmocka_unit_test(others_reach_our_own_addresses_one_by_one),
		cmocka_unit_test(addresses_within_addresses),
		cmocka_unit_test(ident_is_asked_within_addresses),
		cmocka_unit_test(bind_for_any_peer),
		cmocka_unit_test(bind_for_any_peer_of_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

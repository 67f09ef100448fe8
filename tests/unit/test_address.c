/*
 * address: every form an address is written in, what it is printed as, its class, and blocks.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/address.h"
#include "guard.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Every parser sees its text flush against an unreadable page. */
static bool parse(const char *text, size_t len, struct ip *ip)
{
	uint8_t *copy = guard_copy(text, len);
	bool parsed = ip_parse((char *)copy, len, ip);

	guard_free(copy, len);
	return parsed;
}

static bool parse_prefix(const char *text, size_t len, struct ip_prefix *prefix)
{
	uint8_t *copy = guard_copy(text, len);
	bool parsed = ip_prefix_parse((char *)copy, len, prefix);

	guard_free(copy, len);
	return parsed;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	if (!parse(text, strlen(text), &ip))
		fail_msg("'%s' is an address", text);
	return ip;
}

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	if (!parse_prefix(text, strlen(text), &prefix))
		fail_msg("'%s' is a block", text);
	return prefix;
}

static void assert_printed(const char *text, const char *expected)
{
	struct ip ip = ip_of(text);
	char buf[ADDRESS_TEXT_SIZE];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_ip(&t, &ip);
	assert_string_equal(buf, expected);
	assert_true(ip_parse(buf, t.len, &ip));
}

static void printed_as_rfc_5952_says(void **state)
{
	static const char *const cases[][2] = {
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"192.168.1.10", "192.168.1.10"},
		{"::", "::"},
		{"0:0:0:0:0:0:0:0", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"0:0:0:0:0:0:0:1", "::1"},
		{"2001:DB8::ABCD", "2001:db8::abcd"},
		{"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"}, /* 4.2.3 */
		{"2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, /* 4.2.2 */
		{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
		{"::1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
		{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
		{"1:0:0:4:0:0:0:8", "1:0:0:4::8"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
		{"::1.2.3.4", "::102:304"},
		{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
		{"::ffff:0:1.2.3.4", "::ffff:0:102:304"},
		/* the mapped form is the IPv4 address */
		{"::ffff:10.0.0.1", "10.0.0.1"},
		{"::FFFF:a00:1", "10.0.0.1"},
		{"0:0:0:0:0:ffff:7f00:1", "127.0.0.1"},
		{"::ffff:0:0", "0.0.0.0"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_printed(cases[i][0], cases[i][1]);
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const cases[] = {"", ".", "1", "1.2.3", "1.2.3.", ".1.2.3", "1.2.3.4.",
		"1.2.3.4.5", "1..3.4", "1.2.3.256", "1.2.3.1000", "01.2.3.4", "1.2.3.00",
		"1.2.3.04", "0x7f.0.0.1", "127.1", "2130706433", "1.2.3.-4", "1.2.3.+4", " 1.2.3.4",
		"1.2.3.4 ", "1.2.3.4/8", "1.2.3.a", ":", ":::", "::::", "1", "1:", ":1", "1:2",
		"1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
		"1::2::3", "1:::2", "::1::", "12345::", "::12345", "::g", "::1g", "::1 ", " ::1",
		"::1%1", "[::1]", "::1/64", "::1.2.3", "::1.2.3.4.5", "::1.2.3.256", "::01.2.3.4",
		"1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", "::-1",
		"::0x1", "1:2:3:4::5:6:7:8:9", "::ffff:1.2.3", "1.2.3.4:80"};
	struct ip ip, untouched;

	(void)state;
	memset(&untouched, 0xa5, sizeof untouched);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ip = untouched;
		if (parse(cases[i], strlen(cases[i]), &ip))
			fail_msg("'%s' was taken for an address", cases[i]);
		assert_true(ip_equal(&ip, &untouched));
	}
	assert_false(parse("1.2.3.4\0", 8, &ip));
	assert_false(parse("::1\0", 4, &ip));
	assert_false(ip_parse(NULL, 0, &ip));
}

static void agree_with_the_system(const char *text, size_t len)
{
	char terminated[64];
	uint8_t v6[16], v4[4];
	struct ip ip;
	bool parsed = parse(text, len, &ip);
	bool known_v6, known_v4;

	memcpy(terminated, text, len);
	terminated[len] = '\0';
	known_v6 = inet_pton(AF_INET6, terminated, v6) == 1;
	known_v4 = inet_pton(AF_INET, terminated, v4) == 1;
	if (parsed != (known_v6 || known_v4))
		fail_msg("'%s': %d, the system says %d", terminated, parsed, known_v6 || known_v4);
	if (known_v6)
		assert_memory_equal(ip.byte, v6, 16);
	else if (known_v4)
		assert_memory_equal(ip.byte + 12, v4, 4);
}

/* Every text of up to 6 bytes of this alphabet, and many longer ones, against inet_pton(). */
static void reads_what_the_system_reads(void **state)
{
	static const char alphabet[] = "01:.f";
	uint32_t seed = 1;

	(void)state;
	for (unsigned len = 1; len <= 6; len++) {
		unsigned count = 1;

		for (unsigned i = 0; i < len; i++)
			count *= 5;
		for (unsigned n = 0; n < count; n++) {
			char text[8];
			unsigned rest = n;

			for (unsigned i = 0; i < len; i++, rest /= 5)
				text[i] = alphabet[rest % 5];
			agree_with_the_system(text, len);
		}
	}
	for (unsigned n = 0; n < 50000; n++) {
		char text[48];
		size_t len = 0, groups = n % 9 + 1;

		for (size_t i = 0; i < groups && len < 40; i++) {
			seed = seed * 1664525 + 1013904223;
			len += (size_t)sprintf(text + len, "%x%s", (seed >> 20) % 300,
				seed >> 30 == 0                ? "::"
				: n % 5 == 0 && i > groups - 4 ? "."
							       : ":");
		}
		agree_with_the_system(text, len - (n % 3 != 0));
	}
}

static void classes(void **state)
{
	static const struct {
		const char *text;
		enum ip_class class;
	} cases[] = {{"0.0.0.0", IP_UNSPECIFIED}, {"0.255.255.255", IP_UNSPECIFIED},
		{"1.0.0.0", IP_GLOBAL}, {"9.255.255.255", IP_GLOBAL}, {"10.0.0.0", IP_PRIVATE},
		{"10.255.255.255", IP_PRIVATE}, {"11.0.0.0", IP_GLOBAL},
		{"126.255.255.255", IP_GLOBAL}, {"127.0.0.0", IP_LOOPBACK},
		{"127.255.255.255", IP_LOOPBACK}, {"128.0.0.0", IP_GLOBAL},
		{"169.253.255.255", IP_GLOBAL}, {"169.254.0.0", IP_LINK_LOCAL},
		{"169.254.169.254", IP_LINK_LOCAL}, {"169.255.0.0", IP_GLOBAL},
		{"172.15.255.255", IP_GLOBAL}, {"172.16.0.0", IP_PRIVATE},
		{"172.31.255.255", IP_PRIVATE}, {"172.32.0.0", IP_GLOBAL},
		{"192.167.255.255", IP_GLOBAL}, {"192.168.0.0", IP_PRIVATE},
		{"192.168.255.255", IP_PRIVATE}, {"192.169.0.0", IP_GLOBAL},
		{"223.255.255.255", IP_GLOBAL}, {"224.0.0.0", IP_MULTICAST},
		{"239.255.255.255", IP_MULTICAST}, {"240.0.0.0", IP_RESERVED},
		{"255.255.255.254", IP_RESERVED}, {"255.255.255.255", IP_BROADCAST},
		{"::", IP_UNSPECIFIED}, {"::1", IP_LOOPBACK}, {"::2", IP_GLOBAL},
		{"1::1", IP_GLOBAL}, {"fbff::", IP_GLOBAL}, {"fc00::", IP_PRIVATE},
		{"fdff:ffff::1", IP_PRIVATE}, {"fe00::", IP_GLOBAL}, {"fe7f::", IP_GLOBAL},
		{"fe80::", IP_LINK_LOCAL}, {"febf:ffff::", IP_LINK_LOCAL}, {"fec0::", IP_GLOBAL},
		{"feff::", IP_GLOBAL}, {"ff00::", IP_MULTICAST}, {"ff02::1", IP_MULTICAST},
		{"2001:db8::1", IP_GLOBAL}, {"::ffff:127.0.0.1", IP_LOOPBACK},
		{"::ffff:a00:1", IP_PRIVATE}, {"::ffff:0:0", IP_UNSPECIFIED},
		{"::ffff:169.254.169.254", IP_LINK_LOCAL}, {"::127.0.0.1", IP_GLOBAL}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].text);

		if (ip_class(&ip) != cases[i].class)
			fail_msg("class of %s", cases[i].text);
	}
}

static void two_spellings_are_one_address(void **state)
{
	struct ip a = ip_of("10.1.2.3"), b = ip_of("::ffff:a01:203"), c = ip_v4(10, 1, 2, 3);
	struct ip compatible = ip_of("::10.1.2.3"), zero = ip_of("::"), any = ip_of("0.0.0.0");

	(void)state;
	assert_true(ip_equal(&a, &b) && ip_equal(&a, &c));
	assert_true(ip_is_v4(&a) && ip_is_v4(&b));
	assert_false(ip_equal(&a, &compatible));
	assert_false(ip_is_v4(&compatible));
	assert_true(ip_is_zero(&zero));
	assert_false(ip_is_zero(&any) || ip_equal(&zero, &any) || ip_is_v4(&zero));
}

static void blocks_are_printed_as_they_are_written(void **state)
{
	static const char *const cases[][2] = {
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.1.2.3/8", "10.0.0.0/8"},
		{"10.1.2.3", "10.1.2.3"},
		{"10.1.2.3/32", "10.1.2.3"},
		{"10.1.2.3/31", "10.1.2.2/31"},
		{"255.255.255.255/1", "128.0.0.0/1"},
		{"1.2.3.4/0", "0.0.0.0/0"},
		{"0.0.0.0/0", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"ffff::/0", "::/0"},
		{"::1", "::1"},
		{"::1/128", "::1"},
		{"2001:db8:ffff::1/32", "2001:db8::/32"},
		{"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
		{"2001:db8::ffff/127", "2001:db8::fffe/127"},
		{"::ffff:10.1.2.3/104", "10.0.0.0/8"},
		{"::ffff:10.1.2.3/96", "0.0.0.0/0"},
		{"::ffff:a01:203/128", "10.1.2.3"},
		{"::/90", "::/90"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_prefix prefix = prefix_of(cases[i][0]), again;
		char buf[ADDRESS_TEXT_SIZE];
		struct text t;

		text_init(&t, buf, sizeof buf);
		text_ip_prefix(&t, &prefix);
		assert_string_equal(buf, cases[i][1]);
		again = prefix_of(buf);
		assert_int_equal(again.bits, prefix.bits);
		assert_true(ip_equal(&again.ip, &prefix.ip));
	}
}

static void refuses_what_is_no_block(void **state)
{
	static const char *const cases[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/8 ", "10.0.0.0 /8",
		"10.0.0.0/ 8", "10.0.0.0/0x8", "10.0.0.0/255.0.0.0", "10/8", "::/129", "::/",
		"::/a", "::1/99999999999", "10.0.0.0/4294967304", "::ffff:10.0.0.0/8",
		"::ffff:0:0/95", "::ffff:10.0.0.1/0", "fe80::1%1/10", "[::]/0", "*"};
	struct ip_prefix prefix = {.bits = 77};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (parse_prefix(cases[i], strlen(cases[i]), &prefix))
			fail_msg("'%s' was taken for a block", cases[i]);
	}
	assert_int_equal(prefix.bits, 77);
}

static void what_a_block_holds(void **state)
{
	static const struct {
		const char *prefix, *ip;
		bool holds;
	} cases[] = {{"10.0.0.0/8", "10.255.255.255", true}, {"10.0.0.0/8", "11.0.0.0", false},
		{"10.0.0.0/8", "9.255.255.255", false}, {"10.0.0.0/8", "::ffff:10.9.9.9", true},
		{"10.0.0.0/8", "::10.9.9.9", false}, {"10.0.0.0/9", "10.127.0.0", true},
		{"10.0.0.0/9", "10.128.0.0", false}, {"10.0.0.7", "10.0.0.7", true},
		{"10.0.0.7", "10.0.0.6", false}, {"10.0.0.6/31", "10.0.0.7", true},
		{"10.0.0.6/31", "10.0.0.8", false}, {"128.0.0.0/1", "127.255.255.255", false},
		{"128.0.0.0/1", "128.0.0.0", true}, {"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false}, {"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "10.0.0.1", true}, {"::/0", "0.0.0.0", true}, {"::/0", "ffff::1", true},
		{"::/1", "10.0.0.1", false}, {"::/8", "10.0.0.1", false}, {"::/8", "ff::1", true},
		{"::/8", "100::1", false}, {"::/80", "10.0.0.1", false}, {"::/80", "::1", true},
		{"2001:db8::/32", "2001:db8:ffff::1", true}, {"2001:db8::/32", "2001:db9::", false},
		{"2001:db8::/33", "2001:db8:8000::", false}, {"::1", "::1", true},
		{"::1", "127.0.0.1", false}, {"::/127", "::1", true}, {"::/127", "::2", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_prefix prefix = prefix_of(cases[i].prefix);
		struct ip ip = ip_of(cases[i].ip);

		if (ip_prefix_holds(&prefix, &ip) != cases[i].holds)
			fail_msg("%s in %s", cases[i].ip, cases[i].prefix);
	}
}

static void blocks_within_blocks(void **state)
{
	static const struct {
		const char *inner, *outer;
		bool within;
	} cases[] = {{"127.0.0.1", "127.0.0.0/8", true}, {"127.0.0.0/8", "127.0.0.0/8", true},
		{"127.0.0.0/7", "127.0.0.0/8", false}, {"126.0.0.0/7", "127.0.0.0/8", false},
		{"0.0.0.0/0", "127.0.0.0/8", false}, {"::/0", "127.0.0.0/8", false},
		{"10.0.0.0/8", "::/0", true}, {"0.0.0.0/0", "::/0", true}, {"::/0", "::/0", true},
		{"10.0.0.0/8", "0.0.0.0/0", true}, {"::/0", "0.0.0.0/0", false},
		{"fe80::/10", "fe80::/10", true}, {"fe80::/9", "fe80::/10", false},
		{"fe80::1", "fe80::/10", true}, {"fec0::1", "fe80::/10", false},
		{"10.0.0.0/8", "::/8", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_prefix inner = prefix_of(cases[i].inner),
				 outer = prefix_of(cases[i].outer);

		if (ip_prefix_within(&inner, &outer) != cases[i].within)
			fail_msg("%s within %s", cases[i].inner, cases[i].outer);
	}
}

/* What inet_aton() reads, and addresses with zones, with what may stand around them. */
static void what_may_be_meant_for_an_address(void **state)
{
	static const char *const addresses[] = {"10.66051", "167838211", "0xa.1.2.3", "0XA.1.2.3",
		"012.1.2.3", "127.1", "127.1.", "10.1.2.3.", "10.1.2.3..", "0", "0x", "0xa010203",
		"0Xa010203.", "[127.1]", "[0xa.1.2.3]", "[10.66051].", "::ffff:10.1.2.3%1",
		"::ffff:10.1.2.3%lo", "fe80::1%eth0", "::1%", "[::1%1]", "10.1.2.3%1", "127.1%lo",
		"1.2.3.4.5", "4294967297", "10.1.2.0x3", "00000000012.1.2.3", "999.1.2.3", "a:b",
		"10.0.0.1", "::1", "1.2.3.0xfF"};
	static const char *const names[] = {"", ".", "..", "a", "example.com", "example.com.",
		"1.2.3.4.example", "0x.com", "3com.com", "0xzz", "10.in-addr.arpa", "0x7f.1.a",
		"1e3x", "12ab", "10.1.2.3x", "x10", "%", "%s%n\xff.test", "localhost%1",
		"\xef\xbc\x91", "-1", "+1", "1-2", "0b1", "0o17"};

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (!ip_may_be_meant(addresses[i], strlen(addresses[i])))
			fail_msg("%s", addresses[i]);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (ip_may_be_meant(names[i], strlen(names[i])))
			fail_msg("%s", names[i]);
}

/* The system's inet_aton() reads nothing that was not refused. */
static void the_system_reads_no_name_as_an_address(void **state)
{
	static const char letters[] = "0129afxX.";
	char text[12];

	(void)state;
	for (uint32_t n = 1; n < 3000000; n += 7) {
		struct in_addr in;
		size_t len = 0;

		for (uint32_t rest = n; rest > 0; rest /= 9)
			text[len++] = letters[rest % 9];
		text[len] = '\0';
		if (inet_aton(text, &in) && !ip_may_be_meant(text, len))
			fail_msg("%s", text);
	}
}

static void addresses_within_addresses(void **state)
{
	struct ip ip, v4, expected = ip_v4(10, 1, 2, 3);

	(void)state;
	ip_parse("64:ff9b::a01:203", 16, &ip);
	assert_true(ip_embeds_v4(&ip, &v4) && ip_equal(&v4, &expected));
	ip_parse("2002:a01:203:1::9", 17, &ip);
	assert_true(ip_embeds_v4(&ip, &v4) && ip_equal(&v4, &expected));
	ip_parse("64:ff9b:1::a01:203", 18, &ip);
	assert_false(ip_embeds_v4(&ip, &v4));
	assert_false(ip_embeds_v4(&expected, &v4));
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint32_t max;
		bool good;
		uint32_t n;
	} cases[] = {{"0", 0, true, 0}, {"1", 0, false, 0}, {"65535", 65535, true, 65535},
		{"65536", 65535, false, 0}, {"007", 9, true, 7},
		{"4294967295", UINT32_MAX, true, UINT32_MAX}, {"4294967296", UINT32_MAX, false, 0},
		{"9999999999", UINT32_MAX, false, 0},
		{"18446744073709551617", UINT32_MAX, false, 0}, {"", 9, false, 0},
		{"-1", 9, false, 0}, {"+1", 9, false, 0}, {" 1", 9, false, 0}, {"1 ", 9, false, 0},
		{"1a", 9, false, 0}, {"/", 9, false, 0}, {":", 9, false, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].text);
		uint8_t *copy = guard_copy(cases[i].text, len);
		uint32_t n = 12345;

		if (number_parse((char *)copy, len, cases[i].max, &n) != cases[i].good)
			fail_msg("number '%s'", cases[i].text);
		assert_int_equal(n, cases[i].good ? cases[i].n : 12345);
		guard_free(copy, len);
	}
}

static void addresses_with_a_port(void **state)
{
	struct address v4 = {.ip = ip_v4(10, 0, 0, 1), .port = 80}, other = v4;
	struct address v6 = {.ip = ip_of("2001:db8::1"), .port = 65535};
	struct address longest = {.ip = ip_of("fe80:1111:2222:3333:4444:5555:6666:7777"),
		.port = 65535,
		.scope = UINT32_MAX};
	char buf[ADDRESS_TEXT_SIZE];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof buf);
	text_address(&t, &v4);
	assert_string_equal(buf, "10.0.0.1:80");
	text_init(&t, buf, sizeof buf);
	text_address(&t, &v6);
	assert_string_equal(buf, "[2001:db8::1]:65535");
	text_init(&t, buf, sizeof buf);
	text_address(&t, &longest);
	assert_string_equal(buf, "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
	assert_false(t.cut);

	assert_true(address_equal(&v4, &other));
	other.port++;
	assert_false(address_equal(&v4, &other));
	other = v4;
	other.ip.byte[15]++;
	assert_false(address_equal(&v4, &other));
	other = v4;
	other.scope++;
	assert_false(address_equal(&v4, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_as_rfc_5952_says),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(reads_what_the_system_reads),
		cmocka_unit_test(classes),
		cmocka_unit_test(two_spellings_are_one_address),
		cmocka_unit_test(blocks_are_printed_as_they_are_written),
		cmocka_unit_test(refuses_what_is_no_block),
		cmocka_unit_test(what_a_block_holds),
		cmocka_unit_test(blocks_within_blocks),
		cmocka_unit_test(what_may_be_meant_for_an_address),
		cmocka_unit_test(the_system_reads_no_name_as_an_address),
		cmocka_unit_test(addresses_within_addresses),
		cmocka_unit_test(numbers),
		cmocka_unit_test(addresses_with_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

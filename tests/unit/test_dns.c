/*
 * dns: the question byte by byte, and answers of every kind, whole, cut short and spoilt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/dns.h"
#include "dns_message.h"
#include "guard.h"
#include "room.h"

/* ---- Reading ---- */

static struct dns_question question(const char *name, enum dns_type type)
{
	return (struct dns_question){name, strlen(name), (uint16_t)type, ID};
}

static enum dns_result read_as(
	const struct message *m, const char *name, enum dns_type type, struct dns_answer *answer)
{
	struct dns_question q = question(name, type);
	uint8_t *copy = guard_copy(m->bytes, m->len);
	enum dns_result result = dns_read(copy, m->len, &q, answer);

	guard_free(copy, m->len);
	return result;
}

static enum dns_result read_a(const struct message *m, struct dns_answer *answer)
{
	memset(answer, 0, sizeof *answer);
	return read_as(m, "www.example.com", DNS_A, answer);
}

static void begin_a(struct message *m)
{
	begin(m, RESPONSE, "www.example.com", DNS_A);
}

static void assert_v4(const struct dns_answer *answer, unsigned i, uint8_t last)
{
	struct ip ip = ip_v4(192, 0, 2, last);

	assert_true(i < answer->addresses.count);
	assert_true(ip_equal(&answer->addresses.ip[i], &ip));
}

/* ---- The question ---- */

static void test_question(void **state)
{
	static const char expected[] =
		"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\x1c\0\1";
	struct dns_question q = question("www.example.com", DNS_AAAA);
	uint8_t query[DNS_QUERY_MAX];

	(void)state;
	assert_int_equal(dns_query(query, &q), sizeof expected - 1);
	assert_memory_equal(query, expected, sizeof expected - 1);
}

/* A name of three labels of 63 and one of last_len bytes, NUL-terminated. */
static size_t long_name(char *name, size_t last_len)
{
	memset(name, 'x', 3 * 64 + last_len);
	name[63] = name[127] = name[191] = '.';
	name[3 * 64 + last_len] = '\0';
	return 3 * 64 + last_len;
}

static void test_longest_question(void **state)
{
	char name[300];
	uint8_t query[DNS_QUERY_MAX];
	struct dns_question q = {.name = name, .name_len = long_name(name, 61), .type = DNS_A};

	(void)state;
	assert_int_equal(q.name_len, DNS_NAME_MAX);
	assert_true(dns_name_valid(q.name, q.name_len));
	assert_int_equal(dns_query(query, &q), DNS_QUERY_MAX);
	assert_false(dns_name_valid(name, long_name(name, 62)));
}

static void test_names(void **state)
{
	static const char *const valid[] = {"a", "a.b", "localhost", "xn--bcher-kva.example",
		"_http._tcp.example.com", "1.2.3.4.5", "A-b.C"};
	static const char *const invalid[] = {"", ".", "a.", ".a", "a..b", "a b", "a\\.b", "a/b",
		"b\303\274cher.example", "a:b", "fe80::1%eth0", "a\nb", "a*"};
	char label[64 + 1];

	(void)state;
	for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
		assert_true(dns_name_valid(valid[i], strlen(valid[i])));
	for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++)
		assert_false(dns_name_valid(invalid[i], strlen(invalid[i])));
	memset(label, 'x', sizeof label);
	assert_true(dns_name_valid(label, 63));
	assert_false(dns_name_valid(label, 64));
	assert_false(dns_name_valid("a\0b", 3));
}

/* ---- Answers ---- */

static void test_addresses(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	needs(ANKLET_ADDRESSES >= 2);
	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	add_v4(&m, "WWW.example.COM", 60, 2);
	add_v4(&m, AT_QUESTION, 900, 1);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.addresses.count, 2);
	assert_v4(&answer, 0, 1);
	assert_v4(&answer, 1, 2);
	assert_int_equal(answer.ttl_s, 60);
}

static void test_addresses_kept(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	for (uint8_t i = 0; i < 100; i++)
		add_v4(&m, AT_QUESTION, 300, i);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.addresses.count, ANKLET_ADDRESSES);
	assert_v4(&answer, ANKLET_ADDRESSES - 1, ANKLET_ADDRESSES - 1);
}

static void test_v6(void **state)
{
	static const struct ip ip = {{0x20, 1, 0xd, 0xb8, [15] = 7}};
	static const struct ip mapped = {{[10] = 0xff, 0xff, 192, 0, 2, 1}};
	struct message m;
	struct dns_answer answer = {0};

	(void)state;
	begin(&m, RESPONSE, "six.example", DNS_AAAA);
	add(&m, AT_QUESTION, DNS_AAAA, 5, mapped.byte, sizeof mapped.byte);
	add(&m, AT_QUESTION, DNS_AAAA, 5, ip.byte, sizeof ip.byte);
	assert_int_equal(read_as(&m, "six.example", DNS_AAAA, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.addresses.count, 1);
	assert_true(ip_equal(&answer.addresses.ip[0], &ip));
}

static void test_high_ttl_is_none(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	add_v4(&m, AT_QUESTION, 0x80000000, 2);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.ttl_s, 0);
}

static void test_what_is_not_asked_for(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_v4(&m, "www.example.org", 300, 1);
	add(&m, AT_QUESTION, 16, 300, "\3txt", 4);
	add(&m, AT_QUESTION, DNS_AAAA, 300, "0123456789abcdef", 16);
	add(&m, AT_QUESTION, DNS_A, 300, "\1\2\3", 3);
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
	add_v4(&m, AT_QUESTION, 300, 9);
	m.bytes[m.len - 11] = 3; /* class CHAOS */
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
	add_v4(&m, AT_QUESTION, 300, 8);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.addresses.count, 1);
}

static void test_aliases(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_v4(&m, "end.example.net", 300, 4);
	add_alias(&m, "mid.example.net", 20, "END.example.net");
	add_alias(&m, AT_QUESTION, 300, "mid.example.net");
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	assert_int_equal(answer.addresses.count, 1);
	assert_v4(&answer, 0, 4);
	assert_int_equal(answer.ttl_s, 20);
}

static void test_alias_of_nothing(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "mid.example.net");
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "");
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
}

static void test_alias_loops(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "www.example.com");
	assert_int_equal(read_a(&m, &answer), DNS_FAILED);
	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "b.example.com");
	add_alias(&m, "b.example.com", 300, "c.example.com");
	add_alias(&m, "c.example.com", 300, "b.example.com");
	assert_int_equal(read_a(&m, &answer), DNS_FAILED);
}

/* A chain of aliases, each name one letter, with an address at its end. */
static enum dns_result read_chain(unsigned aliases)
{
	struct message m;
	struct dns_answer answer;
	char name[] = "a", next[] = "a";

	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "a");
	for (unsigned i = 1; i < aliases; i++) {
		next[0]++;
		add_alias(&m, name, 300, next);
		name[0]++;
	}
	add_v4(&m, name, 300, 1);
	return read_a(&m, &answer);
}

static void test_long_chains(void **state)
{
	(void)state;
	assert_int_equal(read_chain(1), DNS_ADDRESSES);
	assert_int_equal(read_chain(16), DNS_ADDRESSES);
	assert_int_equal(read_chain(17), DNS_FAILED);
}

static void test_no_answers(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
	set_16(&m, 2, RESPONSE | NXDOMAIN);
	assert_int_equal(read_a(&m, &answer), DNS_NO_NAME);
	for (unsigned rcode = 1; rcode < 16; rcode++) {
		set_16(&m, 2, RESPONSE | rcode);
		if (rcode != NXDOMAIN)
			assert_int_equal(read_a(&m, &answer), DNS_FAILED);
	}
	/* Neither an authority nor a resolver. */
	set_16(&m, 2, 0x8000);
	assert_int_equal(read_a(&m, &answer), DNS_FAILED);
	set_16(&m, 2, 0x8400);
	assert_int_equal(read_a(&m, &answer), DNS_NO_DATA);
	/* FORMERR often comes without the question. */
	m.len = 12;
	set_16(&m, 4, 0);
	set_16(&m, 2, 0x8001);
	assert_int_equal(read_a(&m, &answer), DNS_FAILED);
	set_16(&m, 2, 0x8000 | NXDOMAIN);
	assert_int_equal(read_a(&m, &answer), DNS_NOT_OURS);
}

static void test_truncated(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	set_16(&m, 2, RESPONSE | TRUNCATED);
	assert_int_equal(read_a(&m, &answer), DNS_TRUNCATED);
	assert_int_equal(answer.addresses.count, 1);
	m.len -= 3;
	assert_int_equal(read_a(&m, &answer), DNS_TRUNCATED);
	assert_int_equal(answer.addresses.count, 0);
	begin_a(&m);
	add_alias(&m, AT_QUESTION, 300, "mid.example.net");
	add_v4(&m, "mid.example.net", 300, 4);
	add_v4(&m, "mid.example.net", 300, 5);
	dns_truncate(m.bytes);
	m.len--;
	assert_int_equal(read_a(&m, &answer), DNS_TRUNCATED);
	assert_int_equal(answer.addresses.count, 1);
	assert_v4(&answer, 0, 4);
}

/* An answer with one address, changed at one place, must not count as ours. */
static void assert_not_ours(size_t at, uint8_t byte)
{
	struct message m;
	struct dns_answer answer;

	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	assert_int_not_equal(m.bytes[at], byte);
	m.bytes[at] = byte;
	assert_int_equal(read_a(&m, &answer), DNS_NOT_OURS);
	assert_int_equal(answer.addresses.count, 0);
}

static void test_not_ours(void **state)
{
	(void)state;
	assert_not_ours(0, 0x13);      /* the id */
	assert_not_ours(1, 0x35);      /* the same */
	assert_not_ours(2, 0x01);      /* a question */
	assert_not_ours(2, 0xa1);      /* another opcode */
	assert_not_ours(5, 2);         /* two questions */
	assert_not_ours(5, 0);         /* none */
	assert_not_ours(4, 1);         /* 257 */
	assert_not_ours(13, 'v');      /* the name */
	assert_not_ours(12, 2);        /* its form */
	assert_not_ours(28, 1);        /* its end */
	assert_not_ours(30, DNS_AAAA); /* the type */
	assert_not_ours(32, 3);        /* the class */
}

static void test_letters_of_either_case(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin(&m, RESPONSE, "wWw.EXAMPLE.com", DNS_A);
	add_v4(&m, AT_QUESTION, 300, 1);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	/* 0x20 apart, but no letters. */
	begin(&m, RESPONSE, "a-b", DNS_A);
	m.bytes[14] = '\r';
	assert_int_equal(read_as(&m, "a-b", DNS_A, &answer), DNS_NOT_OURS);
}

/* ---- Broken messages ---- */

static void full_message(struct message *m)
{
	begin_a(m);
	add_alias(m, AT_QUESTION, 300, "mid.example.net");
	add_alias(m, "mid.example.net", 20, "\xc0\x2d");
	add_v4(m, "mid.example.net", 300, 4);
	add_v4(m, AT_QUESTION, 300, 5);
}

static void test_every_truncation(void **state)
{
	struct message m;
	struct dns_answer answer;
	size_t question_end = 12 + 17 + 4;

	(void)state;
	full_message(&m);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
	while (m.len > 0) {
		m.len--;
		assert_int_equal(
			read_a(&m, &answer), m.len < question_end ? DNS_NOT_OURS : DNS_FAILED);
	}
}

static void test_every_byte_spoilt(void **state)
{
	struct message m;
	struct dns_answer answer;
	size_t len;

	(void)state;
	full_message(&m);
	len = m.len;
	for (size_t at = 0; at < len; at++) {
		for (unsigned byte = 0; byte < 256; byte++) {
			enum dns_result result;

			full_message(&m);
			m.bytes[at] = (uint8_t)byte;
			result = read_a(&m, &answer);
			assert_int_not_equal(result, DNS_PENDING);
			if (result != DNS_TRUNCATED)
				assert_int_equal(
					result == DNS_ADDRESSES, answer.addresses.count > 0);
		}
	}
}

static void test_pointers(void **state)
{
	static const char *const targets[] = {
		"\xc0\x21", "\xc0\xff", "\xff\xff", "\xc0\x00", "\xc0\x2f"};
	struct message m;
	struct dns_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		begin_a(&m);
		add_v4(&m, targets[i], 300, 1); /* at 0x21: the first points to itself */
		assert_int_not_equal(read_a(&m, &answer), DNS_ADDRESSES);
		begin_a(&m);
		add_alias(&m, AT_QUESTION, 300, targets[i]); /* the last points to its length */
		assert_int_not_equal(read_a(&m, &answer), DNS_ADDRESSES);
	}
}

static void test_counts(void **state)
{
	struct message m;
	struct dns_answer answer;

	(void)state;
	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	set_16(&m, 6, 0xffff);
	assert_int_equal(read_a(&m, &answer), DNS_FAILED);
	/* What comes after the answers is not looked at. */
	begin_a(&m);
	add_v4(&m, AT_QUESTION, 300, 1);
	set_16(&m, 8, 0xffff);
	set_16(&m, 10, 0xffff);
	put(&m, "\xff", 1);
	assert_int_equal(read_a(&m, &answer), DNS_ADDRESSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_question),
		cmocka_unit_test(test_longest_question),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_addresses_kept),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_high_ttl_is_none),
		cmocka_unit_test(test_what_is_not_asked_for),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_alias_of_nothing),
		cmocka_unit_test(test_alias_loops),
		cmocka_unit_test(test_long_chains),
		cmocka_unit_test(test_no_answers),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_not_ours),
		cmocka_unit_test(test_letters_of_either_case),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_byte_spoilt),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

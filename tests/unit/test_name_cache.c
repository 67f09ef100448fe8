/*
 * name_cache: what is kept, for how long, and what gives way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "names/name_cache.h"

#define NOW 1000

static struct dns_question question(const char *name, enum dns_type type)
{
	return (struct dns_question){
		.name = name, .name_len = strlen(name), .type = (uint16_t)type};
}

static struct dns_answer answer(uint32_t ttl_s, uint8_t last)
{
	struct dns_answer a = {.ttl_s = ttl_s};
	struct ip ip = ip_v4(192, 0, 2, last);

	dns_addresses_add(&a.addresses, &ip);
	return a;
}

static void add(struct name_cache *c, const char *name, uint32_t ttl_s, uint8_t last)
{
	struct dns_question q = question(name, DNS_A);
	struct dns_answer a = answer(ttl_s, last);

	name_cache_add(c, &q, NOW, DNS_ADDRESSES, &a);
}

/* The last octet of the address kept for a name; 0: nothing is. */
static unsigned find(const struct name_cache *c, const char *name, uint32_t at)
{
	struct dns_question q = question(name, DNS_A);
	struct dns_addresses addresses = {0};

	if (name_cache_find(c, &q, at, &addresses) != DNS_ADDRESSES)
		return 0;
	assert_int_equal(addresses.count, 1);
	return addresses.ip[0].octet[15];
}

static void test_by_name_and_type(void **state)
{
	struct name_cache c = {0};
	struct dns_addresses addresses;
	struct dns_question six = question("a.example", DNS_AAAA);
	struct dns_question none = question("", DNS_A);

	(void)state;
	assert_int_equal(name_cache_find(&c, &none, 0, &addresses), DNS_PENDING);
	add(&c, "a.example", 60, 1);
	assert_int_equal(find(&c, "a.example", NOW), 1);
	assert_int_equal(find(&c, "b.example", NOW), 0);
	assert_int_equal(find(&c, "a.exampl", NOW), 0);
	assert_int_equal(find(&c, "a.examplee", NOW), 0);
	assert_int_equal(name_cache_find(&c, &six, NOW, &addresses), DNS_PENDING);
}

static void test_time_to_live(void **state)
{
	struct name_cache c = {0};

	(void)state;
	add(&c, "zero.example", 0, 1);
	assert_int_equal(find(&c, "zero.example", NOW), 1);
	assert_int_equal(find(&c, "zero.example", NOW + 1), 0);
	add(&c, "minute.example", 60, 2);
	assert_int_equal(find(&c, "minute.example", NOW + 59), 2);
	assert_int_equal(find(&c, "minute.example", NOW + 60), 0);
	add(&c, "week.example", 604800, 3);
	assert_int_equal(find(&c, "week.example", NOW + 3599), 3);
	assert_int_equal(find(&c, "week.example", NOW + 3600), 0);
}

static void test_no_such_name(void **state)
{
	struct name_cache c = {0};
	struct dns_addresses addresses;
	struct dns_answer a = answer(3000, 1);
	struct dns_question q = question("none.example", DNS_A);

	(void)state;
	name_cache_add(&c, &q, NOW, DNS_NO_NAME, &a);
	assert_int_equal(name_cache_find(&c, &q, NOW + 4, &addresses), DNS_NO_NAME);
	assert_int_equal(name_cache_find(&c, &q, NOW + 5, &addresses), DNS_PENDING);
	name_cache_add(&c, &q, NOW, DNS_NO_DATA, &a);
	assert_int_equal(name_cache_find(&c, &q, NOW, &addresses), DNS_NO_DATA);
}

static void test_newest_counts(void **state)
{
	struct name_cache c = {0};

	(void)state;
	add(&c, "a.example", 600, 1);
	add(&c, "a.example", 60, 2);
	assert_int_equal(find(&c, "a.example", NOW), 2);
	assert_int_equal(find(&c, "a.example", NOW + 60), 0);
}

static void test_first_to_end_gives_way(void **state)
{
	struct name_cache c = {0};
	char name[16];
	const unsigned first = 7 % NAME_CACHE_ENTRIES;

	(void)state;
	for (unsigned i = 0; i < NAME_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		add(&c, name, i == first ? 50 : 100, (uint8_t)(i % 250 + 1));
	}
	add(&c, "new.example", 200, 99);
	for (unsigned i = 0; i < NAME_CACHE_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		assert_int_equal(find(&c, name, NOW), i == first ? 0 : i % 250 + 1);
	}
	assert_int_equal(find(&c, "new.example", NOW), 99);
}

static void test_long_names(void **state)
{
	struct name_cache c = {0};
	char name[NAME_CACHE_NAME_MAX + 2];

	(void)state;
	memset(name, 'x', sizeof name);
	name[NAME_CACHE_NAME_MAX] = '\0';
	add(&c, name, 60, 1);
	assert_int_equal(find(&c, name, NOW), 1);
	name[NAME_CACHE_NAME_MAX] = 'x';
	name[NAME_CACHE_NAME_MAX + 1] = '\0';
	add(&c, name, 60, 2);
	assert_int_equal(find(&c, name, NOW), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name_and_type),
		cmocka_unit_test(test_time_to_live),
		cmocka_unit_test(test_no_such_name),
		cmocka_unit_test(test_newest_counts),
		cmocka_unit_test(test_first_to_end_gives_way),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

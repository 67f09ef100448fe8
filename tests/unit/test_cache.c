/*
 * cache: what is kept, for how long, and what is evicted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/cache.h"
#include "room.h"

#define NOW (0u - 1000) /* the clock wraps meanwhile */
#define S 1000u

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

static void add(struct cache *c, const char *name, uint32_t ttl_s, uint8_t last)
{
	struct dns_question q = question(name, DNS_A);
	struct dns_answer a = answer(ttl_s, last);

	cache_add(c, &q, NOW, DNS_ADDRESSES, CACHE_ABSENT, &a);
}

/* What is kept about a name; DNS_PENDING: nothing is. */
static enum dns_result result(const struct cache *c, const struct dns_question *q, uint32_t at)
{
	const struct cached_name *kept = cache_find(c, q, at);

	return kept == NULL ? DNS_PENDING : (enum dns_result)kept->result;
}

/* The last byte of the address kept for a name; 0: nothing is. */
static unsigned find(const struct cache *c, const char *name, uint32_t at)
{
	struct dns_question q = question(name, DNS_A);
	const struct cached_name *kept = cache_find(c, &q, at);

	if (kept == NULL)
		return 0;
	assert_int_equal(kept->result, DNS_ADDRESSES);
	assert_int_equal(kept->addresses.count, 1);
	return kept->addresses.ip[0].byte[15];
}

static void test_by_name_and_type(void **state)
{
	struct cache c = {0};
	struct dns_question six = question("a.example", DNS_AAAA);
	struct dns_question none = question("", DNS_A);

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	assert_int_equal(result(&c, &none, 0), DNS_PENDING);
	add(&c, "a.example", 60, 1);
	assert_int_equal(find(&c, "a.example", NOW), 1);
	assert_int_equal(find(&c, "b.example", NOW), 0);
	assert_int_equal(find(&c, "a.exampl", NOW), 0);
	assert_int_equal(find(&c, "a.examplee", NOW), 0);
	assert_int_equal(result(&c, &six, NOW), DNS_PENDING);
}

static void test_time_to_live(void **state)
{
	struct cache c = {0};

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	add(&c, "zero.example", 0, 1);
	assert_int_equal(find(&c, "zero.example", NOW), 1);
	assert_int_equal(find(&c, "zero.example", NOW + 1 * S), 0);
	add(&c, "minute.example", 60, 2);
	assert_int_equal(find(&c, "minute.example", NOW + 60 * S - 1), 2);
	assert_int_equal(find(&c, "minute.example", NOW + 60 * S), 0);
	add(&c, "week.example", 604800, 3);
	assert_int_equal(find(&c, "week.example", NOW + 3600 * S - 1), 3);
	assert_int_equal(find(&c, "week.example", NOW + 3600 * S), 0);
}

static void test_no_such_name(void **state)
{
	struct cache c = {0};
	struct dns_answer a = answer(3000, 1);
	struct dns_question q = question("none.example", DNS_A);

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	cache_add(&c, &q, NOW, DNS_NO_NAME, CACHE_UNSEEN, &a);
	assert_int_equal(result(&c, &q, NOW + 4 * S), DNS_NO_NAME);
	assert_int_equal(result(&c, &q, NOW + 5 * S), DNS_PENDING);
	cache_add(&c, &q, NOW, DNS_NO_DATA, CACHE_UNSEEN, &a);
	assert_int_equal(result(&c, &q, NOW), DNS_NO_DATA);
}

static void test_newest_counts(void **state)
{
	struct cache c = {0};

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	add(&c, "a.example", 600, 1);
	add(&c, "a.example", 60, 2);
	assert_int_equal(find(&c, "a.example", NOW), 2);
	assert_int_equal(find(&c, "a.example", NOW + 60 * S), 0);
}

static void test_first_to_end_gives_way(void **state)
{
	struct cache c = {0};
	char name[16];
	const unsigned first = 7 % CACHE_ENTRIES;

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		add(&c, name, i == first ? 50 : 100, (uint8_t)(i % 250 + 1));
	}
	add(&c, "new.example", 200, 99);
	for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		assert_int_equal(find(&c, name, NOW), i == first ? 0 : i % 250 + 1);
	}
	assert_int_equal(find(&c, "new.example", NOW), 99);
}

static void test_long_names(void **state)
{
	struct cache c = {0};
	char name[CACHE_NAME_MAX + 2];

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	memset(name, 'x', sizeof name);
	name[CACHE_NAME_MAX] = '\0';
	add(&c, name, 60, 1);
	assert_int_equal(find(&c, name, NOW), 1);
	name[CACHE_NAME_MAX] = 'x';
	name[CACHE_NAME_MAX + 1] = '\0';
	add(&c, name, 60, 2);
	assert_int_equal(find(&c, name, NOW), 0);
}

/* What the hosts file says ends with the cache, however long that is. */
static void test_hosts(void **state)
{
	struct cache c = {0};
	struct dns_question q = question("nas", DNS_A);
	struct dns_answer a = answer(0, 7);

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	cache_add(&c, &q, NOW, DNS_ADDRESSES, CACHE_HOSTS, &a);
	assert_int_equal(find(&c, "nas", NOW + 0x40000000), 7);
	cache_sweep(&c, NOW + 0x80000000);
	assert_int_equal(find(&c, "nas", NOW - 1), 7);
	assert_false(c.timed);
	cache_clear(&c);
	assert_int_equal(find(&c, "nas", NOW), 0);
}

/* An answer that nobody asks for again is thrown away long before the clock comes round to its time. */
static void test_sweep(void **state)
{
	struct cache c = {0};

	(void)state;
	needs(CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_CACHE > 0);
	add(&c, "a.example", 3600, 1);
	assert_true(c.timed);
	assert_true((int32_t)(c.sweep_at - NOW) > 0 && c.sweep_at - NOW < 0x10000000);
	cache_sweep(&c, c.sweep_at);
	assert_false(c.timed);
	assert_int_equal(find(&c, "a.example", NOW), 0);
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
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Clients and pools: who holds what, who gets no more, and that whoever holds nothing is forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loop/clients.h"
#include "room.h"

static struct clients clients;

static int begin(void **state)
{
	(void)state;
	memset(&clients, 0, sizeof clients);
	clients_init(&clients);
	clients_share(&clients, 2);
	return 0;
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(text, strlen(text), &ip));
	return ip;
}

static uint16_t take(const char *text)
{
	struct ip ip = ip_of(text);

	return clients_take(&clients, POOL_SESSIONS, &ip);
}

static uint16_t found(const char *text)
{
	struct ip ip = ip_of(text);

	return clients_find(&clients, &ip);
}

static unsigned held(const char *text)
{
	struct ip ip = ip_of(text);

	return clients_held(&clients, POOL_SESSIONS, &ip);
}

static void a_client_has_its_share_and_no_more(void **state)
{
	uint16_t a;

	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 3);
	a = take("10.0.0.1");
	assert_int_not_equal(a, CLIENT_NONE);
	assert_int_equal(take("10.0.0.1"), a);
	assert_int_equal(found("10.0.0.1"), a);
	assert_int_equal(found("10.0.0.2"), CLIENT_NONE);
	assert_int_equal(take("10.0.0.1"), CLIENT_NONE);
	assert_false(pool_take(&clients, POOL_SESSIONS, a));
	assert_int_not_equal(take("10.0.0.2"), CLIENT_NONE);
	assert_int_equal(held("10.0.0.1"), 2);
	assert_int_equal(held("10.0.0.2"), 1);
	assert_int_equal(held("10.0.0.3"), 0);
	pool_give(&clients, POOL_SESSIONS, a);
	assert_int_equal(take("10.0.0.1"), a);
}

static void of_other_pools_it_has_half(void **state)
{
	unsigned half = (CONFIG_ANKLET_SPARE_SOCKETS + 1) / 2;
	uint16_t a;

	(void)state;
	needs(CONFIG_ANKLET_SPARE_SOCKETS >= 2);
	a = take("10.0.0.1");
	for (unsigned i = 0; i < half; i++)
		assert_true(pool_take(&clients, POOL_ATTEMPTS, a));
	assert_false(pool_has_place(&clients, POOL_ATTEMPTS, a));
	assert_false(pool_take(&clients, POOL_ATTEMPTS, a));
	clients_share(&clients, 0);
	assert_true(pool_take(&clients, POOL_ATTEMPTS, a));
}

static void a_full_pool_is_full_for_everybody(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 3);
	clients.pool[POOL_SESSIONS].size = 3;
	take("10.0.0.1");
	take("10.0.0.1");
	assert_false(pool_is_full(&clients, POOL_SESSIONS));
	take("10.0.0.2");
	assert_true(pool_is_full(&clients, POOL_SESSIONS));
	assert_int_equal(take("10.0.0.3"), CLIENT_NONE);
	assert_int_equal(held("10.0.0.3"), 0);
	assert_int_equal(clients.used, 2); /* nobody was entered who got nothing */
}

static void whoever_holds_most_is_known(void **state)
{
	struct ip most = ip_of("10.0.0.2");

	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 4);
	take("10.0.0.1");
	take("10.0.0.2");
	take("10.0.0.2");
	take("10.0.0.3");
	assert_true(ip_equal(&clients_most(&clients, POOL_SESSIONS)->key, &most));
}

/* As many addresses as there are entries, over and over: all are found, and none is left behind. */
static void entries_are_used_again(void **state)
{
	static uint16_t client[CONFIG_ANKLET_SESSIONS];

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
			struct ip ip = ip_v4(10, (uint8_t)round, (uint8_t)(i >> 8), (uint8_t)i);

			client[i] = clients_take(&clients, POOL_SESSIONS, &ip);
			assert_int_not_equal(client[i], CLIENT_NONE);
		}
		for (unsigned i = 0; i < CONFIG_ANKLET_SESSIONS; i++) {
			struct ip ip = ip_v4(10, (uint8_t)round, (uint8_t)(i >> 8), (uint8_t)i);

			assert_int_equal(clients_held(&clients, POOL_SESSIONS, &ip), 1);
			pool_give(&clients, POOL_SESSIONS, client[i]);
			assert_int_equal(clients_held(&clients, POOL_SESSIONS, &ip), 0);
		}
		assert_true(clients.used <= CONFIG_ANKLET_SESSIONS);
	}
	for (unsigned i = 0; i < CLIENT_BUCKETS; i++)
		assert_int_equal(clients.bucket[i], 0);
}

/* Where there are sockets for a part of them, each pool has that part, and no pool nothing, though that is one more. */
static void pools_fit_what_there_is(void **state)
{
	static const uint16_t built[] = {CONFIG_ANKLET_SESSIONS, 0, CONFIG_ANKLET_SPARE_SOCKETS,
		CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0, CONFIG_ANKLET_UDP_FLOWS};
	const struct pool *pool = clients.pool;

	(void)state;
	for (int flows = 0; flows < 2; flows++) {
		unsigned all = 2u * built[0] + built[2] + built[3] + (flows ? built[4] : 0u) + 1;

		for (unsigned room = all + 1; room > 8; room--) {
			unsigned used, tls, ones;

			begin(NULL);
			tls = pool[POOL_TLS].size;
			clients_fit(&clients, room, flows);
			used = 2u * pool[POOL_SESSIONS].size + pool[POOL_ATTEMPTS].size +
			       pool[POOL_LOOKUPS].size + (flows ? pool[POOL_FLOWS].size : 0u);
			ones = 0;
			for (unsigned i = 0; i < POOLS; i++)
				ones += pool[i].size == 1;
			assert_in_range(used, 1, room + ones);
			assert_true(room < all || used == all - 1);
			assert_int_equal(pool[POOL_TLS].size, tls);
			for (unsigned i = 0; i < POOLS; i++)
				assert_true(i == POOL_TLS || built[i] == 0 || pool[i].size > 0);
		}
	}
}

/* What was asked for, but half of what there is, where that is less than what was built. */
static void the_share_fits_as_well(void **state)
{
	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 12);
	clients_share(&clients, CONFIG_ANKLET_SESSIONS - 1);
	assert_int_equal(clients.pool[POOL_SESSIONS].share, CONFIG_ANKLET_SESSIONS - 1);
	clients.pool[POOL_SESSIONS].size = 5;
	clients_share(&clients, CONFIG_ANKLET_SESSIONS - 1);
	assert_int_equal(clients.pool[POOL_SESSIONS].share, 3);
	clients_share(&clients, 2);
	assert_int_equal(clients.pool[POOL_SESSIONS].share, 2);
	clients_share(&clients, 0);
	assert_int_equal(clients.pool[POOL_SESSIONS].share, 5);
}

/* A /64 is one client; on a link of this host's own each address is. */
static void keys(void **state)
{
	static const struct {
		const char *client, *local, *key;
	} row[] = {
		{"10.1.2.3", "10.1.2.4", "10.1.2.3"},
		{"2001:db8::1:2:3:4", "2001:db8:0:1::1", "2001:db8::"},
		{"2001:db8::1:2:3:4", "2001:db8::1", "2001:db8::1:2:3:4"},
		{"fe80::1:2:3:4", "2001:db8::1", "fe80::1:2:3:4"},
		{"::1", "::1", "::1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct ip client = ip_of(row[i].client), local = ip_of(row[i].local);
		struct ip key = client_key(&client, &local), wanted = ip_of(row[i].key);

		assert_true(ip_equal(&key, &wanted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_client_has_its_share_and_no_more, begin),
		cmocka_unit_test_setup(of_other_pools_it_has_half, begin),
		cmocka_unit_test_setup(a_full_pool_is_full_for_everybody, begin),
		cmocka_unit_test_setup(whoever_holds_most_is_known, begin),
		cmocka_unit_test_setup(entries_are_used_again, begin),
		cmocka_unit_test_setup(pools_fit_what_there_is, begin),
		cmocka_unit_test_setup(the_share_fits_as_well, begin),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * rates: what a balance pays and owes to the thousandth of a byte, pauses, slices, clients and who shares an entry.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../rates_paced.h"
#include "loop/rates.h"
#include "room.h"

#define WHOLE 1000000u /* bytes that may be asked for */
#define BURST 2920u    /* of a slow rate: two segments */
#define PAUSE_MS 100

static struct rates rates;
static struct rate_limits limits;

static int begin(void **state)
{
	(void)state;
	memset(&rates, 0, sizeof rates);
	memset(&limits, 0, sizeof limits);
	rates_use(&rates, &limits);
	return 0;
}

/* The rate of everybody, one way and the other. */
static void limit(uint32_t up, uint32_t down)
{
	limits.count = 1;
	limits.line[0] = (struct rate_limit){.rate = {[RATE_UP] = up, [RATE_DOWN] = down}};
	rates_use(&rates, &limits);
}

static struct ip host(unsigned i)
{
	return ip_v4(10, 0, (uint8_t)(i >> 8), (uint8_t)i);
}

static uint16_t enter(unsigned i, uint32_t now)
{
	struct ip key = host(i);

	return rates_enter(&rates, &key, now);
}

static uint32_t allow(uint16_t client, unsigned i, uint32_t now, struct deadline *end)
{
	struct ip from = host(i);

	*end = (struct deadline){0};
	return rates_allow(&rates, client, &from, RATE_DOWN, WHOLE, now, end);
}

/* Moves as much as it may until it has to rest: how much that was, and until when. */
static uint32_t drain(uint16_t client, unsigned i, uint32_t now, struct deadline *end)
{
	uint32_t moved = 0, most;

	while ((most = allow(client, i, now, end)) > 0) {
		rates_spend(&rates, client, RATE_DOWN, most);
		moved += most;
	}
	return moved;
}

static void who_has_no_limit_may_have_everything(void **state)
{
	struct deadline end;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	assert_false(rates.on);
	limit(1000, 0);
	assert_true(rates.on);
	client = enter(1, 5);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(allow(client, 1, 5, &end), WHOLE);
		rates_spend(&rates, client, RATE_DOWN, WHOLE);
	}
	assert_int_equal(rates.client[client - 1].way[RATE_DOWN].spent, 0);
}

/* A quarter of a second at once, or two segments; then what it owes, but 100 ms at least. */
static void it_rests_until_its_debt_is_paid(void **state)
{
	struct deadline end;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 1000000);
	client = enter(1, 0);
	assert_int_equal(drain(client, 1, 0, &end), 250000);
	assert_true(end.set && end.at == PAUSE_MS);
	assert_int_equal(allow(client, 1, PAUSE_MS - 1, &end), 0);
	assert_int_equal(end.at, PAUSE_MS); /* the same for whoever comes later */
	assert_int_equal(drain(client, 1, PAUSE_MS, &end), 100000);
	/* A slow one owes the rest of a segment. */
	limit(0, 1000);
	client = enter(2, 0);
	assert_int_equal(drain(client, 2, 0, &end), BURST);
	rates_spend(&rates, client, RATE_DOWN, 5000); /* a record */
	rates.client[client - 1].way[RATE_DOWN].end.set = false;
	assert_int_equal(allow(client, 2, 0, &end), 0);
	assert_int_equal(end.at, 5001);
	assert_int_equal(allow(client, 2, 5001, &end), 1460);
}

/* However often it is looked at: what was moved in the end is what the time has paid, to the thousandth of a byte. */
static void nothing_is_rounded(void **state)
{
	static const uint32_t all[] = {
		1333, 20000333, 4000000000u}; /* the first is 1.333 bytes a ms */

	(void)state;
	needs(ANKLET_HAS_RATES);
	for (size_t r = 0; r < sizeof all / sizeof all[0]; r++) {
		uint32_t begun = 0xfffff000u, now = begun; /* and the clock wraps */
		uint64_t moved = 0;
		struct deadline end;
		uint16_t client;

		begin(state);
		limit(0, all[r]);
		client = enter(1, now);
		moved += drain(client, 1, now, &end);
		for (unsigned i = 0; i < 70000; i++) {
			now += 1 + i % 3;
			if (i % 5 == 0)
				moved += drain(client, 1, now, &end);
		}
		assert_int_equal(moved * 1000 - rates.client[client - 1].way[RATE_DOWN].spent,
			(uint64_t)(rates.client[client - 1].paid_at - begun) * all[r]);
		assert_true(rates.client[client - 1].way[RATE_DOWN].spent > 0);
	}
}

static void no_rate_and_no_time_overflow(void **state)
{
	struct deadline end;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 4000000000u);
	client = enter(1, 0);
	for (unsigned i = 0; i < 1000; i++)
		rates_spend(&rates, client, RATE_DOWN, WHOLE);
	assert_int_equal(allow(client, 1, 0, &end), 0);
	assert_int_equal(end.at, PAUSE_MS);
	assert_int_equal(allow(client, 1, 0x7fffffffu, &end), WHOLE);
	assert_int_equal(rates.client[client - 1].way[RATE_DOWN].spent, 0);
	/* A lower rate does not let it pay for days what a higher one has lent. */
	for (unsigned i = 0; i < 1000; i++)
		rates_spend(&rates, client, RATE_DOWN, WHOLE);
	limit(0, 1000);
	assert_int_equal(allow(client, 1, 0x7fffffffu, &end), 0);
	assert_in_range(end.at - 0x7fffffffu, 65536 + BURST, 65540 + BURST);
}

static void a_clock_that_goes_back_pays_nothing(void **state)
{
	struct deadline end;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 1000000);
	client = enter(1, 5000);
	drain(client, 1, 5000, &end);
	assert_int_equal(allow(client, 1, 4000, &end), 0);
	assert_int_equal(rates.client[client - 1].way[RATE_DOWN].spent, 250000000);
	assert_int_equal(
		drain(client, 1, 5100, &end), 250000); /* and what it took back it pays again */
}

/* ---- Clients ---- */

/* Whoever leaves and comes again finds what it owed; who has paid has no entry. */
static void who_comes_again_finds_its_balance(void **state)
{
	struct deadline end;
	uint16_t client, again;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 1000000);
	client = enter(1, 0);
	drain(client, 1, 0, &end);
	rates_leave(&rates, client);
	again = enter(1, 1);
	assert_int_equal(again, client);
	assert_int_equal(allow(again, 1, 1, &end), 0);
	rates_leave(&rates, again);
	if (CONFIG_ANKLET_RATE_CLIENTS > 1)
		assert_int_not_equal(enter(2, 249), client);
	assert_int_equal(enter(3, 250), client); /* it is full again */
}

static void all_who_have_no_room_share_the_last_one(void **state)
{
	struct deadline end;
	uint16_t own = CONFIG_ANKLET_RATE_CLIENTS, last = (uint16_t)(own + 1);

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 1000000);
	for (unsigned i = 0; i < own; i++)
		assert_int_equal(enter(i, 0), i + 1);
	assert_int_equal(enter(5000, 0), last);
	assert_int_equal(enter(5001, 0), last);
	assert_int_equal(drain(last, 5000, 0, &end), 250000);
	assert_int_equal(allow(last, 5001, 0, &end), 0);
	assert_int_equal(drain(1, 0, 0, &end), 250000);
	rates_leave(&rates, 1);
	assert_int_equal(enter(5002, 0), last); /* it has not paid yet */
	assert_int_equal(enter(5002, 250), 1);
}

/* Where there are fewer nobody gets here, which a compiler does not know. */
static struct rate_limit *line(unsigned i)
{
	return &limits.line[i % ANKLET_TABLE(CONFIG_ANKLET_RATES)];
}

static void the_first_line_that_matches_decides(void **state)
{
	struct deadline end;
	uint16_t client;

	(void)state;
	needs(CONFIG_ANKLET_RATES >= 3);
	limits.count = 3;
	*line(0) = (struct rate_limit){.from = {host(1), 128}};
	*line(1) = (struct rate_limit){.from = {host(0), 120}, .rate = {0, 400000}};
	*line(2) = (struct rate_limit){.rate = {0, 1000000}};
	rates_use(&rates, &limits);
	client = enter(1, 0);
	assert_int_equal(allow(client, 1, 0, &end), WHOLE);
	client = enter(2, 0);
	assert_int_equal(drain(client, 2, 0, &end), 100000);
	if (CONFIG_ANKLET_RATE_CLIENTS < 3)
		return;
	client = enter(700, 0);
	assert_int_equal(drain(client, 700, 0, &end), 250000);
}

/* ---- All together ---- */

static void all_share_the_total(void **state)
{
	struct deadline end;
	uint16_t one, other;

	(void)state;
	needs(CONFIG_ANKLET_RATE_CLIENTS > 1);
	limits.total.rate[RATE_DOWN] = 1000000;
	rates_use(&rates, &limits);
	assert_true(rates.on);
	one = enter(1, 0);
	other = enter(2, 0);
	assert_int_equal(allow(one, 1, 0, &end), 25000);
	/* A client with several sessions that want more has smaller slices for each. */
	for (unsigned i = 0; i < 5; i++)
		rates_want(&rates, other, RATE_DOWN, true);
	assert_int_equal(allow(other, 2, 0, &end), 5000);
	assert_int_equal(rates_paced(&rates), 1);
	assert_int_equal(drain(one, 1, 0, &end), 250000);
	assert_int_equal(allow(other, 2, 0, &end), 0);
	assert_int_equal(end.at, PAUSE_MS);
	for (unsigned i = 0; i < 5; i++)
		rates_want(&rates, other, RATE_DOWN, false);
	assert_int_equal(rates_paced(&rates), 0);
}

/* They are let through as long as there is something, and while sessions wait half of what comes is left to those. */
static void datagrams_leave_something_to_sessions(void **state)
{
	struct ip from = host(1);
	struct deadline end;
	uint32_t passed = 0;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limit(0, 1000000);
	client = enter(1, 0);
	for (unsigned i = 0; i < 1000; i++)
		passed += rates_datagram(&rates, client, &from, RATE_DOWN, 1000, 0);
	assert_int_equal(passed, 250);
	assert_int_equal(allow(client, 1, 0, &end), 0);
	rates_want(&rates, client, RATE_DOWN, true);
	for (uint32_t now = 1; now < PAUSE_MS; now++)
		for (unsigned i = 0; i < 10; i++)
			passed += rates_datagram(&rates, client, &from, RATE_DOWN, 1000, now);
	assert_in_range(passed, 250 + 45, 250 + 55);
	assert_in_range(drain(client, 1, PAUSE_MS, &end), 45000, 75000);
}

/* ---- New sessions ---- */

static void so_many_begin_at_once_and_then_one_after_the_other(void **state)
{
	unsigned begun = 0;
	uint16_t client;

	(void)state;
	needs(ANKLET_HAS_RATES);
	limits.begin = (struct begin_limit){.count = 20, .ms = 10000};
	rates_use(&rates, &limits);
	assert_true(rates.on);
	client = enter(1, 7);
	for (unsigned i = 0; i < 30; i++)
		begun += rates_begin(&rates, client, 7);
	assert_int_equal(begun, 20);
	assert_int_equal(rates.rejected, 10);
	assert_false(rates_begin(&rates, client, 7 + 499));
	assert_true(rates_begin(&rates, client, 7 + 500));
	assert_false(rates_begin(&rates, client, 7 + 501));
	rates_leave(&rates, client);
	assert_int_equal(enter(1, 7 + 9999), client);
	rates_leave(&rates, client);
	/* Whoever hammers on has as many as one who waits: a rejection costs nothing. */
	begun = 0;
	for (uint32_t now = 10000; now < 20000; now++)
		begun += rates_begin(&rates, client, now);
	assert_in_range(begun, 20, 20 + 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(who_has_no_limit_may_have_everything, begin),
		cmocka_unit_test_setup(it_rests_until_its_debt_is_paid, begin),
		cmocka_unit_test_setup(nothing_is_rounded, begin),
		cmocka_unit_test_setup(no_rate_and_no_time_overflow, begin),
		cmocka_unit_test_setup(a_clock_that_goes_back_pays_nothing, begin),
		cmocka_unit_test_setup(who_comes_again_finds_its_balance, begin),
		cmocka_unit_test_setup(all_who_have_no_room_share_the_last_one, begin),
		cmocka_unit_test_setup(the_first_line_that_matches_decides, begin),
		cmocka_unit_test_setup(all_share_the_total, begin),
		cmocka_unit_test_setup(datagrams_leave_something_to_sessions, begin),
		cmocka_unit_test_setup(so_many_begin_at_once_and_then_one_after_the_other, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

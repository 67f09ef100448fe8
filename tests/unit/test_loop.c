/*
 * The loop's own tables: timers come due in order of time, whatever was set, moved and cleared between; the ready list
 * is first in, first out, and holds nobody twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "room.h"

#define FEW 4

static struct timers timers;

static int begin_timers(void **state)
{
	(void)state;
	memset(&timers, 0, sizeof timers);
	timers_init(&timers);
	return 0;
}

static void takes_each_when_its_time_has_come(void **state)
{
	(void)state;
	assert_int_equal(timers_next(&timers, 5), -1);
	assert_int_equal(timers_take(&timers, 5), TIMER_NONE);
	timers_set(&timers, 1, TIMER_IDLE, 100);
	timers_set(&timers, 0, TIMER_HANDSHAKE, 50);
	assert_int_equal(timers_next(&timers, 20), 30);
	assert_int_equal(timers_take(&timers, 49), TIMER_NONE);
	assert_int_equal(timers_take(&timers, 50), 0);
	assert_false(timers_is_set(&timers, 0));
	assert_int_equal(timers_next(&timers, 60), 40);
	assert_int_equal(timers_next(&timers, 170), 0);
	assert_int_equal(timers_take(&timers, 170), 1);
	assert_int_equal(timers_take(&timers, 170), TIMER_NONE);
}

/* ---- The budget of the log ---- */

static struct budget budget;

static unsigned lines_about(uint8_t client, unsigned asked, uint32_t now)
{
	struct ip key = ip_v4(10, 0, 0, client);
	unsigned logged = 0;

	for (unsigned i = 0; i < asked; i++)
		logged += budget_take(&budget, 10, &key, now);
	return logged;
}

static void each_client_has_its_lines(void **state)
{
	(void)state;
	if (BUDGET_CLIENTS == 0)
		skip();
	memset(&budget, 0, sizeof budget);
	assert_int_equal(lines_about(1, 9, 5), 9);
	assert_false(budget.told_at.set);
	assert_int_equal(lines_about(1, 100, 6), 1);
	assert_true(budget.told_at.set && budget.told_at.at == 5 + BUDGET_MS);
	assert_int_equal(budget.client[0].more, 99);
	assert_int_equal(lines_about(2, 4, 7), 4);
	/* Not before what was not logged is said does another minute begin. */
	assert_int_equal(lines_about(1, 1, 5 + 2 * BUDGET_MS), 0);
}

/* What the log does not want costs no line of the budget, and what the budget has no room for is counted. */
static void a_line_begins_where_it_is_logged(void **state)
{
	static struct port port;
	static struct loop whole;
	struct loop *loop = &whole;
	struct ip client = ip_v4(10, 0, 0, 1);

	(void)state;
	needs(BUDGET_CLIENTS > 0);
	loop_init(loop, &port);
	loop->limit_log = 2;
	loop->log = LEVEL_WARNING;
	assert_null(loop_line_of(loop, LEVEL_REFUSED, &client));
	assert_null(loop_line_of(loop, LEVEL_INFO, &client));
	assert_int_equal(loop->budget.lines, 0);
	loop->log = LEVEL_REFUSED;
	assert_null(loop_line_of(loop, LEVEL_INFO, &client));
	assert_non_null(loop_line_of(loop, LEVEL_REFUSED, &client));
	loop->log = LEVEL_INFO;
	assert_non_null(loop_line_of(loop, LEVEL_INFO, &client));
	assert_null(loop_line_of(loop, LEVEL_INFO, &client));
	assert_int_equal(loop->budget.client[0].more, 1);
	loop->log = LEVEL_DEBUG;
	assert_non_null(loop_line_of(loop, LEVEL_DEBUG, &client));
}

static void a_minute_later_there_is_room_again(void **state)
{
	(void)state;
	if (BUDGET_CLIENTS == 0)
		skip();
	memset(&budget, 0, sizeof budget);
	assert_int_equal(lines_about(1, 10, UINT32_MAX - 5), 10);
	assert_int_equal(lines_about(1, 10, UINT32_MAX - 5 + BUDGET_MS), 10);
	assert_int_equal(lines_about(1, 1, UINT32_MAX - 5 + 2 * BUDGET_MS - 1), 0);
}

/* Also where nothing was logged before. */
static void what_is_passed_over_is_told(void **state)
{
	struct ip key = ip_v4(10, 0, 0, 1);

	(void)state;
	needs(BUDGET_CLIENTS > 0);
	memset(&budget, 0, sizeof budget);
	budget_pass_over(&budget, &key, 70000);
	assert_true(budget.told_at.set && budget.told_at.at == 70000 + BUDGET_MS);
	assert_true(budget_take(&budget, 1, &key, 80000));
	budget_pass_over(&budget, &key, 90000);
	assert_int_equal(budget.told_at.at, 70000 + BUDGET_MS);
	assert_int_equal(budget.client[0].more, 2);
	assert_int_equal(budget.lines, 1);
}

static void all_of_them_have_four_times_as_many(void **state)
{
	unsigned logged = 0;

	(void)state;
	if (BUDGET_CLIENTS == 0)
		skip();
	memset(&budget, 0, sizeof budget);
	for (unsigned i = 0; i < 200; i++)
		logged += lines_about((uint8_t)i, 1, 5);
	assert_int_equal(logged, 10 * BUDGET_ALL);
	assert_int_equal(budget.client[BUDGET_CLIENTS].more, 200 - 10 * BUDGET_ALL);
}

static void setting_again_moves(void **state)
{
	(void)state;
	timers_set(&timers, 0, TIMER_IDLE, 10);
	timers_set(&timers, 1, TIMER_IDLE, 20);
	timers_set(&timers, 0, TIMER_IDLE, 30);
	assert_int_equal(timers_first(&timers, TIMER_IDLE), 1);
	timers_set(&timers, 1, TIMER_DRAIN, 20);
	assert_int_equal(timers_first(&timers, TIMER_IDLE), 0);
	assert_int_equal(timers_first(&timers, TIMER_DRAIN), 1);
	assert_int_equal(timers_at(&timers, 0), 30);
}

static void clearing_forgets(void **state)
{
	(void)state;
	timers_set(&timers, 0, TIMER_IDLE, 10);
	timers_set(&timers, 1, TIMER_IDLE, 10);
	timers_clear(&timers, 0);
	timers_clear(&timers, 0);
	assert_false(timers_is_set(&timers, 0));
	assert_int_equal(timers_take(&timers, 10), 1);
	assert_int_equal(timers_take(&timers, 10), TIMER_NONE);
}

/* A limit can be made shorter while there are timers by the old one. */
static void an_earlier_one_passes_those_that_are_later(void **state)
{
	(void)state;
	needs(TIMERS >= FEW);
	timers_set(&timers, 0, TIMER_IDLE, 100);
	timers_set(&timers, 1, TIMER_IDLE, 200);
	timers_set(&timers, 2, TIMER_IDLE, 150);
	timers_set(&timers, 3, TIMER_IDLE, 50);
	assert_int_equal(timers_take(&timers, 500), 3);
	assert_int_equal(timers_take(&timers, 500), 0);
	assert_int_equal(timers_take(&timers, 500), 2);
	assert_int_equal(timers_take(&timers, 500), 1);
}

static void the_clock_may_wrap(void **state)
{
	uint32_t now = UINT32_MAX - 10;

	(void)state;
	timers_set(&timers, 0, TIMER_IDLE, now + 5);
	timers_set(&timers, 1, TIMER_IDLE, now + 20);
	assert_int_equal(timers_next(&timers, now), 5);
	assert_int_equal(timers_take(&timers, now + 19), 0);
	assert_int_equal(timers_take(&timers, now + 19), TIMER_NONE);
	assert_int_equal(timers_next(&timers, now + 19), 1);
	assert_int_equal(timers_take(&timers, now + 20), 1);
}

/* Held against the plainest model there is: an array that is searched. */
static void whatever_is_done_the_earliest_is_known(void **state)
{
	uint32_t at[FEW] = {0}, seed = 1;
	bool set[FEW] = {false};

	(void)state;
	needs(TIMERS >= FEW);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned timer, kind;
		int32_t least = -1;

		seed = seed * 1664525 + 1013904223;
		timer = seed >> 30;
		kind = 1 + (seed >> 20) % (TIMER_KINDS - 1);
		if ((seed >> 16 & 3) == 0) {
			timers_clear(&timers, timer);
			set[timer] = false;
		} else {
			at[timer] = round + (seed >> 8 & 0x3f);
			set[timer] = true;
			timers_set(&timers, timer, (enum timer_kind)kind, at[timer]);
		}
		for (uint16_t due; (due = timers_take(&timers, round)) != TIMER_NONE;) {
			assert_true(set[due] && at[due] <= round);
			set[due] = false;
		}
		for (unsigned i = 0; i < FEW; i++) {
			int32_t left = (int32_t)(at[i] - round);

			assert_int_equal(timers_is_set(&timers, i), set[i]);
			assert_true(!set[i] || left > 0);
			if (set[i] && (least < 0 || left < least))
				least = left;
		}
		assert_int_equal(timers_next(&timers, round), least);
	}
}

static void ready_list_is_first_in_first_out(void **state)
{
	static struct loop loop;

	(void)state;
	needs(CONFIG_ANKLET_SESSIONS >= 2);
	loop_init(&loop, NULL);
	for (unsigned round = 0; round < 3; round++) {
		loop_ready(&loop, 1);
		loop_ready(&loop, 0);
		loop_ready(&loop, 1);
		assert_int_equal(loop.ready.count, 2);
		assert_int_equal(loop_take_ready(&loop), 1);
		assert_false(loop_is_ready(&loop, 1));
		loop_ready(&loop, 1);
		assert_int_equal(loop_take_ready(&loop), 0);
		assert_int_equal(loop_take_ready(&loop), 1);
		assert_int_equal(loop.ready.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_client_has_its_lines),
		cmocka_unit_test(a_line_begins_where_it_is_logged),
		cmocka_unit_test(a_minute_later_there_is_room_again),
		cmocka_unit_test(what_is_passed_over_is_told),
		cmocka_unit_test(all_of_them_have_four_times_as_many),
		cmocka_unit_test_setup(takes_each_when_its_time_has_come, begin_timers),
		cmocka_unit_test_setup(setting_again_moves, begin_timers),
		cmocka_unit_test_setup(clearing_forgets, begin_timers),
		cmocka_unit_test_setup(an_earlier_one_passes_those_that_are_later, begin_timers),
		cmocka_unit_test_setup(the_clock_may_wrap, begin_timers),
		cmocka_unit_test_setup(whatever_is_done_the_earliest_is_known, begin_timers),
		cmocka_unit_test(ready_list_is_first_in_first_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

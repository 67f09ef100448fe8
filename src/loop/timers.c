/*
 * The deadlines of sessions. See timers.h.
 */
#include "loop/timers.h"

#include "base/deadline.h"

_Static_assert(TIMER_KINDS + TIMERS < TIMER_NONE, "sixteen bits name every timer");

void timers_init(struct timers *timers)
{
	for (uint16_t kind = 1; kind < TIMER_KINDS; kind++)
		timers->entry[kind].previous = timers->entry[kind].next = kind;
}

bool timers_is_set(const struct timers *timers, unsigned timer)
{
	return timers->entry[TIMER_KINDS + timer].next != 0;
}

uint32_t timers_at(const struct timers *timers, unsigned timer)
{
	return timers->entry[TIMER_KINDS + timer].at;
}

static void unlink_entry(struct timers *timers, struct timer *t)
{
	timers->entry[t->previous].next = t->next;
	timers->entry[t->next].previous = t->previous;
	t->previous = t->next = 0;
}

void timers_clear(struct timers *timers, unsigned timer)
{
	if (timers_is_set(timers, timer))
		unlink_entry(timers, &timers->entry[TIMER_KINDS + timer]);
}

void timers_set(struct timers *timers, unsigned timer, enum timer_kind kind, uint32_t at)
{
	struct timer *t = &timers->entry[TIMER_KINDS + timer];
	uint16_t before;

	timers_clear(timers, timer);
	before = timers->entry[kind].previous;
	while (before >= TIMER_KINDS && !time_passed(timers->entry[before].at, at))
		before = timers->entry[before].previous;
	t->at = at;
	t->previous = before;
	t->next = timers->entry[before].next;
	timers->entry[t->next].previous = timers->entry[before].next =
		(uint16_t)(TIMER_KINDS + timer);
}

static inline uint16_t after(const struct timers *timers, unsigned entry)
{
	uint16_t next = timers->entry[entry].next;

	return next < TIMER_KINDS ? TIMER_NONE : (uint16_t)(next - TIMER_KINDS);
}

uint16_t timers_first(const struct timers *timers, enum timer_kind kind)
{
	return after(timers, kind);
}

uint16_t timers_after(const struct timers *timers, unsigned timer)
{
	return after(timers, TIMER_KINDS + timer);
}

uint16_t timers_take(struct timers *timers, uint32_t now)
{
	for (unsigned kind = 1; kind < TIMER_KINDS; kind++) {
		uint16_t first = timers_first(timers, (enum timer_kind)kind);

		if (first != TIMER_NONE &&
			time_passed(timers->entry[TIMER_KINDS + first].at, now)) {
			timers_clear(timers, first);
			return first;
		}
	}
	return TIMER_NONE;
}

void timers_shift(struct timers *timers, enum timer_kind kind, uint32_t ms)
{
	for (uint16_t at = timers->entry[kind].next; at != kind; at = timers->entry[at].next)
		timers->entry[at].at += ms;
}

int32_t timers_next(const struct timers *timers, uint32_t now)
{
	int32_t least = -1;

	for (unsigned kind = 1; kind < TIMER_KINDS; kind++) {
		uint16_t first = timers_first(timers, (enum timer_kind)kind);

		if (first != TIMER_NONE) {
			int32_t ms = time_until(timers->entry[TIMER_KINDS + first].at, now);

			if (least < 0 || ms < least)
				least = ms;
		}
	}
	return least;
}

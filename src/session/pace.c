/*
 * The pace of a relay whose rate is limited: how much it may move in each slice, and the pauses between. See
 * src/loop/rates.h.
 *
 * In a pause a direction has no interest but in a reset of its sender, and the session a time of its own: that at which
 * the balance has something again, for all who share it. They go on in the order in which they came to rest, for timers
 * that are set to one time are taken in the order in which they were set. Whoever could have moved more comes back once
 * for nothing before it rests: after those who had no part of it yet.
 */
#include "session/session.h"

static struct rates *rates_of(struct sessions *all)
{
	return LOOP_RATES(&all->loop);
}

static void want(struct sessions *all, const struct session *s, struct relay_direction *d,
	enum rate_way way, bool more)
{
	if (d->wants != more)
		rates_want(rates_of(all), s->rates, way, more);
	d->wants = more;
}

static void allow(struct sessions *all, const struct session *s, struct relay_direction *d,
	enum rate_way way, struct deadline *pause)
{
	struct deadline end = {0};

	if (d->ended)
		return;
	d->most = rates_allow(rates_of(all), s->rates, &s->from.ip, way, all->slice,
		port_now(all->loop.port), &end);
	d->paused = d->most == 0;
	if (end.set && (!pause->set || !time_passed(pause->at, end.at)))
		*pause = end;
}

/* The earlier of two pauses: that of the other direction is then set again. */
static void set_pause(struct sessions *all, const struct session *s, const struct deadline *pause)
{
	struct timers *timers = &all->loop.timers;
	unsigned timer = SESSION_STEP(s->index);

	/* Whoever comes by in a pause does not lose its place in it. */
	if (pause->set && !(timers_is_set(timers, timer) && timers_at(timers, timer) == pause->at))
		timers_set(timers, timer, TIMER_PAUSE, pause->at);
	else if (!pause->set)
		timers_clear(timers, timer);
}

void session_allow(struct sessions *all, struct session *s)
{
	struct deadline pause = {0};

	if (s->rates == 0)
		s->rates = rates_enter(rates_of(all), &all->loop.clients.client[s->holder].key,
			port_now(all->loop.port));
	allow(all, s, &s->relay.up, RATE_UP, &pause);
	allow(all, s, &s->relay.down, RATE_DOWN, &pause);
	set_pause(all, s, &pause);
}

static void spend(struct sessions *all, struct session *s, struct relay_direction *d,
	enum rate_way way, uint64_t moved)
{
	rates_spend(rates_of(all), s->rates, way, moved);
	d->paused = d->paused && !d->ended;
	want(all, s, d, way, d->paused || (d->wants && !d->ended && moved == d->most));
}

void session_spend(struct sessions *all, struct session *s, uint64_t up, uint64_t down)
{
	spend(all, s, &s->relay.up, RATE_UP, up);
	spend(all, s, &s->relay.down, RATE_DOWN, down);
}

void session_leave_rates(struct sessions *all, struct session *s)
{
	if (s->rates == 0)
		return;
	want(all, s, &s->relay.up, RATE_UP, false);
	want(all, s, &s->relay.down, RATE_DOWN, false);
	rates_leave(rates_of(all), s->rates);
}

/*
 * The relay. See relay.h.
 */
#include "session/relay.h"

/* One direction while it is run. */
struct run {
	struct port *p;
	struct stream *from, *to;
	bool other_open; /* the other direction has not ended */
	struct relay_news *news;
};

static enum relay_result broken(struct run *run, struct stream *failed, int failure)
{
	run->news->failed = failed;
	run->news->failure = failure;
	return RELAY_BROKEN;
}

/* A reset of 'from' must not wait until 'to' reads again, or for ever once 'from' has ended. */
static enum relay_result watch(struct run *run)
{
	int hangup = port_peer_closed(run->p, run->from->sock);

	if (hangup == PORT_AGAIN || hangup == PORT_EOF)
		return RELAY_WAIT;
	return broken(run, run->from, hangup);
}

/* 'from' has ended: passes that on, which an encrypted 'to' may not take at once. */
static enum relay_result pass_end(struct relay_direction *d, struct run *run)
{
	/* Where the other direction has ended before, closing 'to' ends this one. */
	bool closes = !run->other_open && !stream_is_encrypted(run->to);
	int r = closes ? 0 : stream_shutdown(run->p, run->to, run->other_open);

	d->blocked = r == PORT_AGAIN;
	if (r < 0 && r != PORT_AGAIN)
		return broken(run, run->to, r);
	d->ended = r == 0;
	run->news->progress = run->news->progress || d->ended;
	return watch(run);
}

/*
 * Nothing is moved, and so nothing is waited for that would come again and again. What 'to' has taken still goes out.
 */
static enum relay_result hold_back(struct relay_direction *d, struct run *run)
{
	int r = stream_flush(run->p, run->to);

	d->blocked = r == PORT_AGAIN;
	return r < 0 && r != PORT_AGAIN ? broken(run, run->to, r) : watch(run);
}

static enum relay_result run_direction(struct relay_direction *d, struct run *run, size_t budget)
{
	if (d->ended)
		return watch(run);
	if (ANKLET_HAS_RATES && d->paused)
		return hold_back(d, run);
	if (ANKLET_HAS_RATES && d->most > 0)
		budget = d->most;
	while (budget > 0) {
		struct stream *failed = run->from;
		int n = stream_move(run->p, run->from, run->to, budget, &failed);

		d->blocked = n == PORT_AGAIN && failed == run->to;
		if (d->blocked)
			return watch(run);
		if (n == PORT_AGAIN)
			return RELAY_WAIT;
		if (n == TLS_TICK)
			return RELAY_MORE;
		if (n == PORT_EOF)
			return pass_end(d, run);
		if (n < 0)
			return broken(run, failed, n);
		run->news->progress = true;
		d->bytes += (uint64_t)n;
		budget -= (size_t)n;
	}
	return RELAY_MORE;
}

enum relay_result relay_run(struct relay *relay, struct port *p, struct stream *client,
	struct stream *server, size_t budget, struct relay_news *news)
{
	struct run run = {p, client, server, !relay->down.ended, news};
	enum relay_result up, down;

	*news = (struct relay_news){0};
	up = run_direction(&relay->up, &run, budget);
	if (up == RELAY_BROKEN)
		return up;
	run = (struct run){p, server, client, !relay->up.ended, news};
	down = run_direction(&relay->down, &run, budget);
	if (down == RELAY_BROKEN)
		return down;
	if (relay->up.ended && relay->down.ended)
		return RELAY_ENDED;
	return up == RELAY_MORE || down == RELAY_MORE ? RELAY_MORE : RELAY_WAIT;
}

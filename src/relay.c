/*
 * The relay. See relay.h.
 */
#include "relay.h"

/* A reset of 'from' must not wait until 'to' reads again, or for ever once 'from' has ended. */
static enum relay_result watch(struct port *p, port_sock from, port_sock *culprit)
{
	int gone = port_gone(p, from);

	if (gone == PORT_AGAIN || gone == PORT_EOF)
		return RELAY_WAIT;
	*culprit = from;
	return RELAY_BROKEN;
}

static enum relay_result run_direction(struct relay_direction *d, struct port *p, port_sock from,
	port_sock to, size_t budget, bool *progress, port_sock *culprit)
{
	if (d->ended)
		return watch(p, from, culprit);
	while (budget > 0) {
		int n = port_move(p, from, to, budget, culprit);

		d->blocked = n == PORT_AGAIN && *culprit == to;
		if (d->blocked)
			return watch(p, from, culprit);
		if (n == PORT_AGAIN)
			return RELAY_WAIT;
		if (n < 0 && n != PORT_EOF)
			return RELAY_BROKEN;
		*progress = true;
		if (n == PORT_EOF) {
			port_shutdown(p, to);
			d->ended = true;
			return watch(p, from, culprit);
		}
		d->octets += (uint64_t)n;
		budget -= (size_t)n;
	}
	return RELAY_MORE;
}

enum relay_result relay_run(struct relay *relay, struct port *p, port_sock client, port_sock server,
	size_t budget, bool *progress, port_sock *culprit)
{
	enum relay_result up, down;

	up = run_direction(&relay->up, p, client, server, budget, progress, culprit);
	if (up == RELAY_BROKEN)
		return up;
	down = run_direction(&relay->down, p, server, client, budget, progress, culprit);
	if (down == RELAY_BROKEN)
		return down;
	if (relay->up.ended && relay->down.ended)
		return RELAY_ENDED;
	return up == RELAY_MORE || down == RELAY_MORE ? RELAY_MORE : RELAY_WAIT;
}

/*
 * What is asked of a system that has nothing better than the ways that all have. See system.h.
 *
 * Bytes are looked at, sent, and only then dropped, exactly as many as were accepted: what is on its way lies in the
 * stack, on one side or the other, and nothing is kept here. All descriptors stand in the two sets.
 */
#include "internal.h"

int system_move(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed)
{
	return move_shown(p, from, to, max, failed);
}

int system_spin(struct port *p, int n, struct fdset *rd, struct fdset *wr)
{
	(void)p;
	(void)n;
	(void)rd;
	(void)wr;
	return 0;
}

void system_sweep(struct port *p)
{
	(void)p;
}

void system_take(struct port *p, const struct fdset *rd, int n)
{
	(void)p;
	(void)rd;
	(void)n;
}

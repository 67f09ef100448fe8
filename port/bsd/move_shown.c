/*
 * Moving bytes for a system that has nothing better: they are looked at, sent, and only then dropped, exactly as many
 * as were accepted. What is on its way lies in the stack, on one side or the other, and nothing is kept here.
 */
#include "internal.h"

int system_move(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed)
{
	return move_shown(p, from, to, max, failed);
}

void system_forget(struct port *p, port_sock s)
{
	(void)p;
	(void)s;
}

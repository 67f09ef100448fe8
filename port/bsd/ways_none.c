/*
 * What a system keeps of a socket that has nothing better than the ways that all have: nothing. See system.h.
 */
#include "internal.h"

void system_forget(struct port *p, port_sock s)
{
	(void)p;
	(void)s;
}

bool system_warm(struct port *p, port_sock s)
{
	(void)p;
	(void)s;
	return false;
}

/*
 * The part of a harness that a process of this host has: its descriptors, their limit, its sockets' abilities.
 */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness_bsd.h"

int bsd_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < SYSTEM_DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* What the sets hold, or what the system allows where that is less, as under 'ulimit -n'. */
int harness_sockets(struct port *p)
{
	struct rlimit limit;
	int most = fdset_limit();
	int room;

	(void)p;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most)
		most = (int)limit.rlim_cur;
	room = most - bsd_descriptors();
	return room < PORT_SOCKETS ? room : PORT_SOCKETS;
}

bool harness_urgent(struct port *p, port_sock s, uint8_t byte)
{
	return send(p->entry[s].fd, &byte, 1, MSG_OOB) == 1;
}

/* Valgrind keeps such a limit itself: it lets accept() take the connection and then closes it. */
static bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

bool harness_exhaust(struct port *p, bool on)
{
	static rlim_t before;
	struct rlimit limit;

	(void)p;
	if (under_valgrind())
		return false;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	if (on) {
		before = limit.rlim_cur;
		limit.rlim_cur = 0;
	} else if (before != 0) {
		limit.rlim_cur = before;
		before = 0;
	}
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

bool harness_hears_of_refusals(void)
{
	return true;
}

/*
 * Datagrams where the system tells no address beside them. See system.h.
 *
 * One that came to a socket which listens everywhere is said to have come to '::' or
 * 0.0.0.0, and what is sent from there leaves as the system chooses. Listen on one
 * address where that matters.
 */
#include "system.h"

const bool system_tells_to = false;

int system_tell_to(int fd, bool v4)
{
	(void)fd;
	(void)v4;
	return 0;
}

bool system_sent_to(struct msghdr *datagram, struct address *to)
{
	(void)datagram;
	(void)to;
	return false;
}

void system_send_from(struct msghdr *datagram, const struct address *from)
{
	(void)from;
	datagram->msg_control = NULL;
	datagram->msg_controllen = 0;
}

/*
 * A socket of the test's own at the other end of one of the port's.
 */
#ifndef ANKLET_TEST_FAR_END_H
#define ANKLET_TEST_FAR_END_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "port.h"

#define WAIT_MS 10000 /* the longest that anything may take that has to happen */

static inline void await_name(struct port *p, port_sock s)
{
	while (port_wait(p, WAIT_MS) > 0)
		for (port_sock next; (next = port_next(p)) != PORT_NONE;)
			if (next == s)
				return;
	fail_msg("nothing has happened");
}

/* Connects to a listener of the port's, which accepts it as *ours; returns the other end. */
static inline int far_end(struct port *p, port_sock listener, port_sock *ours)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct address at, from;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(port_local(p, listener, &at), 0);
	to.sin_port = htons(at.port);
	memcpy(&to.sin_addr, at.ip.byte + IP_V4_AT, 4);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	while (port_accept(p, listener, ours, &from) == PORT_AGAIN)
		await_name(p, listener);
	assert_int_not_equal(*ours, PORT_NONE);
	return fd;
}

#endif

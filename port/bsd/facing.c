/*
 * The local address from which a peer would be reached, as a connected socket tells it.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <unistd.h>

#include "system.h"

#define DISCARD_PORT 9 /* stands in for 'any' where a port must be given: RFC 863 */

static int facing_answer(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return PORT_UNREACHABLE;
	default:
		return PORT_FAILED;
	}
}

/* A datagram socket that is connected has been given an address, and has sent nothing. */
int port_facing(struct port *p, const struct address *peer, struct address *at)
{
	struct address to = *peer;
	struct sockaddr_storage remote;
	socklen_t len;
	int fd, answer;

	(void)p;
	if (to.port == 0)
		to.port = DISCARD_PORT;
	len = address_to_system(&to, &remote);
	fd = native_socket(remote.ss_family, SOCK_DGRAM);
	if (fd < 0)
		return facing_answer(errno);
	answer = connect(fd, (struct sockaddr *)&remote, len) == 0 ? address_of(fd, at)
								   : facing_answer(errno);
	close(fd);
	if (answer == 0)
		at->port = 0;
	return answer;
}

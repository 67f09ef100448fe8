/*
 * IPv6 as the system has it. A build without takes inet6_none.c. See internal.h.
 */
#include "internal.h"

#include <string.h>

const int inet6_family = AF_INET6;

socklen_t inet6_to_system(const struct address *at, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	_Static_assert(sizeof *v6 <= sizeof *out, "the system is built with IPv6");
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(at->port);
	v6->sin6_scope_id = at->scope;
	memcpy(&v6->sin6_addr, at->ip.byte, 16);
	return sizeof *v6;
}

bool inet6_from_system(const struct sockaddr_storage *in, struct address *at)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;

	if (in->ss_family != AF_INET6)
		return false;
	at->port = ntohs(v6->sin6_port);
	memcpy(at->ip.byte, &v6->sin6_addr, 16);
	if (ip_class(&at->ip) == IP_LINK_LOCAL)
		at->scope = v6->sin6_scope_id;
	return true;
}

int inet6_only(int fd)
{
	static const int on = 1;

	if (bsd_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0)
		return 0;
	return errno == ENOPROTOOPT ? 0 : -1; /* where an IPv6 socket never takes IPv4 */
}

/*
 * Addresses: those of the system and ours, and what the system knows about them.
 */
#include "internal.h"

#include <string.h>

_Static_assert(CONFIG_ANKLET_IPV6, "the port for sockets has both families: CONFIG_ANKLET_IPV6");

socklen_t address_to_system(const struct address *at, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof *out);
	if (!ip_is_v4(&at->ip))
		return inet6_to_system(at, out);
	v4->sin_family = AF_INET;
	v4->sin_port = htons(at->port);
	memcpy(&v4->sin_addr, at->ip.byte + IP_V4_AT, 4);
	return sizeof *v4;
}

bool address_from_system(const struct sockaddr_storage *in, struct address *at)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;

	memset(at, 0, sizeof *at);
	if (in->ss_family != AF_INET)
		return inet6_from_system(in, at);
	at->ip = ip_v4(0, 0, 0, 0);
	at->port = ntohs(v4->sin_port);
	memcpy(at->ip.byte + IP_V4_AT, &v4->sin_addr, 4);
	return true;
}

int address_of(int fd, struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = sizeof local;

	if (bsd_getsockname(fd, (struct sockaddr *)&local, &len) != 0)
		return PORT_FAILED;
	return address_from_system(&local, at) ? 0 : PORT_FAILED;
}

int port_local(struct port *p, port_sock s, struct address *at)
{
	return address_of(socket_entry(p, s)->fd, at);
}

bool port_is_local(struct port *p, const struct ip *ip)
{
	return (ip_is_v4(ip) && ip_class(ip) == IP_LOOPBACK) || system_is_local(p, ip);
}

/*
 * Addresses: those of the system and ours, and what the system knows about them.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "system.h"

socklen_t address_to_system(const struct address *at, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (ip_is_v4(&at->ip)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(at->port);
		memcpy(&v4->sin_addr, at->ip.octet + 12, 4);
		return sizeof *v4;
	} else {
		struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(at->port);
		v6->sin6_scope_id = at->scope;
		memcpy(&v6->sin6_addr, at->ip.octet, 16);
		return sizeof *v6;
	}
}

bool address_from_system(const struct sockaddr_storage *in, struct address *at)
{
	memset(at, 0, sizeof *at);
	if (in->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;

		at->ip = ip_v4(0, 0, 0, 0);
		at->port = ntohs(v4->sin_port);
		memcpy(at->ip.octet + 12, &v4->sin_addr, 4);
		return true;
	}
	if (in->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;

		at->port = ntohs(v6->sin6_port);
		memcpy(at->ip.octet, &v6->sin6_addr, 16);
		if (ip_class(&at->ip) == IP_LINK_LOCAL)
			at->scope = v6->sin6_scope_id;
		return true;
	}
	return false;
}

int address_of(int fd, struct address *at)
{
	struct sockaddr_storage local;
	socklen_t len = sizeof local;

	if (getsockname(fd, (struct sockaddr *)&local, &len) != 0)
		return PORT_FAILED;
	return address_from_system(&local, at) ? 0 : PORT_FAILED;
}

int port_local(struct port *p, port_sock s, struct address *at)
{
	return address_of(socket_entry(p, s)->fd, at);
}

bool port_own(struct port *p, const struct ip *ip)
{
	return (ip_is_v4(ip) && ip_class(ip) == IP_LOOPBACK) || native_own(p, ip);
}

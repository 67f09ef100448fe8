/*
 * A system without IPv6, or one that is built without: there is no such family. See internal.h.
 */
#include "internal.h"

const int inet6_family = AF_UNSPEC;

socklen_t inet6_to_system(const struct address *at, struct sockaddr_storage *out)
{
	(void)at;
	(void)out;
	return 0;
}

bool inet6_from_system(const struct sockaddr_storage *in, struct address *at)
{
	(void)in;
	(void)at;
	return false;
}

int inet6_only(int fd)
{
	(void)fd;
	return -1;
}

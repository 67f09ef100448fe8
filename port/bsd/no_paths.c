/*
 * A system whose sockets have no paths. See port.h.
 */
#include "port.h"

int port_listen_path(struct port *p, const char *path, int backlog, port_sock *s)
{
	(void)p;
	(void)path;
	(void)backlog;
	*s = PORT_NONE;
	return PORT_UNREACHABLE;
}

int port_check_path(struct port *p, const char *path)
{
	(void)p;
	(void)path;
	return PORT_UNREACHABLE;
}

void port_forget_path(struct port *p, const char *path)
{
	(void)p;
	(void)path;
}

bool port_peer_is_own(struct port *p, port_sock s)
{
	(void)p;
	(void)s;
	return false;
}

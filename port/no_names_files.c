/*
 * A system without resolv.conf and hosts. See port.h.
 */
#include "port.h"

uint32_t port_names_stamp(struct port *p, enum port_names_file file)
{
	(void)p;
	(void)file;
	return 0;
}

int port_names_read(struct port *p, enum port_names_file file, size_t offset, const uint8_t **data)
{
	(void)p;
	(void)file;
	(void)offset;
	(void)data;
	return PORT_NO_NAME;
}

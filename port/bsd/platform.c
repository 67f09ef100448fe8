/*
 * The log, random numbers and stored files of a system that has them by platform.h.
 */
#include "platform.h"

#include "internal.h"

bool system_log(enum port_level level, const char *line, size_t len)
{
	return platform_log(level, line, len);
}

int port_random(struct port *p, void *buf, size_t len)
{
	(void)p;
	return platform_random(buf, len) ? 0 : PORT_NO_RANDOM;
}

/* They are shown in place. There is no list of authorities of the system's: "" is what platform_file() says. */
int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	size_t len;

	(void)p;
	if (!platform_file(name, data, &len))
		return PORT_NO_NAME;
	*data += offset < len ? offset : len;
	return offset < len ? (int)(len - offset) : 0;
}

/* Who stores them knows when they change. */
uint32_t port_stamp(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return 0;
}

/* Nobody else is there. */
bool port_others_read(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return false;
}

/*
 * The port as a whole, random numbers, stored files, and the log.
 */
#include "internal.h"

#include <string.h>

#include "base/log_lines.h"
#include "system.h"
#include "platform.h"

int port_init(struct port *p, const struct port_config *config)
{
	memset(p, 0, sizeof *p);
	sockets_init(p);
	wait_init(p);
	resolve_init(p, config);
	if (p->resolver.bell >= 0)
		return 0;
	port_fini(p);
	return PORT_NO_RESOURCES;
}

void port_fini(struct port *p)
{
	resolve_fini(p);
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		port_sock open = s;

		if (p->entry[s].kind != ENTRY_FREE)
			port_reset(p, &open);
	}
	sockets_end_wave(p);
}

int port_random(struct port *p, void *buf, size_t len)
{
	return native_random(p, buf, len);
}

/* They are shown in place. There is no list of authorities of the system's: "" is the name of no file. */
int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	size_t len;

	(void)p;
	if (!platform_file(name, data, &len))
		return PORT_NO_NAME;
	*data += offset < len ? offset : len;
	return offset < len ? (int)(len - offset) : 0;
}

void port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	log_line(&p->unlogged, platform_log, level, line, len);
}

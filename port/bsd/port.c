/*
 * The port as a whole, and its log.
 */
#include "internal.h"

#include <string.h>

#include "base/log_lines.h"

int port_init(struct port *p, const struct port_config *config)
{
	memset(p, 0, sizeof *p);
	p->listen_early = config->listen_early;
	sockets_init(p);
	if (system_start(p) != 0) {
		system_end(p);
		return PORT_NO_RESOURCES;
	}
	wait_init(p);
	if (CONFIG_ANKLET_NAMES)
		resolve_init(p, config);
	return 0;
}

void port_fini(struct port *p)
{
	if (CONFIG_ANKLET_NAMES)
		resolve_fini(p);
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		port_sock open = s;

		if (p->entry[s].kind != ENTRY_FREE)
			port_reset(p, &open);
	}
	sockets_end_pending(p);
	system_end(p);
}

void port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	log_line(&p->unlogged, system_log, level, line, len);
}

/*
 * The port's log, which the system takes.
 */
#include "internal.h"

#include "base/log_lines.h"

void port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	log_line(&p->unlogged, system_log, level, line, len);
}

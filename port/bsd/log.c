/*
 * The port's log, which the system takes.
 */
#include "internal.h"

#include "base/log_lines.h"

bool port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	return log_line(&p->unlogged, system_log, level, line, len);
}

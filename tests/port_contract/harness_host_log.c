/*
 * The part of a harness that a small system's log is: see host.h.
 */
#include "harness.h"

#include <string.h>

#include "host.h"

bool harness_log_begin(struct port *p)
{
	(void)p;
	host.log_len = 0;
	return true;
}

void harness_log_stalled(struct port *p, bool on)
{
	(void)p;
	host.log_stalled = on;
}

size_t harness_log_text(struct port *p, char *buf, size_t size)
{
	size_t len = host.log_len < size ? host.log_len : size - 1;

	(void)p;
	memcpy(buf, host.log, len);
	buf[len] = '\0';
	host.log_len = 0;
	return len;
}

void harness_log_end(struct port *p)
{
	(void)p;
	host.log_stalled = false;
}

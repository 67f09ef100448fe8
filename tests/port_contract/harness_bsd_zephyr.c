/*
 * What Zephyr's stand-in does otherwise in the contract tests: its sockets are this host's
 * (harness_process.c), its files part of the program. See harness_bsd.h.
 */
#include "harness_bsd.h"
#include "host.h"
#include "questions.h"

void bsd_begin(void)
{
	host_clear();
	questions.hold = false;
}

void bsd_end(struct port *p)
{
	(void)p;
	host_clear();
}

bool harness_no_random(struct port *p, bool on)
{
	(void)p;
	host.no_random = on;
	return true;
}

/* Zephyr's log is never stalled: it drops and counts by itself. */
bool harness_log_begin(struct port *p)
{
	(void)p;
	return false;
}

void harness_log_stalled(struct port *p, bool on)
{
	(void)p;
	(void)on;
}

size_t harness_log_text(struct port *p, char *buf, size_t size)
{
	(void)p;
	(void)size;
	buf[0] = '\0';
	return 0;
}

void harness_log_end(struct port *p)
{
	(void)p;
}

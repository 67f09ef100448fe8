/*
 * The contract tests over BSD sockets, whatever system is below. See harness.h.
 */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness_bsd.h"

static struct port port;
static int descriptors; /* open when the test began */

struct port *harness_start(void)
{
	static const struct port_config config;

	bsd_begin();
	descriptors = bsd_descriptors();
	return port_init(&port, &config) == 0 ? &port : NULL;
}

void harness_stop(struct port *p)
{
	(void)harness_exhaust(p, false);
	port_fini(p);
	bsd_end(p);
	if (bsd_descriptors() != descriptors) {
		fprintf(stderr, "descriptors: %d before the test, %d after\n", descriptors,
			bsd_descriptors());
		abort();
	}
}

/* Where there is a way to it. */
bool harness_loopback(enum port_families family, struct address *at)
{
	struct address from;

	*at = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	if (family == PORT_IPV6)
		at->ip = (struct ip){{[15] = 1}};
	return port_local_for(&port, at, &from) == 0;
}

/* The port of a listener that has just been closed. */
bool harness_refusing(struct port *p, struct address *at)
{
	port_sock s;
	bool known;

	if (!harness_loopback(PORT_IPV4, at) || port_listen(p, at, 1, &s) != 0)
		return false;
	known = port_local(p, s, at) == 0;
	port_close(p, &s);
	return known;
}

/* Of the block for documentation (RFC 5737) that machines are least often given. */
void harness_foreign(struct address *at)
{
	*at = (struct address){.ip = ip_v4(203, 0, 113, 77)};
}

uint32_t harness_late_ms(void)
{
	return 10000;
}

bool harness_sees_end_after_data(void)
{
	return system_sees_end_after_data;
}

bool harness_second_loopback(struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 2)};
	return system_tells_to;
}

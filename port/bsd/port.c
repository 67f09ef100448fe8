/*
 * The port as a whole, and random numbers that need not be strong.
 */
#include "internal.h"

#include <stddef.h>
#include <string.h>

int port_init(struct port *p, const struct port_config *config)
{
	(void)config;
	memset(p, 0, offsetof(struct port, scratch)); /* whose pages are had when it is used */
	p->listen_early = config->listen_early;
	p->spin_us = config->spin_us;
	sockets_init(p);
	if (system_start(p) != 0) {
		system_end(p);
		return PORT_NO_RESOURCES;
	}
	wait_init(p);
	return 0;
}

void port_fini(struct port *p)
{
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		port_sock open = s;

		if (p->entry[s].kind != ENTRY_FREE)
			port_reset(p, &open);
	}
	sockets_end_pending(p);
	system_end(p);
}

/* Steps of a linear generator, stirred by the clock: of no strength, and better than the same numbers each time. */
static uint8_t guessable(void)
{
	static uint32_t state;

	state = (state ^ system_now_ms()) * 1664525u + 1013904223u;
	return (uint8_t)(state >> 24);
}

bool port_random_weak(struct port *p, void *buf, size_t len)
{
	uint8_t *byte = buf;

	if (port_random(p, buf, len) == 0)
		return true;
	while (len-- > 0)
		*byte++ = guessable();
	return false;
}

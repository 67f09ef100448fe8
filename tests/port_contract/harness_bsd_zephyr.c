/*
 * What Zephyr's stand-in does otherwise in the contract tests: its sockets are this host's
 * (harness_process.c), its files part of the program. See harness_bsd.h.
 */
#include <net/if.h>
#include <string.h>

#include <zephyr/net/dns_resolve.h>

#include "harness_bsd.h"
#include "host.h"
#include "internal.h"

void bsd_begin(void)
{
	host_clear();
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

bool harness_name_servers(struct port *p, const struct address *servers, size_t count)
{
	struct dns_resolve_context *known = dns_resolve_get_default();

	(void)p;
	memset(known->servers, 0, sizeof known->servers);
	for (size_t i = 0; i < count; i++) {
		struct sockaddr_storage system;

		(void)address_to_system(&servers[i], &system);
		memcpy(&known->servers[i].dns_server, &system, sizeof known->servers[i].dns_server);
	}
	known->state = DNS_RESOLVE_CONTEXT_ACTIVE;
	return true;
}

uint32_t harness_interface(char *name, size_t size)
{
	(void)size;
	return if_indextoname(1, name) != NULL ? 1 : 0;
}

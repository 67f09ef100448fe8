/*
 * The contract tests over lwIP: both ends on one stack, joined by its loopback interface. See harness.h.
 */
#include "harness.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/dhcp.h"

#include "host.h"
#include "lwip_dhcp_hooks.h"

#define LINGER_MS 600000 /* by then a closed connection is over, retransmissions and all */

static struct port port;

struct port *harness_start(void)
{
	static const struct port_config config;

	host_start();
	host_clear();
	return port_init(&port, &config) == 0 ? &port : NULL;
}

/* Connections closed in order go on for a while; after that none may be left. */
static bool is_quiet(struct port *p)
{
	uint32_t until = port_now(p) + LINGER_MS;

	while (tcp_active_pcbs != NULL && (int32_t)(until - port_now(p)) > 0)
		(void)port_wait(p, 1000);
	return tcp_active_pcbs == NULL && tcp_bound_pcbs == NULL &&
	       tcp_listen_pcbs.listen_pcbs == NULL;
}

void harness_stop(struct port *p)
{
	(void)harness_exhaust(p, false);
	port_fini(p);
	host_clear();
	if (!is_quiet(p)) {
		fprintf(stderr, "control blocks of lwIP's are left after the test\n");
		abort();
	}
	for (unsigned i = 0; i < LWIP_RINGS; i++)
		assert(p->ring[i].reader == NULL && p->ring[i].sender == NULL);
}

bool harness_loopback(enum port_families family, struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	if (family == PORT_IPV6)
		at->ip = (struct ip){{[15] = 1}};
	return family == PORT_IPV4 || LWIP_IPV6;
}

bool harness_refusing(struct port *p, struct address *at)
{
	(void)p;
	*at = (struct address){.ip = ip_v4(127, 0, 0, 1), .port = 1};
	return true;
}

void harness_foreign(struct address *at)
{
	*at = (struct address){.ip = ip_v4(203, 0, 113, 99), .port = 7};
}

uint32_t harness_late_ms(void)
{
	return 0;
}

int harness_sockets(struct port *p)
{
	(void)p;
	return PORT_SOCKETS;
}

/* lwIP sends no urgent data. */
bool harness_urgent(struct port *p, port_sock s, uint8_t byte)
{
	(void)p;
	(void)s;
	(void)byte;
	return false;
}

/* Takes every control block and every ring. */
bool harness_exhaust(struct port *p, bool on)
{
	static struct tcp_pcb *pcbs[MEMP_NUM_TCP_PCB];
	static bool held[LWIP_RINGS];
	static struct port_entry holder;

	for (unsigned i = 0; i < MEMP_NUM_TCP_PCB; i++) {
		if (!on && pcbs[i] != NULL)
			tcp_abort(pcbs[i]);
		pcbs[i] = on ? tcp_new() : NULL;
	}
	for (unsigned i = 0; i < LWIP_RINGS; i++) {
		bool is_free = p->ring[i].reader == NULL && p->ring[i].sender == NULL;

		if (on ? is_free : held[i])
			p->ring[i].reader = on ? &holder : NULL;
		held[i] = on && is_free;
	}
	return true;
}

bool harness_no_random(struct port *p, bool on)
{
	(void)p;
	host.no_random = on;
	(void)random_seed();
	return true;
}

bool harness_sees_end_after_data(void)
{
	return true;
}

bool harness_second_loopback(struct address *at)
{
	(void)at; /* the loopback interface has one of each family */
	return false;
}

bool harness_hears_of_refusals(void)
{
	return false;
}

/* As DHCP's answer says it: option 6 of a lease. */
bool harness_name_servers(struct port *p, const struct address *servers, size_t count)
{
	uint8_t option[8];
	struct pbuf *answer = pbuf_alloc(PBUF_RAW, sizeof option, PBUF_RAM);

	(void)p;
	assert(answer != NULL && count <= sizeof option / 4);
	for (size_t i = 0; i < count; i++)
		memcpy(option + 4 * i, servers[i].ip.byte + IP_V4_AT, 4);
	(void)pbuf_take(answer, option, sizeof option);
	name_servers_take(
		DHCP_STATE_REQUESTING, DHCP_OPTION_DNS_SERVER, (uint8_t)(4 * count), answer, 0);
	pbuf_free(answer);
	return true;
}

uint32_t harness_interface(char *name, size_t size)
{
	assert(size > NETIF_NAMESIZE);
	return netif_index_to_name(1, name) != NULL ? 1 : 0;
}

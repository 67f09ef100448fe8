/*
 * What lwIP's BSD sockets do otherwise in the contract tests: both ends are on one stack, joined by
 * its loopback interface; its thread runs beside. See harness_bsd.h.
 */
#include "internal.h"

#include "lwip/dns.h"
#include "lwip/netif.h"
#include "lwip/priv/sockets_priv.h"

#include "harness_bsd.h"
#include "host.h"
#include "lwip/addresses.h"
#include "system_lwip_stack.h"

void bsd_begin(void)
{
	host_start();
	host_clear();
}

void bsd_end(struct port *p)
{
	(void)p;
	host_clear();
}

int bsd_descriptors(void)
{
	int count = 0;

	for (int i = 0; i < NUM_SOCKETS; i++)
		count += lwip_socket_dbg_get_socket(LWIP_SOCKET_OFFSET + i)->conn != NULL;
	return count;
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

/* Takes every socket. */
bool harness_exhaust(struct port *p, bool on)
{
	static int taken[NUM_SOCKETS];
	static unsigned count;

	(void)p;
	while (on && (taken[count] = lwip_socket(AF_INET, SOCK_DGRAM, 0)) >= 0)
		count++;
	while (!on && count > 0)
		lwip_close(taken[--count]);
	return true;
}

bool harness_no_random(struct port *p, bool on)
{
	(void)p;
	host.no_random = on;
	return true;
}

/* lwIP tells nobody of ICMP. */
bool harness_hears_of_refusals(void)
{
	return false;
}

struct servers {
	const struct address *server;
	size_t count;
};

static void do_set_servers(void *arg)
{
	const struct servers *s = arg;
	ip_addr_t ip;

	for (u8_t i = 0; i < DNS_MAX_SERVERS; i++)
		dns_setserver(i, i < s->count && address_to_lwip(&s->server[i], &ip) ? &ip : NULL);
}

/* As ESP-IDF's DHCP client does. */
bool harness_name_servers(struct port *p, const struct address *servers, size_t count)
{
	struct servers s = {servers, count};

	(void)p;
	stack_run(do_set_servers, &s);
	return true;
}

static void do_name(void *arg)
{
	(void)netif_index_to_name(1, arg);
}

uint32_t harness_interface(char *name, size_t size)
{
	(void)size;
	name[0] = '\0';
	stack_run(do_name, name);
	return LWIP_IPV6 && name[0] != '\0' ? 1 : 0;
}

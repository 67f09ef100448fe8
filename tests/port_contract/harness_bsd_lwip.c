/*
 * What lwIP's BSD sockets do otherwise in the contract tests: both ends are on one stack, joined by
 * its loopback interface; its thread runs beside. See harness_bsd.h.
 */
#include "internal.h"

#include "lwip/priv/sockets_priv.h"

#include "harness_bsd.h"
#include "host.h"

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

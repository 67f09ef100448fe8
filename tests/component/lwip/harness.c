/*
 * The contract tests over lwIP's BSD sockets: both ends on one stack, joined by its loopback
 * interface; its thread runs beside. See harness.h.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lwip/opt.h"
#include "lwip/priv/sockets_priv.h"

#include "host.h"

static struct port port;
static unsigned descriptors; /* open when the test began */

static unsigned count_descriptors(void)
{
	unsigned count = 0;

	for (int i = 0; i < NUM_SOCKETS; i++)
		count += lwip_socket_dbg_get_socket(LWIP_SOCKET_OFFSET + i)->conn != NULL;
	return count;
}

struct port *harness_start(void)
{
	static const struct port_config config;

	host_start();
	host.no_random = host.log_stalled = false;
	host.log_len = 0;
	descriptors = count_descriptors();
	return port_init(&port, &config) == 0 ? &port : NULL;
}

static void forget_files(void)
{
	while (host.files > 0)
		free(host.file[--host.files].data);
}

void harness_stop(struct port *p)
{
	(void)harness_exhaust(p, false);
	forget_files();
	port_fini(p);
	if (count_descriptors() != descriptors) {
		fprintf(stderr, "lwIP's sockets: %u before the test, %u after\n", descriptors,
			count_descriptors());
		abort();
	}
}

bool harness_loopback(enum port_families family, struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	if (family == PORT_IPV6)
		at->ip = (struct ip){{[15] = 1}};
	return true;
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
	return 10000;
}

int harness_sockets(struct port *p)
{
	(void)p;
	return PORT_SOCKETS;
}

/* lwIP sends no urgent data. */
bool harness_urgent(struct port *p, port_sock s, uint8_t octet)
{
	(void)p;
	(void)s;
	(void)octet;
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

const char *harness_file(struct port *p, const void *data, size_t len)
{
	static const char *const names[HOST_FILES] = {"one", "two", "three", "four"};
	uint8_t *copy = malloc(len + 1);
	struct host_file *file = &host.file[host.files];

	(void)p;
	if (copy == NULL || host.files == HOST_FILES) {
		free(copy);
		return NULL;
	}
	memcpy(copy, data, len);
	copy[len] = '\0';
	*file = (struct host_file){.name = names[host.files++], .data = copy, .len = len};
	return file->name;
}

/* Files are part of the program. */
bool harness_forbid(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return false;
}

bool harness_no_random(struct port *p, bool on)
{
	(void)p;
	host.no_random = on;
	return true;
}

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

bool harness_sees_end_behind(void)
{
	return true;
}

/* Datagrams come without the address that they went to. */
bool harness_second_loopback(struct address *at)
{
	(void)at;
	return false;
}

/* lwIP tells nobody of ICMP. */
bool harness_hears_of_refusals(void)
{
	return false;
}

/*
 * The contract tests over port/zephyr, which runs here over this host's sockets. See
 * tests/port_contract/harness.h.
 */
#define _XOPEN_SOURCE 700
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "host.h"
#include "internal.h"
#include "system.h"

#define FILES 4

static struct port port;
static int descriptors; /* open when the test began */

/* ---- Files are part of the program ---- */

static struct zephyr_file files[FILES];
static size_t file_count;

const char *harness_file(struct port *p, const void *data, size_t len)
{
	static const char *const names[FILES] = {"one", "two", "three", "four"};
	uint8_t *copy = file_count < FILES ? malloc(len + 1) : NULL;

	(void)p;
	if (copy == NULL)
		return NULL;
	memcpy(copy, data, len);
	copy[len] = '\0';
	files[file_count] = (struct zephyr_file){names[file_count], copy, len};
	zephyr_files(files, ++file_count);
	return names[file_count - 1];
}

static void forget_files(void)
{
	while (file_count > 0)
		free((void *)(uintptr_t)files[--file_count].data);
	zephyr_files(files, 0);
}

bool harness_forbid(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return false;
}

/* ---- The whole ---- */

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < CONFIG_ANKLET_DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

struct port *harness_start(void)
{
	static const struct port_config config;

	host.hold = host.no_random = false;
	host.log_len = 0;
	descriptors = count_descriptors();
	return port_init(&port, &config) == 0 ? &port : NULL;
}

void harness_stop(struct port *p)
{
	(void)harness_exhaust(p, false);
	port_fini(p);
	forget_files();
	if (count_descriptors() != descriptors) {
		fprintf(stderr, "descriptors: %d before the test, %d after\n", descriptors,
			count_descriptors());
		abort();
	}
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

bool harness_exhaust(struct port *p, bool on)
{
	static rlim_t before;
	struct rlimit limit;

	(void)p;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return false;
	if (on) {
		before = limit.rlim_cur;
		limit.rlim_cur = 0;
	} else if (before != 0) {
		limit.rlim_cur = before;
		before = 0;
	}
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/* ---- Addresses ---- */

bool harness_loopback(enum port_families family, struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 1)};
	if (family == PORT_IPV6)
		at->ip = (struct ip){{[15] = 1}};
	return port_own(&port, &at->ip);
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

void harness_foreign(struct address *at)
{
	*at = (struct address){.ip = ip_v4(203, 0, 113, 77)};
}

bool harness_second_loopback(struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 2)};
	return native_tells_to;
}

/* ---- What this host's sockets do, or Zephyr does not ---- */

bool harness_urgent(struct port *p, port_sock s, uint8_t octet)
{
	return send(socket_fd(p, s), &octet, 1, MSG_OOB) == 1;
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

bool harness_sees_end_behind(void)
{
	return native_sees_end_behind;
}

bool harness_hears_of_refusals(void)
{
	return true;
}

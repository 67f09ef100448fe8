/*
 * The simulator as the subject of the port contract.
 *
 * Each test gets a network of its own with one process, and the next seed.
 */
#include "harness.h"
#include "sim.h"

#include <string.h>

static struct sim sim;
static struct port port;
static uint64_t seed;

static struct {
	char text[65536];
	size_t len;
} log_taken;

struct port *harness_start(void)
{
	static const char *const addresses[] = {"10.0.0.1", "fd00::1", NULL};
	static const struct port_config config;

	sim_init(&sim, ++seed);
	sim.window_min = SIM_WINDOW_MAX;
	sim_attach(&sim, &port, sim_host(&sim, addresses));
	return port_init(&port, &config) == 0 ? &port : NULL;
}

void harness_stop(struct port *p)
{
	port_fini(p);
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
	return 0;
}

int harness_sockets(struct port *p)
{
	(void)p;
	return PORT_SOCKETS;
}

bool harness_urgent(struct port *p, port_sock s, uint8_t byte)
{
	(void)p;
	(void)s;
	(void)byte;
	return false;
}

bool harness_exhaust(struct port *p, bool on)
{
	p->faults.no_sockets = on ? 1000 : 0;
	return true;
}

const char *harness_file(struct port *p, const void *data, size_t len)
{
	static const char *const names[] = {"one", "two", "three", "four"};

	return sim_file(p->sim, names[p->sim->files], data, len)->name;
}

bool harness_forbid(struct port *p, const char *name)
{
	sim_file(p->sim, name, NULL, 0)->answer = PORT_DENIED;
	return true;
}

bool harness_no_random(struct port *p, bool on)
{
	p->faults.no_random = on ? 1000 : 0;
	return true;
}

static void take(void *ctx, enum port_level level, const char *line, size_t len)
{
	(void)ctx;
	(void)level;
	if (len + 1 > sizeof log_taken.text - log_taken.len)
		return;
	memcpy(log_taken.text + log_taken.len, line, len);
	log_taken.len += len;
	log_taken.text[log_taken.len++] = '\n';
}

bool harness_log_begin(struct port *p)
{
	log_taken.len = 0;
	p->log = take;
	return true;
}

void harness_log_stalled(struct port *p, bool on)
{
	p->faults.no_log = on ? 1000 : 0;
}

size_t harness_log_text(struct port *p, char *buf, size_t size)
{
	size_t len = log_taken.len < size ? log_taken.len : size - 1;

	(void)p;
	memcpy(buf, log_taken.text, len);
	buf[len] = '\0';
	log_taken.len = 0;
	return len;
}

void harness_log_end(struct port *p)
{
	p->log = NULL;
}

bool harness_sees_end_after_data(void)
{
	return true;
}

bool harness_second_loopback(struct address *at)
{
	*at = (struct address){.ip = ip_v4(127, 0, 0, 2)};
	return true;
}

bool harness_hears_of_refusals(void)
{
	return true;
}

bool harness_name_servers(struct port *p, const struct address *servers, size_t count)
{
	(void)p;
	(void)servers;
	(void)count;
	return false;
}

bool harness_names_file(struct port *p, enum port_names_file file, const void *data, size_t len)
{
	static const char *const names[] = {SIM_RESOLV_CONF, SIM_HOSTS_FILE};
	struct sim_file *f = sim_file(p->sim, names[file], data, len);

	if (data == NULL) {
		f->answer = PORT_NO_NAME;
		f->stamp = 0;
	}
	return true;
}

bool harness_names_fifo(struct port *p, enum port_names_file file)
{
	(void)p;
	(void)file;
	return false;
}

uint32_t harness_interface(char *name, size_t size)
{
	(void)size;
	strcpy(name, "eth0");
	return 1;
}

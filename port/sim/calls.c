/*
 * The calls of port.h that belong to nothing else: the whole, random numbers, files, names and the log.
 */
#include "internal.h"

#include <assert.h>
#include <string.h>

int port_init(struct port *p, const struct port_config *config)
{
	assert(p->sim != NULL);
	memset(p->socket, 0, sizeof p->socket);
	p->config = *config;
	(void)port_clock(p);
	return fault(p, SIM_CALL_INIT);
}

unsigned port_room(struct port *p)
{
	int held = 0;

	if (!p->faults.says_max)
		return PORT_SOCKETS;
	for (port_sock s = 0; s < PORT_SOCKETS; s++)
		held += p->socket[s].kind != SIM_FREE;
	return held < p->faults.sockets_max ? (unsigned)(p->faults.sockets_max - held) : 0;
}

void port_fini(struct port *p)
{
	for (port_sock i = 0; i < PORT_SOCKETS; i++) {
		port_sock s = i;

		if (p->socket[i].kind != SIM_FREE)
			port_reset(p, &s);
	}
	p->unnamed = 0;
}

int port_random(struct port *p, void *buf, size_t len)
{
	uint8_t *byte = buf;

	if (fault(p, SIM_CALL_RANDOM) != 0 || sim_chance(p->sim, p->faults.no_random))
		return PORT_NO_RANDOM;
	for (size_t i = 0; i < len; i++)
		byte[i] = (uint8_t)sim_random(p->sim, 256);
	return 0;
}

bool port_random_weak(struct port *p, void *buf, size_t len)
{
	uint8_t *byte = buf;

	for (size_t i = 0; i < len; i++)
		byte[i] = (uint8_t)sim_random(p->sim, 256);
	return !sim_chance(p->sim, p->faults.no_random);
}

static struct sim_file *find_file(struct sim *sim, const char *name)
{
	for (unsigned i = 0; i < sim->files; i++)
		if (strcmp(sim->file[i].name, name) == 0)
			return &sim->file[i];
	return NULL;
}

struct sim_file *sim_file(struct sim *sim, const char *name, const void *data, size_t len)
{
	struct sim_file *file = find_file(sim, name);

	if (file == NULL) {
		assert(sim->files < SIM_FILES);
		file = &sim->file[sim->files++];
	}
	*file = (struct sim_file){.name = name, .data = data, .len = len, .stamp = ++sim->stamps};
	return file;
}

static int show(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	const struct sim_file *file = find_file(p->sim, name);
	struct sim *sim = p->sim;

	if (file == NULL)
		return PORT_NO_NAME;
	if (file->answer != 0)
		return file->answer;
	if (offset < file->len)
		sim->loaded_len = file->len - offset;
	if (sim->loaded_len > SIM_FILE_SPAN)
		sim->loaded_len = SIM_FILE_SPAN;
	if (sim->loaded_len > 0)
		memcpy(sim->loaded, file->data + offset, sim->loaded_len);
	sim->loaded[sim->loaded_len] = '\0';
	*data = sim->loaded;
	return (int)sim->loaded_len;
}

static void tell_lines_lost(struct port *p)
{
	char line[64];
	struct text t;

	text_init(&t, line, sizeof line);
	text_str(&t, "meanwhile ");
	text_num(&t, p->lines_lost);
	text_str(&t, " log lines were dropped");
	p->lines_lost = 0;
	p->log(p->ctx, PORT_WARNING, line, t.len);
}

bool port_log(struct port *p, enum port_level level, const char *line, size_t len)
{
	if (p->log == NULL)
		return true;
	if (sim_chance(p->sim, p->faults.no_log)) {
		p->lines_lost++;
		return false;
	}
	if (p->lines_lost > 0)
		tell_lines_lost(p);
	p->log(p->ctx, level, line, len);
	return true;
}

int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	int failure;

	socket_enter(p);
	failure = fault(p, SIM_CALL_LOAD);
	return failure != 0 ? failure : show(p, name, offset, data);
}

uint32_t port_stamp(struct port *p, const char *name)
{
	const struct sim_file *f = find_file(p->sim, name);

	socket_enter(p);
	return f == NULL ? 0 : f->stamp;
}

bool port_others_read(struct port *p, const char *name)
{
	const struct sim_file *f = find_file(p->sim, name);

	socket_enter(p);
	return f != NULL && f->public;
}

/* ---- What a system knows of names ---- */

static const char *const names_files[] = {
	[PORT_RESOLV_CONF] = SIM_RESOLV_CONF, [PORT_HOSTS] = SIM_HOSTS_FILE};

/* There is no DHCP. */
size_t port_name_servers(struct port *p, struct address *servers, size_t max)
{
	(void)p;
	(void)servers;
	(void)max;
	return 0;
}

uint32_t port_names_stamp(struct port *p, enum port_names_file file)
{
	const struct sim_file *f = find_file(p->sim, names_files[file]);

	return f == NULL ? 0 : f->stamp;
}

int port_names_read(struct port *p, enum port_names_file file, size_t offset, const uint8_t **data)
{
	int failure;

	socket_enter(p);
	failure = fault(p, SIM_CALL_NAMES_READ);
	return failure != 0 ? failure : show(p, names_files[file], offset, data);
}

uint32_t port_zone(const char *name)
{
	return strcmp(name, "eth0") == 0 ? 1 : 0;
}

/*
 * The part of a harness that a small system's files are: see host.h. It has no resolv.conf and no hosts.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"

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
	host_files_changed();
	return file->name;
}

/* Files are part of the program. */
bool harness_forbid(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return false;
}

bool harness_names_file(struct port *p, enum port_names_file file, const void *data, size_t len)
{
	(void)p;
	(void)file;
	(void)data;
	(void)len;
	return false;
}

bool harness_names_fifo(struct port *p, enum port_names_file file)
{
	(void)p;
	(void)file;
	return false;
}

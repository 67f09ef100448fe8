/*
 * The system of host.h, but for its network stack.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

struct host host;

void host_clear(void)
{
	while (host.files > 0)
		free(host.file[--host.files].data);
	host.no_random = host.log_stalled = false;
	host.log_len = 0;
	host_files_changed();
}

bool host_put(const char *text, size_t len)
{
	if (host.log_stalled || len >= sizeof host.log - host.log_len)
		return false;
	memcpy(host.log + host.log_len, text, len);
	host.log_len += len;
	return true;
}

const char *host_log_text(void)
{
	host.log[host.log_len] = '\0';
	return host.log;
}

const struct host_file *host_find(const char *name)
{
	for (unsigned i = 0; i < host.files; i++)
		if (strcmp(host.file[i].name, name) == 0)
			return &host.file[i];
	return NULL;
}

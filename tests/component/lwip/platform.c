/*
 * The system of host.h. See ../platform.h.
 */
#define _GNU_SOURCE
#include "platform.h"

#include <string.h>
#include <sys/random.h>

#include "host.h"
#include "lwip/opt.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"

struct host host;

static void on_up(void *arg)
{
	sys_sem_signal(arg);
}

void host_start(void)
{
	static bool started;
	sys_sem_t up;

	if (started || sys_sem_new(&up, 0) != ERR_OK)
		return;
	tcpip_init(on_up, &up);
	sys_sem_wait(&up);
	sys_sem_free(&up);
	started = true;
}

static void put(const char *text, size_t len)
{
	memcpy(host.log + host.log_len, text, len);
	host.log_len += len;
}

bool platform_log(enum port_level level, const char *line, size_t len)
{
	static const char *const words[] = {
		[PORT_ERROR] = "error: ",
		[PORT_WARNING] = "warning: ",
		[PORT_INFO] = "",
		[PORT_DEBUG] = "debug: ",
	};
	size_t word_len = strlen(words[level]);

	if (host.log_stalled || word_len + len + 1 > sizeof host.log - host.log_len)
		return false;
	put(words[level], word_len);
	put(line, len);
	put("\n", 1);
	return true;
}

bool platform_random(void *buf, size_t len)
{
	return !host.no_random && getrandom(buf, len, 0) == (ssize_t)len;
}

bool platform_file(const char *name, const uint8_t **data, size_t *len)
{
	for (unsigned i = 0; i < host.files; i++) {
		if (strcmp(host.file[i].name, name) != 0)
			continue;
		*data = host.file[i].data;
		*len = host.file[i].len;
		return true;
	}
	return false;
}

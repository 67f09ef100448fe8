/*
 * A system with lwIP that is a process: host.h, and lwIP's thread. See port/bsd/platform.h.
 */
#define _GNU_SOURCE
#include "platform.h"

#include <sys/random.h>

#include "base/log_lines.h"
#include "base/text.h"
#include "host.h"
#include "lwip/opt.h"
#include "lwip/sys.h"
#include "lwip/tcpip.h"

static void on_up(void *arg)
{
	sys_sem_signal(arg);
}

void host_files_changed(void)
{
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

/* A line in one piece. */
bool platform_log(enum port_level level, const char *line, size_t len)
{
	char buf[CONFIG_ANKLET_LOG_LINE + 48];
	struct text t;

	text_init(&t, buf, sizeof buf);
	text_str(&t, log_level_word(level));
	text_bytes(&t, line, len);
	text_char(&t, '\n');
	return host_put(buf, t.len);
}

bool platform_random(void *buf, size_t len)
{
	return !host.no_random && getrandom(buf, len, 0) == (ssize_t)len;
}

bool platform_file(const char *name, const uint8_t **data, size_t *len)
{
	const struct host_file *file = host_find(name);

	if (file == NULL)
		return false;
	*data = file->data;
	*len = file->len;
	return true;
}

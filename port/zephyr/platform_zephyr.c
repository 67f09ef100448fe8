/*
 * What Zephyr gives besides sockets: the log, random numbers, stored files. See platform.h.
 *
 * Lines go to Zephyr's log, which is to be deferred (CONFIG_LOG_MODE_DEFERRED): it then takes
 * them without waiting for a console. It counts those that it drops by itself.
 */
#include "bsd/platform.h"

#include <string.h>

#include <zephyr/logging/log.h>
#include <zephyr/random/random.h>

#include "files.h"

LOG_MODULE_REGISTER(anklet, LOG_LEVEL_DBG);

static const struct zephyr_file *files;
static size_t file_count;

/* Whatever the level is called there, what anklet is to log is said by its own keyword 'log'. */
bool platform_log(enum port_level level, const char *line, size_t len)
{
	char text[CONFIG_ANKLET_LOG_LINE + 1];

	if (len >= sizeof text)
		len = sizeof text - 1;
	memcpy(text, line, len);
	text[len] = '\0';
	switch (level) {
	case PORT_ERROR:
		LOG_ERR("%s", text);
		break;
	case PORT_WARNING:
		LOG_WRN("%s", text);
		break;
	case PORT_INFO:
		LOG_INF("%s", text);
		break;
	case PORT_DEBUG:
		LOG_DBG("%s", text);
		break;
	}
	return true;
}

bool platform_random(void *buf, size_t len)
{
	return sys_csrand_get(buf, len) == 0;
}

void zephyr_files(const struct zephyr_file *all, size_t count)
{
	files = all;
	file_count = count;
}

bool platform_file(const char *name, const uint8_t **data, size_t *len)
{
	for (size_t i = 0; i < file_count; i++) {
		if (strcmp(files[i].name, name) != 0)
			continue;
		*data = files[i].data;
		*len = files[i].len;
		return true;
	}
	return false;
}

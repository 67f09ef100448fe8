/*
 * What ESP-IDF gives besides lwIP. See ../bsd/platform.h.
 *
 * A line of the log is written when the call returns, at the console's speed; its level
 * and the tag "anklet" are ESP-IDF's to filter.
 */
#include "platform.h"

#include <string.h>

#include "esp_log.h"
#include "esp_random.h"

#include "platform_esp.h"

static const struct anklet_esp_file *known;
static size_t known_count;

void platform_esp_files(const struct anklet_esp_file *files, size_t count)
{
	known = files;
	known_count = files != NULL ? count : 0;
}

static esp_log_level_t level_of(enum port_level level)
{
	switch (level) {
	case PORT_ERROR:
		return ESP_LOG_ERROR;
	case PORT_WARNING:
		return ESP_LOG_WARN;
	case PORT_INFO:
		return ESP_LOG_INFO;
	case PORT_DEBUG:
		break;
	}
	return ESP_LOG_DEBUG;
}

bool platform_log(enum port_level level, const char *line, size_t len)
{
	ESP_LOG_LEVEL(level_of(level), "anklet", "%.*s", (int)len, line);
	return true;
}

/* Never fails; how good the numbers are depends on the radio: README.md. */
bool platform_random(void *buf, size_t len)
{
	esp_fill_random(buf, len);
	return true;
}

bool platform_file(const char *name, const uint8_t **data, size_t *len)
{
	for (size_t i = 0; i < known_count; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		*data = known[i].data;
		*len = known[i].len;
		return true;
	}
	return false;
}

/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_ESP_LOG_H
#define STAND_IN_ESP_LOG_H

#include <stdio.h>

typedef enum {
	ESP_LOG_NONE,
	ESP_LOG_ERROR,
	ESP_LOG_WARN,
	ESP_LOG_INFO,
	ESP_LOG_DEBUG,
} esp_log_level_t;

#define ESP_LOG_LEVEL(level, tag, format, ...) \
	printf("%d %s: " format "\n", (int)(level), tag, __VA_ARGS__)

#endif

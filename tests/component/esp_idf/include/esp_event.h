/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_ESP_EVENT_H
#define STAND_IN_ESP_EVENT_H

#include "esp_netif.h"

static inline esp_err_t esp_event_loop_create_default(void)
{
	return 0;
}

#endif

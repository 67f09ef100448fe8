/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_ESP_NETIF_H
#define STAND_IN_ESP_NETIF_H

#include <stdlib.h>

typedef int esp_err_t;

#define ESP_ERROR_CHECK(call)    \
	do {                     \
		if ((call) != 0) \
			abort(); \
	} while (0)

/* Brings lwIP up. */
esp_err_t esp_netif_init(void);

#endif

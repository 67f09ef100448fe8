/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_PROTOCOL_EXAMPLES_COMMON_H
#define STAND_IN_PROTOCOL_EXAMPLES_COMMON_H

#include "esp_netif.h"

static inline esp_err_t example_connect(void)
{
	return 0;
}

#endif

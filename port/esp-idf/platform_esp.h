/*
 * What run.c tells platform_esp.c.
 */
#ifndef ANKLET_PLATFORM_ESP_H
#define ANKLET_PLATFORM_ESP_H

#include "anklet_esp.h"

/* The files that platform_file() finds from now on; NULL: none. */
void platform_esp_files(const struct anklet_esp_file *files, size_t count);

#endif

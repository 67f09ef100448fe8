/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_TASK_H
#define STAND_IN_TASK_H

#include <stdint.h>

/* A task is a thread. */
int xTaskCreate(void (*run)(void *arg), const char *name, uint32_t stack, void *arg,
	unsigned priority, void *handle);
void vTaskDelete(void *handle);

#endif

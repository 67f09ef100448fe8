/* Of Zephyr's kernel what port/zephyr uses, over POSIX threads: see ../../host.c. */
#ifndef HOST_ZEPHYR_KERNEL_H
#define HOST_ZEPHYR_KERNEL_H

#include <pthread.h>
#include <stdint.h>

struct k_mutex {
	pthread_mutex_t mutex;
};

typedef struct {
	int64_t ticks;
} k_timeout_t;

/* 1 for an option that is set to 1, else 0: also for one that is not defined. */
#define IS_ENABLED(option) HOST_IS_SET(option)
#define HOST_IS_SET(value) HOST_PICK(HOST_COMMA_##value 1, 0, 0)
#define HOST_PICK(...) HOST_SECOND(__VA_ARGS__)
#define HOST_COMMA_1 0,
#define HOST_SECOND(first, second, ...) second

#define K_FOREVER ((k_timeout_t){.ticks = -1})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout);
int k_mutex_unlock(struct k_mutex *mutex);
uint32_t k_uptime_get_32(void);

#endif

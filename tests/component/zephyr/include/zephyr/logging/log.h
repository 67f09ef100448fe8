/* Of Zephyr's log what port/zephyr uses; host.c keeps the lines. */
#ifndef HOST_ZEPHYR_LOG_H
#define HOST_ZEPHYR_LOG_H

#define LOG_LEVEL_DBG 4
#define LOG_MODULE_REGISTER(name, level) _Static_assert((level) == LOG_LEVEL_DBG, #name)

void host_log(const char *level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define LOG_ERR(...) host_log("error: ", __VA_ARGS__)
#define LOG_WRN(...) host_log("warning: ", __VA_ARGS__)
#define LOG_INF(...) host_log("", __VA_ARGS__)
#define LOG_DBG(...) host_log("debug: ", __VA_ARGS__)

#endif

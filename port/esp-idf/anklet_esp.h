/*
 * anklet in a task of ESP-IDF's. See README.md; main.c in examples/esp-idf is a whole program.
 */
#ifndef ANKLET_ESP_H
#define ANKLET_ESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A certificate or a key that is part of the program (EMBED_TXTFILES): a NUL stands after its bytes. */
struct anklet_esp_file {
	const char *name; /* by which the configuration names it */
	const uint8_t *data;
	size_t len; /* without the NUL */
};

struct anklet_esp {
	const char *config;                  /* lines as in anklet.conf(5) */
	const struct anklet_esp_file *files; /* all of this must outlive the call */
	size_t file_count;
	const volatile bool
		*stop; /* ends the call within a second when it becomes true; NULL: never */
};

/*
 * Runs the proxy in the calling task, once at a time: memory and sockets are the
 * program's only ones. lwIP must be up; an interface may come and go. Returns 0 when
 * it was stopped, and every session with it; -1 when the configuration is wrong or
 * nothing can be listened on, which the log then says.
 */
int anklet_esp_run(const struct anklet_esp *what);

#endif

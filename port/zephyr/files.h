/*
 * Stored files for anklet on Zephyr: certificates and keys that the application has built in.
 */
#ifndef ANKLET_ZEPHYR_FILES_H
#define ANKLET_ZEPHYR_FILES_H

#include <stddef.h>
#include <stdint.h>

struct zephyr_file {
	const char *
		name; /* by which the configuration names it; "" is the list of trusted authorities */
	const uint8_t *data; /* len bytes, and a NUL after them that is not counted */
	size_t len;
};

/* From now on these are the files that there are. They are not copied. Before anklet_start(). */
void zephyr_files(const struct zephyr_file *all, size_t count);

#endif

/*
 * The log's time is UTC: a static libc's rules for places, and the files that they are read from, take 2 KB.
 */
#define _POSIX_C_SOURCE 200809L
#include "system_unix.h"

void time_start(void)
{
}

bool time_parts(time_t now, struct tm *parts)
{
	return gmtime_r(&now, parts) != NULL;
}

/*
 * The log's time is this place's.
 */
#define _POSIX_C_SOURCE 200809L
#include "system_unix.h"

void time_start(void)
{
	tzset(); /* now, so that time_parts() finds it done: it allocates */
}

bool time_parts(time_t now, struct tm *parts)
{
	return localtime_r(&now, parts) != NULL;
}

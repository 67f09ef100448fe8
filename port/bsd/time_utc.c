/*
 * The log's time is UTC: a static libc's rules for places, and the files that they are read from, take 2 KB. Its
 * gmtime_r() would bring divisions of 64 bits along, which are as much once more on a 32-bit processor.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/divide.h"
#include "system_unix.h"

#define DAY_S 86400
#define LAST_S 253402300799 /* of the year 9999 */

void time_start(void)
{
}

static uint32_t days_of_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

static uint32_t days_of_month(int year, int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 ? days_of_year(year) - 365 : 0);
}

bool time_parts(time_t now, struct tm *parts)
{
	uint32_t days, s;
	int year = 1970, month = 0;

	if (now < 0 || (uint64_t)now > LAST_S)
		return false;
	days = (uint32_t)divided((uint64_t)now, DAY_S);
	s = (uint32_t)((uint64_t)now - (uint64_t)days * DAY_S);
	for (; days >= days_of_year(year); year++)
		days -= days_of_year(year);
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	*parts = (struct tm){.tm_year = year - 1900, .tm_mon = month, .tm_mday = (int)days + 1};
	parts->tm_hour = (int)(s / 3600);
	parts->tm_min = (int)(s / 60 % 60);
	parts->tm_sec = (int)(s % 60);
	return true;
}

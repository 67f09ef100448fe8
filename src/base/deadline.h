/*
 * A time that may not be set, in milliseconds of port_now().
 */
#ifndef ANKLET_DEADLINE_H
#define ANKLET_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
	bool set;
	uint32_t at;
};

/* Has a time come? Times are compared by signed difference, for the clock wraps. */
static inline bool time_passed(uint32_t at, uint32_t now)
{
	return (int32_t)(now - at) >= 0;
}

static inline bool deadline_passed(const struct deadline *d, uint32_t now)
{
	return d->set && time_passed(d->at, now);
}

/* How long until then: 0 when it has passed. */
static inline int32_t time_until(uint32_t at, uint32_t now)
{
	return time_passed(at, now) ? 0 : (int32_t)(at - now);
}

#endif

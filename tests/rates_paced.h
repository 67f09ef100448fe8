/*
 * How many clients want more than their rates let them have.
 */
#ifndef ANKLET_TEST_RATES_PACED_H
#define ANKLET_TEST_RATES_PACED_H

#include "loop/rates.h"

static inline unsigned rates_paced(const struct rates *rates)
{
	unsigned paced = 0;

	for (unsigned i = 0; i <= CONFIG_ANKLET_RATE_CLIENTS; i++)
		paced += rates->client[i].way[RATE_UP].waiting > 0 ||
			 rates->client[i].way[RATE_DOWN].waiting > 0;
	return paced;
}

#endif

/*
 * What tests ask of the TLS library beneath, where there is none. See secure.h.
 */
#include "secure.h"

void library_begin(struct run *run)
{
	(void)run;
}

void library_end(void)
{
}

void library_only_1_2(struct tls_context *context)
{
	(void)context;
}

uint32_t library_holds(void)
{
	return 0;
}

uint32_t library_steps(void)
{
	return 0;
}

void library_slow(uint32_t ms)
{
	(void)ms;
}

uint32_t library_lost_tickets(void)
{
	return 0;
}

bool library_read_blocked(const struct tls *tls)
{
	(void)tls;
	return false;
}

void library_starve(uint32_t nth)
{
	(void)nth;
}

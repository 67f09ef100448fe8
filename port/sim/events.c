/*
 * The simulator's table of events, and the run's failure. What becomes of an event is said in sim.c.
 */
#include "internal.h"

void sim_fail(struct sim *sim, const char *why)
{
	if (sim->failure == NULL)
		sim->failure = why;
}

void event_add(struct sim *sim, uint64_t at, enum sim_event_kind kind, int16_t link, unsigned side)
{
	if (sim->events == SIM_EVENTS) {
		sim_fail(sim, "the table of events is full");
		return;
	}
	sim->event[sim->events++] = (struct sim_event){
		.at = at,
		.order = sim->order++,
		.kind = (uint8_t)kind,
		.link = link,
		.side = (uint8_t)side,
	};
}

void event_forget(struct sim *sim, int16_t link)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < sim->events; i++)
		if (sim->event[i].link != link)
			sim->event[kept++] = sim->event[i];
	sim->events = kept;
}

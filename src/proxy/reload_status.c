/*
 * What is known of reloads, and that one is asked for: whoever shows or asks needs nothing of how it is done. See
 * anklet.h.
 */
#include "proxy/instance.h"

void anklet_reload(struct anklet *a)
{
	if (CONFIG_ANKLET_RELOAD && a->started && !a->stopping)
		INSTANCE_RELOAD(a)->wanted = true;
}

void anklet_config_status(struct anklet *a, struct anklet_config_status *status)
{
	const struct reload *r = INSTANCE_RELOAD(a);

	*status = (struct anklet_config_status){.generation = 1, .last_ok = true};
	if (!CONFIG_ANKLET_RELOAD)
		return;
	status->generation = r->generation + 1;
	status->reloads = r->generation;
	status->failed = r->failed;
	status->old_sessions = instance_other(a)->settings.held;
	status->waiting = r->wanted;
	status->last_ok = !r->last_failed;
	status->age_ms = loop_time(&a->sessions.loop) - r->read_at;
}

/*
 * Forwards of datagrams when a configuration takes the place of another: a flow stays if its listener does and leads to
 * the same upstream, and ends otherwise. See reload.h.
 */
#include "proxy/instance.h"

#include <string.h>

static unsigned forward_of(const struct reload_listener *slot)
{
	return slot->next_line - CONFIG_ANKLET_LISTENERS;
}

static bool same_upstream(
	const struct setup *one, unsigned i, const struct setup *other, unsigned j)
{
	const struct endpoint *a = &SETUP_CONFIG(one)->forward[i].target;
	const struct endpoint *b = &SETUP_CONFIG(other)->forward[j].target;

	if (a->host != b->host || a->port != b->port)
		return false;
	return a->host != ENDPOINT_NAME
		       ? ip_equal(&a->ip, &b->ip)
		       : strcmp(string_table_at(&SETUP_CONFIG(one)->strings, a->name),
				 string_table_at(&SETUP_CONFIG(other)->strings, b->name)) == 0;
}

void udp_forward_leave(struct anklet *a)
{
	struct udp_forwards *d = a->udp;

	for (unsigned i = 0; i < d->used; i++) {
		struct udp_flow *flow = &d->flow[i];
		const struct reload_listener *slot =
			&INSTANCE_RELOAD(a)->listener[LISTENERS_DATAGRAMS][flow->listener];

		if (flow->kind != 0 && (!slot->kept || !same_upstream(instance_setup(a),
							       d->listener[flow->listener].forward,
							       instance_made(a), forward_of(slot))))
			udp_flow_end(a, flow, "the configuration was replaced");
	}
}

/* Looks for the upstreams that are new, and again for those that were being looked for under another number. */
static void find_upstreams(struct anklet *a)
{
	const struct config *c = instance_config(a);

	for (unsigned i = 0; i < c->forward_count; i++) {
		struct udp_upstream *upstream = &a->udp->upstream[i];

		if (c->forward[i].listen.scheme != ENDPOINT_UDP)
			continue;
		if (upstream->looking || (upstream->count == 0 && !upstream->retry.set))
			udp_forward_find(a, i);
	}
	a->udp->busy = true;
}

/*
 * A listener that stays, or is new, gets another number, and its forward's. What is known of the upstream goes along.
 */
static void renumber(struct anklet *a, unsigned from, unsigned to, const struct setup *before,
	const struct udp_upstream *known)
{
	struct reload_listener *slot = INSTANCE_RELOAD(a)->listener[LISTENERS_DATAGRAMS];
	struct udp_listener *listener = &a->udp->listener[to];
	unsigned was = a->udp->listener[from].forward, forward = forward_of(&slot[from]);

	if (from < INSTANCE_RELOAD(a)->before[LISTENERS_DATAGRAMS] &&
		same_upstream(before, was, instance_setup(a), forward))
		a->udp->upstream[forward] = known[was];
	*listener = a->udp->listener[from];
	listener->forward = (uint8_t)forward;
	slot[to] = slot[from];
	slot[to].line = slot[to].next_line;
	if (listener->sock != PORT_NONE)
		loop_own(&a->sessions.loop, listener->sock, OWNER_UDP_FORWARD, to);
}

void udp_forward_switch(struct anklet *a, const struct setup *before)
{
	const struct reload_listener *slot = INSTANCE_RELOAD(a)->listener[LISTENERS_DATAGRAMS];
	struct udp_forwards *d = a->udp;
	struct udp_upstream known[UDP_FORWARDS];
	uint8_t moved[UDP_LISTENER_SLOTS] = {0}, left = 0;

	for (unsigned i = 0; CONFIG_ANKLET_NAMES && i < SETUP_CONFIG(before)->forward_count; i++)
		resolver_forget(&a->sessions.names, RESOLVER_FORWARD(i)); /* its name is there */
	memcpy(known, d->upstream, sizeof known);
	memset(d->upstream, 0, sizeof d->upstream);
	for (unsigned i = 0; i < d->listener_count; i++) {
		if (i >= INSTANCE_RELOAD(a)->before[LISTENERS_DATAGRAMS])
			listeners_log(a, "opened ", LISTENERS_DATAGRAMS, i);
		if (!slot[i].kept) {
			listeners_log(a, "closed ", LISTENERS_DATAGRAMS, i);
			loop_close(&a->sessions.loop, &d->listener[i].sock);
			continue;
		}
		moved[i] = left;
		renumber(a, i, left++, before, known);
	}
	d->listener_count = left;
	for (unsigned i = 0; i < d->used; i++)
		d->flow[i].listener = moved[d->flow[i].listener];
	find_upstreams(a);
}

void udp_forward_take_back(struct anklet *a, unsigned before)
{
	struct udp_forwards *d = a->udp;

	for (unsigned i = before; i < d->listener_count; i++)
		loop_close(&a->sessions.loop, &d->listener[i].sock);
	d->listener_count = (uint8_t)before;
	for (unsigned i = 0; i < before; i++)
		if (d->listener[i].sock == PORT_NONE && !d->listener[i].reopen.set)
			udp_forward_reopen(a, i);
}

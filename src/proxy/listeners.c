/*
 * What is listened at while a configuration takes the place of another. See reload.h.
 *
 * A listener that both have stays open as it is, with whoever waits in its backlog. All others of the new one are
 * opened beside those of the old one, which are closed at the switch; but where the system does not let both be open,
 * as '*' and one address with the same port, the old one is closed first, and opened again if nothing comes of it all.
 */
#include "proxy/instance.h"

#include <string.h>

/* ---- Listeners of either kind ---- */

static unsigned count_of(const struct anklet *a, unsigned kind)
{
	return CONFIG_ANKLET_UDP_FLOWS > 0 && kind == LISTENERS_DATAGRAMS ? a->udp->listener_count
									  : a->listener_count;
}

static struct address *address_of(struct anklet *a, unsigned kind, unsigned i)
{
	return CONFIG_ANKLET_UDP_FLOWS > 0 && kind == LISTENERS_DATAGRAMS
		       ? &a->udp->listener[i].at
		       : &a->sessions.loop.listening[i];
}

static port_sock *socket_of(struct anklet *a, unsigned kind, unsigned i)
{
	return CONFIG_ANKLET_UDP_FLOWS > 0 && kind == LISTENERS_DATAGRAMS
		       ? &a->udp->listener[i].sock
		       : &a->listeners[i].sock;
}

static unsigned kind_of(const struct line *line)
{
	return line->datagrams ? LISTENERS_DATAGRAMS : LISTENERS_STREAMS;
}

void listeners_begin(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);

	for (unsigned kind = 0; kind < LISTENERS_KINDS; kind++) {
		r->before[kind] = CONFIG_ANKLET_UDP_FLOWS > 0 || kind == LISTENERS_STREAMS
					  ? count_of(a, kind)
					  : 0;
		for (unsigned i = 0; i < r->before[kind]; i++)
			r->listener[kind][i].kept = kind == LISTENERS_STREAMS &&
						    a->listeners[i].forward == LISTENER_CONTROL;
	}
}

void listeners_note(struct anklet *a, const struct line *line, uint16_t asked)
{
	unsigned kind = kind_of(line);

	INSTANCE_RELOAD(a)->listener[kind][count_of(a, kind) - 1] = (struct reload_listener){
		.asked = asked, .line = line->number, .next_line = line->number, .kept = true};
}

/* ---- What both have ---- */

static void keep(struct reload_listener *slot, const struct line *line)
{
	slot->kept = true;
	slot->next_line = line->number;
}

bool listeners_keep(struct anklet *a, const struct line *line, struct address *at)
{
	struct reload *r = INSTANCE_RELOAD(a);
	unsigned kind = kind_of(line);

	for (unsigned i = 0; i < r->before[kind]; i++) {
		struct reload_listener *slot = &r->listener[kind][i];
		const struct address *open = address_of(a, kind, i);

		if (slot->kept || *socket_of(a, kind, i) == PORT_NONE ||
			!ip_equal(&at->ip, &open->ip) || at->scope != open->scope ||
			(at->port != slot->asked && at->port != open->port))
			continue;
		keep(slot, line);
		at->port = open->port;
		return true;
	}
	return false;
}

static const struct endpoint *endpoint_of(const struct config *c, unsigned line)
{
	if (CONFIG_ANKLET_STATUS && line == LINE_STATUS)
		return CONFIG_STATUS(c);
	return line < CONFIG_ANKLET_LISTENERS ? &c->listen[line]
					      : &c->forward[line - CONFIG_ANKLET_LISTENERS].listen;
}

bool listeners_keep_name(struct anklet *a, const struct line *line, const struct endpoint *e)
{
	const struct config *before = instance_config(a);
	const char *name = string_table_at(&SETUP_CONFIG(instance_made(a))->strings, e->name);
	struct reload *r = INSTANCE_RELOAD(a);
	unsigned kind = kind_of(line);
	bool found = false;

	for (unsigned i = 0; i < r->before[kind]; i++) {
		struct reload_listener *slot = &r->listener[kind][i];
		const struct endpoint *was = endpoint_of(before, slot->line);

		if (slot->kept || was->host != ENDPOINT_NAME || was->port != e->port ||
			strcmp(string_table_at(&before->strings, was->name), name) != 0)
			continue;
		keep(slot, line);
		found = true;
	}
	return found;
}

/* ---- What only one of them has ---- */

/* Does the system perhaps let only one of them be open? */
static bool in_the_way(const struct address *open, const struct address *at)
{
	return open->port == at->port && ip_is_v4(&open->ip) == ip_is_v4(&at->ip) &&
	       (ip_class(&open->ip) == IP_UNSPECIFIED || ip_class(&at->ip) == IP_UNSPECIFIED);
}

static void serve(struct anklet *a, unsigned i)
{
	a->listeners[i].ready = true; /* if nobody waits, accepting says so */
	instance_accept_all(a, &a->listeners[i]);
}

bool listeners_make_way(struct anklet *a, const struct line *line, const struct address *at)
{
	struct reload *r = INSTANCE_RELOAD(a);
	unsigned kind = kind_of(line);
	bool found = false;

	for (unsigned i = 0; i < r->before[kind]; i++) {
		if (r->listener[kind][i].kept || *socket_of(a, kind, i) == PORT_NONE ||
			!in_the_way(address_of(a, kind, i), at))
			continue;
		if (kind == LISTENERS_STREAMS)
			serve(a, i);
		loop_close(&a->sessions.loop, socket_of(a, kind, i));
		found = true;
	}
	return found;
}

void listeners_leave(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);

	for (unsigned i = 0; i < r->before[LISTENERS_STREAMS]; i++)
		if (!r->listener[LISTENERS_STREAMS][i].kept && a->listeners[i].sock != PORT_NONE)
			serve(a, i);
	if (CONFIG_ANKLET_UDP_FLOWS > 0)
		udp_forward_leave(a);
}

/* ---- The end ---- */

/* Those that are open move together, to the front. */
static void close_gaps(struct anklet *a)
{
	struct reload_listener *slot = INSTANCE_RELOAD(a)->listener[LISTENERS_STREAMS];
	struct loop *loop = &a->sessions.loop;
	uint8_t left = 0;

	for (unsigned i = 0; i < a->listener_count; i++) {
		if (a->listeners[i].sock == PORT_NONE)
			continue;
		a->listeners[left] = a->listeners[i];
		loop->listening[left] = loop->listening[i];
		slot[left] = slot[i];
		loop_own(loop, a->listeners[left].sock, OWNER_LISTENER, left);
		left++;
	}
	loop->listening_count = a->listener_count = left;
	a->listener_next = 0;
}

/* It serves what its line says now; whoever is there already is not asked again. */
static void give(struct anklet *a, struct listener *l, struct reload_listener *slot)
{
	const struct setup *setup = instance_setup(a);
	unsigned line = slot->line = slot->next_line;
	bool forward = ANKLET_HAS_FORWARDS && line >= CONFIG_ANKLET_LISTENERS;

	if (CONFIG_ANKLET_STATUS && line >= LINE_STATUS) {
		l->forward = line == LINE_STATUS ? LISTENER_STATUS : LISTENER_CONTROL;
		l->tls = NULL;
		return;
	}
	l->forward = forward ? (int8_t)(line - CONFIG_ANKLET_LISTENERS) : -1;
	l->tls = forward ? setup->forward_tls[l->forward] : setup->listen_tls[line];
}

void listeners_log(struct anklet *a, const char *what, unsigned kind, unsigned i)
{
	struct text *t;

	if (!ANKLET_HAS_LOG(PORT_INFO))
		return;
	t = loop_line(&a->sessions.loop, what);
	text_str(t, kind == LISTENERS_DATAGRAMS ? "udp://" : "tcp://");
	text_address(t, address_of(a, kind, i));
	loop_log(&a->sessions.loop, PORT_INFO);
}

void listeners_switch(struct anklet *a, const struct setup *before)
{
	struct reload_listener *slot = INSTANCE_RELOAD(a)->listener[LISTENERS_STREAMS];

	for (unsigned i = 0; i < a->listener_count; i++) {
		if (i >= INSTANCE_RELOAD(a)->before[LISTENERS_STREAMS])
			listeners_log(a, "opened ", LISTENERS_STREAMS, i);
		if (slot[i].kept) {
			give(a, &a->listeners[i], &slot[i]);
			continue;
		}
		listeners_log(a, "closed ", LISTENERS_STREAMS, i);
		loop_close(&a->sessions.loop, &a->listeners[i].sock);
	}
	close_gaps(a);
	if (CONFIG_ANKLET_UDP_FLOWS > 0)
		udp_forward_switch(a, before);
}

static void log_lost(struct anklet *a, const struct address *at)
{
	if (ANKLET_HAS_LOG(PORT_ERROR))
		loop_log_address(&a->sessions.loop, PORT_ERROR, "not listening on ", at,
			" any more: it was closed for another, and could not be opened again");
}

void listeners_take_back(struct anklet *a)
{
	struct reload *r = INSTANCE_RELOAD(a);
	struct loop *loop = &a->sessions.loop;

	for (unsigned i = r->before[LISTENERS_STREAMS]; i < a->listener_count; i++)
		loop_close(loop, &a->listeners[i].sock);
	for (unsigned i = 0; i < r->before[LISTENERS_STREAMS]; i++) {
		struct listener *l = &a->listeners[i];

		if (l->sock != PORT_NONE)
			continue;
		if (instance_open_listener(a, &loop->listening[i], &l->sock) < 0)
			log_lost(a, &loop->listening[i]);
		l->ready = true;
	}
	close_gaps(a);
	if (CONFIG_ANKLET_UDP_FLOWS > 0)
		udp_forward_take_back(a, r->before[LISTENERS_DATAGRAMS]);
}

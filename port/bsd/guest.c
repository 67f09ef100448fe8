/*
 * What a program was told of descriptors. See guest.h.
 *
 * A descriptor that is closed is news at once, for the next one may have its number. All other news is told before a
 * wait (guest_wait.c).
 */
#include "guest.h"

#include "internal.h"

static struct guest *guest_of(struct port *p)
{
	return (struct guest *)(void *)p;
}

unsigned guest_events(const struct fdset *rd, const struct fdset *wr, int fd)
{
	return (fdset_has(rd, fd) ? GUEST_READ : 0u) | (fdset_has(wr, fd) ? GUEST_WRITE : 0u);
}

void guest_note(struct fdset *rd, struct fdset *wr, int fd, unsigned events)
{
	if (events & GUEST_READ)
		fdset_add(rd, fd);
	if (events & GUEST_WRITE)
		fdset_add(wr, fd);
}

void guest_let_know(struct guest *g, int fd, unsigned events)
{
	if (events == guest_events(&g->told_rd, &g->told_wr, fd))
		return;
	fdset_remove(&g->told_rd, fd);
	fdset_remove(&g->told_wr, fd);
	guest_note(&g->told_rd, &g->told_wr, fd, events);
	g->watch(g->ctx, fd, events);
}

void guest_closing(struct port *p, int fd)
{
	guest_let_know(guest_of(p), fd, 0);
}

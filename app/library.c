/*
 * The library that is installed: an instance with a port of its own, in a loop of the program's. See anklet_loop.h.
 */
#include "anklet_loop.h"

#include "guest.h"

_Static_assert((int)ANKLET_READABLE == GUEST_READ && (int)ANKLET_WRITABLE == GUEST_WRITE,
	"events are passed on as they are");

/* What lies in the program's memory. */
struct library {
	struct guest guest;
	max_align_t instance[ANKLET_MEMORY / sizeof(max_align_t) + 1];
};

static struct guest *guest_of(struct anklet *a)
{
	return &((struct library *)(void *)((char *)a - offsetof(struct library, instance)))->guest;
}

size_t anklet_loop_size(void)
{
	return sizeof(struct library);
}

int anklet_loop_descriptors(void)
{
	return fdset_limit();
}

struct anklet *anklet_loop_init(void *memory, size_t size, const struct anklet_loop *loop)
{
	struct library *l = memory;

	if (l == NULL || size < sizeof *l)
		return NULL;
	l->guest.watch = loop->watch;
	l->guest.log = loop->log;
	l->guest.ctx = loop->ctx;
	return anklet_init(l->instance, sizeof l->instance, &l->guest.port);
}

/* The clock is read here, too: the program may have been at work since the last wait. */
int32_t anklet_loop_prepare(struct anklet *a)
{
	struct guest *g = guest_of(a);

	port_clock(&g->port);
	return guest_tell(g, anklet_next(a));
}

void anklet_loop_ready(struct anklet *a, int fd, unsigned events)
{
	guest_ready(guest_of(a), fd, events);
}

void anklet_loop_dispatch(struct anklet *a)
{
	guest_take(guest_of(a));
	anklet_tick(a);
}

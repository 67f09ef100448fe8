/*
 * Waiting: what is ready, in waves.
 *
 * The sets in struct port always say what is waited for, so a wait copies them.
 * A wave is what one wait made ready: it is filled here and emptied by port_next().
 */
#define _POSIX_C_SOURCE 200809L
#include "posix.h"

#include <time.h>

#include "internal.h"

#define LOOK_MS 500 /* between two looks at the streams that want WANT_LOOK: GONE has a second */

static uint32_t clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000);
}

uint32_t port_now(struct port *p)
{
	return p->now;
}

uint32_t port_clock(struct port *p)
{
	return p->now = clock_ms();
}

void wait_init(struct port *p)
{
	p->now = p->looked_at = clock_ms();
}

void posix_signals(struct port *p, const sigset_t *during_wait)
{
	p->signals = during_wait != NULL;
	if (p->signals)
		p->during_wait = *during_wait;
}

/* The sooner of two limits of which a negative one is none. */
static int32_t sooner(int32_t a, int32_t b)
{
	if (a < 0)
		return b;
	return b >= 0 && b < a ? b : a;
}

/* ms, or less where the port itself has something to do before that. */
static int32_t no_longer(struct port *p, int32_t ms)
{
	int32_t left = LOOK_MS - (int32_t)(p->now - p->looked_at);

	if (CONFIG_ANKLET_NAMES)
		ms = sooner(ms, resolve_next(p));
	if (p->lookouts == 0)
		return ms;
	return sooner(ms, left > 0 ? left : 0);
}

static void add_members(struct fdset *to, const struct fdset *from, int n)
{
	for (int fd = fdset_next(from, 0, n); fd >= 0; fd = fdset_next(from, fd + 1, n))
		fdset_add(to, fd);
}

void posix_fill(struct port *p, struct fdset *rd, struct fdset *wr, int *n, int32_t *ms)
{
	add_members(rd, &p->rd, p->top);
	add_members(wr, &p->wr, p->top);
	if (*n < p->top)
		*n = p->top;
	*ms = no_longer(p, *ms);
}

static void fire(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];

	if (e->fired)
		return;
	e->fired = true;
	p->wave[p->wave_len++] = (int16_t)entry;
}

/* One of the wants that 'met' holds has been met, if it was wanted. */
static void ready(struct port *p, int entry, unsigned met)
{
	struct port_entry *e = &p->entry[entry];

	if ((e->wants & met) == 0)
		return;
	socket_set_wants(p, entry, e->wants & ~met);
	if (CONFIG_ANKLET_NAMES && e->kind == ENTRY_QUERY)
		resolve_ready(p, entry);
	else
		fire(p, entry);
}

void socket_lookup_ready(struct port *p, port_sock s)
{
	ready(p, s, WANT_READ);
}

/* The resolver may close descriptors and open others meanwhile: those are then ready for nothing, which is legal. */
static void take_set(struct port *p, const struct fdset *set, int n, unsigned met)
{
	for (int fd = fdset_next(set, 0, n); fd >= 0; fd = fdset_next(set, fd + 1, n))
		if (p->entry_of[fd] >= 0)
			ready(p, p->entry_of[fd], met);
}

static void look_around(struct port *p)
{
	if (p->lookouts == 0 || p->now - p->looked_at < LOOK_MS)
		return;
	p->looked_at = p->now;
	for (int entry = 0; entry < PORT_SOCKETS; entry++)
		if (p->entry[entry].wants & WANT_LOOK && stream_look(p, entry))
			ready(p, entry, WANT_LOOK);
}

int posix_take(struct port *p, const struct fdset *rd, const struct fdset *wr, int n)
{
	p->now = clock_ms();
	sockets_end_wave(p);
	if (n > p->top)
		n = p->top;
	take_set(p, rd, n, WANT_READ | WANT_LEAVE);
	take_set(p, wr, n, WANT_WRITE);
	look_around(p);
	if (CONFIG_ANKLET_NAMES)
		resolve_expire(p);
	return p->wave_len;
}

int port_wait(struct port *p, int32_t ms)
{
	struct fdset rd, wr;
	int n = p->top;

	fdset_copy(&rd, &p->rd, n);
	fdset_copy(&wr, &p->wr, n);
	(void)fdset_wait(n, &rd, &wr, no_longer(p, ms), p->signals ? &p->during_wait : NULL);
	return posix_take(p, &rd, &wr, n);
}

port_sock port_next(struct port *p)
{
	port_sock named = PORT_NONE;

	while (named == PORT_NONE && p->wave_at < p->wave_len) {
		port_sock s = p->wave[p->wave_at++];

		/* One that was closed since is passed over. */
		if (p->entry[s].fired)
			named = s;
		p->entry[s].fired = false;
	}
	if (p->wave_at == p->wave_len)
		sockets_end_wave(p);
	return named;
}

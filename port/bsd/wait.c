/*
 * Waiting: what is ready.
 *
 * The sets in struct port always say what is waited for, so a wait copies them. What one wait
 * found ready is pending until port_next() names it.
 */
#include "internal.h"

#include "embed.h"

#define HANGUP_POLL_MS 500 /* between two looks at those that are polled: a hangup has a second */

uint32_t port_now(struct port *p)
{
	return p->now;
}

uint32_t port_clock(struct port *p)
{
	return p->now = system_now_ms();
}

void wait_init(struct port *p)
{
	p->now = p->polled_at = system_now_ms();
}

/* The sooner of two limits of which a negative one is none. */
static int32_t sooner(int32_t a, int32_t b)
{
	if (a < 0)
		return b;
	return b >= 0 && b < a ? b : a;
}

int32_t wait_limit(struct port *p, int32_t ms)
{
	int32_t left = HANGUP_POLL_MS - (int32_t)(p->now - p->polled_at);

	if (p->polled == 0)
		return ms;
	return sooner(ms, left > 0 ? left : 0);
}

static void add_members(struct fdset *to, const struct fdset *from, int n)
{
	for (int fd = fdset_next(from, 0, n); fd >= 0; fd = fdset_next(from, fd + 1, n))
		fdset_add(to, fd);
}

void embed_fill(struct port *p, struct fdset *rd, struct fdset *wr, int *n, int32_t *ms)
{
	system_sweep(p);
	add_members(rd, &p->rd, p->top);
	add_members(wr, &p->wr, p->top);
	if (*n < p->top)
		*n = p->top;
	*ms = wait_limit(p, *ms);
}

static void make_pending(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];

	if (e->pending)
		return;
	e->pending = true;
	p->pending[p->pending_len++] = (int16_t)entry;
}

void wait_ready(struct port *p, int entry, unsigned met)
{
	struct port_entry *e = &p->entry[entry];

	if ((e->interests & met) == 0)
		return;
	socket_set_interests(p, entry, e->interests & ~met);
	make_pending(p, entry);
}

static void take_set(struct port *p, const struct fdset *set, int n, unsigned met)
{
	for (int fd = fdset_next(set, 0, n); fd >= 0; fd = fdset_next(set, fd + 1, n))
		if (p->entry_of[fd] >= 0)
			wait_ready(p, p->entry_of[fd], met);
}

static void look_at_all(struct port *p)
{
	if (p->polled == 0 || p->now - p->polled_at < HANGUP_POLL_MS)
		return;
	p->polled_at = p->now;
	for (int entry = 0; entry < PORT_SOCKETS; entry++) {
		if (p->entry[entry].interests & INTEREST_PROBES)
			socket_probe(p, entry);
		if (p->entry[entry].interests & INTEREST_HANGUP_POLL && stream_poll(p, entry))
			wait_ready(p, entry, INTEREST_HANGUP_POLL);
	}
}

int embed_take(struct port *p, const struct fdset *rd, const struct fdset *wr, int n)
{
	p->now = system_now_ms();
	sockets_end_pending(p);
	if (n > p->top)
		n = p->top;
	take_set(p, rd, n, INTEREST_READ | INTEREST_HANGUP_READ);
	take_set(p, wr, n, INTEREST_WRITE);
	system_take(p, rd, n);
	look_at_all(p);
	return p->pending_len;
}

int embed_wait(struct port *p, int n, struct fdset *rd, struct fdset *wr, int32_t ms)
{
	return system_wait(p, n, rd, wr, ms);
}

int port_wait(struct port *p, int32_t ms)
{
	struct fdset rd, wr;
	int n, ready;

	system_sweep(p);
	n = p->top;
	ms = wait_limit(p, ms);
	ready = ms == 0 ? 0 : system_spin(p, n, &rd, &wr);
	if (ready == 0) {
		fdset_copy(&rd, &p->rd, n);
		fdset_copy(&wr, &p->wr, n);
		ready = system_wait(p, n, &rd, &wr, ms);
	}
	return embed_take(p, &rd, &wr, ready > 0 ? n : 0);
}

port_sock port_next(struct port *p)
{
	port_sock named = PORT_NONE;

	while (named == PORT_NONE && p->pending_at < p->pending_len) {
		port_sock s = p->pending[p->pending_at++];

		/* One that was closed since is passed over. */
		if (p->entry[s].pending)
			named = s;
		p->entry[s].pending = false;
	}
	if (p->pending_at == p->pending_len)
		sockets_end_pending(p);
	return named;
}

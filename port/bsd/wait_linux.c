/*
 * Waiting on Linux: sockets for which nothing has happened for a while are waited for by epoll(7), and the epoll
 * descriptor stands among select()'s for all of them: so a wait costs what the busy ones cost, however many are idle.
 *
 * A socket is warm: it stands in the sets. Every few waits those whose interests have not changed meanwhile become
 * cold, with one call each: armed in the epoll set once (EPOLLONESHOT), and taken out of select()'s. What changes their
 * interests makes them warm, and so does the event, which meets one and disarms them by itself: neither takes a call.
 * One that is warm again may still be armed: its event is true all the same. A descriptor that is closed leaves the
 * epoll set, and has to be added again.
 */
#define _GNU_SOURCE
#include "ways_linux.h"

#include <sys/epoll.h>
#include <time.h>

#define SWEEP_WAITS 16 /* from one look for what is idle to the next */
#define WARM_MIN 8     /* so few cost nothing */
#define EVENTS 64      /* taken at a time; more make the next wait short */

/* ---- Without sleeping ---- */

/* A processor that sleeps takes its time to wake up: often longer than what it waits for. */

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)(now.tv_nsec / 1000);
}

/* Only after a wait that was short: so there is one in vain when what was busy falls silent, and no other. */
int system_spin(struct port *p, int n, struct fdset *rd, struct fdset *wr)
{
	static const struct timespec none = {.tv_sec = 0};
	int ready = 0;

	if (!CONFIG_ANKLET_FAST || p->spin_us == 0)
		return 0;
	p->system.waits_since_us = now_us();
	while (p->system.short_wait && ready == 0) {
		fdset_copy(rd, &p->rd, n);
		fdset_copy(wr, &p->wr, n);
		/* A signal stays for the wait after this. */
		ready = pselect(n, &rd->native, &wr->native, NULL, &none, NULL);
		p->system.short_wait = now_us() - p->system.waits_since_us < p->spin_us;
	}
	return ready > 0 ? ready : 0;
}

static void note_wait(struct port *p)
{
	if (p->spin_us > 0)
		p->system.short_wait = now_us() - p->system.waits_since_us < p->spin_us;
	p->system.waits_since_us = 0;
}

/* ---- By epoll ---- */

static uint32_t events_of(unsigned interests)
{
	uint32_t events = EPOLLONESHOT;

	if (interests & (INTEREST_READ | INTEREST_HANGUP_READ))
		events |= EPOLLIN;
	if (interests & INTEREST_WRITE)
		events |= EPOLLOUT;
	return events;
}

/* False: it stays warm. */
static bool arm(struct port *p, port_sock s)
{
	struct system_way *way = &p->system.way[s];
	struct epoll_event event = {
		.events = events_of(p->entry[s].interests), .data.u32 = (uint32_t)s};

	if (epoll_ctl(p->system.epoll, way->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		    p->entry[s].fd, &event) != 0)
		return false;
	way->registered = true;
	return true;
}

/* The epoll set, made when it is needed for the first time. False: there is none. */
static bool has_epoll(struct port *p)
{
	int fd = p->system.epoll;

	if (fd != 0)
		return fd > 0;
	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd >= fdset_limit()) {
		close(fd);
		fd = -1;
	}
	p->system.epoll = fd;
	if (fd > 0) {
		fdset_add(&p->rd, fd);
		p->bottom = fd + 1;
		p->top = p->top < p->bottom ? p->bottom : p->top;
	}
	return fd > 0;
}

static void cool(struct port *p, port_sock s)
{
	struct system_way *way = &p->system.way[s];

	if (way->warmth == WAY_FRESH) {
		way->warmth = WAY_STANDING;
	} else if (arm(p, s)) {
		way->warmth = WAY_COLD;
		fdset_remove(&p->rd, p->entry[s].fd);
		fdset_remove(&p->wr, p->entry[s].fd);
	}
}

static unsigned members(const struct fdset *set, int n)
{
	unsigned found = 0;

	for (int fd = fdset_next(set, 0, n); fd >= 0; fd = fdset_next(set, fd + 1, n))
		found++;
	return found;
}

void system_sweep(struct port *p)
{
	const struct fdset *const sets[2] = {&p->rd, &p->wr};

	if (!CONFIG_ANKLET_FAST || ++p->system.waits < SWEEP_WAITS)
		return;
	p->system.waits = 0;
	if (members(&p->rd, p->top) + members(&p->wr, p->top) < WARM_MIN || !has_epoll(p))
		return;
	for (unsigned i = 0; i < 2; i++)
		for (int fd = fdset_next(sets[i], 0, p->top); fd >= 0;
			fd = fdset_next(sets[i], fd + 1, p->top))
			if (p->entry_of[fd] >= 0 && (i == 0 || !fdset_has(&p->rd, fd)))
				cool(p, p->entry_of[fd]);
}

/* As select() has it: whatever is wrong with a socket makes it readable and writable. */
static unsigned met_by(uint32_t events)
{
	unsigned met = 0;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		met |= INTEREST_READ | INTEREST_HANGUP_READ;
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		met |= INTEREST_WRITE;
	return met;
}

void system_take(struct port *p, const struct fdset *rd, int n)
{
	struct epoll_event event[EVENTS];
	int count;

	if (CONFIG_ANKLET_FAST)
		note_wait(p);
	if (!CONFIG_ANKLET_FAST || p->system.epoll <= 0 || p->system.epoll >= n ||
		!fdset_has(rd, p->system.epoll))
		return;
	count = epoll_wait(p->system.epoll, event, EVENTS, 0);
	for (int i = 0; i < count; i++)
		wait_ready(p, (int)event[i].data.u32, met_by(event[i].events));
}

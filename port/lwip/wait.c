/*
 * Waiting: the board hands frames to lwIP, lwIP's timers run, and then it is seen who is ready.
 */
#include "internal.h"

#include "lwip/sys.h"
#include "lwip/timeouts.h"

#include "board.h"

static unsigned ready(const struct port *p, port_sock s)
{
	const struct port_entry *e = &p->entry[s];

	switch ((enum entry_kind)e->kind) {
	case ENTRY_LISTENER:
		return accept_ready(p, e) ? INTEREST_READ : 0;
	case ENTRY_CONNECTING:
		return e->flags & STREAM_OPEN || e->failure != 0 ? INTEREST_WRITE : 0;
	case ENTRY_STREAM:
		return stream_ready(e);
	case ENTRY_DATAGRAMS:
		return ANKLET_HAS_DATAGRAMS && datagram_ready(e) ? INTEREST_READ : 0;
	case ENTRY_FREE:
	case ENTRY_RESTING:
		break;
	}
	return 0;
}

/*
 * lwIP had no memory for what some socket sent, and that may be followed by no
 * event at all on that socket: so all of them try again after a while.
 */
static void feed_starved(struct port *p)
{
	bool due = p->starved && (int32_t)(sys_now() - p->retry_at) >= 0;
	bool starved = false;

	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		if (due)
			p->entry[s].flags &= (uint8_t)~STREAM_STARVED;
		if (p->entry[s].flags & STREAM_STARVED && p->entry[s].interests & INTEREST_WRITE)
			starved = true;
	}
	if (starved && !p->starved)
		p->retry_at = sys_now() + RETRY_MS;
	p->starved = starved;
}

/*
 * lwIP aborts the connections of an address that this host loses in the midst of losing it, and calls that what it
 * calls a peer's silence. Who was aborted since the last sweep, and an address with it, has lost that.
 */
static void explain_aborted(struct port *p)
{
	uint32_t addresses = address_sum();

	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		struct port_entry *e = &p->entry[s];

		if (e->flags & STREAM_ABORTED && addresses != p->addresses)
			e->failure = PORT_NOT_LOCAL;
		e->flags &= (uint8_t)~STREAM_ABORTED;
	}
	p->addresses = addresses;
}

/* Makes all pending whose interest is met. */
static int sweep(struct port *p)
{
	feed_starved(p);
	explain_aborted(p);
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		struct port_entry *e = &p->entry[s];
		unsigned met = e->interests == 0 ? 0 : e->interests & ready(p, s);

		if (met == 0)
			continue;
		e->interests &= (uint8_t)~met;
		e->pending = true;
		p->unnamed++;
	}
	return p->unnamed;
}

static uint32_t earlier(uint32_t ms, int32_t limit)
{
	return limit >= 0 && (uint32_t)limit < ms ? (uint32_t)limit : ms;
}

/* How long nothing can happen unless a frame comes; left is negative where there is no limit. */
static uint32_t sleep_ms(const struct port *p, int32_t left)
{
	uint32_t ms = earlier(sys_timeouts_sleeptime(), left);
	int32_t retry_in = (int32_t)(p->retry_at - sys_now());

	if (p->starved)
		ms = earlier(ms, retry_in > 0 ? retry_in : 0);
	return ms;
}

int port_wait(struct port *p, int32_t ms)
{
	uint32_t begun = sys_now();
	int32_t left = ms;

	sockets_end_pending(p);
	board_wait(0);
	for (;;) {
		sys_check_timeouts();
		if (sweep(p) > 0 || left == 0)
			return p->unnamed;
		board_wait(sleep_ms(p, left));
		if (ms > 0) {
			uint32_t spent = sys_now() - begun;

			left = spent < (uint32_t)ms ? ms - (int32_t)spent : 0;
		}
	}
}

port_sock port_next(struct port *p)
{
	while (p->unnamed > 0 && p->cursor < PORT_SOCKETS) {
		port_sock s = p->cursor++;

		if (!p->entry[s].pending)
			continue;
		p->entry[s].pending = false;
		p->unnamed--;
		return s;
	}
	sockets_end_pending(p);
	return PORT_NONE;
}

uint32_t port_now(struct port *p)
{
	(void)p;
	return sys_now();
}

uint32_t port_clock(struct port *p)
{
	return port_now(p);
}

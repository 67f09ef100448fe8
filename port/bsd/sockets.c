/*
 * The table of sockets: what they wait for, how they end.
 *
 * A handle that is closed while others are pending rests until they were named, so that
 * the name of an old socket is never taken for a new one's.
 */
#include "internal.h"

#include <string.h>

#include "base/check.h"

#define CLOSE_DRAIN_MAX 16 /* times that port_close() drops what lies unread */

/* ---- Entries ---- */

static void put_back(struct port *p, int16_t *list, int entry)
{
	p->entry[entry].kind = ENTRY_FREE;
	p->entry[entry].link = *list;
	*list = (int16_t)entry;
}

void sockets_init(struct port *p)
{
	p->free_handle = p->resting = -1;
	for (int entry = PORT_SOCKETS - 1; entry >= 0; entry--)
		put_back(p, &p->free_handle, entry);
	for (int fd = 0; fd < SYSTEM_DESCRIPTORS; fd++)
		p->entry_of[fd] = -1;
}

struct port_entry *socket_entry(struct port *p, port_sock s)
{
	check(s >= 0 && s < PORT_SOCKETS && p->entry[s].kind != ENTRY_FREE);
	return &p->entry[s];
}

/* Takes an entry out of all that is known of it, and closes its descriptor. */
static void end_entry(struct port *p, int entry)
{
	struct port_entry *e = &p->entry[entry];

	e->pending = false;
	socket_set_interests(p, entry, 0);
	if (e->fd < 0)
		return;
	system_forget(p, (port_sock)entry);
	p->entry_of[e->fd] = -1;
	while (p->top > p->bottom && p->entry_of[p->top - 1] < 0)
		p->top--;
	guest_closing(p, e->fd);
	bsd_close(e->fd);
	e->fd = -1;
}

void sockets_end_pending(struct port *p)
{
	for (; p->pending_at < p->pending_len; p->pending_at++)
		p->entry[p->pending[p->pending_at]].pending = false;
	p->pending_at = p->pending_len = 0;
	while (p->resting >= 0) {
		int entry = p->resting;

		p->resting = p->entry[entry].link;
		put_back(p, &p->free_handle, entry);
	}
}

/* PORT_NO_RESOURCES when the list is empty or no set can hold fd, too. */
int socket_new_handle(struct port *p, enum entry_kind kind, int fd, port_sock *s)
{
	int16_t entry = p->free_handle;

	*s = PORT_NONE;
	if (entry < 0 || fd >= fdset_limit()) {
		bsd_close(fd);
		return PORT_NO_RESOURCES;
	}
	p->free_handle = p->entry[entry].link;
	p->entry[entry] = (struct port_entry){.fd = fd, .link = -1, .kind = (uint8_t)kind};
	p->entry_of[fd] = entry;
	if (p->top <= fd)
		p->top = fd + 1;
	*s = entry;
	return 0;
}

static void free_handle(struct port *p, port_sock *s)
{
	if (p->entry[*s].kind == ENTRY_LISTENER)
		system_refuse_waiting(p->entry[*s].fd);
	end_entry(p, *s);
	put_back(p, p->pending_at < p->pending_len ? &p->resting : &p->free_handle, *s);
	*s = PORT_NONE;
}

static void set_member(struct fdset *set, int fd, bool member)
{
	if (member)
		fdset_add(set, fd);
	else
		fdset_remove(set, fd);
}

static void count_polled(struct port *p, unsigned changed, unsigned interests, unsigned which)
{
	if (changed & which)
		p->polled += (interests & which) ? 1 : -1;
}

void socket_set_interests(struct port *p, int entry, unsigned interests)
{
	struct port_entry *e = &p->entry[entry];
	unsigned changed = e->interests ^ interests;

	e->interests = (uint8_t)interests;
	count_polled(p, changed, interests, INTEREST_HANGUP_POLL);
	count_polled(p, changed, interests, INTEREST_PROBES);
	if (e->fd < 0)
		return;
	if (system_warm(p, (port_sock)entry))
		changed = INTEREST_READ | INTEREST_WRITE; /* it stood in neither */
	if (changed & (INTEREST_READ | INTEREST_HANGUP_READ))
		set_member(&p->rd, e->fd, interests & (INTEREST_READ | INTEREST_HANGUP_READ));
	if (changed & INTEREST_WRITE)
		set_member(&p->wr, e->fd, interests & INTEREST_WRITE);
}

/* ---- Ends ---- */

int socket_failed(struct port_entry *e, int error)
{
	if (e->io_error != 0)
		return e->io_error;
	switch (system_meaning(error)) {
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		e->io_error = PORT_RESET;
		break;
	case ETIMEDOUT: /* or what an ICMP message had said before time ran out */
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		e->io_error = PORT_TIMEOUT;
		break;
	default:
		e->io_error = PORT_FAILED;
	}
	return e->io_error;
}

/*
 * TCP resets a connection that is closed over unread bytes (RFC 9293, 3.10.4),
 * and what was sent may be lost with it: so they are read first. What arrives
 * later than that is the caller's to drain before it closes.
 */
static void drop_unread(struct port *p, int fd)
{
	int rounds = 0;

	while (rounds < CLOSE_DRAIN_MAX && bsd_recv(fd, p->scratch, sizeof p->scratch, 0) > 0)
		rounds++;
}

void socket_end_both(struct port *p, port_sock s)
{
	struct port_entry *e = socket_entry(p, s);
	bool awaited = e->pending || (e->interests & (INTEREST_READ | INTEREST_HANGUP)) != 0;

	if (e->read_end == 0 && e->io_error == 0)
		drop_unread(p, e->fd);
	end_entry(p, s);
	e->flags = 0;
	if (e->read_end == 0)
		e->read_end = PORT_EOF;
	if (awaited)
		socket_set_interests(p, s, INTEREST_HANGUP_POLL);
}

void port_close(struct port *p, port_sock *s)
{
	struct port_entry *e;

	if (*s == PORT_NONE)
		return;
	e = socket_entry(p, *s);
	if (e->kind == ENTRY_STREAM && e->read_end == 0 && e->io_error == 0)
		drop_unread(p, e->fd);
	free_handle(p, s);
}

void port_reset(struct port *p, port_sock *s)
{
	struct port_entry *e;

	if (*s == PORT_NONE)
		return;
	e = socket_entry(p, *s);
	if (e->kind == ENTRY_STREAM || e->kind == ENTRY_CONNECTING)
		system_reset_at_close(e->fd);
	free_handle(p, s);
}

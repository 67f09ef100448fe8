/*
 * The table of sockets, and what lwIP's errors come to.
 */
#include "internal.h"

#include <assert.h>

struct port_entry *socket_entry(struct port *p, port_sock s)
{
	assert(s >= 0 && s < PORT_SOCKETS);
	assert(p->entry[s].kind > ENTRY_RESTING);
	return &p->entry[s];
}

port_sock socket_new(struct port *p, enum entry_kind kind)
{
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		if (p->entry[s].kind != ENTRY_FREE)
			continue;
		p->entry[s] = (struct port_entry){.kind = (uint8_t)kind};
		return s;
	}
	return PORT_NONE;
}

void socket_free(struct port *p, struct port_entry *e)
{
	if (e->pending)
		p->unnamed--;
	*e = (struct port_entry){.kind = p->unnamed > 0 ? ENTRY_RESTING : ENTRY_FREE};
}

int socket_await(struct port_entry *e, enum entry_interests interest)
{
	e->interests |= (uint8_t)interest;
	return PORT_AGAIN;
}

void sockets_end_pending(struct port *p)
{
	for (port_sock s = 0; s < PORT_SOCKETS; s++) {
		p->entry[s].pending = false;
		if (p->entry[s].kind == ENTRY_RESTING)
			p->entry[s].kind = ENTRY_FREE;
	}
	p->unnamed = 0;
	p->cursor = 0;
}

int answer_of(err_t err)
{
	switch (err) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
	case ERR_BUF:
		return PORT_NO_RESOURCES;
	case ERR_RTE:
		return PORT_UNREACHABLE;
	case ERR_USE:
		return PORT_IN_USE;
	case ERR_RST:
		return PORT_RESET;
	case ERR_ABRT: /* retransmitted for too long: 33 s for a SYN, if no limit of ours ends it before */
	case ERR_TIMEOUT:
		return PORT_TIMEOUT;
	default:
		return PORT_FAILED;
	}
}

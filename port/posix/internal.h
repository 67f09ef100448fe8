/*
 * What the files of this port share: the table of sockets, and how the waiting and the resolver meet.
 *
 * sockets.c owns the table, wait_select.c decides what is ready, resolve.c keeps
 * look-ups and the queries that serve them. A stack with BSD sockets but without
 * resolv.conf takes the first two and brings a resolver of its own.
 */
#ifndef ANKLET_POSIX_INTERNAL_H
#define ANKLET_POSIX_INTERNAL_H

#include "port.h"

/* ---- sockets.c, for resolve.c ---- */

/*
 * Takes a free entry above the core's handles for the resolver's descriptor fd,
 * which is then the port's: non-blocking and close-on-exec are set here, and a
 * descriptor that the wait cannot hold is closed. Returns the entry, or
 * PORT_NO_RESOURCES with fd closed.
 */
int socket_new_query(struct port *p, int fd);

/* A handle of the core's that stands for a look-up and has no descriptor, or PORT_NO_RESOURCES. */
int socket_new_lookup(struct port *p);

/* Closes the entry of a query and its descriptor. */
void socket_close_query(struct port *p, int entry);

/* The descriptor of an entry. */
int socket_fd(const struct port *p, int entry);

/* Records that entry is waited for: until it is readable, or writable. Cleared when it fires. */
void socket_want_read(struct port *p, int entry);
void socket_want_write(struct port *p, int entry);

/* A look-up has its answer: if READ is recorded for it, port_next() will name it. */
void socket_lookup_ready(struct port *p, port_sock s);

/* ---- resolve.c, for sockets.c and wait_select.c ---- */

void resolve_init(struct port *p, const struct port_config *config);

/* Ends every look-up without touching its handle. */
void resolve_fini(struct port *p);

/* The handle s of a look-up is being closed: forget it and close its queries. */
void resolve_cancel(struct port *p, port_sock s);

/* A query's descriptor became readable or writable. */
void resolve_ready(struct port *p, int entry);

/* Milliseconds until resolve_expire() has something to do; negative: nothing is timed. */
int32_t resolve_next(struct port *p);

/* Acts on what is due: retries, gives up, ends the 50 ms. */
void resolve_expire(struct port *p);

#endif

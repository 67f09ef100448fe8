/*
 * What the files of this port share: the table of sockets, and how the waiting and the resolver meet.
 *
 * sockets.c owns the table, wait_select.c decides what is ready, resolve.c keeps
 * look-ups and the queries that serve them. A stack with BSD sockets but without
 * resolv.conf takes the first two and brings a resolver of its own.
 */
#ifndef ANKLET_POSIX_INTERNAL_H
#define ANKLET_POSIX_INTERNAL_H

#include <sys/socket.h>

#include "port.h"

enum entry_kind {
	ENTRY_FREE,
	ENTRY_LISTENER,
	ENTRY_CONNECTING, /* becomes a stream when port_connected() says so */
	ENTRY_STREAM,
	ENTRY_DATAGRAMS,
	ENTRY_LOOKUP, /* a handle without a descriptor */
	ENTRY_QUERY,  /* the resolver's, above the core's handles */
};

/* Interests. GONE is one of two: what shows that the peer has left depends on what lies unread. */
enum entry_wants {
	WANT_READ = 1,
	WANT_WRITE = 2,
	WANT_LEAVE = 4, /* GONE with nothing unread: being readable shows it */
	WANT_LOOK = 8,  /* GONE otherwise: looked at every now and then */
};

#define WANT_GONE (WANT_LEAVE | WANT_LOOK)

enum entry_flags {
	STREAM_DRY = 1,  /* port_move() took all there was: the next one is spared asking */
	STREAM_FULL = 2, /* port_move() sent less than there was: likewise */
	STREAM_LEFT = 4, /* port_gone() has answered EOF: only a reset is still news */
};

/* ---- sockets.c ---- */

/* Makes the table empty. */
void sockets_init(struct port *p);

/* The entry that a handle of the core's names. Any other number is a mistake of the caller's. */
struct port_entry *socket_entry(struct port *p, port_sock s);

/* Sets what is waited for, all of it. */
void socket_set_wants(struct port *p, int entry, unsigned wants);

/* The options that every stream has: nothing is held back, and urgent octets travel in line. */
void socket_options(int fd);

/* The wave is over, or forgotten: what was closed during it may be used again. */
void sockets_end_wave(struct port *p);

/* Remembers the failure that errno names on a stream, unless there was one before; returns the first one. */
int socket_failed(struct port_entry *e, int error);

/*
 * port_shutdown() where TCP cannot end one direction alone: closes the descriptor, which ends
 * both. The handle stays, and reading answers PORT_EOF; who was waiting for the peer is
 * told within the time of WANT_LOOK.
 */
void socket_end_both(struct port *p, port_sock s);

/* ---- sockets.c, for datagrams.c ---- */

/* A descriptor for the family of 'at', of a type as socket() has it: 0, or why there is none. */
int socket_open(const struct port *p, const struct address *at, int type, int *fd);

/* An IPv6 socket takes no IPv4: 0, or -1 and errno. */
int socket_one_family(int fd, const struct address *at);

/* What an errno comes to: of socket(), bind() and listen(); and of connect(). */
int socket_bind_answer(int error);
int socket_connect_answer(int error, bool v4);

/* Makes fd, which is then the port's, a handle of that kind: 0, or PORT_NO_RESOURCES with fd closed. */
int socket_new_handle(struct port *p, enum entry_kind kind, int fd, port_sock *s);

/* ---- stream.c, for move.c and wait_select.c ---- */

/*
 * native_show() and send() with their answers put in the port's terms, ends and failures
 * remembered. PORT_AGAIN comes from memory while the interest stands; recording
 * it, as a short count, is left to the caller.
 */
int socket_show(struct port *p, port_sock s, size_t size);
int socket_send(struct port *p, port_sock s, const void *data, size_t len);

/* Looks at a stream that wants WANT_LOOK: is there news for port_gone()? */
bool stream_look(struct port *p, int entry);

/* ---- wait_select.c ---- */

/* Sets port_now() for the first time. */
void wait_init(struct port *p);

/* ---- addresses.c ---- */

/* Between the core's addresses and the system's. IPv4 has its own form out there, and only there. */
socklen_t address_to_system(const struct address *at, struct sockaddr_storage *out);
bool address_from_system(const struct sockaddr_storage *in, struct address *at);

/* The local address and port of fd: 0 or PORT_FAILED. */
int address_of(int fd, struct address *at);

/* ---- sockets.c, for resolve.c ---- */

/*
 * Takes a free entry above the core's handles for the resolver's descriptor fd,
 * which native_socket() has given and which is then the port's. A
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

/*
 * A look-up has its answer: if READ is recorded for it, port_next() will name it.
 * For resolve_ready() and resolve_expire() only: elsewhere no wave is being made.
 */
void socket_lookup_ready(struct port *p, port_sock s);

/* ---- resolve.c, for sockets.c and wait_select.c ---- */

void resolve_init(struct port *p, const struct port_config *config);

/* Ends every look-up without touching its handle. */
void resolve_fini(struct port *p);

/* The handle s of a look-up is being closed: forget it and close its queries. */
void resolve_cancel(struct port *p, port_sock s);

/* A query's descriptor became readable or writable. p->scratch may be used until this returns. */
void resolve_ready(struct port *p, int entry);

/* Milliseconds until resolve_expire() has something to do; negative: nothing is timed. */
int32_t resolve_next(struct port *p);

/* Acts on what is due: retries, gives up, ends the 50 ms. */
void resolve_expire(struct port *p);

#endif

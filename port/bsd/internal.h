/*
 * What the files of this port share: sockets.c owns the table of sockets, connections.c fills it, wait.c decides what
 * is ready.
 *
 * All of it is the same on every system; what a system has to bring stands in system.h.
 */
#ifndef ANKLET_BSD_INTERNAL_H
#define ANKLET_BSD_INTERNAL_H

#include "system.h"

enum entry_kind {
	ENTRY_FREE,
	ENTRY_LISTENER,
	ENTRY_CONNECTING, /* becomes a stream when port_connected() says so */
	ENTRY_STREAM,
	ENTRY_DATAGRAMS,
};

/* Interests. A hangup has two: what shows that the peer has closed depends on what lies unread. */
enum entry_interests {
	INTEREST_READ = 1,
	INTEREST_WRITE = 2,
	INTEREST_HANGUP_READ = 4, /* with nothing unread: being readable shows it */
	INTEREST_HANGUP_POLL = 8, /* otherwise: looked at every now and then */
	INTEREST_PROBES =
		16, /* the port's own: at the next such look its peer begins to be probed */
};

#define INTEREST_HANGUP (INTEREST_HANGUP_READ | INTEREST_HANGUP_POLL)

enum entry_flags {
	READ_WOULD_BLOCK =
		INTEREST_READ, /* nothing has been left to read: who reads is spared asking */
	WRITE_WOULD_BLOCK = INTEREST_WRITE, /* port_move() sent less than there was: likewise */
	PEER_CLOSED = 4, /* port_peer_closed() has answered EOF: only a reset is still news */
};

/* ---- sockets.c ---- */

/* Makes the table empty. */
void sockets_init(struct port *p);

/* The entry that a handle of the core's names. Any other number is a mistake of the caller's. */
struct port_entry *socket_entry(struct port *p, port_sock s);

/* Makes fd, which is then the port's, a handle of that kind: 0, or PORT_NO_RESOURCES with fd closed. */
int socket_new_handle(struct port *p, enum entry_kind kind, int fd, port_sock *s);

/* Sets what is waited for, all of it. */
void socket_set_interests(struct port *p, int entry, unsigned interests);

/* Forgets what is pending: what was closed meanwhile may be used again. */
void sockets_end_pending(struct port *p);

/* Remembers the failure that errno names on a stream, unless there was one before; returns the first one. */
int socket_failed(struct port_entry *e, int error);

/*
 * port_shutdown() where TCP cannot end one direction alone: closes the descriptor, which ends
 * both. The handle stays, and reading answers PORT_EOF; who was waiting for the peer is
 * told within the time of INTEREST_HANGUP_POLL.
 */
void socket_end_both(struct port *p, port_sock s);

/* ---- connections.c ---- */

/* All options of a stream: nothing is held back, urgent bytes travel in line, and a silent peer is probed. */
void socket_options(int fd);

/* Silence of the peer's is looked into from now on, which of those options alone can wait. */
void socket_probe(struct port *p, int entry);

/* A descriptor for the family of 'at', of a type as socket() has it: 0, or why there is none. */
int socket_open(const struct port *p, const struct address *at, int type, int *fd);

/* bind() of a socket that listens, or takes datagrams from anybody: 0, or -1 and errno. */
int socket_bind(const struct port *p, int fd, const struct address *at);

/* An IPv6 socket takes no IPv4: 0, or -1 and errno. */
int socket_one_family(int fd, const struct address *at);

/* What an errno comes to: of socket(), bind() and listen(); and of connect(). */
int socket_bind_answer(int error);
int socket_connect_answer(int error, bool v4);

/* ---- stream.c, for move.c and wait.c ---- */

/*
 * system_show(), recv() and send() with their answers put in the port's terms, ends and failures
 * remembered. PORT_AGAIN comes from memory while the interest stands; recording
 * it, as a short count, is left to the caller.
 */
int socket_show(struct port *p, port_sock s, size_t size);
int socket_read(struct port *p, port_sock s, void *buf, size_t size);
int socket_send(struct port *p, port_sock s, const void *data, size_t len);

/* Must the reader of a stream wait, or has reading ended? 0: neither. */
int socket_cannot_read(const struct port_entry *e);

/* Records interests. What was known is known no more: what comes ready will tell what is to be known next. */
void socket_await(struct port *p, port_sock s, unsigned interests);

/* Looks at a stream with INTEREST_HANGUP_POLL: is there news for port_peer_closed()? */
bool stream_poll(struct port *p, int entry);

/* ---- move.c, for system_move() ---- */

/* As much of the buffer as holds no more than so many bytes. */
size_t scratch_part(const struct port *p, size_t max);

/*
 * One look and one send, of at most max bytes, of which as many are dropped as were accepted: how many, or as
 * port_move(), whose caller records what is waited for.
 */
int move_shown(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed);

/* ---- wait.c ---- */

/* Sets port_now() for the first time. */
void wait_init(struct port *p);

/* ms (negative: no limit), or less where the port itself has something to do before that. */
int32_t wait_limit(struct port *p, int32_t ms);

/* For system_take(): one of the interests that 'met' holds has been met, if it was recorded. */
void wait_ready(struct port *p, int entry, unsigned met);

/* ---- alone.c, or guest.c ---- */

/* A descriptor is about to be closed that may be among those waited for. */
void guest_closing(struct port *p, int fd);

/* ---- addresses.c ---- */

/*
 * Between the core's addresses and the system's. IPv4 has its own form out there, and only there.
 * The length is 0 where the system has no such family.
 */
socklen_t address_to_system(const struct address *at, struct sockaddr_storage *out);
bool address_from_system(const struct sockaddr_storage *in, struct address *at);

/* The local address and port of fd: 0 or PORT_FAILED. */
int address_of(int fd, struct address *at);

/* ---- inet6.c, or inet6_none.c for a system that is built without IPv6 ---- */

/* socket()'s name for the family; AF_UNSPEC where there is none. */
extern const int inet6_family;

/* The two above, for addresses of that family. */
socklen_t inet6_to_system(const struct address *at, struct sockaddr_storage *out);
bool inet6_from_system(const struct sockaddr_storage *in, struct address *at);

/* A socket of that family takes no IPv4: 0, or -1 and errno. */
int inet6_only(int fd);

#endif

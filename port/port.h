/*
 * The port: everything anklet asks of a network and an operating system.
 *
 * One set of calls, implemented by each port under port/NAME and chosen at link
 * time; -Iport/NAME finds the port's port_arch.h, which defines struct port.
 * tests/port_contract holds every sentence below against every port.
 *
 * Handles. A socket is a small index into the port's own fixed table of
 * PORT_SOCKETS entries; no descriptor and no control block of a network stack
 * leaves the port. Listeners are sockets too. After close a handle is free, and is not given out again before every
 * socket that is pending, which the last wait has found ready, was named by port_next().
 *
 * Answers. Nothing blocks but port_wait(). 0 or a count is success, negative is
 * one of the reasons below. Zero never means 'try later': that is PORT_AGAIN.
 *
 * Interest. Its kinds are READ, WRITE and HANGUP. *Answering PORT_AGAIN records
 * it* (each call says which), a short port_send() records WRITE, and bytes or an
 * end that are returned record nothing. There is no call to watch a socket, so
 * interest cannot drift from what the caller is really waiting for. port_wait()
 * clears only what was met. While an interest is recorded, the same call
 * answers AGAIN from memory, at no cost. Spurious readiness is legal.
 *
 * Ends are sticky. The end of a stream and failures are remembered: bytes that
 * had arrived are readable first, then comes the remembered end, and never
 * afterwards another one. A send that meets a broken pipe is a reset.
 *
 * Unread bytes cannot be waited on: there is no 'more than this'. A caller that
 * needs more than port_peek() shows consumes what it has first.
 */
#ifndef ANKLET_PORT_H
#define ANKLET_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"

typedef int16_t port_sock;
#define PORT_NONE ((port_sock)-1)

/* Sockets the core may hold at once. */
#define PORT_SOCKETS ANKLET_SOCKETS

_Static_assert(PORT_SOCKETS <= INT16_MAX, "a port_sock names every socket");

enum port_answer {
	PORT_AGAIN = -1, /* not yet; the interest is recorded */
	PORT_EOF = -2,   /* the peer ended its direction in order (FIN) */
	PORT_RESET =
		-3, /* the peer aborted the connection (RST, or a write to a peer that has closed) */
	PORT_REFUSED = -4, /* nobody listens there */
	PORT_UNREACHABLE =
		-5, /* no way to the host, or no address of that family here; see PORT_NO_NETWORK */
	PORT_TIMEOUT = -6, /* the network gave up */
	PORT_NO_RESOURCES =
		-7,       /* no socket, descriptor, port or memory is free; nothing is recorded */
	PORT_IN_USE = -8, /* that address and port are taken */
	PORT_NOT_LOCAL =
		-9, /* that address is not one of this host's, or, of a connection, no longer */
	PORT_DENIED = -10, /* the system does not permit it */
	PORT_NO_NAME =
		-11, /* the name does not exist, or has no address of the families asked for */
	PORT_NAME_FAILED = -12, /* no name server gave a usable answer */
	PORT_NO_RANDOM = -13,   /* there are no strong random numbers */
	PORT_FAILED = -14,      /* anything else */
};

/*
 * Of a connection: no route to the network, or no address of that family here. Only clients of SOCKS5 are told of it:
 * elsewhere it is no answer of its own.
 */
#define PORT_NO_NETWORK (CONFIG_ANKLET_SOCKS5 ? -15 : PORT_UNREACHABLE)

/* Answers run from PORT_AGAIN down to this one. */
#define PORT_ANSWER_LAST (CONFIG_ANKLET_SOCKS5 ? PORT_NO_NETWORK : PORT_FAILED)

enum port_families { PORT_IPV4 = 1, PORT_IPV6 = 2, PORT_BOTH = 3 };

enum port_level { PORT_ERROR, PORT_WARNING, PORT_INFO, PORT_DEBUG };

/* What the configuration has to say to a port. */
struct port_config {
	struct address name_server[CONFIG_ANKLET_NAME_SERVERS];
	uint8_t name_servers; /* 0: those that the system is configured with */
	uint16_t
		spin_us; /* a port that can asks so long without sleeping, where that may be worth it; 0: none does */
	bool listen_early; /* at addresses that this host gets later, where the system lets one: then never NOT_LOCAL */
};

struct port;
#include "port_arch.h"

/* ---- The whole ---- */

/*
 * Makes p ready. config is copied. PORT_NO_RESOURCES or PORT_FAILED when the
 * system denies something the port cannot be without; p is then as after port_fini().
 */
int port_init(struct port *p, const struct port_config *config);

/* Resets every socket that is still open and gives back what the port holds. */
void port_fini(struct port *p);

/*
 * Milliseconds of a clock that never jumps and wraps at 2^32: compare times by
 * signed difference. It may stand still between two calls of port_wait().
 */
uint32_t port_now(struct port *p);

/* Reads that clock anew, for what is to be right within a tick; port_now() shows no less from here on. */
uint32_t port_clock(struct port *p);

/*
 * Waits until a socket with an interest is ready, at most ms milliseconds
 * (0: only looks; negative: no limit). Returns how many sockets became ready,
 * 0 too when time ran out, a signal came, or the port had something of its own to
 * see to. What an earlier wait made ready and port_next() has not named yet is
 * forgotten: name all of them first.
 */
int port_wait(struct port *p, int32_t ms);

/* Names one of the sockets that the last port_wait() found ready, each once; then PORT_NONE. */
port_sock port_next(struct port *p);

/*
 * How many more sockets the system has room for now, as far as it says, and without what the port itself opens for a
 * moment. PORT_SOCKETS: only the table limits them. That is always so where PORT_ROOM_VARIES of port_arch.h is 0.
 */
unsigned port_room(struct port *p);

/* ---- Making connections ---- */

/*
 * Where the system can do so, a peer that has been silent for two minutes is probed (keepalive; RFC 9293, 3.8.4). A
 * connection to one that is gone then ends with PORT_TIMEOUT within the quarter of an hour.
 */

/*
 * Listens at 'at' (port 0: any free one; see port_local()). One family for each
 * socket: '::' takes no IPv4 connections. backlog: how many connections may
 * wait to be accepted. 0 and *s; or *s is PORT_NONE and PORT_IN_USE,
 * PORT_NOT_LOCAL, PORT_DENIED, PORT_UNREACHABLE (no such family here),
 * PORT_NO_RESOURCES, PORT_FAILED.
 */
int port_listen(struct port *p, const struct address *at, int backlog, port_sock *s);

/*
 * Takes one waiting connection: 0, *s and its peer in *from. PORT_AGAIN records
 * READ on the listener. PORT_NO_RESOURCES records nothing: the connection waits
 * on in the backlog; try again when a socket was closed, and at latest after a
 * second. A connection that was reset while it waited is passed over, or its first
 * read says so.
 */
int port_accept(struct port *p, port_sock listener, port_sock *s, struct address *from);

/*
 * Begins a connection to 'to', from the local address 'from' (NULL: the system
 * chooses; port 0: any). 0 and *s: under way, ask port_connected(). Or *s is
 * PORT_NONE and any of the failures from PORT_RESET on.
 */
int port_connect(
	struct port *p, const struct address *from, const struct address *to, port_sock *s);

/* 0: connected. PORT_AGAIN records WRITE. Else the failure, which is final. */
int port_connected(struct port *p, port_sock s);

/* ---- Sockets with a path: only for CONFIG_ANKLET_CONTROL, on systems that have such ---- */

/*
 * Listens at a path of the file system, for this host's own programs; from there on as with port_listen(), though the
 * peers that port_accept() tells are nobody. Its owner and its group may connect, as far as they get through the
 * directories. A socket there to which nobody listens any more is replaced. 0 and *s; or *s is PORT_NONE and
 * PORT_IN_USE, PORT_NO_NAME (no such directory), PORT_NOT_LOCAL (the path is too long), PORT_DENIED, PORT_UNREACHABLE
 * (no such sockets here), PORT_NO_RESOURCES, PORT_FAILED.
 */
int port_listen_path(struct port *p, const char *path, int backlog, port_sock *s);

/*
 * Could it listen there? 0, also where somebody does so now, who may be gone by then; or as port_listen_path(), by
 * what the file system says. Nothing is opened or changed.
 */
int port_check_path(struct port *p, const char *path);

/* Removes the socket that was left there when its listener was closed. */
void port_forget_path(struct port *p, const char *path);

/* Is the peer, who has connected to a path, the system's administrator, or of this program's own user? */
bool port_peer_is_own(struct port *p, port_sock s);

/* ---- Bytes ---- */

/*
 * Shows unread bytes: their count (at least 1) and *data, which is valid until
 * the next call on any socket, port_consume() on this one excepted. PORT_AGAIN
 * records READ. PORT_EOF, PORT_RESET, PORT_TIMEOUT, PORT_NOT_LOCAL, PORT_FAILED: the end.
 */
int port_peek(struct port *p, port_sock s, const uint8_t **data);

/* Drops the first n unread bytes, of those that the last port_peek() of s showed. */
void port_consume(struct port *p, port_sock s, size_t n);

/* Peek, copy and consume in one: the count (1 to size), or what port_peek() answers. */
int port_read(struct port *p, port_sock s, void *buf, size_t size);

/*
 * Sends from data, which is copied: how many were taken (1 to len; len is at
 * least 1). Fewer than len, or PORT_AGAIN, records WRITE. PORT_RESET,
 * PORT_TIMEOUT, PORT_NOT_LOCAL, PORT_FAILED: nothing can be sent any more.
 */
int port_send(struct port *p, port_sock s, const void *data, size_t len);

/*
 * Moves unread bytes of 'from' to 'to', at most 'budget', without showing them:
 * the count that 'to' accepted (1 to budget).
 * PORT_AGAIN: *failed is the side waited for, and the interest (READ of from,
 * or WRITE of to) is recorded. PORT_EOF: from has ended and nothing of it is
 * still on its way to 'to'. A failure: *failed is the side that failed; from's comes after what
 * it had sent was moved, to's drops what was on its way.
 * After the first move nobody else reads from or sends to.
 */
int port_move(struct port *p, port_sock from, port_sock to, size_t budget, port_sock *failed);

/*
 * Has the peer ended or reset, whatever lies unread before that? PORT_AGAIN: it has not.
 * PORT_EOF, PORT_RESET: it has; PORT_TIMEOUT, PORT_NOT_LOCAL, PORT_FAILED: it is out of reach, an end like a reset.
 * AGAIN records HANGUP for both, EOF records HANGUP for a reset that may follow, or has followed already where
 * the end was read. HANGUP is met within a second of the event, or of the call; unread bytes alone never meet it
 * again and again. The answer takes nothing away: unread bytes are still readable, and the end comes after them.
 */
int port_peer_closed(struct port *p, port_sock s);

/* ---- Ends ---- */

/* Sends our FIN after everything sent; reading goes on. A failure shows in the next read. */
void port_shutdown(struct port *p, port_sock s);

/*
 * Closes in order, and frees the handle; what was sent is still delivered.
 * Readiness not yet named is withdrawn. *s becomes PORT_NONE; PORT_NONE is accepted.
 */
void port_close(struct port *p, port_sock *s);

/* Aborts the connection (RST) and drops what was not delivered; otherwise as port_close(). */
void port_reset(struct port *p, port_sock *s);

/* ---- Addresses ---- */

/* Our own address and port of s. 0 or PORT_FAILED. */
int port_local(struct port *p, port_sock s, struct address *at);

/* The local address from which 'peer' would be reached, with port 0. 0, PORT_UNREACHABLE or PORT_FAILED. */
int port_local_for(struct port *p, const struct address *peer, struct address *at);

/*
 * Is ip an address of this host (of any interface, and all of 127.0.0.0/8)? The
 * table is at most 5 seconds old. When it cannot be had the answer is true:
 * callers use it to refuse.
 */
bool port_is_local(struct port *p, const struct ip *ip);

/* ---- Names: what a system knows of them; who asks, and what is asked, is src/resolver's ---- */

/* The families of addresses that this port can reach: PORT_FAMILIES, a constant of its port_arch.h. */

/*
 * The name servers that the system has learned other than from a resolv.conf, as a board does from DHCP: how many (0 to
 * max), in servers, with port 0 for the usual one. They may change at any time; asked before each lookup, so it
 * costs no more than a copy.
 */
size_t port_name_servers(struct port *p, struct address *servers, size_t max);

/* The two files with which an administrator says how names are looked up: resolv.conf(5) and hosts(5). */
enum port_names_file { PORT_RESOLV_CONF, PORT_HOSTS };

/*
 * What tells one state of such a file from another: never 0, and another number when the file was changed or replaced.
 * 0: there is none, or it is none that can be read without waiting, such as a FIFO. Looks at the file at most.
 */
uint32_t port_names_stamp(struct port *p, enum port_names_file file);

/*
 * Shows the file from 'offset' on, as port_load() does, at most 64 KiB: how many bytes; 0: it ends there.
 * PORT_NO_NAME: there is none, PORT_DENIED, PORT_FAILED; PORT_NO_RESOURCES: no descriptor is free, try again
 * later, for what it says must not be passed over.
 */
int port_names_read(struct port *p, enum port_names_file file, size_t offset, const uint8_t **data);

/*
 * The number of the interface of that name (fe80::1%eth0), or 0: there is none. PORT_ZONE_MAX of port_arch.h is the
 * highest.
 */
uint32_t port_zone(const char *name);

/* ---- Datagrams ---- */

/*
 * Opens a socket for datagrams at 'at' (NULL: any free port of the address from which
 * 'peer' is reached), which takes them from anybody; or, with a peer, from it alone,
 * and sends to it alone. At least one of the two is given. The any free port is one that nobody can
 * guess: drawn anew for each socket from the whole range there is (RFC 6056), as strong as
 * port_random_weak(). 0 and *s; or *s is PORT_NONE and a failure as of port_listen() or port_connect().
 */
int port_datagram(
	struct port *p, const struct address *at, const struct address *peer, port_sock *s);

/*
 * Takes one datagram: its length (0 to size, which is at most ANKLET_DATAGRAM_MAX),
 * who sent it, and in *to the local address it was sent to, with the socket's port; where
 * the system does not say it, the socket's own address. A datagram longer than size is
 * cut: the length is then size + 1. PORT_AGAIN records READ. PORT_REFUSED, PORT_UNREACHABLE: what was sent
 * earlier did not arrive (ICMP); that is an event, and not the end. PORT_FAILED is the end.
 */
int port_recvfrom(struct port *p, port_sock s, void *buf, size_t size, struct address *from,
	struct address *to);

/*
 * Sends one datagram, whole or not at all, from the local address 'from' (NULL: as
 * the system chooses; its port is not looked at) to 'to' (NULL: the socket's peer). 0.
 * PORT_AGAIN: there is no room; it records nothing, for nobody keeps the datagram. PORT_REFUSED, PORT_UNREACHABLE,
 * PORT_FAILED: it was not sent (or an earlier one did not arrive).
 */
int port_sendto(struct port *p, port_sock s, const void *data, size_t len,
	const struct address *from, const struct address *to);

/* ---- The rest ---- */

/*
 * Shows a stored file (a certificate, a key) from 'offset' on: how many bytes of it,
 * at *data, which is valid until the next call of the port's; after them stands a NUL. 0: the file
 * ends there. At least 32 KiB are shown where there are as many. PORT_NO_NAME: there
 * is no such file; PORT_DENIED; PORT_FAILED. "" names the system's list of trusted
 * certificate authorities. For the start: a file may take time to read. May be called before port_init().
 */
int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data);

/*
 * Can others than the file's owner and its group read it, where the system knows of such? For the start. A file that
 * there is not can be read by nobody.
 */
bool port_others_read(struct port *p, const char *name);

/*
 * What tells one state of a stored file from another: never 0, and another number when the file was changed or
 * replaced. 0: there is none, or nobody knows. "" as with port_load().
 */
uint32_t port_stamp(struct port *p, const char *name);

/* Fills buf with random bytes fit for keys: 0, or PORT_NO_RANDOM and buf is not to be used. */
int port_random(struct port *p, void *buf, size_t len);

/*
 * The same for what is not to be guessed but can go on if it may be: numbers of questions and of ports, never keys.
 * Fills buf in any case. False: there are no strong random numbers, and somebody who watches could guess these.
 */
bool port_random_weak(struct port *p, void *buf, size_t len);

/*
 * Hands one log line on (no line end, printable ASCII). Never blocks: a line
 * that cannot be taken is dropped and counted, and the count is logged when
 * lines are taken again. Adds the wall clock where there is one. Also after port_fini(). Was the line taken?
 */
bool port_log(struct port *p, enum port_level level, const char *line, size_t len);

#endif

/*
 * What POSIX has no call for, or a slower one than the system at hand.
 *
 * native_linux.c and native_posix.c, of which the Makefile takes one, each have all of it but for
 * what native_common.c has, and native_untold.c for those without addresses beside datagrams.
 * port/lwip_sockets/native_lwip.c and port/zephyr/native_zephyr.c stand for native_common.c as well.
 */
#ifndef ANKLET_POSIX_NATIVE_H
#define ANKLET_POSIX_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "port.h"

/* Where send() has no such flag, the port ignores SIGPIPE, which it does in any case for its log. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* Opens p->native, for native_random() or native_own(): a descriptor, or -1, and those two then fail. */
int native_open(void);

/* socket() and accept(): the descriptor, non-blocking and close-on-exec, or -1 and errno. */
int native_socket(int family, int type);
int native_accept(int listener, struct sockaddr *from, socklen_t *from_len);

/*
 * Drops the first n octets that lie unread in fd, all of which are there and at
 * most POSIX_SCRATCH; p->scratch keeps what it shows. Returns false if it could not.
 */
bool native_drop(struct port *p, int fd, size_t n);

/*
 * What the peer has done, behind whatever lies unread: 0 it is there, PORT_EOF, or
 * PORT_RESET with *error set to the errno of what happened, which may thereby be taken
 * from the socket.
 */
int native_peer(int fd, int *error);

/* Does native_peer() see an end in order behind unread octets? A reset it always sees there. */
extern const bool native_sees_end_behind;

/*
 * The local address of datagrams. It stands beside each (recvmsg(2), msg_control, of
 * NATIVE_BESIDE octets) when native_tell_to() was called for the socket: 0, or -1 and errno.
 */
#define NATIVE_BESIDE 64
int native_tell_to(int fd, bool v4);

/* Does it? Else native_sent_to() always answers false, and native_send_from() does nothing. */
extern const bool native_tells_to;

/* The address that the datagram was sent to, in *to, whose port is left alone; false: it is not said. */
bool native_sent_to(struct msghdr *datagram, struct address *to);

/* Sets msg_control of a datagram to be sent, zeroed and NATIVE_BESIDE octets long: it leaves from there. */
void native_send_from(struct msghdr *datagram, const struct address *from);

/* ---- What systems do alike, in native_common.c, and a network stack beside one may do otherwise ---- */

/* bind(): 0, or -1 and errno, which is EADDRNOTAVAIL where the address is not one of this host's. */
int native_bind(int fd, const struct address *at);

/*
 * connect() of a socket for datagrams: it has then a local address, the one that faces the
 * peer if it was bound to none. 0, or -1 and errno.
 */
int native_join(int fd, const struct address *peer);

/*
 * What a connection attempt has come to: 0, PORT_AGAIN, or PORT_FAILED with *error set to the
 * errno that says why, which may thereby be taken from the socket.
 */
int native_attempt(int fd, int *error);

/* Resets those who wait at a listener that is about to be closed, unless close() does that itself. */
void native_turn_away(int listener);

/* close() of this descriptor will break its connection off (RST). */
void native_break(int fd);

/* What an errno that recv() or send() left on a connection means by POSIX. */
int native_meaning(int error);

/* shutdown() of the sending side. False: there are no half-closed connections, only close(). */
bool native_shutdown(int fd);

/* recv() with MSG_PEEK into p->scratch: of what lies unread, up to size octets. Or 0 or -1 and errno, as recv(). */
ssize_t native_show(struct port *p, int fd, size_t size);

/* Does recv() with MSG_PEEK show all that lies unread, as far as there is room? */
extern const bool native_shows_all;

/* ---- The rest ---- */

/* As port_own(), but for 127.0.0.0/8. */
bool native_own(struct port *p, const struct ip *ip);

/* As port_random(). */
int native_random(struct port *p, void *buf, size_t len);

#endif

/*
 * What port/bsd needs of a system: all of it, on this page.
 *
 * A system is three files. system_NAME.c has every call below, or takes one of the files that
 * have some of them for several systems: system_unix.c, system_small.c, platform.c,
 * system_plain.c, ways_none.c, no_pktinfo.c, fdset.c, ../no_names_files.c.
 *
 * system_NAME.h makes known what sockets are made of, with no header that the system does not have:
 * sockaddr_in, sockaddr_storage, msghdr, the constants of IPv4 and TCP, errno, htons(); and as
 * bsd_close(), bsd_connect(), bsd_getsockname(), bsd_listen(), bsd_recv(), bsd_recvmsg(),
 * bsd_send(), bsd_sendmsg() and bsd_setsockopt() the system's calls of these names. IPv6 is asked
 * for by inet6.c alone; inet6_none.c stands for it where the system has none.
 *
 * system_NAME_sizes.h is for struct port (port_arch.h), and includes no such header:
 *
 *	SYSTEM_SCRATCH      bytes that are shown or moved at once
 *	SYSTEM_DESCRIPTORS  every descriptor is below
 *	SYSTEM_FD_SET       'fd_set native' where a set of fdset.h may be one, else 'char none'
 *	PORT_FAMILIES       the families of addresses that it is built with (port.h)
 *	PORT_ZONE_MAX       the highest number of an interface (port_zone())
 *	PORT_ROOM_VARIES    0: there is a descriptor for every socket, come what may (port_room())
 *	struct system       what the system keeps in struct port, zero at first
 *
 * Nothing else is asked for: no eventfd, no pipe, no clock beside system_now_ms(), no signals, no
 * thread, and no allocation.
 */
#ifndef ANKLET_BSD_SYSTEM_H
#define ANKLET_BSD_SYSTEM_H

#include "system_file.h"

#include SYSTEM_FILE(ANKLET_SYSTEM, )

#include "port.h"

/* ---- The whole ---- */

/* What has to be done before anything else: 0, or PORT_NO_RESOURCES. */
int system_start(struct port *p);

/* Gives it back, when every socket is closed. Also after a system_start() that failed. */
void system_end(struct port *p);

/* Milliseconds of a clock that never jumps, wrapping at 2^32. From any thread. */
uint32_t system_now_ms(void);

/*
 * Waits until one of the descriptors below n that are members of *rd can be read, or of *wr
 * written, at most ms (negative: no limit). Returns how many members are left in the two, which
 * is 0 also for an error or a signal; they mean nothing then.
 */
int system_wait(struct port *p, int n, struct fdset *rd, struct fdset *wr, int32_t ms);

/* Takes a log line (no line end, printable ASCII), whole or not at all: false. Never waits. */
bool system_log(enum port_level level, const char *line, size_t len);

/*
 * It also has port_load(), port_local_for(), port_name_servers(), port_names_read(), port_names_stamp(), port_random(),
 * port_room() and port_zone(), as port.h has them.
 */

/* As port_is_local(), but for 127.0.0.0/8. */
bool system_is_local(struct port *p, const struct ip *ip);

/* ---- Sockets ---- */

/* socket() and accept(): the descriptor, non-blocking and close-on-exec, or -1 and errno. */
int system_socket(int family, int type);
int system_accept(int listener, struct sockaddr *from, socklen_t *from_len);

/* bind(): 0, or -1 and errno, which is EADDRNOTAVAIL where the address is not one of this host's. */
int system_bind(int fd, const struct address *at);

/* bind() of this descriptor takes addresses that this host does not have yet. False: the system has no such thing. */
bool system_bind_early(int fd);

/*
 * connect() of a socket for datagrams: it has then a local address, the one from which the
 * peer is reached, with a port that nobody can guess, if it was bound to none. 0, or -1 and errno.
 */
int system_join(int fd, const struct address *peer);

/*
 * What a connection attempt has come to: 0, PORT_AGAIN, or PORT_FAILED with *error set to the
 * errno that says why, which may thereby be taken from the socket.
 */
int system_connect_result(int fd, int *error);

/*
 * One step of port_move(), of at most max bytes; of 'to' nothing was known to be in the way. How many 'to' accepted, or
 * as port_move(), whose caller records what is waited for. What it keeps of 'from' on the way is dropped by
 * system_forget(), before that socket is closed.
 */
int system_move(struct port *p, port_sock from, port_sock to, size_t max, port_sock *failed);
void system_forget(struct port *p, port_sock s);

/*
 * Before a wait that would sleep: looks again and again for at most p->spin_us, if that seems worth it, and returns
 * what system_wait() would, with what stands in p->rd and p->wr.
 */
int system_spin(struct port *p, int n, struct fdset *rd, struct fdset *wr);

/*
 * Before each wait: may take sockets out of the two sets and wait for them in another way, by a descriptor that stands
 * in p->rd. system_warm(): the socket belongs into the sets, for its interests change; did it not stand in them?
 * system_take(): *rd, of descriptors below n, is what the wait has left; reports what it knows by wait_ready().
 */
void system_sweep(struct port *p);
bool system_warm(struct port *p, port_sock s);
void system_take(struct port *p, const struct fdset *rd, int n);

/* Resets those who wait at a listener that is about to be closed, unless close() does that itself. */
void system_refuse_waiting(int listener);

/* close() of this descriptor will break its connection off (RST). */
void system_reset_at_close(int fd);

/* What an errno that recv() or send() left on a connection means by POSIX. */
int system_meaning(int error);

/* shutdown() of the sending side. False: there are no half-closed connections, only close(). */
bool system_shutdown(int fd);

/* recv() with MSG_PEEK into p->scratch: of what lies unread, up to size bytes. Or 0 or -1 and errno, as recv(). */
ssize_t system_show(struct port *p, int fd, size_t size);

/* Does it show all that lies unread, as far as there is room? */
extern const bool system_shows_all;

/*
 * Drops the first n bytes that lie unread in fd, all of which are there and at
 * most SYSTEM_SCRATCH; p->scratch keeps what it shows. Returns false if it could not.
 */
bool system_drop(struct port *p, int fd, size_t n);

/*
 * What the peer has done, after whatever lies unread: 0 it is there, PORT_EOF, or
 * PORT_RESET with *error set to the errno of what happened, which may thereby be taken
 * from the socket.
 */
int system_peer(int fd, int *error);

/* Does system_peer() see an end in order after unread bytes? A reset it always sees there. */
extern const bool system_sees_end_after_data;

/* ---- The local address of datagrams: in no_pktinfo.c for a system that does not tell it ---- */

/*
 * It stands beside each (recvmsg(2), msg_control, of SYSTEM_BESIDE bytes) when
 * system_tell_to() was called for the socket: 0, or -1 and errno.
 */
#define SYSTEM_BESIDE 64
int system_tell_to(int fd, bool v4);

/* Does it? Else system_sent_to() always answers false, and system_send_from() does nothing. */
extern const bool system_tells_to;

/* The address that the datagram was sent to, in *to, whose port is left alone; false: it is not said. */
bool system_sent_to(struct msghdr *datagram, struct address *to);

/* Sets msg_control of a datagram to be sent, zeroed and SYSTEM_BESIDE bytes long: it leaves from there. */
void system_send_from(struct msghdr *datagram, const struct address *from);

#endif

/*
 * What a port brings so that tests/port_contract can hold it to port.h.
 *
 * The tests use the calls of port.h and nothing else: both ends of a connection
 * are handles of one port, which is its own peer. Each port has a harness_NAME.c
 * with the few things that cannot be done from there. Those that a port has no
 * means for answer false, and the tests that need them are skipped by name.
 */
#ifndef ANKLET_PORT_CONTRACT_HARNESS_H
#define ANKLET_PORT_CONTRACT_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port.h"

/*
 * Begins and ends a test. start returns a port on which port_init() has been
 * called with the default configuration, in a world where nothing else happens.
 * stop is called when the test has called port_fini() or not; it ends what start
 * began, and must tolerate a port that was ended.
 */
struct port *harness_start(void);
void harness_stop(struct port *p);

/*
 * The loopback address of the family, port 0, on which the port can listen and
 * to which it can connect. False: this host has no such family.
 */
bool harness_loopback(enum port_families family, struct address *at);

/* An address with a port on which nobody listens, and which therefore refuses. */
bool harness_refusing(struct port *p, struct address *at);

/* An address that is not of this host. */
void harness_foreign(struct address *at);

/*
 * How late, in milliseconds, something may come by port_now(): 0 where a test's clock stands
 * still but in port_wait(), much where the machine may do something else for seconds.
 */
uint32_t harness_late_ms(void);

/* How many sockets of the port the system surely has room for: PORT_SOCKETS, if nothing else limits them. */
int harness_sockets(struct port *p);

/* ---- Abilities that a port may lack ---- */

/*
 * Keeps a stored file of len bytes at data, which stay as they are until the end of the test, and
 * returns the name by which port_load() knows it. NULL: the port cannot be given files. At most 4 in a test.
 */
const char *harness_file(struct port *p, const void *data, size_t len);

/* Makes a stored file one that may not be read. */
bool harness_forbid(struct port *p, const char *name);

/* Sends one byte as urgent data on s. */
bool harness_urgent(struct port *p, port_sock s, uint8_t byte);

/*
 * From now on (on) the system has no descriptor or connection left for a new
 * socket, though the table of handles has room; until it is called again.
 */
bool harness_exhaust(struct port *p, bool on);

/*
 * From now on these are the name servers that the system has learned, as from DHCP; at most 2. False: it learns
 * of none but by a resolv.conf.
 */
bool harness_name_servers(struct port *p, const struct address *servers, size_t count);

/*
 * The file becomes one of len bytes at data; data NULL: there is none. False: the system has no such files. And
 * one that would have to be waited for.
 */
bool harness_names_file(struct port *p, enum port_names_file file, const void *data, size_t len);
bool harness_names_fifo(struct port *p, enum port_names_file file);

/*
 * Sockets with a path, of ports that have them. harness_path() is one in a directory of the test's own, where nothing
 * is, or a file, or a socket to which nobody listens any more. harness_path_is() answers whether that is there now, and
 * harness_visit() whether it could connect there; it sends a byte, and stays until the end of the test.
 */
enum harness_there { THERE_NOTHING, THERE_FILE, THERE_SOCKET };
const char *harness_path(enum harness_there there);
bool harness_path_is(const char *path, enum harness_there there);
bool harness_visit(const char *path, uint8_t byte);

/* The number of an interface, and its name in *name; 0: they have no names here. */
uint32_t harness_interface(char *name, size_t size);

/* From now on (on) there are no random numbers. */
bool harness_no_random(struct port *p, bool on);

/*
 * Takes hold of where log lines go; harness_log_stalled() makes it take no more
 * lines until it is called again, and harness_log_text() copies what has been
 * logged since, NUL-terminated.
 */
bool harness_log_begin(struct port *p);
void harness_log_stalled(struct port *p, bool on);
size_t harness_log_text(struct port *p, char *buf, size_t size);
void harness_log_end(struct port *p);

/*
 * Another loopback address than harness_loopback()'s for IPv4. False also where datagrams come without the address they
 * went to.
 */
bool harness_second_loopback(struct address *at);

/* Does a socket for datagrams hear of it when its peer's port is closed? */
bool harness_hears_of_refusals(void);

/*
 * Can the port see that a peer has ended in order, after bytes that lie unread?
 * Every port sees a reset there.
 */
bool harness_sees_end_after_data(void);

#endif

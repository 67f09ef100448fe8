/*
 * Clients, the proxy and servers on one stack: three ports, joined by its loopback interface.
 *
 * For either port over lwIP. Each test file brings what its stack wants at the
 * start and at the end of a test.
 */
#ifndef ANKLET_LWIP_CONVERSATION_H
#define ANKLET_LWIP_CONVERSATION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "anklet.h"
#include "port.h"

#define SERVER_PORT 8000
#define PROXY_PORT 1080
#define NAME_PORT 53
#define NAME_SERVER "dns 127.0.0.1\n" /* the line of configuration for it */
#define SOON_MS 60000                 /* what takes longer does not come */
#define MIB (1024 * 1024)
#define GRANTED 90
#define REFUSED 91

extern struct port proxy_port, client_port, server_port;
extern struct anklet *proxy;
extern port_sock listener; /* the server's, at SERVER_PORT of 127.0.0.1 */

/* Starts proxy, with more lines of configuration, client and server: 0, or -1. */
int world_start(const char *lines);

/* Ends client and server, and then the proxy's sessions; the proxy goes on. */
void world_leave(void);

/* One tick of everybody; the proxy waits at most ms for something to do. */
void tick(int32_t ms);

/* Sessions of the proxy. */
unsigned sessions(void);

/* Milliseconds since 'begun', a time of the client's port; and whether they are few. */
uint32_t passed(uint32_t begun);
bool soon(uint32_t begun);

/* One end of a conversation. */
struct end {
	struct port *port;
	port_sock s;
	uint32_t sent, read; /* bytes of the stream that every end sends */
};

/* Sends what it can, up to the place 'until'. False: nothing. */
bool push(struct end *e, uint32_t until);

/* Reads and compares what has come: what port_peek() answers in the end; and the same until it is an end. */
int pull(struct end *e);
int pull_end(struct end *e);

/* A client that has sent these bytes to the proxy. */
struct end client_says(const uint8_t *message, size_t len);

/* A client that has asked the proxy for that port of this host. */
struct end request(uint16_t port);

/* Reads the eight bytes of a reply: its code. */
int reply_read(struct end *client, uint8_t message[8]);
int reply(struct end *client);

/* The server's end of the next connection. */
struct end accepted(void);

/* A client and the server that it has reached through the proxy. */
void converse(struct end *client, struct end *server);

/* Closes both ends. */
void end(struct end *client, struct end *server);

/* Both send up to that place, and read all of it. */
void exchange(struct end *client, struct end *server, uint32_t until);

/* ---- conversation_tests.c: what every port does ---- */

void a_mebibyte_both_ways(void **state);
void each_side_ends_by_itself(void **state);
void a_reset_passes(void **state);
void a_refusal_arrives_whole(void **state);
void a_stalled_reader_stops_nobody_else(void **state);

/* ---- conversation_names.c: tests of names, after names_start(), which is 0 or an answer of the port's ---- */

int names_start(void);

void a_name_is_looked_up(void **state);
void a_name_that_is_not_there(void **state);
void an_answer_comes_too_late(void **state);

#endif

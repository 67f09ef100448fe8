/*
 * What the files of the contract tests share.
 *
 * Nothing is expected to happen at once, only within a limit: on some ports time
 * passes in port_wait() alone. What port_next() names is remembered until a test
 * asks for it, so that waiting for one socket loses no other.
 */
#ifndef ANKLET_PORT_CONTRACT_H
#define ANKLET_PORT_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../skip.h"
#include "harness.h"

#define SOON_MS 20000 /* what must happen happens within this; a failure takes as long */
#define WHILE_MS 200  /* what must not happen has not happened after this */

/* ---- Waiting ---- */

/* One port_wait() of at most ms, every name taken down. Returns what port_wait() returned. */
int wait_once(struct port *p, int32_t ms);

/* Forgets all names. */
void forget_names(void);

/* Was s named, by any wait since it was last asked for? The name is used up. */
bool was_named(port_sock s);

/* Waits until s is named, at most ms: was it? The name is used up. */
bool named_within(struct port *p, port_sock s, int32_t ms);

/* Lets ms pass. Returns how often port_wait() returned meanwhile. */
int let_pass(struct port *p, int32_t ms);

/* ---- Connections ---- */

/* Two ends of one connection. */
struct pair {
	port_sock a, b; /* a connected, b was accepted */
};

/* Listens on loopback, any port; *at says where. The test is skipped when there is no such family. */
port_sock listen_at(struct port *p, enum port_families family, struct address *at);

/* What a connection that was begun comes to. */
int connected(struct port *p, port_sock s);

/* A connection, what it was accepted on already closed. */
struct pair make_pair(struct port *p);

void close_pair(struct port *p, struct pair *pair);

/* ---- Bytes ---- */

/* The byte at a place of the stream that every test sends: wrong order shows. */
uint8_t byte_at(size_t place);

/* Sends the bytes of the places [from, from + len); fails when that takes too long. */
void send_bytes(struct port *p, port_sock s, size_t from, size_t len);

/* Sends from place 0 on until the port takes no more, which has recorded WRITE; returns how many. */
size_t fill(struct port *p, port_sock s);

/* Reads and compares the bytes of [from, from + len). */
void expect_bytes(struct port *p, port_sock s, size_t from, size_t len);

/* What port_peek() answers when it has something to say: waits for it. */
int peek_soon(struct port *p, port_sock s, const uint8_t **data);

/* Reads on from place 'from' to the end: the end, and *len bytes before it, all compared. */
int read_to_end(struct port *p, port_sock s, size_t from, size_t *len);

/* What port_peer_closed() answers when it answers 'answer', or at the limit. */
int hangup_within(struct port *p, port_sock s, int answer, int32_t ms);

/* ---- The tests, by file ---- */

extern const struct CMUnitTest wait_tests[], connect_tests[], stream_tests[], end_tests[],
	move_tests[], datagram_tests[], names_tests[], paths_tests[], rest_tests[];
extern const size_t wait_tests_count, connect_tests_count, stream_tests_count, end_tests_count,
	move_tests_count, datagram_tests_count, names_tests_count, paths_tests_count,
	rest_tests_count;

int start_port(void **state);
int stop_port(void **state);

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, start_port, stop_port)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif

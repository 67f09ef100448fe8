/*
 * A world with TLS: files, the actors' contexts, and somebody on the way who does harm.
 *
 * The library keeps part of its state in the program: its clock, its memory and its
 * table of connections are those of the proxy and of the actors together.
 */
#ifndef ANKLET_TESTS_SECURE_H
#define ANKLET_TESTS_SECURE_H

#include "actors.h"

#define SECURE_NAME "server.test" /* in the certificates */

/* Places for connections, those of the proxy and of the actors together. */
#define SECURE_PLACES ANKLET_TABLE(CONFIG_ANKLET_TLS_STREAMS)

/*
 * Makes the world ready: the files of tests/tls have their names there, and the system's
 * list is ca.pem. Without TLS the scenario is skipped. At the end of the run everything is
 * closed, all places for connections must be free, and all memory given back.
 */
void secure_world(struct run *run);

/* The system's list has one that cannot be read between its good ones, spoilt.pem. After secure_world(). */
void secure_spoil_list(struct run *run);

/* The end of a run, which secure_world() puts into run->clean_up. */
void secure_clean_up(struct run *run);

/* A context for an actor, for this run; version: TLS_1_2 is no more than that. */
struct tls_context *secure_context(
	struct run *run, const struct tls_settings *settings, enum tls_version version);

/* The usual ones: a client that trusts ca.pem, a server with server.pem; one version or the other. */
struct tls_context *secure_client(struct run *run);

/* The same with a certificate of its own, as below. */
struct tls_context *secure_guest(struct run *run, const char *file);

struct tls_context *secure_server(struct run *run);

/* A server with another certificate, and its key: "expired" for expired.pem and expired.key. */
struct tls_context *secure_impostor(struct run *run, const char *file);

/* Takes all places for connections but so many, until the run is over. */
void secure_take_places(struct run *run, unsigned left);

/*
 * The library reads nothing before it has sent all it has to send, be it a ticket, an alert, or a
 * request: where two of it do so at the same time, the windows must have room for one of them.
 */
void secure_make_room(struct run *run);

/* What actors have opened is closed, whatever its state. (secure.c) */
void secure_close_all(void);

/* ---- The library beneath (library_mbedtls.c, library_none.c) ---- */

/* Its clock is the run's from now on, and it gets all the memory it wants. */
void library_begin(struct run *run);

/* It is at rest, and gives back what it keeps for all of its users. */
void library_end(void);

/* The context agrees to no more than TLS 1.2. */
void library_only_1_2(struct tls_context *context);

/* How many pieces of memory it holds. */
uint32_t library_holds(void);

/* Steps of handshakes that the proxy has taken since this was last asked. */
uint32_t library_steps(void);

/* Tickets that could not be made in this run: a session goes on without one. */
uint32_t library_lost_tickets(void);

/* From now on it takes so long to find out that a certificate is not to be accepted. */
void library_slow(uint32_t ms);

/* Does reading wait until something was sent? */
bool library_read_blocked(const struct tls *tls);

/* It gets none the nth time from now (1 is the next), and only then; 0: never. */
void library_starve(uint32_t nth);

/* ---- Somebody on the way (tap.c) ---- */

enum tap_does {
	TAP_NOTHING,
	TAP_RESETS, /* both sides */
	TAP_ENDS,   /* a FIN each way, and nothing more is carried */
	TAP_STALLS, /* nothing more is carried, in that direction */
	TAP_CHANGES /* one byte */
};

#define TAP_UP 0   /* what comes from whoever asked */
#define TAP_DOWN 1 /* what comes back */

/* One connection, carried on to the real place, byte by byte. */
struct tap {
	struct sim_actor actor; /* first */
	struct run *run;
	struct address to; /* the real place */
	/* What to do. */
	uint8_t does;     /* enum tap_does */
	uint8_t where;    /* TAP_UP or TAP_DOWN */
	uint32_t at;      /* after so many bytes of that direction */
	bool only_tls[2]; /* every byte of that direction must be part of a record */
	/* How it went. */
	port_sock listener;
	port_sock sock[2]; /* of whoever asked; to the real place */
	bool connected, ended[2];
	bool done; /* what is to be done at 'at' was */
	uint32_t carried[2];
	uint32_t records[2];
	uint32_t alerts[2]; /* records with one, as far as the type says: of TLS 1.2 */
	uint8_t header[2][5];
	uint32_t header_len[2], body[2];
};

/* Listens at once at ip:port of the host, for what is meant to go to another place of that port. */
void tap_init(struct tap *tap, struct run *run, enum run_host host, const char *ip, uint16_t port,
	const char *to);

#endif

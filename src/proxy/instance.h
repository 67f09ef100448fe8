/*
 * The instance: everything that one running anklet has.
 *
 * Invariants:
 * - An owner is noted for each socket from the call that opened it on (src/loop).
 * - Every session that is not FREE is on the ready list, or has an interest recorded at
 *   the port, or has a timer at which it acts by itself.
 */
#ifndef ANKLET_INSTANCE_H
#define ANKLET_INSTANCE_H

#include "anklet.h"
#include "config/config.h"
#include "loop/loop.h"
#include "port.h"
#include "proxy/udp_forward.h"
#include "session/session.h"

/* Its address is the loop's listening[] of the same number. */
struct listener {
	port_sock sock;
	bool ready;              /* accept has not answered AGAIN since it was last ready */
	int8_t forward;          /* the forward it belongs to; -1: it serves SOCKS */
	struct tls_context *tls; /* its clients speak TLS; NULL: they do not */
};

/* The tables stand at the end, as in the other structs: what is near is reached with less code. */
struct anklet {
	struct udp_forwards *udp; /* after this struct; NULL where they are disabled */
	bool started;             /* anklet_start() was called, and did not fail */
	bool stopping;
	uint8_t listener_count;
	uint8_t listener_turn; /* which one is asked next: they take turns */
	struct sessions sessions;
	struct config config;
	struct settings settings; /* of that configuration */
	/* Of each line with TLS; NULL: without. */
	struct tls_context *listen_tls[CONFIG_ANKLET_LISTENERS];
	struct tls_context *forward_tls[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct listener listeners[LOOP_LISTENERS];
};

/* What an instance takes: the bytes of anklet_init(), where the part for datagrams follows. */
#define INSTANCE_BYTES \
	(sizeof(struct anklet) + (CONFIG_ANKLET_UDP_FLOWS > 0 ? sizeof(struct udp_forwards) : 0))

_Static_assert(INSTANCE_BYTES <= ANKLET_MEMORY, "ANKLET_MEMORY is enough");

/*
 * Puts settings in force for all who hold none: limits, rules, routes, shares and the log, at once. Those before are
 * still gone by while settings->held is not 0; what stands in them of listeners and forwards is not looked at again.
 */
void instance_use(struct anklet *a, struct settings *settings);

/* Reads every key and certificate: 0; or what tls_load() answers, and *failure says which. (tls.c) */
int instance_load_tls(struct anklet *a, struct anklet_failure *failure);
void instance_unload_tls(struct anklet *a);

/* Logs a warning about what stands in the configuration as 'at'. (tls.c) */
void instance_warn(struct anklet *a, const char *at, const char *words);

/* Reads the file of users: 0; or PORT_FAILED, and *failure says what is wrong with it. (users.c) */
int instance_load_users(struct anklet *a, struct anklet_failure *failure);

/* Tells everybody whose socket the last wait found ready. (anklet.c) */
void instance_note_ready(struct anklet *a);

#endif

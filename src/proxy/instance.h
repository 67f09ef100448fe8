/*
 * The instance: everything that one running anklet has.
 *
 * Invariants:
 * - owner[s] says whose the socket s is, from the call that opened it on.
 * - A session is FREE exactly when its number is on the stack of free ones.
 * - Every session that is not FREE is queued, or has an interest recorded at the
 *   port, or has a deadline at which it acts by itself.
 * - 'earliest' is not later than any session's deadline.
 */
#ifndef ANKLET_INSTANCE_H
#define ANKLET_INSTANCE_H

#include "anklet.h"
#include "config/config.h"
#include "proxy/datagrams.h"
#include "port.h"
#include "session/session.h"

#define INSTANCE_NONE UINT16_MAX /* no session: the end of a list */

#define INSTANCE_LISTENERS (CONFIG_ANKLET_LISTENERS + 2 * CONFIG_ANKLET_FORWARDS)

struct listener {
	port_sock sock;
	bool ready;              /* accept has not answered AGAIN since it was last ready */
	int8_t forward;          /* the forward it belongs to; -1: it serves SOCKS */
	struct tls_context *tls; /* its clients speak TLS; NULL: they do not */
	struct address at;
};

/* Whose a socket is. All zero: nobody's. */
enum owner_kind { OWNER_NONE, OWNER_SESSION, OWNER_LISTENER, OWNER_DATAGRAMS, OWNER_ASSOCIATION };

struct owner {
	uint16_t kind : 3; /* enum owner_kind */
	uint16_t index : 13;
};

/* The tables stand behind, as in the other structs: what is near is reached with less code. */
struct anklet {
	struct port *port;
	struct datagrams *datagrams; /* behind this struct; NULL where they are left out */
	struct deadline earliest;
	struct deadline accept_at; /* accepting rests until then: the port had no resources */
	bool stopping;
	uint8_t listener_count;
	uint8_t listener_turn;            /* which one is asked next: they take turns */
	uint16_t draining;                /* sessions in DRAIN: they give way to new clients */
	uint16_t spare_sockets;           /* left for races */
	uint16_t tls_streams;             /* encrypted connections */
	uint16_t queue_first, queue_last; /* runnable sessions, first in first out */
	uint16_t queued;
	uint16_t free_count;
	uint32_t session_number;
	struct anklet_status status;
	struct text line; /* of the log, in line_buf */
	struct config config;

	/* Of each line with TLS; NULL: without. */
	struct tls_context *listen_tls[CONFIG_ANKLET_LISTENERS];
	struct tls_context *forward_tls[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct tls_context *target_tls[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct tls_context *route_tls[ANKLET_TABLE(CONFIG_ANKLET_ROUTES)];

	struct listener listeners[INSTANCE_LISTENERS];
	struct owner owner[PORT_SOCKETS];
	uint16_t free[CONFIG_ANKLET_SESSIONS]; /* a stack of indices */
	char line_buf[CONFIG_ANKLET_LOG_LEVELS > 0 ? CONFIG_ANKLET_LOG_LINE : 1];

	/* The client of each session, '::' when FREE: apart, so that counting them reads little memory. */
	struct ip client[CONFIG_ANKLET_SESSIONS];
	struct session sessions[CONFIG_ANKLET_SESSIONS];
};

_Static_assert(CONFIG_ANKLET_SESSIONS > 0 && CONFIG_ANKLET_SESSIONS < 1 << 13,
	"an owner names every session");
_Static_assert(INSTANCE_LISTENERS <= UINT8_MAX, "a count of listeners fits an octet");
_Static_assert(
	sizeof(struct anklet) + (CONFIG_ANKLET_ASSOCIATIONS > 0) * sizeof(struct datagrams) <=
		ANKLET_MEMORY,
	"ANKLET_MEMORY is enough");

/* Puts a session on the list of runnable ones, if it is not there. */
void instance_queue(struct anklet *a, struct session *s);

/* Gives the session's slot back; it is cleared, so that nothing of it is seen again. */
void instance_free(struct anklet *a, struct session *s);

/* A deadline was set: the next look at the clock is due then at the latest. */
void instance_deadline(struct anklet *a, const struct deadline *d);

/* Does who listens at 'at' take what is for that address and port? */
bool instance_is_at(const struct address *at, const struct ip *ip, uint16_t port);

/* Does this program listen at that address, being one of this host's (own)? */
bool instance_listens(const struct anklet *a, const struct ip *ip, uint16_t port);

/* Reads every key and certificate: 0; or what tls_load() answers, and *failure says which. (tls.c) */
int instance_load_tls(struct anklet *a, struct anklet_failure *failure);
void instance_unload_tls(struct anklet *a);

/* Begins a line of the log; there is one at a time. */
struct text *instance_line(struct anklet *a);

/* Logs that line, if its level is wanted. */
void instance_log(struct anklet *a, enum port_level level);

/* The same for a request that the rules refuse, which is PORT_INFO; it can be wanted alone. */
void instance_log_refusal(struct anklet *a);

bool deadline_passed(const struct deadline *d, uint32_t now);

#endif

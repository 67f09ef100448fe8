/*
 * A session: one client's life, from accept to the last octet.
 *
 *	FREE > REQUEST > IDENT > IDENT_ANSWER > RESOLVE -+- CONNECT ----------------------------> GRANT > RELAY
 *	                                                 +- LISTEN > ANNOUNCE > WAIT_PEER > GRANT > RELAY
 *	       any refusal > REFUSE > DRAIN > FREE
 *
 * States only advance, though they may be jumped over. Each has one handler,
 * which does what can be done now and says how it went; it may be called at any
 * time and then finds out for itself what is ready. session_enter() alone sets
 * the state, session_step() alone calls handlers and closes what they leave.
 * Everything a decision needs is in the session, never in a local that would
 * have to outlive a step.
 */
#ifndef ANKLET_SESSION_H
#define ANKLET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "address.h"
#include "ident.h"
#include "port.h"
#include "relay.h"
#include "rules.h"
#include "session_reason.h"
#include "socks4.h"

enum session_state {
	SESSION_FREE,
	SESSION_REQUEST,      /* reads the request */
	SESSION_IDENT,        /* connects to the client's identd */
	SESSION_IDENT_ANSWER, /* asks it and reads the answer */
	SESSION_RESOLVE,      /* looks the name up */
	SESSION_CONNECT,      /* races the addresses */
	SESSION_LISTEN,       /* BIND: opens the socket for the peer */
	SESSION_ANNOUNCE,     /* BIND: sends the first reply */
	SESSION_WAIT_PEER,    /* BIND: waits for the peer */
	SESSION_GRANT,        /* sends the last reply */
	SESSION_RELAY,
	SESSION_REFUSE, /* sends the reply that refuses, then our FIN */
	SESSION_DRAIN,  /* reads and drops, so that the reply is not destroyed by a reset */
};

/* What a handler answers. */
enum session_next {
	NEXT_WAIT,   /* interests and times are recorded: nothing to do until one of them */
	NEXT_STATE,  /* another state was entered: run its handler */
	NEXT_TURN,   /* there is more to do, after the others had their turn */
	NEXT_REFUSE, /* reason says why */
	NEXT_CLOSE,  /* it is over, in order */
	NEXT_RESET,  /* it is over: break off what is still open */
};

/* A time that may not be set. Compared by signed difference, for the clock wraps. */
struct deadline {
	bool set;
	uint32_t at;
};

struct session {
	uint8_t state;    /* enum session_state */
	uint8_t reason;   /* enum session_reason */
	bool queued;      /* on the list of runnable sessions */
	bool step_due;    /* 'step' has passed since the handler ran last */
	uint16_t next;    /* the next one on that list */
	port_sock client; /* NONE only when FREE */
	port_sock server; /* the connection to the application server, or the first attempt at it */
	port_sock rival;  /* the second attempt, while both race */
	port_sock
		side; /* identd's connection, the look-up, or BIND's listener: never two of them */
	uint8_t sent; /* octets of the message that were taken */
	uint8_t message_len;
	uint8_t message[16]; /* what is being sent: a reply, or IDENT's question */
	uint32_t number;     /* counts sessions, for the log */
	uint32_t accepted_at;
	uint32_t drained;      /* octets read and dropped after a refusal */
	struct deadline limit; /* of the phase: handshake, establishing, relay, drain */
	struct deadline step;  /* of the state's own step */
	struct address from;   /* the client */
	struct ident_answer ident;
	int16_t rule; /* that decided; -1: none */
	bool request_whole;
	bool by_name;       /* the request's NAME is one to be looked up */
	bool any_peer;      /* BIND that accepts whoever comes first */
	bool needs_connect; /* of the rule that granted */
	uint8_t address_count;
	uint8_t address_next;                  /* the next one to try */
	uint16_t port_start, ports_tried;      /* BIND: in bind-ports */
	uint8_t server_address, rival_address; /* which one each attempt is made to */
	uint32_t server_since, rival_since;    /* when it began */
	struct address peer;                   /* the application server, once connected */
	struct relay relay;
	struct socks4_request request;
	struct ip addresses[CONFIG_ANKLET_ADDRESSES]; /* permitted ones, in the order of trying */
};

struct anklet;

/* Begins a session in a free slot for a client just accepted; client is the session's from here. */
void session_begin(
	struct anklet *a, struct session *s, port_sock client, const struct address *from);

/* Runs the session as far as it goes in one turn. */
void session_step(struct anklet *a, struct session *s);

/* Ends the session now, whatever its state, resetting its connections. */
void session_abort(struct anklet *a, struct session *s, enum session_reason reason);

/* ---- For the handlers, each in the file of its state ---- */

enum session_next session_request(struct anklet *a, struct session *s);
enum session_next session_ident(struct anklet *a, struct session *s);
enum session_next session_ident_answer(struct anklet *a, struct session *s);
enum session_next session_resolve(struct anklet *a, struct session *s);
enum session_next session_connect(struct anklet *a, struct session *s);
enum session_next session_listen(struct anklet *a, struct session *s);
enum session_next session_announce(struct anklet *a, struct session *s);
enum session_next session_wait_peer(struct anklet *a, struct session *s);
enum session_next session_grant(struct anklet *a, struct session *s);

/* Advances to a state: always NEXT_STATE. */
enum session_next session_enter(struct session *s, enum session_state state);

/* Notes the reason: always NEXT_REFUSE. */
enum session_next session_refuse(struct session *s, enum session_reason reason);

/* The reason that a port's failure is. */
enum session_reason session_reason_of(int port_answer);

/*
 * Before the last grant: has the client left? NEXT_WAIT when it has not; else
 * the answer for the handler to return.
 */
enum session_next session_client_left(struct anklet *a, struct session *s);

/* Sets the reply to be sent next. */
void session_set_reply(struct session *s, enum socks4_code code, const struct address *at);

/* Sends on in the message: 0 when all of it was taken, PORT_AGAIN, or the failure. */
int session_send(struct anklet *a, struct session *s, port_sock to);

/* Sets the time limit of the phase (0: none), or of the state's own step; from now on. */
void session_set_limit(struct anklet *a, struct session *s, uint32_t ms);
void session_set_step(struct anklet *a, struct session *s, uint32_t ms);

/* Stores a socket just opened as the session's, so that its readiness is. */
void session_own(struct anklet *a, const struct session *s, port_sock sock);

/* Closes one of its sockets; or the second attempt, whose socket goes back to the spare ones. */
void session_close(struct anklet *a, port_sock *sock);
void session_close_rival(struct anklet *a, struct session *s);

/* BIND with any-peer: may this one be the peer? Notes the reason if not. */
bool session_may_meet(struct anklet *a, struct session *s, const struct ip *peer);

/* ---- The log ---- */

/* The state that was entered; an attempt at an address that failed for s->reason. Both only for 'log debug'. */
void session_log_state(struct anklet *a, const struct session *s);
void session_log_attempt(struct anklet *a, const struct session *s, const struct ip *ip);

void session_log_announced(struct anklet *a, const struct session *s);
void session_log_granted(struct anklet *a, const struct session *s);
void session_log_end(struct anklet *a, const struct session *s);

/* The code of the reply for a reason; 0: no reply is sent. */
uint8_t session_reply_code(enum session_reason reason);

#endif

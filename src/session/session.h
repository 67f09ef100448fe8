/*
 * A session: one client's life, from accept to the last byte.
 *
 * States (state.h; docs/architecture.md has their picture) only advance, though they may be jumped over; but a hop that
 * refuses is connected to again, for the next address of the destination. Each has one handler, which does what can be
 * done now and says how it went; it may be called at any time and then finds out for itself what is ready.
 * session_enter() alone sets the state, step() in session.c alone calls handlers and closes what they leave. Everything
 * a decision needs is in the session, never in a local that would have to outlive a step.
 */
#ifndef ANKLET_SESSION_H
#define ANKLET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "config/config.h"
#include "loop/loop.h"
#include "policy/rules.h"
#include "policy/users.h"
#include "port.h"
#include "protocol/hop.h"
#include "protocol/ident.h"
#include "protocol/request.h"
#include "protocol/starttls.h"
#include "resolver/resolver.h"
#include "session/reason.h"
#include "session/relay.h"
#include "session/seen.h"
#include "session/state.h"
#include "tls/stream.h"

/* What a handler answers. */
enum session_next {
	NEXT_WAIT,   /* interests and times are recorded: nothing to do until one of them */
	NEXT_STATE,  /* another state was entered: run its handler */
	NEXT_TICK,   /* there is more to do, after the others had theirs */
	NEXT_REFUSE, /* reason says why */
	NEXT_CLOSE,  /* it is over, in order */
	NEXT_RESET,  /* it is over: abort what is still open */
};

#define HOP_PASSWORD_LINE 127 /* bytes of NAME:PASSWORD for a next hop */
#define HOP_PASSWORD_SIZE (ANKLET_HAS_HOP_PASSWORDS ? HOP_PASSWORD_LINE + 1 : 1)

/*
 * A configuration, and what was made of it at the start. Sessions go by the one in force; but from its permission to
 * its grant or refusal each goes by the one that permitted it, and holds that. The client of a forward, whose request
 * stands there, does so from the beginning.
 */
struct settings {
	const struct config *config;
	uint16_t held;      /* by so many sessions */
	uint8_t generation; /* the last eight bits of its number, where there is a reload */
	struct tls_context *target_tls[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct tls_context *route_tls[ANKLET_TABLE(CONFIG_ANKLET_ROUTES)];
	/* Of the next hop, where it has one: a name, a NUL and the password, which ends with another. */
	char hop_password[ANKLET_TABLE(CONFIG_ANKLET_ROUTES)][HOP_PASSWORD_SIZE];
};

/* What is used most stands first: what is near is reached with less code. */
struct session {
	uint8_t state;   /* enum session_state */
	uint8_t reason;  /* enum session_reason */
	bool limit_due;  /* the limit of its phase has passed */
	bool step_due;   /* the time of its step has, since the handler ran last */
	uint16_t index;  /* its place in the table */
	uint16_t holder; /* its client, in the table of clients */
	int8_t forward;  /* the forward it belongs to; -1: the client speaks SOCKS */
	int8_t route;    /* the route it takes; ROUTES_NONE, ROUTES_UNDECIDED */
	int16_t rule;    /* that decided; -1: none */
	uint8_t stage;   /* enum stage: what it says, and what an answer answers */
	bool heard;      /* something of a client that speaks TLS has come */
	bool request_whole;
	bool by_name;          /* the request's NAME is one to be looked up */
	struct settings *held; /* NULL: none, it goes by those in force */
	struct stream client;  /* without a socket only when FREE */
	struct stream server;  /* to the server or the next hop, or the first attempt at it */
	port_sock second;      /* the second attempt, while both race */
	port_sock aux;         /* identd's connection or BIND's listener: never both */
	uint16_t sent;         /* bytes that were taken of what the present state sends */
	uint16_t rates;        /* its client, in the table of rates; 0: not yet asked for */
	bool any_peer;         /* BIND that accepts whoever comes first */
	bool remote;           /* the next hop looks the name up */
	bool identified;       /* the client's identd named the userid of the request */
	bool proven;           /* the userid is that of a user, with its password */
	bool claimed;          /* it is, without */
	bool needs_connect;    /* of the rule that granted */
	uint8_t address_count;
	uint8_t address_next; /* the next one to try */
	uint8_t others; /* so many, at the end of addresses, a hop is asked for when it refuses */
	uint8_t server_address,
		second_address; /* to which one each attempt is made; the former is the server's */
	uint8_t generation;     /* of what permitted it, as in struct settings */
	uint16_t port_start, ports_tried;    /* BIND: in bind-ports */
	uint32_t server_since, second_since; /* when it began */
	union {                              /* what is the present state's own */
		struct request_reader reader;
		struct ident_answer ident;
		struct starttls starttls;
		struct hop hop;
		struct address announced; /* BIND: where the peer is waited for, which it sends */
		struct
		{ /* of the same client's relayed CONNECTs, one more than the index; 0: none */
			uint16_t next, previous;
		} beside;
	};
	struct request request;
	uint64_t accepted_at;   /* by loop_time() */
	struct address from;    /* the client */
	struct address reached; /* the server, whoever connected to it; BIND: the peer that came */
	struct relay relay;
	struct ip asked;                       /* of a hop, where that is asked for an address */
	uint32_t number;                       /* counts sessions, for the log */
	uint32_t drained;                      /* bytes read and dropped at the end */
	uint32_t scope;                        /* of those of the addresses that are link-local */
	struct ip addresses[ANKLET_ADDRESSES]; /* permitted ones, in the order of trying */
};

/* The timers of a session, by its place in the table. */
#define SESSION_LIMIT(index) \
	(2u * (index)) /* of the phase: handshake, establishing, relay, drain */
#define SESSION_STEP(index) (2u * (index) + 1u) /* of the state's own step */

/* All sessions and what they share. The tables stand at the end. */
struct sessions {
	struct settings *settings; /* in force */
	uint32_t number;           /* of the session that began last */
	uint32_t slice;            /* bytes that each may move in a direction in this tick */
	uint32_t refused_sum,
		refused_at;  /* of the request that a hop refused last, and when: log.c */
	uint16_t draining;   /* in DRAIN: they are evicted for new clients */
	uint16_t used;       /* so many slots have ever been used */
	uint16_t free_count; /* of these, so many are free again */
	struct loop loop;    /* ends with its tables */
	struct resolver names;
#if CONFIG_ANKLET_PASSWORDS
	struct users users;
#endif
#if CONFIG_ANKLET_STATUS
	struct seen seen;
#endif
	uint16_t free[CONFIG_ANKLET_SESSIONS]; /* a stack of indices */
	struct session session[CONFIG_ANKLET_SESSIONS];
};

/* Is it a client of a forward, who does not speak SOCKS? */
static inline bool session_is_forwarded(const struct session *s)
{
	return ANKLET_HAS_FORWARDS && s->forward >= 0;
}

/* Does it ask for BIND, where that is built in? */
static inline bool session_is_bind(const struct session *s)
{
	return CONFIG_ANKLET_BIND && s->request.command == COMMAND_BIND;
}

/* BIND in a protocol whose replies can only tell an address of IPv4. */
static inline bool session_binds_ipv4(const struct session *s)
{
	return session_is_bind(s) && !reply_holds_ipv6(s->request.version);
}

/* The settings that it goes by, and their configuration. */
static inline struct settings *session_settings(const struct sessions *all, const struct session *s)
{
	return s->held != NULL ? s->held : all->settings;
}

static inline const struct config *session_config(
	const struct sessions *all, const struct session *s)
{
	return session_settings(all, s)->config;
}

/* ---- session.c: for the instance ---- */

/*
 * Is there room for one more, who speaks TLS or not? 0: there is, if perhaps one that only drains a refusal, or has
 * asked for nothing yet, is evicted for it. Else in how many ms there can be; negative: not before a session ends.
 */
int32_t sessions_room(const struct sessions *all, bool tls);

enum session_admission {
	SESSION_ADMITTED,
	SESSION_HAS_SHARE, /* the client has all the sessions that it may have */
	SESSION_NO_ROOM, /* there is none, and none of the silent ones is of a client that has more */
	SESSION_TOO_SOON, /* the client has begun as many as it may in that time */
};

/*
 * Begins a session for a client just accepted, of a forward or (-1) of SOCKS, which speaks TLS or (NULL) does not.
 * client is the session's from here; where it is not admitted it is still the caller's.
 */
enum session_admission session_begin(struct sessions *all, int8_t forward, struct tls_context *tls,
	port_sock client, const struct address *from);

/* The time of one of their timers has come: puts the session on the ready list. */
void sessions_timer_due(struct sessions *all, unsigned timer);

/* There was no limit for all that are relayed, and there is one now: it begins. */
void sessions_limit_relays(struct sessions *all);

/* Each session on the ready list gets one slice; those that it makes ready wait for the next time. */
void sessions_run(struct sessions *all);

/* Ends one now, as the next does. */
void sessions_end(struct sessions *all, struct session *s, enum session_reason reason);

/* Ends all sessions now, resetting their connections. */
void sessions_abort(struct sessions *all, enum session_reason reason);

/* ---- The handlers, each in the file of its state; below, what they share ---- */

#define SESSION_HANDLER(state, name, handler, feature) \
	enum session_next handler(struct sessions *all, struct session *s);

SESSION_STATES(SESSION_HANDLER)
#if !CONFIG_ANKLET_SOCKS5
SESSION_STATES_GREETING(SESSION_HANDLER)
#endif
#if !CONFIG_ANKLET_PASSWORDS
SESSION_STATES_PASSWORD(SESSION_HANDLER)
#endif

#undef SESSION_HANDLER

/* Advances to a state: always NEXT_STATE. */
enum session_next session_enter(struct sessions *all, struct session *s, enum session_state state);

/* The one way back, from HOP to CONNECT: always NEXT_STATE. There is an address less to ask the hop for each time. */
enum session_next session_connect_again(struct sessions *all, struct session *s);

/* Notes the reason: always NEXT_REFUSE. */
enum session_next session_refuse(struct session *s, enum session_reason reason);

/* Notes the reason for which it is over: always 'how'. */
enum session_next session_ended(
	struct session *s, enum session_reason reason, enum session_next how);

/*
 * A connection is broken, as the answer 'end' says: always NEXT_RESET. The reason, unless it was this host that lost
 * the address of it.
 */
enum session_next session_broken(struct session *s, int end, enum session_reason reason);

/* The reason that a failure of the port's or of TLS is. */
enum session_reason session_reason_of(int answer);

/* The reason that a refusal by the rules is. */
enum session_reason session_reason_of_rules(const struct rules_answer *answer);

/*
 * The client has left without a word, as a peek has met it. It is not refused: who looks whether somebody listens, and
 * a browser that keeps a connection in store, are no news.
 */
enum session_next session_left(struct session *s, int end);

/* Sends on in what the state has to say, from s->sent on: 0 when all of it was taken, PORT_AGAIN, or the failure. */
int session_send(struct sessions *all, struct session *s, struct stream *to, const void *message,
	size_t len);

/* The same in a reply to the client; at: an address to be told, or NULL. */
int session_send_reply(
	struct sessions *all, struct session *s, enum verdict verdict, const struct address *at);

/* Sets the time limit of the phase (0: none), or of the state's own step; from now on. */
void session_set_limit(struct sessions *all, struct session *s, enum timer_kind kind, uint32_t ms);
void session_set_step(struct sessions *all, struct session *s, enum timer_kind kind, uint32_t ms);

/* Holds the settings in force; gives back those that it holds, if it does. */
void session_hold(struct sessions *all, struct session *s);
void session_release(struct session *s);

/* Stores a socket just opened as the session's, so that its readiness is. */
void session_own(struct sessions *all, const struct session *s, port_sock sock);

/* Closes one of its sockets; a stream; or the second attempt, whose socket goes back to the spare ones. */
void session_close(struct sessions *all, port_sock *sock);
void session_close_stream(
	struct sessions *all, const struct session *s, struct stream *stream, bool reset);
void session_close_second(struct sessions *all, struct session *s);

/* Closes everything but the client's connection. */
void session_close_others(struct sessions *all, struct session *s, bool reset);

/* Sets the limit of a relay, one side of which may have ended. (end.c) */
void session_limit_relay(struct sessions *all, struct session *s);

/* Begin the two ends that take time: both always NEXT_STATE. (end.c) */
enum session_next session_begin_refusal(struct sessions *all, struct session *s);
enum session_next session_begin_linger(struct sessions *all, struct session *s);

/* Is either of its connections encrypted? */
bool session_speaks_tls(const struct session *s);

/* Begins TLS on a stream of the session's. 0, or the failure of tls_open(). */
int session_open_tls(struct sessions *all, const struct session *s, struct stream *stream,
	struct tls_context *context, const char *name);

/* Gives the place of a stream's TLS back. The stream is then a socket again. */
void session_close_tls(struct sessions *all, const struct session *s, struct stream *stream);

/* ---- What comes before a request (greeting.c) ---- */

/* What does it say, or has said last? */
static inline enum stage session_stage(const struct session *s)
{
	return CONFIG_ANKLET_SOCKS5 ? (enum stage)s->stage : STAGE_REQUEST;
}

/* The users, where there are passwords. */
#if CONFIG_ANKLET_PASSWORDS
#define SESSION_USERS(all) (&(all)->users)
#else
#define SESSION_USERS(all) ((struct users *)NULL)
#endif

/* A message of those before the request is whole, the greeting perhaps without a byte: goes on. */
enum session_next session_early(struct sessions *all, struct session *s, size_t len);

/* Have as many others of its user, who is proven, asked for something already? */
bool session_is_over_limit_user(const struct sessions *all, const struct session *s);

/* ---- How it travels (route.c) ---- */

/* Finds the route for one address, or for the name where ip is NULL; 'unresolved': it has no address here. */
int session_find_route(
	struct sessions *all, const struct session *s, const struct ip *ip, bool unresolved);

/* The next hop of its route, or NULL. */
const struct endpoint *session_hop_endpoint(const struct sessions *all, const struct session *s);

/* The TLS that is spoken with the server or the next hop: its options, or NULL where none is. */
const struct tls_options *session_tls_options(const struct sessions *all, const struct session *s);
struct tls_context *session_tls_context(const struct sessions *all, const struct session *s);

/* Does it begin with STARTTLS, in which protocol (enum starttls_protocol)? */
bool session_begins_in_clear(
	const struct sessions *all, const struct session *s, uint8_t *protocol);

/* Everything that may be reached is in addresses, or the name is the hop's to look up: goes on. */
enum session_next session_start_outbound(struct sessions *all, struct session *s);

/* The hop refuses an address of the destination, and there are others: it is asked for the next one. */
enum session_next session_ask_for_next(struct sessions *all, struct session *s);

/* The server is connected, or TLS with it is ready: goes on to what comes next. */
enum session_next session_outbound_ready(struct sessions *all, struct session *s);

/* ---- Permission (permission.c); each notes the reason if not ---- */

/* What the rules say of an address, or of the name where ip is NULL: it may go on. */
bool session_permitted(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer);

/* Each address is judged by itself, as the one that would be reached. */
bool session_usable(
	struct sessions *all, struct session *s, const struct ip *ip, struct rules_answer *answer);

/* The name, whose address nobody here will see, may go by this route; takes it. */
bool session_may_go_unseen(struct sessions *all, struct session *s, int route);

/* Has it the CONNECT that the rule wants that decided, to ip or (NULL) to the name? */
bool session_has_its_connect(struct sessions *all, struct session *s, const struct ip *ip);

/* A CONNECT that is relayed from now on, or is no longer, is one for a BIND of the same client. */
void session_add_connect(struct sessions *all, struct session *s);
void session_remove_connect(struct sessions *all, struct session *s);

/* BIND with any-peer: does a rule that may decide about who comes want the client's identd asked? */
bool session_peer_wants_ident(const struct sessions *all, const struct session *s);

/* BIND with any-peer: do the rules permit this one as the peer? */
bool session_permits_peer(struct sessions *all, struct session *s, const struct ip *peer);

/* Is it 0.0.0.0, or '::' for a client of SOCKS5, with which BIND says that nobody knows who will come? */
bool session_any_ip(const struct ip *ip);

/* ---- Rates (pace.c); of those nobody calls any where none is limited ---- */

/* Is one limited, or was when it moved last? */
static inline bool session_has_rates(const struct sessions *all, const struct session *s)
{
	return ANKLET_HAS_RATES && (LOOP_RATES(&all->loop)->on || s->rates != 0);
}

/* Rests a direction until its time? */
static inline bool session_is_paused(const struct session *s)
{
	return ANKLET_HAS_RATES && (s->relay.up.paused || s->relay.down.paused);
}

/*
 * Before the relay runs: how much each direction may move. And after that: how much each has; sets the time of a pause.
 */
void session_allow(struct sessions *all, struct session *s);
void session_spend(struct sessions *all, struct session *s, uint64_t up, uint64_t down);

/* It is over: its client keeps the balance, but not for it. */
void session_leave_rates(struct sessions *all, struct session *s);

/* ---- Then (ident.c) ---- */

/* Begins to ask the client's identd. */
enum session_next session_begin_ident(struct sessions *all, struct session *s);

/* Permission and IDENT are done, or were not needed: goes on. */
enum session_next session_authorized(struct sessions *all, struct session *s);

/* Adds one of the addresses to be tried. */
void session_add_address(struct session *s, const struct address *found);

/* Keeps those of the hop's addresses that are neither ourselves nor the client, and goes on. */
enum session_next session_keep_hops(
	struct sessions *all, struct session *s, const struct address *found, size_t count);

/* ---- The log ---- */

/* The state that was entered; an attempt at an address that failed for s->reason. Both only for 'log debug'. */
void session_log_state(struct sessions *all, const struct session *s);
void session_log_attempt(struct sessions *all, const struct session *s, const struct ip *ip);

/* As the log calls the state that it is in, which is not FREE. */
const char *session_state_name(const struct session *s);

void session_log_announced(struct sessions *all, const struct session *s);
void session_log_granted(struct sessions *all, const struct session *s);
void session_log_end(struct sessions *all, const struct session *s);

/* Appends the words for a reason, and which rule it was (from 0), if it was one. */
void text_reason(struct text *t, enum session_reason reason, int16_t rule);

/* What a client is told for a reason. */
enum verdict session_verdict(const struct sessions *all, const struct session *s);

/* Is it on its way to the next hop, so that what failed is that, and not the destination? */
bool session_concerns_hop(const struct sessions *all, const struct session *s);

#endif

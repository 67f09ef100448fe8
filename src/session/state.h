/*
 * The states of a session, in the order in which they advance (but for a hop that is asked again: session.h).
 *
 * One list, from which come the enum, the prototype of each handler, its call by the dispatcher, and the state's
 * name in the log. What a state needs to be entered at all is the feature: where that is 0 its handler, which
 * nobody calls then, falls away with all that only it uses.
 */
#ifndef ANKLET_SESSION_STATE_H
#define ANKLET_SESSION_STATE_H

#include "anklet_config.h"

/* Before a request only SOCKS5 has something. Without it nobody enters these, and not even their names are there. */
#define SESSION_STATES_GREETING(X)                                 \
	/* Reads the greeting. */                                  \
	X(SESSION_GREETING, "greeting", session_request, 1)        \
	/* Sends which of the ways to say who it is was chosen. */ \
	X(SESSION_METHOD, "method", session_method, 1)

#define SESSION_STATES_PASSWORD(X)                                             \
	/* Reads a name and its password. */                                   \
	X(SESSION_PASSWORD, "password", session_request, 1)                    \
	/* It is wrong: waits before it refuses. */                            \
	X(SESSION_WRONG_PASSWORD, "wrong password", session_wrong_password, 1) \
	/* It is right: sends so. */                                           \
	X(SESSION_PROVEN, "proven", session_proven, 1)

#if CONFIG_ANKLET_PASSWORDS
#define SESSION_STATES_BEFORE_REQUEST(X) SESSION_STATES_GREETING(X) SESSION_STATES_PASSWORD(X)
#elif CONFIG_ANKLET_SOCKS5
#define SESSION_STATES_BEFORE_REQUEST(X) SESSION_STATES_GREETING(X)
#else
#define SESSION_STATES_BEFORE_REQUEST(X)
#define SESSION_GREETING SESSION_REQUEST
#define SESSION_METHOD SESSION_REQUEST
#endif
#if !CONFIG_ANKLET_PASSWORDS
#define SESSION_PASSWORD SESSION_REQUEST
#define SESSION_WRONG_PASSWORD SESSION_REQUEST
#define SESSION_PROVEN SESSION_REQUEST
#endif

/* X(state, name, handler, feature); SESSION_FREE, before all of them, has neither name nor handler. */
#define SESSION_STATES(X)                                                                                      \
	/* Shakes hands with a client that speaks TLS. */                                                      \
	X(SESSION_TLS_ACCEPT, "tls accept", session_tls_accept, ANKLET_HAS_TLS)                                \
	SESSION_STATES_BEFORE_REQUEST(X)                                                                       \
	/* Reads the request. */                                                                               \
	X(SESSION_REQUEST, "request", session_request, 1)                                                      \
	/* Connects to the client's identd; asks it, and reads the answer. */                                  \
	X(SESSION_IDENT, "ident", session_ident, CONFIG_ANKLET_IDENT)                                          \
	X(SESSION_IDENT_ANSWER, "ident answer", session_ident_answer, CONFIG_ANKLET_IDENT)                     \
	/* Looks the name up, and the next hop's. */                                                           \
	X(SESSION_RESOLVE, "resolve", session_resolve, 1)                                                      \
	X(SESSION_RESOLVE_HOP, "resolve hop", session_resolve_hop,                                             \
		(ANKLET_HAS_ROUTES) && (CONFIG_ANKLET_NAMES))                                                  \
	/* Races the addresses, of the destination or of the hop. */                                           \
	X(SESSION_CONNECT, "connect", session_connect, 1)                                                      \
	/* Asks the server for TLS, in its own protocol; shakes hands with it. */                              \
	X(SESSION_STARTTLS, "starttls", session_starttls, ANKLET_HAS_TLS)                                      \
	X(SESSION_TLS_CONNECT, "tls connect", session_tls_connect, ANKLET_HAS_TLS)                             \
	/* Asks the next hop, and reads its reply. */                                                          \
	X(SESSION_HOP, "hop", session_hop, ANKLET_HAS_ROUTES)                                                  \
	/* BIND: opens the socket for the peer. */                                                             \
	X(SESSION_LISTEN, "listen", session_listen, CONFIG_ANKLET_BIND)                                        \
	/* Sends the first reply; waits for the next hop's second one, or for the peer. */                     \
	X(SESSION_ANNOUNCE, "announce", session_announce, CONFIG_ANKLET_BIND)                                  \
	X(SESSION_HOP_PEER, "hop's peer", session_hop_peer,                                                    \
		(ANKLET_HAS_ROUTES) && (CONFIG_ANKLET_BIND))                                                   \
	X(SESSION_WAIT_PEER, "wait for peer", session_wait_peer, CONFIG_ANKLET_BIND)                           \
	/* Sends the last reply. */                                                                            \
	X(SESSION_GRANT, "grant", session_grant, 1)                                                            \
	X(SESSION_RELAY, "relay", session_relay, 1)                                                            \
	/* TLS was ended: reads and drops, so that its last words are not destroyed by a reset. */             \
	X(SESSION_LINGER, "linger", session_linger, ANKLET_HAS_TLS)                                            \
	/* Sends the reply that refuses, then our FIN; reads and drops, so that the reply is not destroyed. */ \
	X(SESSION_REFUSE, "refuse", session_send_refusal, 1)                                                   \
	X(SESSION_DRAIN, "drain", session_drain, 1)

#define SESSION_STATE(state, name, handler, feature) state,

enum session_state { SESSION_FREE, SESSION_STATES(SESSION_STATE) };

#undef SESSION_STATE

#endif

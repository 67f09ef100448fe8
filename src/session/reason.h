/*
 * Why a session was refused or has ended: the reply code (0: none is sent) and the words in the log.
 *
 * One list, from which the enum and what belongs to its values are made: none
 * can be without its words, and no table of pointers has to be relocated. What
 * cannot happen without a feature that is left out has empty ones.
 */
#ifndef ANKLET_SESSION_REASON_H
#define ANKLET_SESSION_REASON_H

#include "anklet_config.h"

#define SESSION_REASONS(X)                                                                         \
	X(REASON_NONE, 0, "no reason")                                                             \
	X(REASON_EOF_IN_REQUEST, 91, "the client ended before its request was whole")              \
	X(REASON_HANDSHAKE_LIMIT, 0, "no whole request within limit-handshake")                    \
	X(REASON_NOT_SOCKS, 0, "this client does not speak SOCKS4")                                \
	X(REASON_IS_SOCKS5, 0, "this client speaks SOCKS5, which is not built in")                 \
	X(REASON_IS_HTTP, 0, "this client speaks HTTP, not SOCKS4")                                \
	X(REASON_IS_TLS, 0, "this client speaks TLS, and this listener does not")                  \
	X(REASON_BAD_COMMAND, 91, "the command is neither CONNECT nor BIND")                       \
	X(REASON_BIND_ABSENT, 91, ANKLET_TEXT(CONFIG_ANKLET_BIND, "", "BIND is not built in"))     \
	X(REASON_LONG_USERID, 91, "the userid is too long")                                        \
	X(REASON_EMPTY_NAME, 91, "the name is empty")                                              \
	X(REASON_LONG_NAME, 91, "the name is too long")                                            \
	X(REASON_BAD_NAME, 91, "the name has a blank or a control character")                      \
	X(REASON_PORT_ZERO, 91, "nobody can connect to port 0")                                    \
	X(REASON_RULE, 91, "denied by rule")                                                       \
	X(REASON_NO_RULE, 91, "no allow line matches")                                             \
	X(REASON_DEFAULT, 91,                                                                      \
		"only loopback and private networks are served, for there are no rules")           \
	X(REASON_ADDRESS, 91, "nobody may reach that address")                                     \
	X(REASON_PROTECTED, 91,                                                                    \
		"an address of this host, loopback or link-local: an allow line must name it")     \
	X(REASON_LOOP, 91, "the proxy itself listens there")                                       \
	X(REASON_CLIENT_TLS, 0, ANKLET_IF_TLS("TLS with the client failed"))                       \
	X(REASON_CLIENT_UNVERIFIED, 0, ANKLET_IF_TLS("the client's certificate is not accepted"))  \
	X(REASON_CLIENT_TLS_FULL, 0, ANKLET_IF_TLS("no room for another encrypted connection"))    \
	X(REASON_TLS_FULL, 91, ANKLET_IF_TLS("no room for another encrypted connection"))          \
	X(REASON_NO_IDENT, 0,                                                                      \
		ANKLET_IF_IDENT(                                                                   \
			"the rule wants the client's identd asked, which cannot be done for "      \
			"datagrams"))                                                              \
	X(REASON_NO_IDENTD, 92, ANKLET_IF_IDENT("the client's identd cannot be reached"))          \
	X(REASON_IDENT_LIMIT, 92, ANKLET_IF_IDENT("the client's identd did not answer in time"))   \
	X(REASON_IDENT_ANSWER, 92, ANKLET_IF_IDENT("the client's identd gave no valid answer"))    \
	X(REASON_IDENT_ERROR, 92, ANKLET_IF_IDENT("the client's identd does not know the user"))   \
	X(REASON_OTHER_USERID, 93, ANKLET_IF_IDENT("the client's identd names another user"))      \
	X(REASON_NO_NAME, 91, ANKLET_IF_NAMES("the name has no address"))                          \
	X(REASON_NAME_FAILED, 91, ANKLET_IF_NAMES("the name could not be looked up"))              \
	X(REASON_NAMES_ABSENT, 91,                                                                 \
		ANKLET_TEXT(CONFIG_ANKLET_NAMES, "", "looking names up is not built in"))          \
	X(REASON_CONNECT_REFUSED, 91, "connection refused")                                        \
	X(REASON_UNREACHABLE, 91, "unreachable")                                                   \
	X(REASON_TIMEOUT, 91, "no answer")                                                         \
	X(REASON_RESET, 91, "the connection was reset")                                            \
	X(REASON_NO_RESOURCES, 91, "no socket was free")                                           \
	X(REASON_NO_RANDOM, 91, ANKLET_IF_NAMES("no random numbers for a look-up"))                \
	X(REASON_SYSTEM, 91, "the system denied it")                                               \
	X(REASON_TLS_UNVERIFIED, 91, ANKLET_IF_TLS("the server's certificate is not accepted"))    \
	X(REASON_TLS_FAILED, 91, ANKLET_IF_TLS("TLS with the server failed"))                      \
	X(REASON_STARTTLS_SERVER, 91, ANKLET_IF_TLS("the server does not speak that protocol"))    \
	X(REASON_STARTTLS_BUSY, 91, ANKLET_IF_TLS("the server is not available for now"))          \
	X(REASON_STARTTLS_AWAY, 91, ANKLET_IF_TLS("the server turns this host away"))              \
	X(REASON_STARTTLS_ENDED, 91,                                                               \
		ANKLET_IF_TLS("the server ended before it had agreed to TLS"))                     \
	X(REASON_STARTTLS_REFUSED, 91, ANKLET_IF_TLS("the server refused STARTTLS"))               \
	X(REASON_STARTTLS_ANSWER, 91,                                                              \
		ANKLET_IF_TLS("the server gave no valid answer to STARTTLS"))                      \
	X(REASON_STARTTLS_INJECTION, 91,                                                           \
		ANKLET_IF_TLS("octets in the clear stood behind the server's answer to STARTTLS")) \
	X(REASON_HOP_LOOP, 91, "the next hop is the client itself")                                \
	X(REASON_HOP_NO_IPV4, 91, "the next hop takes IPv4 addresses only, and there is none")     \
	X(REASON_HOP_ENDED, 91, "the next hop ended before its reply was whole")                   \
	X(REASON_HOP_REPLY, 91, "the next hop's reply is none of SOCKS4")                          \
	X(REASON_HOP_REFUSED, 91, "the next hop refused with")                                     \
	X(REASON_HOP_IPV6, 91,                                                                     \
		ANKLET_IF_BIND("the next hop waits for the peer on an IPv6 address"))              \
	X(REASON_NO_IPV4, 91, ANKLET_IF_BIND("BIND needs a peer with an IPv4 address"))            \
	X(REASON_NEEDS_CONNECT, 91, ANKLET_IF_BIND("the rule wants a CONNECT to that host first")) \
	X(REASON_NO_BIND_PORT, 91, ANKLET_IF_BIND("no port of bind-ports is free"))                \
	X(REASON_WRONG_PEER, 91, ANKLET_IF_BIND("another host than the one announced connected"))  \
	X(REASON_ESTABLISH_LIMIT, 91, "not established within limit-establish")                    \
	X(REASON_CLIENT_LEFT, 91, "the client left before it was granted")                         \
	X(REASON_CLIENT_RESET, 0, "the client reset the connection")                               \
	X(REASON_SERVER_RESET, 0, "the server reset the connection")                               \
	X(REASON_SERVER_TLS, 0, ANKLET_IF_TLS("TLS with the server failed"))                       \
	X(REASON_CLIENT_TRUNCATED, 0, ANKLET_IF_TLS("the client was cut off"))                     \
	X(REASON_SERVER_TRUNCATED, 0, ANKLET_IF_TLS("the server was cut off"))                     \
	X(REASON_ENDED, 0, "both sides ended")                                                     \
	X(REASON_IDLE, 0, "idle for limit-idle")                                                   \
	X(REASON_HALF_CLOSED, 0, "one side ended, the other idle for limit-half-closed")           \
	X(REASON_GAVE_WAY, 0, "gave way to a new client")                                          \
	X(REASON_STOPPED, 0, "the proxy was stopped")

#define SESSION_REASON(reason, code, words) reason,

enum session_reason { SESSION_REASONS(SESSION_REASON) };

#undef SESSION_REASON

#endif

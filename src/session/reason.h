/*
 * Why a session was refused or has ended: what its client is told (enum verdict), and the words in the log.
 *
 * One list, from which the enum and what belongs to its values are made: none
 * can be without its words, and no table of pointers has to be relocated. What
 * cannot happen without a feature that is disabled has empty ones. The list is
 * looked through for the words, so what is said most often stands first. Some stand
 * in the order of somebody else's list: those of enum request_error, and of REP in
 * a next hop's reply.
 */
#ifndef ANKLET_SESSION_REASON_H
#define ANKLET_SESSION_REASON_H

#include "anklet_config.h"

#define REASON_NUMBER(n) REASON_NUMBER_OF(n)
#define REASON_NUMBER_OF(n) #n

/* What only a client of SOCKS5 is told is in no other build, not even as an empty text. */
#if CONFIG_ANKLET_SOCKS5
#define REASON_OF_SOCKS5(...) __VA_ARGS__
#else
#define REASON_OF_SOCKS5(...)
#define REASON_BAD_VERSION REASON_NOT_SOCKS /* whoever gives these is dead code */
#define REASON_NO_METHOD REASON_NOT_SOCKS
#define REASON_BAD_ADDRESS_TYPE REASON_NOT_SOCKS
#define REASON_NO_NETWORK REASON_UNREACHABLE
#endif
#if CONFIG_ANKLET_PASSWORDS
#define REASON_OF_PASSWORDS(...) __VA_ARGS__
#else
#define REASON_OF_PASSWORDS(...)
#define REASON_LONG_PASSWORD REASON_NOT_SOCKS
#define REASON_WRONG_PASSWORD REASON_NOT_SOCKS
#define REASON_GUESSING REASON_NOT_SOCKS
#define REASON_USER_LIMIT REASON_NOT_SOCKS
#endif
#if CONFIG_ANKLET_CONTROL
#define REASON_OF_CONTROL(...) __VA_ARGS__
#else
#define REASON_OF_CONTROL(...)
#endif
#define REASON_SOCKS ANKLET_TEXT(CONFIG_ANKLET_SOCKS5, "SOCKS", "SOCKS4")

#define SESSION_REASONS(X)                                                                         \
	X(REASON_NONE, NONE, "no reason")                                                          \
	X(REASON_ENDED, NONE, "both sides ended")                                                  \
	X(REASON_EOF_IN_REQUEST, FAILED, "the client ended before its request was whole")          \
	X(REASON_LEFT, NONE, "the client left before its request")                                 \
	X(REASON_HANDSHAKE_LIMIT, NONE, "no whole request within limit-handshake")                 \
	X(REASON_NOT_SOCKS, FAILED, "this client does not speak " REASON_SOCKS)                    \
	X(REASON_IS_SOCKS5, FAILED,                                                                \
		ANKLET_TEXT(CONFIG_ANKLET_SOCKS5, "",                                              \
			"this client speaks SOCKS5, which is not built in"))                       \
	X(REASON_IS_HTTP, FAILED, "this client speaks HTTP, not " REASON_SOCKS)                    \
	X(REASON_IS_TLS, FAILED, "this client speaks TLS, and this listener does not")             \
	X(REASON_BAD_COMMAND, NO_COMMAND, "the command is neither CONNECT nor BIND")               \
	X(REASON_LONG_USERID, FAILED, "the userid is too long")                                    \
	X(REASON_EMPTY_NAME, FAILED, "the name is empty")                                          \
	X(REASON_LONG_NAME, FAILED, "the name is too long")                                        \
	X(REASON_BAD_NAME, FAILED, "the name has a blank or a control character")                  \
	REASON_OF_SOCKS5(X(REASON_BAD_VERSION, NONE,                                               \
		"a message of this client is not of the version that it began with"))              \
	REASON_OF_SOCKS5(X(                                                                        \
		REASON_BAD_ADDRESS_TYPE, NO_ADDRESS_TYPE, "the type of the address is not known")) \
	REASON_OF_PASSWORDS(X(REASON_LONG_PASSWORD, FAILED, "the password is too long"))           \
	REASON_OF_SOCKS5(X(REASON_NO_METHOD, FAILED,                                               \
		"this client offers no way to say who it is that is accepted"))                    \
	X(REASON_BIND_ABSENT, NO_COMMAND,                                                          \
		ANKLET_TEXT(CONFIG_ANKLET_BIND, "", "BIND is not built in"))                       \
	X(REASON_NAME_OF_IP, FAILED, "the name could be taken for an address")                     \
	X(REASON_PORT_ZERO, FAILED, "nobody can connect to port 0")                                \
	X(REASON_RULE, DENIED, "denied by rule")                                                   \
	X(REASON_NO_RULE, DENIED, "no allow line matches")                                         \
	X(REASON_DEFAULT, DENIED,                                                                  \
		"only loopback and private networks are served, for there are no rules")           \
	X(REASON_ADDRESS, DENIED, "nobody may reach that address")                                 \
	X(REASON_PROTECTED, DENIED,                                                                \
		"an address of this host, loopback or link-local: an allow line must name it")     \
	REASON_OF_PASSWORDS(X(REASON_WRONG_PASSWORD, DENIED, "wrong name or password"))            \
	REASON_OF_PASSWORDS(X(REASON_GUESSING, DENIED,                                             \
		"too many wrong passwords from this address: none is taken for a minute"))         \
	REASON_OF_PASSWORDS(X(                                                                     \
		REASON_USER_LIMIT, DENIED, "this user has as many sessions as limit-user allows")) \
	X(REASON_LOOP, DENIED, "the proxy itself listens there")                                   \
	X(REASON_CLIENT_TLS, NONE, ANKLET_IF_TLS("TLS with the client failed"))                    \
	X(REASON_CLIENT_UNVERIFIED, NONE,                                                          \
		ANKLET_IF_TLS("the client's certificate is not accepted"))                         \
	X(REASON_CLIENT_TLS_FULL, NONE, ANKLET_IF_TLS("no room for another encrypted connection")) \
	X(REASON_TLS_FULL, FAILED, ANKLET_IF_TLS("no room for another encrypted connection"))      \
	X(REASON_NO_IDENT, NONE,                                                                   \
		ANKLET_IF_IDENT(ANKLET_IF_UDP_FLOWS(                                               \
			"the rule wants the client's identd asked, which cannot be done for "      \
			"datagrams")))                                                             \
	X(REASON_FLOW_LOOP, NONE, ANKLET_IF_UDP_FLOWS("it comes from where it would go"))          \
	X(REASON_FLOWS_WAIT, NONE,                                                                 \
		ANKLET_IF_UDP_FLOWS(                                                               \
			"this client has its share, and all of it waits for an answer"))           \
	X(REASON_FLOWS_LIMITED, NONE, "")                                                          \
	X(REASON_DATAGRAM_TOO_LONG, NONE,                                                          \
		ANKLET_IF_UDP_FLOWS(                                                               \
			"longer than " REASON_NUMBER(CONFIG_ANKLET_DATAGRAM) " bytes"))            \
	X(REASON_NO_IDENTD, NO_IDENTD, ANKLET_IF_IDENT("the client's identd cannot be reached"))   \
	X(REASON_IDENT_LIMIT, NO_IDENTD,                                                           \
		ANKLET_IF_IDENT("the client's identd did not answer in time"))                     \
	X(REASON_IDENT_ANSWER, NO_IDENTD,                                                          \
		ANKLET_IF_IDENT("the client's identd gave no valid answer"))                       \
	X(REASON_IDENT_ERROR, NO_IDENTD,                                                           \
		ANKLET_IF_IDENT("the client's identd does not know the user"))                     \
	X(REASON_OTHER_USERID, OTHER_USERID,                                                       \
		ANKLET_IF_IDENT("the client's identd names another user"))                         \
	X(REASON_NO_NAME, UNREACHABLE, ANKLET_IF_NAMES("the name has no address"))                 \
	X(REASON_NAME_FAILED, FAILED, ANKLET_IF_NAMES("the name could not be looked up"))          \
	X(REASON_NAMES_ABSENT, FAILED,                                                             \
		ANKLET_TEXT(CONFIG_ANKLET_NAMES, "", "looking names up is not built in"))          \
	X(REASON_CONNECT_REFUSED, CONNECTION_REFUSED, "connection refused")                        \
	REASON_OF_SOCKS5(X(REASON_NO_NETWORK, NO_NETWORK, "no way to that network from here"))     \
	X(REASON_UNREACHABLE, UNREACHABLE, "unreachable")                                          \
	X(REASON_TIMEOUT, TIMEOUT, "no answer")                                                    \
	X(REASON_RESET, CONNECTION_REFUSED, "the connection was reset")                            \
	X(REASON_ADDRESS_LOST, NONE, "this host has lost its address")                             \
	X(REASON_NO_RESOURCES, FAILED, "no socket was free")                                       \
	X(REASON_NO_RANDOM, FAILED, ANKLET_IF_NAMES("no random numbers for a lookup"))             \
	X(REASON_SYSTEM, DENIED, "the system denied it")                                           \
	X(REASON_TLS_UNVERIFIED, FAILED,                                                           \
		ANKLET_IF_TLS("the server's certificate is not accepted"))                         \
	X(REASON_TLS_FAILED, FAILED, ANKLET_IF_TLS("TLS with the server failed"))                  \
	X(REASON_STARTTLS_SERVER, FAILED,                                                          \
		ANKLET_IF_TLS("the server does not speak that protocol"))                          \
	X(REASON_STARTTLS_BUSY, FAILED, ANKLET_IF_TLS("the server is not available for now"))      \
	X(REASON_STARTTLS_AWAY, FAILED, ANKLET_IF_TLS("the server turns this host away"))          \
	X(REASON_STARTTLS_ENDED, FAILED,                                                           \
		ANKLET_IF_TLS("the server ended before it had agreed to TLS"))                     \
	X(REASON_STARTTLS_REFUSED, FAILED, ANKLET_IF_TLS("the server refused STARTTLS"))           \
	X(REASON_STARTTLS_ANSWER, FAILED,                                                          \
		ANKLET_IF_TLS("the server gave no valid answer to STARTTLS"))                      \
	X(REASON_STARTTLS_INJECTION, FAILED,                                                       \
		ANKLET_IF_TLS("bytes in the clear came after the server's answer to STARTTLS"))    \
	X(REASON_HOP_LOOP, DENIED, ANKLET_IF_ROUTES("the next hop is the client itself"))          \
	X(REASON_HOP_NO_IPV4, FAILED,                                                              \
		ANKLET_IF_ROUTES("the next hop takes IPv4 addresses only, and there is none"))     \
	X(REASON_HOP_ENDED, FAILED,                                                                \
		ANKLET_IF_ROUTES("the next hop ended before its reply was whole"))                 \
	X(REASON_HOP_REPLY, FAILED, ANKLET_IF_ROUTES("the next hop's reply is none of SOCKS"))     \
	X(REASON_HOP_NO_METHOD, FAILED,                                                            \
		ANKLET_IF_SOCKS5("the next hop accepts none of the methods of authentication"))    \
	X(REASON_HOP_NO_PASSWORD, FAILED,                                                          \
		ANKLET_IF_SOCKS5("the next hop does not accept the password"))                     \
	X(REASON_HOP_REFUSED, FAILED, ANKLET_IF_ROUTES("the next hop refused with"))               \
	X(REASON_HOP_DENIED, DENIED, ANKLET_IF_SOCKS5("the next hop's rules deny it: REP"))        \
	X(REASON_HOP_NO_NETWORK, NO_NETWORK,                                                       \
		ANKLET_IF_SOCKS5("no network from the next hop: REP"))                             \
	X(REASON_HOP_UNREACHABLE, UNREACHABLE,                                                     \
		ANKLET_IF_SOCKS5("unreachable from the next hop: REP"))                            \
	X(REASON_HOP_CONNECT_REFUSED, CONNECTION_REFUSED,                                          \
		ANKLET_IF_SOCKS5("connection refused to the next hop: REP"))                       \
	X(REASON_HOP_TIMEOUT, TIMEOUT, ANKLET_IF_SOCKS5("no answer to the next hop: REP"))         \
	X(REASON_HOP_NO_COMMAND, NO_COMMAND,                                                       \
		ANKLET_IF_SOCKS5("the next hop does not know the command: REP"))                   \
	X(REASON_HOP_NO_ADDRESS_TYPE, NO_ADDRESS_TYPE,                                             \
		ANKLET_IF_SOCKS5("the next hop does not know that type of address: REP"))          \
	X(REASON_HOP_IPV6, FAILED,                                                                 \
		ANKLET_IF_ROUTES(                                                                  \
			ANKLET_IF_BIND("the next hop waits for the peer on an IPv6 address")))     \
	X(REASON_NO_IPV4, FAILED,                                                                  \
		ANKLET_IF_IPV6(ANKLET_IF_BIND("BIND needs a peer with an IPv4 address")))          \
	X(REASON_NEEDS_CONNECT, DENIED,                                                            \
		ANKLET_IF_BIND("the rule wants a CONNECT to that host first"))                     \
	X(REASON_NO_BIND_PORT, FAILED, ANKLET_IF_BIND("no port of bind-ports is free"))            \
	X(REASON_WRONG_PEER, DENIED,                                                               \
		ANKLET_IF_BIND("another host than the one announced connected"))                   \
	X(REASON_ESTABLISH_LIMIT, TIMEOUT, "not established within limit-establish")               \
	X(REASON_CLIENT_LEFT, FAILED, "the client left before it was granted")                     \
	X(REASON_CLIENT_RESET, NONE, "the client reset the connection")                            \
	X(REASON_SERVER_RESET, NONE, "the server reset the connection")                            \
	X(REASON_CLIENT_LOST, NONE, "the client was lost")                                         \
	X(REASON_SERVER_LOST, NONE, "the server was lost")                                         \
	X(REASON_SERVER_TLS, NONE, ANKLET_IF_TLS("TLS with the server failed"))                    \
	X(REASON_CLIENT_TRUNCATED, NONE, ANKLET_IF_TLS("the client was cut off"))                  \
	X(REASON_SERVER_TRUNCATED, NONE, ANKLET_IF_TLS("the server was cut off"))                  \
	X(REASON_IDLE, NONE, "idle for limit-idle")                                                \
	X(REASON_HALF_CLOSED, NONE, "one side ended, the other idle for limit-half-closed")        \
	X(REASON_EVICTED, NONE, "evicted for a new client")                                        \
	REASON_OF_CONTROL(X(REASON_CONTROL, NONE, "ended by hand"))                                \
	X(REASON_STOPPED, NONE, "the proxy was stopped")

#define SESSION_REASON(reason, verdict, words) reason,

enum session_reason { SESSION_REASONS(SESSION_REASON) };

#undef SESSION_REASON

#endif

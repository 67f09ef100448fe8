/*
 * The keywords of the configuration: one row each, from which reading, printing, --help, the shells'
 * completion and the lists in the manuals are made.
 *
 * KEYWORDS(X) gives, for each keyword, X(
 *	its name as an identifier, and as it is written;
 *	the type of its value (value.h): what is read, printed and expected;
 *	the setting of the build without which there is none (value.h);
 *	where in struct config its value goes: ONE(field), or MANY(table, count) for what may be given again;
 *	what it is when it is not given: seconds, a number, or 0;
 *	the largest number; of a table, how many there may be;
 *	what a change of it would be about: START is what is opened once, REQUEST the requests that come after,
 *		NOW every session;
 *	its value, and in words what it is for, as --help and completion show it: at most 25 and 50 columns;
 *	what is in force without it, where that is no value: what 'anklet -t' says then)
 *
 * Only what uses a column has it in its image.
 */
#ifndef ANKLET_CONFIG_KEYWORDS_H
#define ANKLET_CONFIG_KEYWORDS_H

/* clang-format off */
#define KEYWORDS(X) \
X(LISTEN, "listen", LISTEN, LISTENERS, MANY(listen, listen_count), 0, CONFIG_ANKLET_LISTENERS, START, \
	"WHERE", "tcp://ADDRESS:PORT; '*' is every address", "tcp://127.0.0.1:1080 and tcp://[::1]:1080") \
X(ALLOW, "allow", ALLOW, RULES, MANY(rules.rule, rules.count), 0, CONFIG_ANKLET_RULES, REQUEST, \
	"RULE", "serve these; the first rule that matches decides", \
	"clients on loopback and private networks, and nobody else") \
X(DENY, "deny", DENY, RULES, MANY(rules.rule, rules.count), 0, CONFIG_ANKLET_RULES, REQUEST, \
	"RULE", "refuse these; and, with rules, what none matches", "") \
X(ROUTE, "route", ROUTE, ROUTES, MANY(routes.route, routes.count), 0, CONFIG_ANKLET_ROUTES, REQUEST, \
	"ROUTE", "how it travels: to WHERE via HOP, tls or direct", "") \
X(FORWARD, "forward", FORWARD, FORWARDS, MANY(forward, forward_count), 0, CONFIG_ANKLET_FORWARDS, START, \
	"'WHERE TARGET'", "a fixed way from one place to another", "") \
X(CA, "ca", FILE, TLS_STREAMS, ONE(ca), 0, 0, START, \
	"FILE", "authorities that TLS trusts", "the system's list") \
X(LIMIT_HANDSHAKE, "limit-handshake", TIME, NONE, ONE(limit_handshake_ms), 30, 0, NOW, \
	"TIME", "from the connection to the whole request", "") \
X(LIMIT_ESTABLISH, "limit-establish", TIME, NONE, ONE(limit_establish_ms), 120, 0, NOW, \
	"TIME", "from the request to the last grant", "") \
X(LIMIT_IDLE, "limit-idle", TIME_OR_0, NONE, ONE(limit_idle_ms), 900, 0, NOW, \
	"TIME", "without a byte either way", "") \
X(LIMIT_HALF_CLOSED, "limit-half-closed", TIME_OR_0, NONE, ONE(limit_half_closed_ms), 120, 0, NOW, \
	"TIME", "the same when one side has ended", "") \
X(LIMIT_DATAGRAMS, "limit-datagrams", TIME, UDP_FLOWS, ONE(limit_datagrams_ms), 120, 0, NOW, \
	"TIME", "a client of forwarded datagrams without any", "") \
X(LIMIT_CLIENT, "limit-client", COUNT, NONE, ONE(limit_client), \
	(CONFIG_ANKLET_SESSIONS + 1) / 2, CONFIG_ANKLET_SESSIONS, NOW, \
	"COUNT", "sessions of one client address", "") \
X(LIMIT_LOG, "limit-log", COUNT, LOG_LEVELS, ONE(limit_log), 1000, 60000, NOW, \
	"COUNT", "lines a minute about one client", "") \
X(BIND_PORTS, "bind-ports", PORTS, BIND, ONE(bind_ports), 0, 0, REQUEST, \
	"LOW-HIGH", "ports on which BIND listens", "any") \
X(BIND_ADDRESS, "bind-address", IPV4, BIND, ONE(bind_address), 0, 0, REQUEST, \
	"ADDRESS", "address shown to clients of BIND", "the one from which the peer is reached") \
X(SOURCE, "source", SOURCE, NONE, ONE(source), 0, 0, REQUEST, \
	"ADDRESS", "local address of outgoing connections", "the system chooses") \
X(DNS, "dns", SERVER, NAMES, MANY(port.name_server, port.name_servers), 0, CONFIG_ANKLET_NAME_SERVERS, START, \
	"ADDRESS", "name server instead of the system's", "the system's name servers") \
X(LOG, "log", LEVEL, LOG_LEVELS, ONE(log), CONFIG_DEFAULT_LOG, 0, NOW, \
	"LEVEL", ANKLET_LOG_WORDS, "") \
X(USER, "user", USER, NONE, ONE(user), 0, 0, START, \
	"NAME", "give up root for NAME once it listens", "the one who starts it")
/* clang-format on */

#endif

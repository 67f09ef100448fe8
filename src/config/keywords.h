/*
 * Every word of the configuration and of what is said about it, a row each. From those of KEYWORDS reading, printing,
 * --help, the shells' completion and the lists in the manuals are made; only what uses a column has it in its image.
 *
 * An error is one sentence: what is wrong, and after a ':' what was probably meant, or what the type of the value
 * expects. That second half is a hint, which a program can be built without.
 */
#ifndef ANKLET_CONFIG_KEYWORDS_H
#define ANKLET_CONFIG_KEYWORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet.h"
#include "base/text.h"
#include "base/word.h"

#define CONFIG_LINE_MAX 1024 /* bytes of a line without its end */

/*
 * X(its name as an identifier, and as it is written;
 *	the type of its value, by which it is read, printed and expected; the setting without which there is none;
 *	where the value goes: ONE(type, field), which struct config gets by this, all zero when there is none; or
 *		PART(field), which it has; or MANY(table, count), for what may be given again;
 *	what it is when it is not given: seconds, a number, or 0; the largest number, or how many there may be;
 *	what a change of it is about: START what is opened, REQUEST the requests that come after, NOW every session; and
 *		FIXED: it cannot be changed while the program runs;
 *	its value, and what it is for, as --help and completion show it: at most 25 and 50 columns;
 *	what is in force without it, where that is no value: what 'anklet -t' says then)
 */
/* clang-format off */
/* A small build has not even the name of what only another one has. */
#if CONFIG_ANKLET_PASSWORDS
#define KEYWORDS_OF_PASSWORDS(X) \
X(USERS, "users", FILE, NONE, ONE(uint16_t, users), 0, 0, START, \
	"FILE", "who has a password: lines of NAME:PASSWORD", "nobody") \
X(LIMIT_USER, "limit-user", COUNT, NONE, ONE(uint16_t, limit_user), 0, CONFIG_ANKLET_SESSIONS, NOW, \
	"COUNT", "sessions of one user with a password; 0: any", "")
#else
#define KEYWORDS_OF_PASSWORDS(X)
#endif
#if CONFIG_ANKLET_FAST
#define KEYWORDS_OF_FAST(X) \
X(SPIN, "spin", SPIN, NONE, PART(port.spin_us), 0, 0, FIXED, \
	"TIME", "asks again so long before it sleeps: 60us", "it sleeps at once")
#else
#define KEYWORDS_OF_FAST(X)
#endif
#if CONFIG_ANKLET_RATES > 0
#define KEYWORDS_OF_RATES(X) \
X(LIMIT_RATE, "limit-rate", LIMIT_RATE, RATES, MANY(rates.line, rates.count), 0, CONFIG_ANKLET_RATES, NOW, \
	"RATES", "each client's: down 2MB/s up 500kB/s [from NETWORK]", "no limit") \
X(LIMIT_RATE_TOTAL, "limit-rate-total", TOTAL_RATE, RATES, PART(rates.total), 0, 0, NOW, \
	"RATES", "all clients' together: down 9MB/s up 2MB/s", "no limit") \
X(LIMIT_NEW, "limit-new", BEGIN_LIMIT, RATES, PART(rates.begin), 0, 0, NOW, \
	"COUNT/TIME", "new sessions of one client address: 20/10s", "no limit")
#else
#define KEYWORDS_OF_RATES(X)
#endif
#if CONFIG_ANKLET_STATUS
#define KEYWORDS_OF_STATUS(X) \
X(STATUS, "status", STATUS, NONE, ONE(struct status_endpoint, status), 0, 0, START, \
	"WHERE", "tcp://ADDRESS:PORT, which shows what it is doing", "nowhere")
#else
#define KEYWORDS_OF_STATUS(X)
#endif
#if CONFIG_ANKLET_CONTROL
#define KEYWORDS_OF_CONTROL(X) \
X(CONTROL, "control", FILE, NONE, ONE(uint16_t, control), 0, 0, FIXED, \
	"FILE", "a socket, for 'anklet status' and the like", "none")
#else
#define KEYWORDS_OF_CONTROL(X)
#endif
#define KEYWORDS(X) \
X(LISTEN, "listen", LISTEN, LISTENERS, MANY(listen, listen_count), 0, CONFIG_ANKLET_LISTENERS, START, \
	"WHERE", "tcp://ADDRESS:PORT; '*' is every address", "tcp://127.0.0.1:1080 and tcp://[::1]:1080") \
KEYWORDS_OF_PASSWORDS(X) \
X(ALLOW, "allow", ALLOW, RULES, MANY(rules.rule, rules.count), 0, CONFIG_ANKLET_RULES, REQUEST, \
	"RULE", "serve these; the first rule that matches decides", \
	"clients on loopback and private networks, and nobody else") \
X(DENY, "deny", DENY, RULES, MANY(rules.rule, rules.count), 0, CONFIG_ANKLET_RULES, REQUEST, \
	"RULE", "refuse these; and, with rules, what none matches", "") \
X(ROUTE, "route", ROUTE, ROUTES, MANY(routes.route, routes.count), 0, CONFIG_ANKLET_ROUTES, REQUEST, \
	"ROUTE", "how it travels: to WHERE via HOP, tls or direct", "") \
X(FORWARD, "forward", FORWARD, FORWARDS, MANY(forward, forward_count), 0, CONFIG_ANKLET_FORWARDS, START, \
	"'WHERE TARGET'", "a fixed way from one place to another", "") \
X(CA, "ca", FILE, TLS_STREAMS, ONE(uint16_t, ca), 0, 0, START, \
	"FILE", "authorities that TLS trusts", "the system's list") \
X(LIMIT_HANDSHAKE, "limit-handshake", TIME, NONE, ONE(uint32_t, limit_handshake_ms), 30, 0, NOW, \
	"TIME", "from the connection to the whole request", "") \
X(LIMIT_ESTABLISH, "limit-establish", TIME, NONE, ONE(uint32_t, limit_establish_ms), 120, 0, NOW, \
	"TIME", "from the request to the last grant", "") \
X(LIMIT_IDLE, "limit-idle", TIME_OR_0, NONE, ONE(uint32_t, limit_idle_ms), 900, 0, NOW, \
	"TIME", "without a byte either way", "") \
X(LIMIT_HALF_CLOSED, "limit-half-closed", TIME_OR_0, NONE, ONE(uint32_t, limit_half_closed_ms), 120, 0, NOW, \
	"TIME", "the same when one side has ended", "") \
X(LIMIT_DATAGRAMS, "limit-datagrams", TIME, UDP_FLOWS, ONE(uint32_t, limit_datagrams_ms), 120, 0, NOW, \
	"TIME", "a client of forwarded datagrams without any", "") \
X(LIMIT_CLIENT, "limit-client", COUNT, NONE, ONE(uint16_t, limit_client), \
	(CONFIG_ANKLET_SESSIONS + 1) / 2, CONFIG_ANKLET_SESSIONS, NOW, \
	"COUNT", "sessions of one client address", "") \
KEYWORDS_OF_RATES(X) \
X(LIMIT_LOG, "limit-log", COUNT, LOG_LEVELS, ONE(uint16_t, limit_log), 1000, 60000, NOW, \
	"COUNT", "lines a minute about one client", "") \
KEYWORDS_OF_FAST(X) \
X(BIND_PORTS, "bind-ports", PORTS, BIND, ONE(struct port_range, bind_ports), 0, 0, REQUEST, \
	"LOW-HIGH", "ports on which BIND listens", "any") \
X(BIND_ADDRESS, "bind-address", IPV4, BIND, ONE(struct ip, bind_address), 0, 0, REQUEST, \
	"ADDRESS", "address shown to clients of BIND", "the one from which the peer is reached") \
X(SOURCE, "source", SOURCE, NONE, ONE(ip_of_families, source), 0, 0, REQUEST, \
	"ADDRESS", "local address of outgoing connections", "the system chooses") \
X(DNS, "dns", SERVER, NAMES, MANY(port.name_server, port.name_servers), 0, CONFIG_ANKLET_NAME_SERVERS, START, \
	"ADDRESS", "name server instead of the system's", "the system's name servers") \
X(LOG, "log", LEVEL, LOG_LEVELS, ONE(uint8_t, log), CONFIG_DEFAULT_LOG, 0, NOW, \
	"LEVEL", ANKLET_LOG_WORDS, "") \
KEYWORDS_OF_STATUS(X) \
KEYWORDS_OF_CONTROL(X) \
X(USER, "user", USER, NONE, ONE(uint16_t, user), 0, 0, FIXED, \
	"NAME", "give up root for NAME once it listens", "the one who starts it")

/* A set of types has a bit for each. */
#define IS(type) (1u << VALUE_##type)

/*
 * X(identifier, as it is written, the type of its value, where that goes: a struct and a field, and of a flag what is
 *	put there, the setting, the types of the lines that it may stand in, the group of which one is enough, what it
 *	excludes and what it needs)
 * The value follows as the next word, after a '=' at once. They are printed in this order.
 */
#define OF_RULES (IS(ALLOW) | IS(DENY))
#if CONFIG_ANKLET_RATES > 0
#define OF_RATES IS(LIMIT_RATE)
#define RATE_WORDS(X) \
X(DOWN, "down", RATE, struct rate_limit, rate[RATE_DOWN], 0, NONE, IS(LIMIT_RATE) | IS(TOTAL_RATE), NONE, NONE, NONE) \
X(UP, "up", RATE, struct rate_limit, rate[RATE_UP], 0, NONE, IS(LIMIT_RATE) | IS(TOTAL_RATE), NONE, NONE, NONE)
#else
#define OF_RATES 0u
#define RATE_WORDS(X)
#endif
#if CONFIG_ANKLET_PASSWORDS
#define RULE_WORDS_OF_PASSWORDS(X) \
X(PASSWORD, "password", FLAG, struct rule, password, 1, NONE, IS(ALLOW), NONE, NONE, NONE)
#else
#define RULE_WORDS_OF_PASSWORDS(X)
#endif
#define RULE_WORDS(X) \
X(CONNECT, "connect", FLAG, struct rule, command, RULE_CONNECT, NONE, OF_RULES, COMMAND, NONE, NONE) \
X(BIND, "bind", FLAG, struct rule, command, RULE_BIND, BIND, OF_RULES, COMMAND, NONE, NONE) \
X(FROM, "from", NETWORK, struct rule, from, 0, NONE, OF_RULES | IS(ROUTE) | OF_RATES, NONE, NONE, NONE) \
X(TO, "to", PATTERN, struct rule, to, 0, NONE, OF_RULES | IS(ROUTE), NONE, NONE, NONE) \
X(USER, "user", USERID, struct rule, user, 0, NONE, OF_RULES, NONE, NONE, NONE) \
RULE_WORDS_OF_PASSWORDS(X) \
X(IDENT, "ident", FLAG, struct rule, ident, 1, IDENT, IS(ALLOW), NONE, NONE, NONE) \
X(ANY_PEER, "any-peer", FLAG, struct rule, any_peer, 1, BIND, IS(ALLOW), NONE, CONNECT, NONE) \
X(NEEDS_CONNECT, "needs-connect", FLAG, struct rule, needs_connect, 1, BIND, IS(ALLOW), NONE, CONNECT, NONE)

#if CONFIG_ANKLET_ROUTES > 0
#define ROUTE_WORDS(X) \
X(DIRECT, "direct", FLAG, struct route, how, ROUTE_DIRECT, ROUTES, IS(ROUTE), WAY, NONE, NONE) \
X(VIA, "via", HOP, struct route, hop, 0, ROUTES, IS(ROUTE), WAY, NONE, NONE) \
X(TLS, "tls", FLAG, struct route, how, ROUTE_TLS, TLS_STREAMS, IS(ROUTE), WAY, NONE, NONE) \
X(STARTTLS, "starttls=", STARTTLS, struct route, how, 0, TLS_STREAMS, IS(ROUTE), WAY, NONE, NONE) \
X(RESOLVE, "resolve", FLAG, struct route, lookup, ROUTE_RESOLVE, NAMES, IS(ROUTE), LOOKUP, NONE, VIA) \
X(UNRESOLVED, "unresolved", FLAG, struct route, lookup, ROUTE_UNRESOLVED, ROUTES, IS(ROUTE), LOOKUP, NONE, VIA)
#else
#define ROUTE_WORDS(X)
#endif

#if CONFIG_ANKLET_TLS_STREAMS > 0
#define OF_MADE (IS(CLIENT_OPTIONS) | IS(ROUTE))
#define OF_ANY (IS(SERVER_OPTIONS) | OF_MADE)
#define TLS_WORDS(X) \
X(CERT, "cert=", FILE, struct tls_options, cert, 0, TLS_STREAMS, OF_ANY, NONE, NONE, NONE) \
X(KEY, "key=", FILE, struct tls_options, key, 0, TLS_STREAMS, OF_ANY, NONE, NONE, CERT) \
X(CLIENT_CA, "ca=", FILE, struct tls_options, ca, 0, TLS_STREAMS, IS(SERVER_OPTIONS), NONE, NONE, CERT) \
X(CA, "ca=", FILE, struct tls_options, ca, 0, TLS_STREAMS, OF_MADE, NONE, VERIFY_NONE, NONE) \
X(PSK, "psk=", FILE, struct tls_options, psk, 0, TLS_STREAMS, OF_ANY, NONE, VERIFY_NONE, NONE) \
X(ALPN, "alpn=", ALPN, struct tls_options, alpn, 0, TLS_STREAMS, OF_ANY, NONE, NONE, NONE) \
X(NAME, "name=", HOST, struct tls_options, name, 0, TLS_STREAMS, OF_MADE, NONE, NONE, NONE) \
X(MIN, "min=", VERSION, struct tls_options, min, 0, TLS_STREAMS, OF_ANY, NONE, NONE, NONE) \
X(VERIFY_NONE, "verify=none", FLAG, struct tls_options, verify_none, 1, TLS_STREAMS, OF_MADE, NONE, NONE, NONE) \
X(TRUNCATED, "truncated=eof", FLAG, struct tls_options, truncated_eof, 1, TLS_STREAMS, OF_ANY, NONE, NONE, NONE) \
X(HALFCLOSE, "halfclose=defer", FLAG, struct tls_options, halfclose_defer, 1, TLS_STREAMS, OF_ANY, NONE, NONE, NONE)
#define TLS_CHOICES(X) \
X(SMTP, "smtp", STARTTLS, ROUTE_STARTTLS + STARTTLS_SMTP, NONE, true) \
X(IMAP, "imap", STARTTLS, ROUTE_STARTTLS + STARTTLS_IMAP, NONE, true) \
X(POP3, "pop3", STARTTLS, ROUTE_STARTTLS + STARTTLS_POP3, NONE, true) \
X(NNTP, "nntp", STARTTLS, ROUTE_STARTTLS + STARTTLS_NNTP, NONE, true) \
X(TLS_1_2, "1.2", VERSION, TLS_1_2, NONE, true) \
X(TLS_1_3, "1.3", VERSION, TLS_1_3, NONE, true)
#else
#define TLS_WORDS(X)
#define TLS_CHOICES(X)
#endif

#if CONFIG_ANKLET_SOCKS5
#define SOCKS5_SCHEMES(X) \
X(SOCKS5, "socks5://", NONE, IS(HOP)) \
X(SOCKS5H, "socks5h://", NONE, IS(HOP)) \
X(SOCKS5_TLS, "socks5+tls://", TLS_STREAMS, IS(HOP)) \
X(SOCKS5H_TLS, "socks5h+tls://", TLS_STREAMS, IS(HOP))
#else
#define SOCKS5_SCHEMES(X)
#endif

/* Of a next hop by SOCKS5, with TLS or without: the last of the words. */
#if CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_ROUTES > 0
#define HOP_WORDS(X) \
X(HOP_PASSWORD, "password=", FILE, struct tls_options, password, 0, NONE, IS(HOP_OPTIONS) | IS(CLIENT_OPTIONS), NONE, NONE, NONE)
#else
#define HOP_WORDS(X)
#endif

/* X(identifier, as it is written, in either case, the setting, the types of endpoints that may have it) */
#define OF_ENDPOINTS (IS(LISTEN) | IS(FORWARD) | IS(TARGET))
#define SCHEMES(X) \
X(TCP, "tcp://", NONE, OF_ENDPOINTS) \
X(UDP, "udp://", UDP_FLOWS, IS(FORWARD) | IS(TARGET)) \
X(TLS, "tls://", TLS_STREAMS, OF_ENDPOINTS) \
X(SMTP_STARTTLS, "smtp+starttls://", TLS_STREAMS, IS(TARGET)) /* these four as in enum starttls_protocol */ \
X(IMAP_STARTTLS, "imap+starttls://", TLS_STREAMS, IS(TARGET)) \
X(POP3_STARTTLS, "pop3+starttls://", TLS_STREAMS, IS(TARGET)) \
X(NNTP_STARTTLS, "nntp+starttls://", TLS_STREAMS, IS(TARGET)) \
X(SOCKS4, "socks4://", NONE, IS(HOP)) \
X(SOCKS4A, "socks4a://", NONE, IS(HOP)) \
X(SOCKS4_TLS, "socks4+tls://", TLS_STREAMS, IS(HOP)) \
X(SOCKS4A_TLS, "socks4a+tls://", TLS_STREAMS, IS(HOP)) \
SOCKS5_SCHEMES(X) \
X(SSL, "ssl://", TLS_STREAMS, 0) /* another word for tls; and two that are prohibited */ \
X(SSLV2, "sslv2://", NONE, 0) \
X(SSLV3, "sslv3://", NONE, 0)

/* X(identifier, as it is written, the type of the value, the value in a byte, the setting, whether it is built in) */
#define CHOICES(X) \
X(ERROR, "error", LEVEL, LEVEL_ERROR, LOG_LEVELS, ANKLET_HAS_LOG(PORT_ERROR)) \
X(WARNING, "warning", LEVEL, LEVEL_WARNING, LOG_LEVELS, ANKLET_HAS_LOG(PORT_WARNING)) \
X(REFUSED, "refused", LEVEL, LEVEL_REFUSED, LOG_LEVELS, ANKLET_HAS_LOG(PORT_INFO)) \
X(INFO, "info", LEVEL, LEVEL_INFO, LOG_LEVELS, ANKLET_HAS_LOG(PORT_INFO)) \
X(DEBUG, "debug", LEVEL, LEVEL_DEBUG, LOG_LEVELS, ANKLET_HAS_LOG(PORT_DEBUG)) \
TLS_CHOICES(X) \
X(TO_ADDRESS, "to ADDRESS", NONE, 0, NONE, true) /* in errors only */

/*
 * In each, '%' stands for the word that is wrong, and '#' for a number. Up to PROHIBITED they are followed by what is
 * expected; in the others '&' stands for a word of the rows above, and '$' for a setting.
 */
#define ERROR_KINDS(X) \
	X(NONE, "") \
	X(INVALID, "'%' is invalid") \
	X(MISSING, "'%' needs a value") \
	X(UNEXPECTED, "unexpected '%'") \
	X(KEYWORD, "unknown keyword '%'") \
	X(BYTE, "unexpected byte") \
	X(PROHIBITED, "'%' is prohibited (RFC 6176, RFC 7568)") \
	X(TWICE, "'%' is there twice") \
	X(EXCLUDES, "'%' cannot be combined with '&'") \
	X(NEEDS, "'%' needs '&'") \
	X(DISABLED, "'%' is disabled: this program is built without $") \
	X(FULL, "no room for '%' with $=#") \
	X(LONG, "'%' is longer than # bytes") \
	X(LONG_PRINTED, "'%' is too long: printed in full it has more than # bytes") \
	X(TAKEN, "'%' is taken by an earlier &, line #") \
	X(TAKEN_BEFORE, "'%' is taken by an earlier &")

/*
 * The types of values, and in an error of each what is expected, after the names that there are for it in
 * the rows above; from FLAG on there are none. The last ones are parts of values, or what a line lacks.
 */
#if CONFIG_ANKLET_RATES > 0
#define TYPES_OF_RATE_LINES(X) X(LIMIT_RATE, "") X(TOTAL_RATE, "")
#define TYPES_OF_RATES(X) \
	X(RATE, "a rate from 1kB/s to 4000MB/s, in B/s, kB/s, MB/s, kbit/s or Mbit/s") \
	X(BEGIN_LIMIT, "COUNT/TIME, as 20/10s" NO_LIMIT)
#define SETTINGS_OF_RATES(X) X(RATES)
#else
#define TYPES_OF_RATE_LINES(X)
#define TYPES_OF_RATES(X)
#define SETTINGS_OF_RATES(X)
#endif
#if CONFIG_ANKLET_IPV6
#define SETTINGS_OF_IPV6(X)
#define SETTING_IPV6 SETTING_NONE /* nobody lacks it */
#else
#define SETTINGS_OF_IPV6(X) X(IPV6)
#endif
#if CONFIG_ANKLET_STATUS
#define VALUE_TYPES_OF_STATUS(X) X(STATUS, "tcp://HOST:PORT, and perhaps 'sessions' and 'from NETWORK'") \
	X(STATUS_FROM, "ADDRESS or ADDRESS/BITS; without 'from' it is this host alone")
#else
#define VALUE_TYPES_OF_STATUS(X)
#define VALUE_STATUS (-1) /* which none is */
#define VALUE_STATUS_FROM VALUE_STATUS
#endif
#define VALUE_TYPES(X) \
	X(NONE, "") X(KEYWORD, "") X(ALLOW, OR_NOTHING) X(DENY, OR_NOTHING) TYPES_OF_RATE_LINES(X) X(ROUTE, "") \
	X(SERVER_OPTIONS, "") X(CLIENT_OPTIONS, "") X(HOP_OPTIONS, "") X(SCHEME, "") X(LEVEL, "") X(STARTTLS, "") X(VERSION, "") \
	X(LISTEN, " and HOST:PORT") \
	X(FORWARD, ANKLET_IF_FORWARDS(" and HOST:PORT")) \
	X(TARGET, ANKLET_IF_FORWARDS(" and HOST:PORT")) \
	X(HOP, ANKLET_IF_ROUTES(" and HOST:PORT")) \
	X(FLAG, "") \
	VALUE_TYPES_OF_STATUS(X) \
	X(TIME, "a time from 10ms to 480h: 30s, 5min, 2h") \
	X(TIME_OR_0, "") \
	X(SPIN, ANKLET_TEXT(CONFIG_ANKLET_FAST, "a time from 1us to 1000us: 60us; 0 is none", "")) \
	X(COUNT, "a number up to ") \
	TYPES_OF_RATES(X) \
	X(PORTS, ANKLET_IF_BIND("LOW-HIGH or PORT, from 1 to 65535, or any")) \
	X(IPV4, ANKLET_IF_BIND("an IPv4 address")) \
	X(SOURCE, ANKLET_TEXT(CONFIG_ANKLET_IPV6, "an IPv4 or IPv6 address of this host", "an IPv4 address of this host")) \
	X(SERVER, ANKLET_IF_NAMES(ANKLET_TEXT(CONFIG_ANKLET_IPV6, "ADDRESS, IPv4:PORT or [IPv6]:PORT", "IPv4 or IPv4:PORT"))) \
	X(USER, "the name or number of a user of this system") \
	X(FILE, ANKLET_IF_FILES("the name of a file; %20 is a blank, %25 a '%'")) \
	X(ALPN, ANKLET_IF_TLS_STREAMS("protocols with commas between, best first: h2,http/1.1")) \
	X(HOST, "an IPv4 address without leading zeros" ANKLET_TEXT(CONFIG_ANKLET_IPV6, ", [IPv6], [fe80::1%eth0]", "") " or a name") \
	X(NETWORK, "ADDRESS or ADDRESS/BITS; without 'from' it is anybody") \
	X(PATTERN, "ADDRESS/BITS, " ANKLET_TEXT(CONFIG_ANKLET_IPV6, "[IPv6/BITS], ", "") "NAME, *.DOMAIN or *, and perhaps :PORTS") \
	X(USERID, "NAME, or \"NAME\" in which \\\" \\\\ and \\xHH are one byte each") \
	X(WAY, ANKLET_IF_ROUTES("one of direct, via ENDPOINT, tls and starttls=PROTOCOL")) \
	X(UDP, ANKLET_IF_FORWARDS("udp:// on both sides, or on neither")) \
	X(PORT, "a port from 1 to 65535") \
	X(PORT_OR_0, "a port up to 65535; 0 is any free one") \
	X(RANGES, "PORT or LOW-HIGH up to 65535, with commas between at most 8") \
	X(CERT, ANKLET_IF_TLS_STREAMS("?cert=FILE&key=FILE or ?psk=FILE after the port")) \
	X(NO_OPTIONS, "options only where there is TLS; those of an endpoint after its '?'") \
	X(NO_PASSWORD, ANKLET_IF_HOP_PASSWORDS("password= only with a next hop by SOCKS5")) \
	X(LINE_END, "one value a line; a comment begins with #") \
	X(ASCII, "printable ASCII; in a user's \"NAME\" any text")
#define NO_LIMIT "; 0 is no limit"
#define OR_NOTHING ", or nothing"

/* What a program can be built without, or with how much of: CONFIG_ANKLET_... */
#define SETTINGS(X) \
	X(BIND) X(IDENT) X(NAMES) X(TLS_STREAMS) X(ROUTES) X(FORWARDS) X(UDP_FLOWS) X(LOG_LEVELS) \
	X(LISTENERS) X(RULES) X(NAME_SERVERS) X(CONFIG_TEXT) SETTINGS_OF_RATES(X) SETTINGS_OF_IPV6(X)
/* clang-format on */

#define ERROR_KIND(kind, text) ERROR_##kind,
#define VALUE_TYPE(type, expects) VALUE_##type,
#define SETTING(setting) SETTING_##setting,

enum error_kind { ERROR_KINDS(ERROR_KIND) };
enum value_type { VALUE_TYPES(VALUE_TYPE) };
enum setting { SETTING_NONE, SETTINGS(SETTING) };
#if CONFIG_ANKLET_RATES == 0 /* whoever asks for them is dead code */
enum { VALUE_LIMIT_RATE, VALUE_TOTAL_RATE, VALUE_RATE, VALUE_BEGIN_LIMIT };
#endif

#define KEYWORD_ID(id, ...) KEYWORD_##id,
#define WORD_ID(id, ...) WORD_##id,
#define SCHEME_ID(id, ...) ENDPOINT_##id,
#define CHOICE_ID(id, ...) CHOICE_##id,
#define A_BYTE(...) "."

/* The number of each row, one list after the other. */
enum name_id {
	RATE_WORDS(WORD_ID) RULE_WORDS(WORD_ID) ROUTE_WORDS(WORD_ID) TLS_WORDS(WORD_ID)
		HOP_WORDS(WORD_ID) KEYWORDS(KEYWORD_ID) SCHEMES(SCHEME_ID) CHOICES(CHOICE_ID) NAMES
};

/* Where the words of rates, rules and routes end, all words of clauses, and the keywords. */
enum { LINE_WORDS = sizeof(RATE_WORDS(A_BYTE) RULE_WORDS(A_BYTE) ROUTE_WORDS(A_BYTE)) - 1 };
enum { WORDS = KEYWORD_LISTEN, KEYWORDS_END = ENDPOINT_TCP };

/* What all rows have beside their text. */
#if CONFIG_ANKLET_RATES > 0 /* they have types of their own */
#define ROW_TYPES 18
#define ROW_FIELD(type, name, bits) uint32_t name : bits
#else
#define ROW_TYPES 16
#define ROW_FIELD(type, name, bits) type name
#endif
struct name_row {
	ROW_FIELD(uint16_t, types,
		ROW_TYPES); /* a set: where it may stand; and IS(NONE), when it is built in */
	ROW_FIELD(uint8_t, setting, 6); /* enum setting */
	ROW_FIELD(uint8_t, value,
		8); /* enum value_type, of what it takes; of a choice the value that it is */
};

extern const struct name_row name_rows[];

/* As it is written, with the '=' or the '://' after which something else follows at once. */
const char *name_text(unsigned i);

bool name_is_built(unsigned i, bool tls);

/* The row that the word is, or begins with, among those that have one of the types, built in or not; -1: none. */
int name_find(unsigned types, struct word word);

/* With how many bytes inserted, removed or replaced, all before a '=', the word is that name; SIZE_MAX: too many. */
size_t name_distance(const char *name, struct word word);

/* The one of the type, and built in, that was probably meant; NULL: none is like it. */
const char *name_suggestion(unsigned type, bool tls, struct word word);

struct config_error {
	uint8_t kind;           /* enum error_kind */
	uint8_t about;          /* as the kind says, what is expected, a row or a setting */
	bool tls;               /* is built in, and expected where it may be */
	struct word word;       /* '%' */
	struct word at;         /* in the line that was read; empty: something is missing there */
	uint32_t number;        /* '#' */
	const char *suggestion; /* the word that was probably meant; NULL: none is like it */
};

/* Appends the sentence: printable ASCII. */
void text_error(struct text *t, const struct config_error *error);

/*
 * Reports an error in line 'number' of source, in one call: its place, the sentence, and the line with
 * a caret. Columns are counted from 1, in bytes. A long line is shown around the caret only.
 */
void error_report(const char *source, unsigned long number, struct word line,
	const struct config_error *error, anklet_print *report, void *ctx);

#endif

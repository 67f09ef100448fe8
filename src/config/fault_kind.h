/*
 * Everything that can be wrong with a configuration: what is said about it, and what would be right.
 *
 * A '%' stands for the word that is wrong, and in a remedy for the hint: the
 * nearest of the right words. One list, from which the enum and the texts are
 * made: none can be without its own, and no table of pointers has to be relocated.
 * SAME is what stands in the line above; behind "the keywords are" they all follow. What
 * cannot be wrong without a feature that is left out has empty texts.
 */
#ifndef ANKLET_CONFIG_FAULT_KIND_H
#define ANKLET_CONFIG_FAULT_KIND_H

#include "anklet_config.h"

/* clang-format off */
#define RULE_IS_MADE_OF                                                                            \
	"connect, " ANKLET_IF_BIND("bind, ") "from ADDRESS/BITS, to PATTERN, user NAME"           \
	ANKLET_IF_IDENT(", ident") ANKLET_IF_BIND(", any-peer, needs-connect")
/* clang-format on */

#define CONFIG_FAULTS(X)                                                                           \
	X(FAULT_CONTROL, "a control octet is in the line", "remove it")                            \
	X(FAULT_LONG_LINE, "the line is longer than " DIGITS(CONFIG_LINE_MAX) " octets",           \
		"shorten it, or make several of it")                                               \
	X(FAULT_KEYWORD, "unknown keyword '%'", "the keywords are")                                \
	X(FAULT_KEYWORD_NEAR, SAME, "did you mean '%'?")                                           \
	X(FAULT_EXTRA, "'%' is too much", "write one value a line; a comment begins with #")       \
	X(FAULT_STRINGS, "the names take more than " DIGITS(CONFIG_ANKLET_CONFIG_TEXT) " octets",  \
		"use fewer or shorter ones, or build with a larger CONFIG_ANKLET_CONFIG_TEXT")     \
	X(FAULT_ENDPOINT, "'%' is no endpoint", "write tcp://HOST:PORT")                           \
	X(FAULT_SCHEME_NEAR, "unknown scheme '%'", "did you mean '%'?")                            \
	X(FAULT_SCHEME_ABSENT, "%:// is not built into this program", "build with %")              \
	X(FAULT_SOCKS5, SAME, "write socks4a://HOST:PORT")                                         \
	X(FAULT_ABSENT, "'%' is not built into this program", "build with %")                      \
	X(FAULT_SSLV2, "%:// is prohibited (RFC 6176)", "write tls://HOST:PORT")                   \
	X(FAULT_SSLV3, "%:// is prohibited (RFC 7568)", SAME)                                      \
	X(FAULT_LISTEN_SCHEME, "'%' is no place to serve SOCKS",                                   \
		"write tcp://HOST:PORT or tls://HOST:PORT?cert=FILE")                              \
	X(FAULT_HOP_SCHEME, "'%' is no next hop",                                                  \
		"write socks4a://HOST:PORT or socks4://HOST:PORT, with +tls in front of the ':' "  \
		"where it speaks TLS")                                                             \
	X(FAULT_FORWARD_LISTEN_SCHEME, "'%' is no place to forward from",                          \
		"write tcp://HOST:PORT, tls://HOST:PORT?cert=FILE or udp://HOST:PORT")             \
	X(FAULT_FORWARD_TARGET_SCHEME, "'%' is no place to forward to",                            \
		"write HOST:PORT behind tcp://, tls://, udp://, or smtp+starttls:// and the like " \
		"for imap, pop3, nntp")                                                            \
	X(FAULT_OPTIONS, "% takes no options", "leave out the '?' and what follows it")            \
	X(FAULT_OPTION, "unknown option '%'",                                                      \
		"the options are cert, key, ca, psk, alpn, name, min, verify, truncated, "         \
		"halfclose")                                                                       \
	X(FAULT_OPTION_NEAR, SAME, "did you mean '%'?")                                            \
	X(FAULT_OPTION_ABSENT, "'%' is no option",                                                 \
		"write OPTION=VALUE, in an endpoint with '&' between several")                     \
	X(FAULT_OPTION_VALUE, "'%' is no value of this option", "write %")                         \
	X(FAULT_OPTION_CONTROL, "'%' is a control octet", "leave it out")                          \
	X(FAULT_OPTION_NO_CERT, "'%' has no use without a certificate",                            \
		"write cert=FILE too, or leave it out")                                            \
	X(FAULT_OPTION_NOT_VERIFIED, "'%' has no use beside verify=none",                          \
		"leave verify=none out: then the other side has to prove who it is")               \
	X(FAULT_OPTION_OF_CLIENT, "'%' has no use where clients are served",                       \
		"leave it out; a ca asks them for a certificate")                                  \
	X(FAULT_NO_CERT, "TLS needs a certificate to serve clients with",                          \
		"write ?cert=FILE&key=FILE behind the port, or ?psk=FILE")                         \
	X(FAULT_ALPN, "'%' is no list of protocols",                                               \
		"write them with commas between, best first: alpn=h2,http/1.1")                    \
	X(FAULT_LONG_VALUE, "the value is longer than " DIGITS(TLS_VALUE_MAX) " octets",           \
		"use a shorter one")                                                               \
	X(FAULT_NO_HOST, "the host is missing",                                                    \
		"write SCHEME://HOST:PORT; to listen, '*' is every address of this host")          \
	X(FAULT_ANY_TARGET, "'%' is no host to connect to", "write an address or a name")          \
	X(FAULT_PORT_ABSENT, "the port is missing", "write HOST:PORT")                             \
	X(FAULT_NO_PORT, SAME, "write it behind the ':', or leave the ':' out")                    \
	X(FAULT_PORT, "'%' is no port", "write a number up to 65535; 0 is any free one")           \
	X(FAULT_PORT_TO_CONNECT, SAME, "write a number from 1 to 65535")                           \
	X(FAULT_RULE_PORT, SAME,                                                                   \
		"write PORT or LOW-HIGH, several with commas between, up to 65535")                \
	X(FAULT_BRACKET, "']' is missing", "write [ADDRESS] or [ADDRESS]:PORT")                    \
	X(FAULT_BEHIND_BRACKET, "'%' cannot follow ']'", SAME)                                     \
	X(FAULT_NOT_IPV6, "'%' is no IPv6 address", "only an IPv6 address stands in brackets")     \
	X(FAULT_BARE_IPV6, "an IPv6 address stands in brackets", "write [ADDRESS]:PORT")           \
	X(FAULT_ZONE, "'%' is no link-local address with a zone",                                  \
		"a zone is the name of an interface, behind an address of fe80::/10")              \
	X(FAULT_NAME, "'%' is neither an address nor a name",                                      \
		"write four numbers up to 255 without leading zeros, [IPv6], or a name of "        \
		"letters, digits, '-', '_' and dots")                                              \
	X(FAULT_TO, SAME,                                                                          \
		"write ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and :PORTS where not "      \
		"every port is meant")                                                             \
	X(FAULT_NAME_ABSENT,                                                                       \
		ANKLET_TEXT(CONFIG_ANKLET_NAMES, "",                                               \
			"'%' would have to be looked up, which is not built into this program"),   \
		ANKLET_TEXT(CONFIG_ANKLET_NAMES, "",                                               \
			"write an address, or build with CONFIG_ANKLET_NAMES"))                    \
	X(FAULT_LISTENERS,                                                                         \
		"these are more than " DIGITS(                                                     \
			CONFIG_ANKLET_LISTENERS) " places to listen on ('*' is two)",              \
		"use fewer, or build with a larger CONFIG_ANKLET_LISTENERS")                       \
	X(FAULT_RULE_WORD, "unknown word '%'", "a rule is made of " RULE_IS_MADE_OF)               \
	X(FAULT_ROUTE_WORD, SAME,                                                                  \
		"a route is made of to PATTERN, from ADDRESS/BITS, and one of via ENDPOINT, tls, " \
		"starttls=PROTOCOL and direct")                                                    \
	X(FAULT_WORD_NEAR, SAME, "did you mean '%'?")                                              \
	X(FAULT_TWICE, "'%' is there twice", "write another rule for the other one")               \
	X(FAULT_ROUTE_TWICE, SAME, "write another route for the other one")                        \
	X(FAULT_OPTION_TWICE, SAME, "leave one of them out")                                       \
	X(FAULT_BOTH_COMMANDS, ANKLET_IF_BIND("'%' is the second command of the rule"),            \
		ANKLET_IF_BIND("leave connect and bind out to speak of both"))                     \
	X(FAULT_FROM, "'%' is no address of clients", "write ADDRESS or ADDRESS/BITS")             \
	X(FAULT_TO_BARE_IPV6, "'%' is no IPv6 address",                                            \
		"write ADDRESS/BITS, or [ADDRESS/BITS]:PORTS")                                     \
	X(FAULT_RULE_PORTS, "these are more than " DIGITS(PATTERN_PORTS) " ports or ranges",       \
		"write another rule for the rest")                                                 \
	X(FAULT_RULE_USER, "'%' is no user",                                                       \
		"write \"NAME\"; within quotes \\\" \\\\ and \\xHH stand for one octet")           \
	X(FAULT_QUOTE, "the closing quote is missing", SAME)                                       \
	X(FAULT_BEHIND_QUOTE, "'%' cannot follow the closing quote", SAME)                         \
	X(FAULT_DENY_IDENT, "'%' has no use in a deny rule",                                       \
		ANKLET_IF_IDENT(                                                                   \
			"leave it out; 'allow ... ident' serves only those whose identd agrees"))  \
	X(FAULT_DENY_BIND_WORD, SAME, ANKLET_IF_BIND("leave it out; it belongs to 'allow bind'"))  \
	X(FAULT_CONNECT_BIND_WORD, ANKLET_IF_BIND("'%' has no use in a rule for connect"), SAME)   \
	X(FAULT_ANY_PEER_TO, ANKLET_IF_BIND("'%' has no use in a rule for certain peers"),         \
		ANKLET_IF_BIND("leave it out, or leave the address or name out of 'to'"))          \
	X(FAULT_RULES, "these are more than " DIGITS(CONFIG_ANKLET_RULES) " rules",                \
		"use fewer, or build with a larger CONFIG_ANKLET_RULES")                           \
	X(FAULT_LONG_RULE, "the rule is too long to be printed in one line", "shorten it")         \
	X(FAULT_LONG_PRINTED, "printed in full this is longer than a line may be", SAME)           \
	X(FAULT_ROUTES, "these are more than " DIGITS(CONFIG_ANKLET_ROUTES) " routes",             \
		"use fewer, or build with a larger CONFIG_ANKLET_ROUTES")                          \
	X(FAULT_ROUTE_HOW, "the route does not say how",                                           \
		"write one of via ENDPOINT, tls, starttls=PROTOCOL and direct")                    \
	X(FAULT_ROUTE_TWO, "'%' cannot be combined with another way",                              \
		"write one of via, tls, starttls and direct")                                      \
	X(FAULT_ROUTE_OPTION, "'%' has no use in this route",                                      \
		"leave it out; it belongs to tls and starttls, and to a hop with +tls behind the " \
		"'?' of its endpoint")                                                             \
	X(FAULT_ROUTE_VIA_WORD, SAME, "leave it out; it belongs to via")                           \
	X(FAULT_STARTTLS, "'%' is no protocol that asks for TLS",                                  \
		"write starttls=smtp, imap, pop3 or nntp")                                         \
	X(FAULT_RESOLVE_UNRESOLVED, "'%' contradicts 'resolve'",                                   \
		"leave one out: what could not be looked up has no address to be given")           \
	X(FAULT_SOCKS4_UNRESOLVED, "'%' has no use with socks4, which takes no names",             \
		"write socks4a://HOST:PORT")                                                       \
	X(FAULT_UNRESOLVED_TO, "'%' has no use in a route to addresses",                           \
		"write names or '*' behind 'to': what could not be looked up has no address")      \
	X(FAULT_FORWARDS, "these are more than " DIGITS(CONFIG_ANKLET_FORWARDS) " forwards",       \
		"use fewer, or build with a larger CONFIG_ANKLET_FORWARDS")                        \
	X(FAULT_FORWARD_UDP, "udp is forwarded to udp only",                                       \
		"write udp:// on both sides, or on neither")                                       \
	X(FAULT_CA, "'%' is no file", "write the name of a file of certificates")                  \
	X(FAULT_ESCAPE, "'%' stands for no octet",                                                 \
		"write \\\" for a quote, \\\\ for a backslash, \\x01 to \\xff for any octet")      \
	X(FAULT_PERCENT, SAME, "write %")                                                          \
	X(FAULT_LONG_NAME, "the name is longer than " DIGITS(CONFIG_ANKLET_USERID_MAX) " octets",  \
		"no userid is longer")                                                             \
	X(FAULT_EMPTY_NAME, "the name is empty", "write one, or leave 'user' out")                 \
	X(FAULT_TIME, "'%' is no time", "write 250ms, 90s, 2m, 1h, or a number of seconds")        \
	X(FAULT_TIME_RANGE, "'%' is out of range", "write a time from 10ms to 480h (20 days)")     \
	X(FAULT_TIME_ZERO, "this limit cannot be left out", SAME)                                  \
	X(FAULT_LIMIT_CLIENT, "'%' is no number of sessions",                                      \
		"write a number up to " DIGITS(CONFIG_ANKLET_SESSIONS) "; 0 is no limit")          \
	X(FAULT_BIND_PORTS, ANKLET_IF_BIND("'%' is no range of ports"),                            \
		ANKLET_IF_BIND("write LOW-HIGH or PORT, from 1 to 65535, or any"))                 \
	X(FAULT_BIND_ADDRESS, ANKLET_IF_BIND("'%' is no IPv4 address"),                            \
		ANKLET_IF_BIND("write the IPv4 address that clients are told"))                    \
	X(FAULT_SOURCE, "'%' is no address to connect from",                                       \
		"write an IPv4 or IPv6 address of this host")                                      \
	X(FAULT_DNS, ANKLET_IF_NAMES("'%' is no address of a name server"),                        \
		ANKLET_IF_NAMES("write ADDRESS, IPv4:PORT or [IPv6]:PORT"))                        \
	X(FAULT_NAME_SERVERS,                                                                      \
		ANKLET_IF_NAMES("these are more than " DIGITS(                                     \
			CONFIG_ANKLET_NAME_SERVERS) " name servers"),                              \
		ANKLET_IF_NAMES("use fewer, or build with a larger CONFIG_ANKLET_NAME_SERVERS"))   \
	X(FAULT_LOG, "'%' is no level", "write " ANKLET_LOG_WORDS)                                 \
	X(FAULT_USER, "'%' is no user", "write the name of a user of this system")

#define CONFIG_FAULT_KIND(kind, message, remedy) kind,

enum config_fault_kind { CONFIG_FAULTS(CONFIG_FAULT_KIND) FAULT_KINDS };

#undef CONFIG_FAULT_KIND

#endif

/*
 * The sizes anklet is built with, and the features it has.
 *
 * Each value is the desktop's; a build overrides it with -DCONFIG_ANKLET_...=N, or
 * brings a header that Kconfig has written (docs/configuring.md).
 * Every table in the program is one of these, so the memory it needs is known
 * when it is built. Relations between sizes are asserted where both are known.
 * A feature is 1 or 0, or a size of which 0 leaves it out of the program.
 */
#ifndef ANKLET_CONFIG_H
#define ANKLET_CONFIG_H

/* ---- Features ---- */

/* What one is when nobody says. Headers that Kconfig writes elsewhere leave out what is 'n'. */
#ifdef CONFIG_ANKLET_KCONFIG
#define ANKLET_UNSAID 0
#else
#define ANKLET_UNSAID 1
#endif

/* The command BIND. Without it a request for it is refused with 91, and no rule is about it. */
#ifndef CONFIG_ANKLET_BIND
#define CONFIG_ANKLET_BIND ANKLET_UNSAID
#endif

/*
 * SOCKS5 (RFC 1928) beside SOCKS4, with clients and with next hops. Without it such a client is told that no method is
 * acceptable.
 */
#ifndef CONFIG_ANKLET_SOCKS5
#define CONFIG_ANKLET_SOCKS5 ANKLET_UNSAID
#endif

/* SOCKS5's passwords (RFC 1929). Without them there is neither 'users' nor 'password' in a rule. */
#ifndef CONFIG_ANKLET_PASSWORDS
#if CONFIG_ANKLET_SOCKS5
#define CONFIG_ANKLET_PASSWORDS ANKLET_UNSAID
#else
#define CONFIG_ANKLET_PASSWORDS 0
#endif
#endif

/* Bytes of all users together, each with a name, a password and two more. */
#ifndef CONFIG_ANKLET_USERS
#define CONFIG_ANKLET_USERS (CONFIG_ANKLET_PASSWORDS ? 4096 : 0)
#endif

/*
 * On Linux: bulk data moved within the kernel, and idle sockets waited for by epoll. Other systems have no such thing.
 */
#ifndef CONFIG_ANKLET_FAST
#define CONFIG_ANKLET_FAST ANKLET_UNSAID
#endif

/* Reading the configuration again while the proxy runs: there is room for two. Without it that takes a new start. */
#ifndef CONFIG_ANKLET_RELOAD
#define CONFIG_ANKLET_RELOAD ANKLET_UNSAID
#endif

/*
 * Reading the configuration from text. Without it the program is linked with one that was compiled: struct config
 * config_compiled, as port/lwip/firmware/compile_settings.c writes it.
 */
#ifndef CONFIG_ANKLET_CONFIG_READER
#define CONFIG_ANKLET_CONFIG_READER ANKLET_UNSAID
#endif

/*
 * Printing the configuration. Without it anklet_print_config() prints nothing, and a line that would be too long to be
 * read again is no mistake.
 */
#ifndef CONFIG_ANKLET_CONFIG_PRINTER
#define CONFIG_ANKLET_CONFIG_PRINTER ANKLET_UNSAID
#endif

/*
 * Addresses of IPv6, as clients, destinations and in texts. For a system that has none: such an address in the
 * configuration is an error then, and one in a request is none.
 */
#ifndef CONFIG_ANKLET_IPV6
#define CONFIG_ANKLET_IPV6 ANKLET_UNSAID
#endif

/* Asking the client's identd (RFC 1413). Without it 'ident' in a rule is an error. */
#ifndef CONFIG_ANKLET_IDENT
#define CONFIG_ANKLET_IDENT ANKLET_UNSAID
#endif

/*
 * Looking names up. Without it a 4A request is refused with 91, unless its name is an address or
 * a next hop takes it as it is, and a name to listen on or to connect to is an error in the
 * configuration.
 */
#ifndef CONFIG_ANKLET_NAMES
#define CONFIG_ANKLET_NAMES ANKLET_UNSAID
#endif

/* Names that are being looked up at once; the next ones wait. */
#ifndef CONFIG_ANKLET_LOOKUPS
#define CONFIG_ANKLET_LOOKUPS 32
#endif

/* Answers of name servers that are kept; 0 asks each time. */
#ifndef CONFIG_ANKLET_NAME_CACHE
#define CONFIG_ANKLET_NAME_CACHE 32
#endif

/* Bytes that are kept of an answer over TCP; 0 leaves TCP out, and a truncated answer is used as far as it goes. */
#ifndef CONFIG_ANKLET_NAME_TCP
#define CONFIG_ANKLET_NAME_TCP 1232
#endif

/* Whether there are a resolv.conf and a hosts file. */
#ifndef CONFIG_ANKLET_NAME_FILES
#define CONFIG_ANKLET_NAME_FILES ANKLET_UNSAID
#endif

/* Bytes of the search list in a resolv.conf; 0 leaves it out. */
#ifndef CONFIG_ANKLET_NAME_SEARCH
#define CONFIG_ANKLET_NAME_SEARCH 1024
#endif

/*
 * One who is asked, over HTTP, what this program is doing: keyword 'status', and 'control' where the system has sockets
 * with a path in its files. And a page that shows it to a browser.
 */
#ifndef CONFIG_ANKLET_STATUS
#define CONFIG_ANKLET_STATUS ANKLET_UNSAID
#endif
#if !CONFIG_ANKLET_STATUS
#undef CONFIG_ANKLET_CONTROL
#define CONFIG_ANKLET_CONTROL 0
#undef CONFIG_ANKLET_PAGE
#define CONFIG_ANKLET_PAGE 0
#endif
#ifndef CONFIG_ANKLET_CONTROL
#define CONFIG_ANKLET_CONTROL ANKLET_UNSAID
#endif
#ifndef CONFIG_ANKLET_PAGE
#define CONFIG_ANKLET_PAGE ANKLET_UNSAID
#endif

/* What is logged at most: 0 nothing, 1 errors, 2 warnings too, 3 what sessions come to, 4 each of their states. */
#ifndef CONFIG_ANKLET_LOG_LEVELS
#define CONFIG_ANKLET_LOG_LEVELS 4
#endif

/*
 * What helps a person: what an error of the configuration says of what would be right, and which word was
 * probably meant; the comments in a printed configuration; the words in --help; an answer to HTTP.
 */
#ifndef CONFIG_ANKLET_HINTS
#define CONFIG_ANKLET_HINTS ANKLET_UNSAID
#endif

/* ---- Sizes ---- */

/* Clients served at once. The next ones wait in the listeners' backlogs. */
#ifndef CONFIG_ANKLET_SESSIONS
#define CONFIG_ANKLET_SESSIONS 512
#endif

/* Listeners; '*' takes two, one for each family. */
#ifndef CONFIG_ANKLET_LISTENERS
#define CONFIG_ANKLET_LISTENERS 8
#endif

/* Lines with allow or deny. */
#ifndef CONFIG_ANKLET_RULES
#define CONFIG_ANKLET_RULES 64
#endif

/* Lines with route; 0 leaves them and next hops out of the program. */
#ifndef CONFIG_ANKLET_ROUTES
#define CONFIG_ANKLET_ROUTES 16
#endif

/* Lines with forward; 0 leaves them out of the program. */
#ifndef CONFIG_ANKLET_FORWARDS
#define CONFIG_ANKLET_FORWARDS 8
#endif

/* Lines with limit-rate; 0 leaves all limits on rates out of the program. */
#ifndef CONFIG_ANKLET_RATES
#define CONFIG_ANKLET_RATES 8
#endif

/* Clients that have a balance of their own; the others share one. */
#ifndef CONFIG_ANKLET_RATE_CLIENTS
#define CONFIG_ANKLET_RATE_CLIENTS 256
#endif

/* Clients of all forwards of datagrams at once; 0 leaves datagrams out of the program. */
#ifndef CONFIG_ANKLET_UDP_FLOWS
#define CONFIG_ANKLET_UDP_FLOWS 256
#endif

/* Bytes of the longest datagram that is forwarded; longer ones are dropped and counted. */
#ifndef CONFIG_ANKLET_DATAGRAM
#define CONFIG_ANKLET_DATAGRAM 4096
#endif

/* Encrypted connections at once, in the whole program; 0 leaves TLS out of it. */
#ifndef CONFIG_ANKLET_TLS_STREAMS
#define CONFIG_ANKLET_TLS_STREAMS 256
#endif

/* Bytes of each that are decrypted before somebody takes them. */
#ifndef CONFIG_ANKLET_TLS_CHUNK
#define CONFIG_ANKLET_TLS_CHUNK 4096
#endif

/* Bytes for all names in the configuration together, each with its NUL. */
#ifndef CONFIG_ANKLET_CONFIG_TEXT
#define CONFIG_ANKLET_CONFIG_TEXT 4096
#endif

/* Longest userid and longest name of a request, in bytes without the NUL. */
#ifndef CONFIG_ANKLET_USERID_MAX
#define CONFIG_ANKLET_USERID_MAX 255
#endif
#ifndef CONFIG_ANKLET_NAME_MAX
#define CONFIG_ANKLET_NAME_MAX 255
#endif

/* Addresses of one name that are kept, tried, and compared for BIND. */
#ifndef CONFIG_ANKLET_ADDRESSES
#define CONFIG_ANKLET_ADDRESSES 8
#endif

/* Name servers that can be given by hand. */
#ifndef CONFIG_ANKLET_NAME_SERVERS
#define CONFIG_ANKLET_NAME_SERVERS 3
#endif

/* Sockets shared by all sessions for the second attempt of an address race. */
#ifndef CONFIG_ANKLET_SPARE_SOCKETS
#define CONFIG_ANKLET_SPARE_SOCKETS (CONFIG_ANKLET_SESSIONS / 4)
#endif

/*
 * Bytes moved at most for one direction of a session before the next session's slice. Eight times as many are shared
 * by all that have something to do, of which none gets less than a 64th.
 */
#ifndef CONFIG_ANKLET_SLICE_BYTES
#define CONFIG_ANKLET_SLICE_BYTES 1048576
#endif

/* Bytes of a log line; what is longer is cut and marked. */
#ifndef CONFIG_ANKLET_LOG_LINE
#define CONFIG_ANKLET_LOG_LINE 1024
#endif

/* How many addresses of one host there can be: only a name has several. */
#define ANKLET_ADDRESSES (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_ADDRESSES : 1)

/* One of two texts, for a feature that is 1 or 0: what nobody can say is not in the program. */
#define ANKLET_TEXT(feature, with, without) ANKLET_TEXT_NAMED(feature, with, without)
#define ANKLET_TEXT_NAMED(feature, with, without) ANKLET_TEXT_##feature(with, without)
#define ANKLET_TEXT_1(with, without) with
#define ANKLET_TEXT_0(with, without) without
#define ANKLET_HAS_HOP_PASSWORDS (CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_ROUTES > 0)
#define ANKLET_IF_SOCKS5(text) ANKLET_TEXT(CONFIG_ANKLET_SOCKS5, text, "")
#define ANKLET_IF_PASSWORDS(text) ANKLET_TEXT(CONFIG_ANKLET_PASSWORDS, text, "")
#define ANKLET_IF_BIND(text) ANKLET_TEXT(CONFIG_ANKLET_BIND, text, "")
#define ANKLET_IF_IDENT(text) ANKLET_TEXT(CONFIG_ANKLET_IDENT, text, "")
#define ANKLET_IF_NAMES(text) ANKLET_TEXT(CONFIG_ANKLET_NAMES, text, "")

#define ANKLET_IF_STATUS(text) ANKLET_TEXT(CONFIG_ANKLET_STATUS, text, "")
#define ANKLET_IF_CONTROL(text) ANKLET_TEXT(CONFIG_ANKLET_CONTROL, text, "")

/* Likewise for features that are a size. */
#if CONFIG_ANKLET_TLS_STREAMS > 0 || CONFIG_ANKLET_PASSWORDS || CONFIG_ANKLET_CONTROL
#define ANKLET_IF_FILES(text) text
#else
#define ANKLET_IF_FILES(text) ""
#endif
#if CONFIG_ANKLET_PASSWORDS && CONFIG_ANKLET_ROUTES > 0
#define ANKLET_IF_HOP_PASSWORDS(text) text
#else
#define ANKLET_IF_HOP_PASSWORDS(text) ""
#endif
#if CONFIG_ANKLET_ROUTES > 0
#define ANKLET_IF_ROUTES(text) text
#else
#define ANKLET_IF_ROUTES(text) ""
#endif
#if CONFIG_ANKLET_FORWARDS > 0
#define ANKLET_IF_FORWARDS(text) text
#else
#define ANKLET_IF_FORWARDS(text) ""
#endif
#if CONFIG_ANKLET_RATES > 0
#define ANKLET_IF_RATES(text) text
#else
#define ANKLET_IF_RATES(text) ""
#endif
#if CONFIG_ANKLET_UDP_FLOWS > 0
#define ANKLET_IF_UDP_FLOWS(text) text
#else
#define ANKLET_IF_UDP_FLOWS(text) ""
#endif
#if CONFIG_ANKLET_IPV6
#define ANKLET_IF_IPV6(text) text
#else
#define ANKLET_IF_IPV6(text) ""
#endif
#if CONFIG_ANKLET_TLS_STREAMS > 0
#define ANKLET_IF_TLS_STREAMS(text) text
#else
#define ANKLET_IF_TLS_STREAMS(text) ""
#endif
#if CONFIG_ANKLET_LOG_LEVELS > 0
#define ANKLET_IF_LOG_LEVELS(text) text
#else
#define ANKLET_IF_LOG_LEVELS(text) ""
#endif

/* The words for the levels of the log that there are. */
#define ANKLET_LOG_WORDS ANKLET_LOG_WORDS_NAMED(CONFIG_ANKLET_LOG_LEVELS)
#define ANKLET_LOG_WORDS_NAMED(levels) ANKLET_LOG_WORDS_OF(levels)
#define ANKLET_LOG_WORDS_OF(levels) ANKLET_LOG_WORDS_##levels
#define ANKLET_LOG_WORDS_0 ""
#define ANKLET_LOG_WORDS_1 "error"
#define ANKLET_LOG_WORDS_2 "error or warning"
#define ANKLET_LOG_WORDS_3 "error, warning, refused or info"
#define ANKLET_LOG_WORDS_4 "error, warning, refused, info or debug"

/* Slots for listeners: '*' is two; and for the moment of a reload those that come and those that go. */
#define ANKLET_STATUS_LISTENERS (CONFIG_ANKLET_STATUS ? 3 : 0)
#define ANKLET_LISTENER_SLOTS         \
	((1 + CONFIG_ANKLET_RELOAD) * \
		(CONFIG_ANKLET_LISTENERS + 2 * CONFIG_ANKLET_FORWARDS + ANKLET_STATUS_LISTENERS))

/*
 * Sockets the core may hold at once: listeners and those of forwards,
 * two for each session, the spare ones of address races, one for each client of
 * forwarded datagrams and for each lookup, and one for the moment in which BIND's peer has been
 * accepted and its listener is not yet closed; those who ask for the status, and where they do ('*' is two).
 */
#define ANKLET_STATUS_ASKING (CONFIG_ANKLET_STATUS ? 3 : 0)
#define ANKLET_SOCKETS                                                                        \
	(ANKLET_LISTENER_SLOTS + 2 * CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_SPARE_SOCKETS +   \
		CONFIG_ANKLET_UDP_FLOWS + (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS : 0) + \
		ANKLET_STATUS_ASKING + 1)

/* Bytes of the longest datagram that any part handles: one that is forwarded, or an answer of a name server. */
#define ANKLET_DATAGRAM_MAX \
	(CONFIG_ANKLET_UDP_FLOWS > 0 && CONFIG_ANKLET_DATAGRAM > 512 ? CONFIG_ANKLET_DATAGRAM : 512)

/* What is built in: constants, so that the code of what is not falls away. */
#define ANKLET_HAS_ROUTES (CONFIG_ANKLET_ROUTES > 0)
#define ANKLET_HAS_FORWARDS (CONFIG_ANKLET_FORWARDS > 0)
#define ANKLET_HAS_RATES (CONFIG_ANKLET_RATES > 0)
#define ANKLET_HAS_DATAGRAMS (CONFIG_ANKLET_UDP_FLOWS > 0 || CONFIG_ANKLET_NAMES)
#define ANKLET_HAS_TLS (CONFIG_ANKLET_TLS_STREAMS > 0)
#if CONFIG_ANKLET_TLS_STREAMS > 0
#define ANKLET_IF_TLS(text) text
#else
#define ANKLET_IF_TLS(text) ""
#endif
#define ANKLET_HAS_LOG(level) ((int)(level) < CONFIG_ANKLET_LOG_LEVELS) /* enum port_level */

/* How long a table of n entries is: C has none of length 0. With n 0 nobody looks into it. */
#define ANKLET_TABLE(n) ((n) > 0 ? (n) : 1)

#endif

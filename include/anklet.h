/*
 * anklet: a SOCKS5, SOCKS4 and SOCKS4A proxy to be run by any program.
 *
 *	static struct port port;          (from the port's port_arch.h)
 *	static max_align_t memory[...];   (ANKLET_MEMORY bytes)
 *
 *	struct anklet *a = anklet_init(memory, sizeof memory, &port);
 *	anklet_configure(a, "built in", text, len, report, NULL);
 *	anklet_start(a, &failure);
 *	while (...)
 *		anklet_poll(a, -1);
 *	anklet_fini(a);
 *
 * One thread. Nothing is allocated but by the library of TLS, from anklet_start()
 * or anklet_check() on. anklet_poll() waits for something to do, and anklet_start()
 * for the address of a name to listen on; no other call waits. Several instances
 * may live side by side, each with its own memory and port.
 */
#ifndef ANKLET_H
#define ANKLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"

#define ANKLET_VERSION "0.1.0"

/*
 * Bytes that one instance needs, aligned as for any type. An upper bound that is
 * asserted when anklet is built.
 */
#define ANKLET_UDP_MEMORY                                                                 \
	((size_t)CONFIG_ANKLET_UDP_FLOWS * 184 +                                          \
		(CONFIG_ANKLET_UDP_FLOWS > 0) *                                           \
			((size_t)CONFIG_ANKLET_FORWARDS * (24 * ANKLET_ADDRESSES + 128) + \
				(size_t)CONFIG_ANKLET_SESSIONS * 2 +                      \
				(CONFIG_ANKLET_UDP_FLOWS >= 128 ? 256 : 32) +             \
				CONFIG_ANKLET_DATAGRAM + 200))
#define ANKLET_LOOKUPS_MEMORY \
	(CONFIG_ANKLET_LOOKUPS + (CONFIG_ANKLET_NAME_CACHE > 0 || CONFIG_ANKLET_NAME_FILES ? 4 : 0))
#define ANKLET_NAMES_MEMORY                                                                        \
	((size_t)CONFIG_ANKLET_NAMES *                                                             \
			((size_t)ANKLET_LOOKUPS_MEMORY *                                           \
					(CONFIG_ANKLET_NAME_TCP + 32 * ANKLET_ADDRESSES +          \
						(CONFIG_ANKLET_NAME_SEARCH > 0                     \
								? 255                              \
								: CONFIG_ANKLET_NAME_MAX) +        \
						112) +                                             \
				(size_t)CONFIG_ANKLET_NAME_CACHE * (16 * ANKLET_ADDRESSES + 152) + \
				((size_t)CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_FORWARDS) *        \
					(8 + 2 * sizeof(void *)) +                                 \
				CONFIG_ANKLET_NAME_SEARCH +                                        \
				(size_t)CONFIG_ANKLET_NAME_SERVERS * 24) +                         \
		880)
/* A second configuration, with the users that it names, and where each listener stands. */
#define ANKLET_RELOAD_MEMORY                                                                \
	((size_t)CONFIG_ANKLET_RELOAD *                                                     \
		((size_t)CONFIG_ANKLET_RULES * 80 + (size_t)CONFIG_ANKLET_LISTENERS * 164 + \
			(size_t)CONFIG_ANKLET_ROUTES *                                      \
				(142 + (CONFIG_ANKLET_PASSWORDS ? 128 : 1)) +               \
			(size_t)CONFIG_ANKLET_FORWARDS * 480 + CONFIG_ANKLET_USERS +        \
			(CONFIG_ANKLET_PASSWORDS ? 288 : 0) + CONFIG_ANKLET_CONFIG_TEXT + 1000))
#define ANKLET_MEMORY                                                                              \
	((size_t)CONFIG_ANKLET_SESSIONS * (CONFIG_ANKLET_USERID_MAX + CONFIG_ANKLET_NAME_MAX + 2 + \
						  16 * ANKLET_ADDRESSES + 324) +                   \
		(size_t)CONFIG_ANKLET_RULES * 80 + (size_t)CONFIG_ANKLET_LISTENERS * 92 +          \
		(size_t)CONFIG_ANKLET_ROUTES * (142 + (CONFIG_ANKLET_PASSWORDS ? 128 : 1)) +       \
		(size_t)CONFIG_ANKLET_FORWARDS * 184 + (size_t)CONFIG_ANKLET_SPARE_SOCKETS * 2 +   \
		ANKLET_UDP_MEMORY + ANKLET_NAMES_MEMORY + ANKLET_RELOAD_MEMORY +                   \
		CONFIG_ANKLET_USERS + (CONFIG_ANKLET_PASSWORDS ? 288 : 0) +                        \
		CONFIG_ANKLET_CONFIG_TEXT + CONFIG_ANKLET_LOG_LINE +                               \
		(CONFIG_ANKLET_STATUS ? 8 * CONFIG_ANKLET_NAME_MAX + 5000 : 0) +                   \
		(CONFIG_ANKLET_LOG_LEVELS > 2) *                                                   \
			(CONFIG_ANKLET_SESSIONS >= 64 ? 448 : 6 * CONFIG_ANKLET_SESSIONS) +        \
		(CONFIG_ANKLET_RATES > 0) *                                                        \
			((size_t)CONFIG_ANKLET_RATES * 28 +                                        \
				(size_t)CONFIG_ANKLET_RATE_CLIENTS * 88 + 300) +                   \
		900)

#ifdef __cplusplus
extern "C" {
#endif

struct port;
struct anklet;

/* Receives one piece of text for a person, lines ended by '\n'; it is the callee's only during the call. */
typedef void anklet_print(void *ctx, const char *text, size_t len);

/*
 * Makes an instance with the default configuration in memory, which stays the
 * caller's and must outlive it, as must port. The memory is zeroed, as static
 * memory is: what no client has used yet is never written to, and on a system with
 * pages costs none. Returns NULL when size is not enough; ANKLET_MEMORY is. The port is not
 * touched before anklet_start().
 */
struct anklet *anklet_init(void *memory, size_t size, struct port *port);

/*
 * Reads configuration lines; may be called again for more, before anklet_start().
 * source names the text in messages ("anklet.conf", "--listen"). Returns the
 * number of errors, each of them reported: where, the line with a caret, and
 * what would be right. A line in error changes nothing. After anklet_start() nothing
 * is read, which is reported as one error, but between anklet_reload_begin() and its end.
 * Nor is anything, ever, without CONFIG_ANKLET_CONFIG_READER.
 */
unsigned anklet_configure(struct anklet *a, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx);

/* The i-th keyword of the configuration, from 0 on, which lives as long as the program; NULL past the last. */
const char *anklet_keyword(unsigned i);

/* How many allow and deny lines there are in the configuration in force. */
unsigned anklet_rules(const struct anklet *a);

/* Does the configuration in force name a file of users with passwords? Never without CONFIG_ANKLET_PASSWORDS. */
bool anklet_has_users(const struct anklet *a);

/*
 * Prints the configuration in force, as lines that anklet_configure() reads; nothing without
 * CONFIG_ANKLET_CONFIG_PRINTER.
 */
void anklet_print_config(const struct anklet *a, anklet_print *print, void *ctx);

/* What anklet_start(), anklet_check() and anklet_reload_end() return when they fail. */
enum anklet_error {
	ANKLET_UNREACHABLE = -5,  /* this host has no addresses of that family */
	ANKLET_NO_RESOURCES = -7, /* too few descriptors, or too much for a table of fixed size */
	ANKLET_IN_USE = -8,       /* somebody listens at that address and port */
	ANKLET_NOT_LOCAL = -9,    /* that address is not one of this host's */
	ANKLET_DENIED = -10,      /* the system does not permit it */
	ANKLET_NO_NAME = -11,     /* a name to listen on has no address */
	ANKLET_NAME_FAILED = -12, /* no name server gave a usable answer about one */
	ANKLET_NO_RANDOM = -13,   /* TLS needs strong random numbers, and the system has none */
	ANKLET_FAILED = -14,      /* anything else */
	ANKLET_UNUSABLE = -15, /* this, and all that is below: what was configured cannot be used */
};

/*
 * One of these as a sentence in English, which ends with a full stop and lives as long as the program. What is no such
 * error has the sentence of ANKLET_FAILED.
 */
const char *anklet_strerror(int why);

/*
 * Why anklet_start() or anklet_check() failed. Where the system or the port refuses, why is
 * all there is to say of it, and words are empty: anklet_strerror() makes a sentence of that.
 */
struct anklet_failure {
	int why;         /* an enum anklet_error */
	char at[300];    /* the endpoint or the route that it was about, as configured; or "" */
	char words[200]; /* of a key, a certificate or TLS what is wrong; else "" */
};

/*
 * Reads the keys and certificates that the configuration names, and holds them
 * against each other, as anklet_start() will; the port is initialised for that
 * and ended again, and no listener is opened. 0, or as there. Before anklet_start().
 */
int anklet_check(struct anklet *a, struct anklet_failure *failure);

/*
 * Initialises the port, reads keys and certificates, and opens every listener. A
 * name to listen on is looked up first, which may take 5 seconds for each. Returns
 * 0, or what is negative and in failure->why; nothing then stays open. Listening on
 * ::1 when nobody asked for it may fail, and on IPv6 for '*', which is only logged.
 * An instance is started once: a second call fails, and what runs goes on.
 */
int anklet_start(struct anklet *a, struct anklet_failure *failure);

/*
 * Another configuration while the proxy runs, where that is built in (CONFIG_ANKLET_RELOAD). anklet_reload() asks for
 * it, at any time but from a signal's handler; the program, which alone knows where its lines come from, looks after
 * each anklet_poll() whether it is to bring them:
 *
 *	if (anklet_reload_begin(a)) {
 *		errors = anklet_configure(a, "anklet.conf", text, len, report, NULL);
 *		anklet_reload_end(a, errors, &failure);
 *	}
 *
 * A request that is permitted from then on goes by the new one; one that was permitted before goes by the old one
 * until it is granted or refused, and what was granted goes on. As long as some go by the one before the
 * last there is no room to read another: anklet_reload_begin() is false until they are done, limit-establish
 * at most, and all that is asked for meanwhile is read once. Nothing is done after anklet_stop().
 */
void anklet_reload(struct anklet *a);

/* Was it asked for, and is there room? True: anklet_configure() fills a new one, which is the default at first. */
bool anklet_reload_begin(struct anklet *a);

/*
 * Puts it in force: 0. Listeners that both have stay open as they are. With errors, or when anything of it cannot be
 * had (*failure, as of anklet_start()), what was in force stays so in every part: negative.
 */
int anklet_reload_end(struct anklet *a, unsigned errors, struct anklet_failure *failure);

struct anklet_config_status {
	uint32_t generation;   /* of the one in force; the one at the start is 1 */
	uint32_t reloads;      /* that were put in force */
	uint32_t failed;       /* that were not */
	uint32_t old_sessions; /* that go by the one before until they are granted or refused */
	bool waiting;          /* one was asked for, and has not begun */
	bool last_ok;          /* the last one asked for is in force, or none has been */
	uint64_t age_ms;       /* since the one in force was read; 0 where there is no reload */
};

void anklet_config_status(struct anklet *a, struct anklet_config_status *status);

/*
 * One tick: waits until there is something to do, at most ms milliseconds
 * (negative: no limit), and does a bounded amount of it.
 */
void anklet_poll(struct anklet *a, int32_t ms);

/*
 * The two halves of anklet_poll(), for a program with a loop of its own: the
 * milliseconds until the next tick is due even if no socket becomes ready (0:
 * now, negative: no limit), and the tick, after the port was told what is ready.
 */
int32_t anklet_next(struct anklet *a);
void anklet_tick(struct anklet *a);

/*
 * Whom the program that runs it is to become once everything is open (keyword user): "" for nobody else. The name is
 * the instance's, until the configuration is read again.
 */
const char *anklet_user(const struct anklet *a);

/*
 * The path of the socket of control, which then is to be his (keyword control): "" for none. Only where
 * CONFIG_ANKLET_CONTROL is.
 */
const char *anklet_control(const struct anklet *a);

/*
 * Accepts no more clients, closes the listeners, and ends the flows of datagrams. The
 * sessions go on: poll until none is left.
 */
void anklet_stop(struct anklet *a);

/* Ends all sessions at once with a reset, closes everything, and ends the port. What anklet_status() counts stays. */
void anklet_fini(struct anklet *a);

struct anklet_status {
	uint32_t sessions;      /* clients being served, those being refused among them */
	uint32_t sessions_max;  /* after anklet_start(): so many fit the descriptors there are */
	uint32_t sessions_peak; /* the most there have been */
	uint64_t accepted;      /* clients since the start, those below included */
	uint64_t over_limit; /* closed at accept: past limit-client, or nobody evicted for them */
	uint64_t granted;    /* requests, as is the next */
	uint64_t refused;
	uint64_t left;           /* clients who left before they had asked for anything */
	uint64_t bytes_up;       /* from clients, counted as they are passed on; as is the next */
	uint64_t bytes_down;     /* to clients */
	uint32_t udp_flows;      /* clients of forwards of datagrams */
	uint64_t datagrams_up;   /* from them, forwarded */
	uint64_t datagrams_down; /* to them */
	uint64_t datagrams_dropped; /* either way; those of clients that are refused, too */
};

/* Fills *status; at any time from anklet_init() on, and still after anklet_fini(). */
void anklet_status(const struct anklet *a, struct anklet_status *status);

/* One session as it was when it was asked for. What others chose is printable ASCII, with \xHH for all else. */
struct anklet_session {
	uint32_t number;     /* from 1 on, as in the log */
	const char *state;   /* a word of the log's, as "connecting"; of the program's own memory */
	const char *command; /* "connect", "bind" or "forward"; "" as long as none is known */
	bool by_tls;         /* the client speaks TLS */
	uint64_t age_ms;     /* since it was accepted */
	uint64_t bytes_up;   /* from the client, as they are passed on */
	uint64_t bytes_down; /* to the client */
	char client[72];     /* 192.0.2.1:50000, [2001:db8::1]:50000 */
	char to[320];        /* what was asked for, as HOST:PORT; "" with command */
	char user[320];      /* whom the client says that it is; "" for nobody */
	char peer
		[72]; /* who is at the other end; "" as long as nobody is, or only a next hop knows */
};

/*
 * Fills *session with that of the lowest number above 'after': true; or false when there is none, and *session is
 * as it was. Who goes on after the number of the last one misses none and sees none twice, whatever ends meanwhile:
 *
 *	for (uint32_t after = 0; anklet_session(a, after, &session); after = session.number)
 */
bool anklet_session(struct anklet *a, uint32_t after, struct anklet_session *session);

/*
 * What only the program knows, for who asks for the status: when it was started, in seconds since 1970, and its number
 * as a process. Only where CONFIG_ANKLET_STATUS is.
 */
void anklet_introduce(struct anklet *a, uint64_t start_time, uint32_t pid);

/* What a line of the log is about, the gravest first. */
enum anklet_level { ANKLET_ERROR, ANKLET_WARNING, ANKLET_INFO, ANKLET_DEBUG };

/*
 * Hands a line of the program's own to the log, which the keyword log may leave out; level is an enum anklet_level, and
 * the line printable ASCII without its end. After anklet_start(), and still after anklet_fini().
 */
void anklet_log(struct anklet *a, int level, const char *line, size_t len);

/*
 * Where listener i, from 0 on, listens, printed to buf with its NUL: true; false when there is none, from anklet_stop()
 * on, and before anklet_start(). For an address 72 bytes are enough, and 128 for the socket of control, which is
 * "control PATH". What does not fit lacks its end. size is not 0.
 */
bool anklet_listening(const struct anklet *a, unsigned i, char *buf, size_t size);

/*
 * What listener i has to offer, to be printed after where it listens: "" is SOCKS in the clear, else " with TLS";
 * " for TARGET" of a forward, " for the status", " for commands" of the socket of control; 320 bytes are enough. There
 * is a listener i.
 */
void anklet_offering(const struct anklet *a, unsigned i, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif

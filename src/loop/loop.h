/*
 * What everybody shares who runs in the loop: the port, whose each socket is, who has something to do, the deadlines,
 * the counters, the addresses that are listened at, and the line of the log.
 *
 * It knows of sessions, listeners and flows only that they have numbers.
 */
#ifndef ANKLET_LOOP_H
#define ANKLET_LOOP_H

#include "anklet.h"
#include "base/address.h"
#include "base/deadline.h"
#include "base/log_lines.h"
#include "base/text.h"
#include "loop/budget.h"
#include "loop/clients.h"
#include "loop/rates.h"
#include "loop/timers.h"
#include "port.h"

/* '*' is two listeners; each forward may have one; and those where the status is asked for. */
#define LOOP_LISTENERS \
	(CONFIG_ANKLET_LISTENERS + 2 * CONFIG_ANKLET_FORWARDS + ANKLET_STATUS_LISTENERS)
/* While a reload goes on there are those before it besides. */
#define LOOP_LISTENER_SLOTS (ANKLET_LISTENER_SLOTS < UINT8_MAX ? ANKLET_LISTENER_SLOTS : UINT8_MAX)

/* Whose a socket is. All zero: nobody's. */
enum owner_kind {
	OWNER_NONE,
	OWNER_SESSION,
	OWNER_LISTENER,
	OWNER_UDP_FORWARD,
	OWNER_UDP_FLOW,
	OWNER_LOOKUP,
	OWNER_STATUS, /* of one who asks for it */
};

struct owner {
	uint16_t kind : 3; /* enum owner_kind */
	uint16_t index : 13;
};

_Static_assert(CONFIG_ANKLET_SESSIONS > 0 && CONFIG_ANKLET_SESSIONS < 1 << 13,
	"an owner names every session");

/* The sessions with something to do, first in, first out. */
struct ready_list {
	uint16_t first, last; /* while count > 0 */
	uint16_t count;
	uint16_t next[CONFIG_ANKLET_SESSIONS]; /* 0: it is not on the list */
};

/* The tables stand at the end: what is near is reached with less code. */
struct loop {
	struct port *port;
	uint64_t time;             /* of loop_time() */
	struct deadline earliest;  /* of what is no timer: the next look at those is due then */
	struct deadline accept_at; /* accepting rests until then: the port had no resources */
	uint8_t log;               /* enum log_level */
	uint16_t limit_log;        /* lines a minute about one client; 0: no limit */
	uint8_t listening_count;
	struct anklet_status status;
	struct text line; /* of the log, in line_buf */
	struct address listening[LOOP_LISTENER_SLOTS];
	struct owner owner[PORT_SOCKETS];
	struct ready_list ready;
	struct clients clients;
	struct budget budget;
	struct timers timers;
#if CONFIG_ANKLET_RATES > 0
	struct rates rates;
#endif
#if CONFIG_ANKLET_STATUS
	uint64_t dropped; /* lines of the log, which nobody took */
#endif
	char line_buf[CONFIG_ANKLET_LOG_LEVELS > 0 ? CONFIG_ANKLET_LOG_LINE : 1];
};

_Static_assert(LOOP_LISTENERS <= UINT8_MAX, "a count of listeners fits a byte");

/* Where there are none whoever asks for them is dead code. */
#if CONFIG_ANKLET_RATES > 0
#define LOOP_RATES(loop) (&(loop)->rates)
#else
#define LOOP_RATES(loop) ((void)(loop), (struct rates *)0)
#endif

#if CONFIG_ANKLET_STATUS
#define LOOP_DROPPED(loop) ((loop)->dropped)
#else
#define LOOP_DROPPED(loop) ((loop)->time) /* never looked at */
#endif

/* Of zeroed memory, which is not written to but for what is not zero at the start. */
void loop_init(struct loop *loop, struct port *port);

/* ---- Sockets ---- */

/* Notes whose socket it is, from the call that opened it on; PORT_NONE is nobody's. */
void loop_own(struct loop *loop, port_sock sock, enum owner_kind kind, unsigned index);

/* Closes one in order or at once, and forgets whose it was. Sets it to PORT_NONE, which is left alone. */
void loop_close(struct loop *loop, port_sock *sock);
void loop_reset(struct loop *loop, port_sock *sock);

/* Does who listens at 'at' take what is for that address and port? */
bool loop_is_at(const struct address *at, const struct ip *ip, uint16_t port);

/* Does this program listen at that address, being one of this host's? */
bool loop_listens(const struct loop *loop, const struct ip *ip, uint16_t port);

/* ---- Who has something to do, and when ---- */

/* Puts a session on the list of those with something to do, if it is not there. */
void loop_ready(struct loop *loop, unsigned session);
bool loop_is_ready(const struct loop *loop, unsigned session);

/* Takes the first off the list, which is not empty. */
unsigned loop_take_ready(struct loop *loop);

/* Sets a timer to ms from now; 0: clears it. */
void loop_set_timer(struct loop *loop, unsigned timer, enum timer_kind kind, uint32_t ms);

/* A deadline was set that is no timer: the next look at the clock is due then at the latest. */
void loop_deadline(struct loop *loop, const struct deadline *d);

/*
 * The clock of port_now(), which wraps after 49 days, in as many bits as a session of months takes: for what is not
 * compared but shown. It is read once in a tick at least.
 */
uint64_t loop_time(struct loop *loop);

/*
 * How long may be waited, in ms, for timers and deadlines alone; negative: no limit. Where there are sessions, so long
 * at most that no wrap of the clock is missed.
 */
int32_t loop_next(const struct loop *loop, uint32_t now);

/* ---- The log ---- */

/* Logs each pool that is full, once, with who holds most of it; and once when it has room again. */
void loop_tell_pools(struct loop *loop);

/* Begins a line of the log with this; there is one at a time. */
struct text *loop_line(struct loop *loop, const char *start);

/* Logs that line, if its level is wanted. */
void loop_log(struct loop *loop, enum port_level level);

/* The same of a whole line, in which an address stands between two texts. */
void loop_log_address(struct loop *loop, enum port_level level, const char *before,
	const struct address *at, const char *after);

/* Hands on a line that somebody else has put together. */
void loop_put_line(struct loop *loop, enum port_level level, const char *line, size_t len);

/*
 * Begins a line about a client, which loop_end_line() logs. NULL: 'log' is less than what it is wanted with, or the
 * budget has no room for it, where it is counted; with 'log debug' there is. So what is not logged costs nobody time.
 */
struct text *loop_line_of(struct loop *loop, enum log_level wanted, const struct ip *client);
void loop_end_line(struct loop *loop, enum port_level level);

/* A line about a client would say what was said just now: it is counted, if it is wanted. */
void loop_pass_over(struct loop *loop, enum log_level wanted, const struct ip *client);

/* Says how many lines there was no room for, and begins anew. */
void loop_tell_unlogged(struct loop *loop);

#endif

/*
 * The deadlines of sessions and flows: a list for each kind, of which the first is due first.
 *
 * All timers of a kind are set to the same distance from now, so that a new one belongs at the
 * end of its list, and to set, to clear and to find what is due takes no search. Where
 * a distance has been made shorter meanwhile, the new one passes those that are later.
 *
 * A timer is named by its number, below TIMERS; times are milliseconds of port_now().
 */
#ifndef ANKLET_TIMERS_H
#define ANKLET_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet_config.h"

/* Two for each session: the limit of its phase, and that of its state's own step. One for each flow of datagrams. */
#define TIMER_FLOW(index) (2u * CONFIG_ANKLET_SESSIONS + (index))
#define TIMERS (2 * CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_UDP_FLOWS)
#define TIMER_NONE UINT16_MAX

enum timer_kind {
	TIMER_HANDSHAKE = 1,
	TIMER_HANDSHAKE_TLS, /* of a client that speaks TLS */
	TIMER_ESTABLISH,
	TIMER_IDLE,
	TIMER_HALF_CLOSED,
	TIMER_END,     /* a last word, and what is read until a stream's own end */
	TIMER_DRAIN,   /* only reads on: who has done so longest is evicted first */
	TIMER_IDENT,   /* a step's, as is the next */
	TIMER_ATTEMPT, /* until the next address is tried */
#if CONFIG_ANKLET_PASSWORDS
	TIMER_WRONG_PASSWORD, /* a step's, until it is refused */
#else
	TIMER_WRONG_PASSWORD = TIMER_ATTEMPT, /* there is none */
#endif
#if CONFIG_ANKLET_RATES > 0
	TIMER_PAUSE, /* a step's, until its client may move more */
#else
	TIMER_PAUSE = TIMER_ATTEMPT,
#endif
	TIMER_FLOW_NEW,      /* a flow's, as are the next two: it waits for its first answer */
	TIMER_FLOW_ANSWERED, /* it has had one */
	TIMER_FLOW_LASTING,  /* and its client has gone on */
	TIMER_KINDS,
};

/* All zero is one that is not set. */
struct timer {
	uint32_t at;
	uint16_t previous, next; /* in 'entry' of struct timers */
};

/* The first entry is nobody's, so that none is called 0; one for each kind begins and ends its list. */
struct timers {
	struct timer entry[TIMER_KINDS + TIMERS];
};

/* Of zeroed memory: no timer is set. Writes to no timer. */
void timers_init(struct timers *timers);

/* Sets a timer, which may have been set to another time. */
void timers_set(struct timers *timers, unsigned timer, enum timer_kind kind, uint32_t at);
void timers_clear(struct timers *timers, unsigned timer);
bool timers_is_set(const struct timers *timers, unsigned timer);

/* The time of one that is set. */
uint32_t timers_at(const struct timers *timers, unsigned timer);

/* Takes one whose time has come off its list; TIMER_NONE: there is none. */
uint16_t timers_take(struct timers *timers, uint32_t now);

/* The first of a kind; TIMER_NONE: none is set. */
uint16_t timers_first(const struct timers *timers, enum timer_kind kind);

/* The one after that of its kind, which is set; TIMER_NONE: it is the last. */
uint16_t timers_after(const struct timers *timers, unsigned timer);

/* Sets all of a kind so much later, or (modulo 2^32) earlier. */
void timers_shift(struct timers *timers, enum timer_kind kind, uint32_t ms);

/* How long until the next one, in ms; negative: none is set. */
int32_t timers_next(const struct timers *timers, uint32_t now);

#endif

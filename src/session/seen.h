/*
 * What was seen of sessions, for those who ask for the status: requests and refusals are counted as they happen, and of
 * the last refusals it is kept why.
 */
#ifndef ANKLET_SESSION_SEEN_H
#define ANKLET_SESSION_SEEN_H

#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "base/text.h"

struct session;
struct sessions;

/* What is asked for, as far as it is counted; and four phases of a life. */
enum seen_command { SEEN_CONNECT, SEEN_BIND, SEEN_FORWARD, SEEN_COMMANDS };
enum seen_phase { SEEN_HANDSHAKE, SEEN_ESTABLISH, SEEN_RELAY, SEEN_CLOSING, SEEN_PHASES };

/* What refusals are about, roughly; each reason has one of them. */
enum seen_class {
	SEEN_MALFORMED,
	SEEN_DENIED,
	SEEN_IDENT,
	SEEN_NAME,
	SEEN_CONNECTING,
	SEEN_TLS,
	SEEN_STARTTLS,
	SEEN_HOP,
	SEEN_BINDING,
	SEEN_LIMIT,
	SEEN_RESOURCES,
	SEEN_CLIENT,
	SEEN_CLASSES,
};

#define SEEN_REFUSALS 8 /* that are kept */

struct seen_refusal {
	uint64_t at;     /* by loop_time() */
	uint32_t number; /* of the session; 0: there has been none in this place */
	uint8_t reason;  /* enum session_reason */
	uint8_t command; /* enum seen_command; SEEN_COMMANDS: it had not asked for anything yet */
	int16_t rule;    /* that decided; -1: none */
	uint16_t port;
	uint8_t name_len;
	struct address from;
	struct ip ip;
	char name[CONFIG_ANKLET_NAME_MAX];
};

/* Requests granted, by command; refused; and refusals, by class. */
#define SEEN_COUNTS (2 * SEEN_COMMANDS + SEEN_CLASSES)

struct seen {
	uint64_t counts[SEEN_COUNTS];
	uint32_t next; /* refusal, of all that there were */
	struct seen_refusal refusals[SEEN_REFUSALS];
};

/* A request was granted; it, or what might have become one, was refused for s->reason. */
void seen_granted(struct sessions *all, const struct session *s);
void seen_refused(struct sessions *all, const struct session *s);

enum seen_class seen_class_of(unsigned reason);

/* How many sessions there are in each phase; and last, how many want more than their rates let them have. */
#define SEEN_NOW (SEEN_PHASES + 1)
void seen_count(const struct sessions *all, uint64_t counts[SEEN_NOW]);

/* The session with the least number above that one; NULL: there is none. Without a status, too. */
const struct session *seen_after(const struct sessions *all, uint32_t number);

/*
 * Append an object of JSON, of at most SEEN_OBJECT bytes, all of them printable ASCII. What a client has chosen stands
 * there as in the log, with \xHH for a byte that is not printable, and ends with "\..." where it was cut.
 */
#define SEEN_OBJECT 1000
void text_seen_session(struct text *t, struct sessions *all, const struct session *s);
void text_seen_refusal(struct text *t, struct sessions *all, const struct seen_refusal *refusal);

#endif

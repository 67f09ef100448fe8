/*
 * The status: what this program is doing, shown over HTTP to whoever may see it.
 *
 * Two doors lead to it: a listener of TCP (keyword status), which only shows, and a socket with a path in the file
 * system (keyword control), by which sessions are ended and the like as well. Those who ask are no sessions and take no
 * session's place: they have places of their own, of which one is kept for control. An answer is written piece by piece
 * from what is there at that moment, so that no answer needs memory for all of it, and a client that does not read is
 * closed in the end.
 */
#ifndef ANKLET_STATUS_H
#define ANKLET_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet.h"
#include "base/deadline.h"
#include "base/text.h"
#include "protocol/http.h"
#include "port.h"
#include "session/session.h"

#define STATUS_PIECE 1024 /* bytes of an answer that are put together at once */

/* Where an answer is, which is written a row at a time: what is needed to go on with the next one. */
struct status_cursor {
	uint16_t row;
	uint16_t left;  /* sessions that may still be listed */
	uint32_t after; /* of /sessions the number of the one that was listed last */
};

/* What is answered: one function each, below. */
enum status_answer {
	STATUS_WORDS, /* all of it is in the first piece */
	STATUS_SUMMARY,
	STATUS_METRICS,
	STATUS_SESSIONS,
	STATUS_REFUSALS,
	STATUS_PAGE,
};

/* One who asks. All zero: nobody. */
struct status_asking {
	uint8_t step; /* enum of status.c */
	uint8_t answer;
	bool ready;
	bool control;
	bool may_act; /* by control, as root or as this program's user */
	bool chunked;
	port_sock sock; /* while step is not 0 */
	struct ip from; /* all zero by control */
	struct deadline due;
	struct status_cursor cursor;
	uint16_t at, len; /* of the piece: what was sent of it, and all of it */
	uint32_t dropped; /* bytes, after the answer */
	union {
		struct http_reader reader;
		char piece[HTTP_CHUNK_BEFORE + STATUS_PIECE + HTTP_CHUNK_AFTER + HTTP_CHUNK_LAST];
	};
};

struct status_server {
	uint64_t begun;      /* by loop_time() */
	uint64_t start_time; /* as anklet_introduce() has them */
	uint32_t pid;
	uint64_t rejected
		[3]; /* clients closed at once: enum session_admission from SESSION_HAS_SHARE on */
	struct status_asking asking[ANKLET_TABLE(ANKLET_STATUS_ASKING)];
};

/*
 * In how many ms there is a place for one more: 0, now, if by evicting one that has not made a whole request; negative:
 * nobody knows.
 */
int32_t status_room(const struct anklet *a, bool control);

/* One has come: takes him, who may not be answered, or closes his connection. There is room. */
void status_begin(struct anklet *a, bool control, port_sock sock, const struct address *from);

/* A client of the proxy was closed at once. */
void status_rejected(struct anklet *a, enum session_admission why);

/* Those who have something to do; what is due is ended. Of 'busy' there is more to do at once. */
void status_ready(struct anklet *a, unsigned asking);
void status_run(struct anklet *a);
void status_expire(struct anklet *a, uint32_t now);
bool status_is_busy(const struct anklet *a);

/* Closes all connections. */
void status_stop(struct anklet *a);

/*
 * Appends the next row of an answer and moves the cursor on; false: the answer is whole, this row being its last. A row
 * has at most STATUS_PIECE - 1 bytes. (status_show.c, status_page.c)
 */
bool status_summary(struct anklet *a, struct status_cursor *cursor, struct text *t);
bool status_sessions(struct anklet *a, struct status_cursor *cursor, struct text *t);
bool status_refusals(struct anklet *a, struct status_cursor *cursor, struct text *t);
bool status_metrics(struct anklet *a, struct status_cursor *cursor, struct text *t);
bool status_page(struct status_cursor *cursor, struct text *t);

/* The lines in the head of the page's answer. */
extern const char status_page_head[];

/* Opens the socket of control, if it is wanted: 0, or as anklet_start() answers. (status_control.c) */
int status_listen_path(struct anklet *a, struct anklet_failure *failure);

/* Could that be done? The same, but nothing is opened. */
int status_check_path(struct anklet *a, struct anklet_failure *failure);

/* Before listeners are closed: removes it from the file system. */
void status_forget_path(struct anklet *a);

/* Is it something to be done? */
bool status_is_act(const char *target);

/* Does what a POST asks for, and says so in t, which has room for 80 bytes. */
enum http_status status_act(struct anklet *a, const char *target, struct text *t);

#endif

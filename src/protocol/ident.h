/*
 * The Identification Protocol (RFC 1413): the question to a client's identd and its answer.
 *
 * The answer is compared while it is read, so that nothing of it is kept. Of the
 * operating system only OTHER has a meaning here: what follows is then "not appropriate
 * or convenient" as a user's name (section 5), so it never is the one that was claimed.
 */
#ifndef ANKLET_IDENT_H
#define ANKLET_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/parse.h"

#define IDENT_PORT 113
#define IDENT_QUERY_SIZE 16 /* "65535 , 65535" CR LF and a NUL */
#define IDENT_ANSWER_MAX \
	512 /* bytes of an answer with its line end; RFC 1413 allows 1000, nobody needs them */

/* What a whole answer says. */
enum ident_verdict {
	IDENT_SAME, /* both ports echoed, and exactly the userid that was claimed */
	IDENT_OTHER, /* both ports echoed, and another userid, or one that is no user's of any system */
	IDENT_ERROR, /* an ERROR answer (RFC 1413, section 4) */
};

/* An answer while it is read. All zero is one of which nothing has been read, but for the ports. */
struct ident_answer {
	uint16_t port_on_client; /* as asked for: the caller sets these two */
	uint16_t port_on_proxy;
	uint16_t bytes;  /* read so far */
	uint8_t verdict; /* enum ident_verdict, after PARSE_DONE */
	uint8_t field;   /* the rest is of use to ident_read() alone */
	uint8_t field_at;
	bool differs;
	bool nobody; /* the system is OTHER: what follows names none of its users */
	uint32_t number;
};

/* Writes the question, NUL-terminated; returns its length. */
size_t ident_query(char query[IDENT_QUERY_SIZE], uint16_t port_on_client, uint16_t port_on_proxy);

/*
 * Reads on in an answer to the question for a's ports, comparing the userid it
 * names with userid[0..len). A line ends with CR LF or LF; blanks around the
 * fields are read over, blanks before the userid too.
 * PARSE_MALFORMED: no line of RFC 1413, other ports, or longer than IDENT_ANSWER_MAX.
 */
enum parse ident_read(struct ident_answer *a, const char *userid, size_t userid_len,
	const uint8_t *data, size_t len, size_t *used);

#endif

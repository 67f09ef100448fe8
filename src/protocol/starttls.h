/*
 * STARTTLS: how a client of a text protocol asks its server for TLS in mid-stream.
 *
 * Sources: SMTP RFC 3207, IMAP RFC 9051 section 6.2.1, POP3 RFC 2595, NNTP RFC 4642. Each
 * protocol's dialogue is a table of lines to be sent and answers to be expected;
 * one reader goes through all of them. Formats only: no I/O.
 */
#ifndef ANKLET_STARTTLS_H
#define ANKLET_STARTTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/parse.h"

enum starttls_protocol {
	STARTTLS_SMTP,
	STARTTLS_IMAP,
	STARTTLS_POP3,
	STARTTLS_NNTP,
	STARTTLS_PROTOCOLS
};

#define STARTTLS_LINE_MAX 2048    /* bytes of one line of the server's, with its end */
#define STARTTLS_ANSWER_MAX 16384 /* bytes of everything that the server says */
#define STARTTLS_START 16         /* bytes of a line that say what it is */

enum starttls_error {
	STARTTLS_OK,
	STARTTLS_NO_SUCH_SERVER, /* the greeting is none of this protocol */
	STARTTLS_BUSY,           /* the server cannot serve for now, at the greeting or later */
	STARTTLS_TURNED_AWAY,    /* the server will not serve us */
	STARTTLS_REFUSED,        /* the server said no to TLS */
	STARTTLS_NOT_TEXT, /* a line is too long, or there are too many, or one has a byte that none may have */
};

/* A dialogue under way. All zero but the protocol is one that has not begun. */
struct starttls {
	uint8_t protocol; /* enum starttls_protocol */
	uint8_t error;    /* enum starttls_error, after PARSE_MALFORMED */
	uint8_t step;     /* the rest, but line_len, is of use to starttls.c alone */
	bool line_sent;
	uint8_t start_len;
	char start[STARTTLS_START];
	uint16_t line_len; /* bytes of the line that is being read, or that was the error */
	uint16_t answer_len;
	uint8_t skipping;
	bool cr_read;
};

/*
 * The line that is to be sent now, with its end, before the server is listened to
 * again; NULL: none is. starttls_sent(): it was.
 */
const char *starttls_line(const struct starttls *s);
void starttls_sent(struct starttls *s);

/*
 * Reads on in what the server says. PARSE_MORE: *used bytes were taken, which need
 * not be all; starttls_line() may have a line now: look there first. PARSE_DONE: the server has agreed,
 * and the next byte that is sent either way belongs to TLS: what stands after *used was sent in
 * the clear by somebody who wants it taken for protected (CVE-2011-0411).
 * PARSE_MALFORMED sets s->error.
 * keep has room for len bytes: *kept of them are what the client is to be shown as the
 * server's greeting, without what no longer holds (IMAP's capabilities).
 */
enum parse starttls_read(struct starttls *s, const uint8_t *data, size_t len, size_t *used,
	uint8_t *keep, size_t *kept);

#endif

/*
 * What every reader of a wire format answers.
 *
 * A reader takes the bytes that have arrived, in pieces of any size, and keeps
 * what it needs of them: the caller drops the *used bytes whatever the answer
 * is. It does no I/O and knows no clock.
 */
#ifndef ANKLET_PARSE_H
#define ANKLET_PARSE_H

enum parse {
	PARSE_DONE,      /* whole; *used stops exactly after it */
	PARSE_MORE,      /* all bytes used, and more are needed */
	PARSE_MALFORMED, /* it can never become whole; the reader says why */
};

#endif

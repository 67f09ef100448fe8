/*
 * What the logs of ports have in common: the word for a level, and lines that were not taken.
 */
#ifndef ANKLET_PORT_LOG_LINES_H
#define ANKLET_PORT_LOG_LINES_H

#include "port.h"

/* What is logged: all that matters as much, and more. */
enum log_level {
	LEVEL_ERROR,
	LEVEL_WARNING,
	LEVEL_REFUSED, /* of what is PORT_INFO only the requests that the rules refuse */
	LEVEL_INFO,
	LEVEL_DEBUG
};

/* Is a line of that level, an enum port_level, logged? */
bool log_wants(enum log_level log, int level);

/* What stands before a line: "warning: ", and "" for what is no news of an error. */
const char *log_level_word(enum port_level level);

/* Takes a line (no line end, printable ASCII), whole or not at all: false. */
typedef bool log_taker(enum port_level level, const char *line, size_t len);

/*
 * Hands a line to take(). One that it does not take is dropped and counted in *dropped; as soon
 * as a line is taken again it comes after one that says how many were. Was it taken?
 */
bool log_line(
	uint32_t *dropped, log_taker *take, enum port_level level, const char *line, size_t len);

#endif

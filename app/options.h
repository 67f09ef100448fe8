/*
 * The command line: every long option is a line of the configuration.
 */
#ifndef ANKLET_POSIX_OPTIONS_H
#define ANKLET_POSIX_OPTIONS_H

#include "anklet.h"

#define OPTIONS_FILE_MAX 16384 /* bytes of a configuration file */

/* What a program ends with, besides EXIT_SUCCESS and EXIT_FAILURE. */
enum { EXIT_USAGE = 2, EXIT_CONFIG = 78 };

enum options_answer {
	OPTIONS_RUN, /* a is configured */
	OPTIONS_END, /* all is said and done: leave with *status */
};

/*
 * Configures a with the options and the files they name, in the order in which
 * they stand. Wrong usage is told before anything is configured, and errors in
 * the configuration are told all of them, on standard error. What was asked for
 * (--help, --version, --check) goes to standard output. argv ends with NULL.
 */
enum options_answer options_read(struct anklet *a, char **argv, int *status);

/* Configures a once more with what options_read() has read: the number of errors, which are reported there. */
unsigned options_again(struct anklet *a, anklet_print *print, void *ctx);

#endif

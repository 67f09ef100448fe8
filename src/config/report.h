/*
 * The report of one error in a configuration, as a person reads it.
 */
#ifndef ANKLET_CONFIG_REPORT_H
#define ANKLET_CONFIG_REPORT_H

#include "anklet.h"
#include "config/fault.h"

/*
 * Reports a fault in line 'number' of source, in one call: the place and what
 * is wrong, the line with a caret, and what would be right. Columns are counted
 * from 1, in octets. A long line is shown around the caret only.
 */
void config_report(const char *source, unsigned long number, struct word line,
	const struct config_fault *fault, anklet_print *report, void *ctx);

#endif

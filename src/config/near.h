/*
 * Which of the right words a wrong one was probably meant to be.
 */
#ifndef ANKLET_CONFIG_NEAR_H
#define ANKLET_CONFIG_NEAR_H

#include "config/fault.h"

/* The best so far of the words tried. */
struct config_near {
	struct word word;
	const char *name; /* NULL: none is near */
	size_t distance;
};

/* Begins to look for words near this one. */
void config_near_init(struct config_near *near, struct word word);

/* Takes name into account, with CONFIG_ANKLET_REMEDIES: near is what two octets inserted, removed or replaced can mend. */
void config_near_try(struct config_near *near, const char *name);

#endif

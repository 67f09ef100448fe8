/*
 * What the image needs of memory and time, as it runs.
 */
#ifndef FIRMWARE_FIGURES_H
#define FIRMWARE_FIGURES_H

#include "anklet.h"

/*
 * Logs the figures at level debug when they have changed, at most once a second: the
 * most that was ever used of stack, lwIP's heap and its control blocks, how many
 * of these are in use now, and the time that the processor was awake.
 */
void figures_log(struct anklet *a);

#endif

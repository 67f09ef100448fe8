/*
 * What the image needs of memory and time, as it runs.
 */
#ifndef FIRMWARE_FIGURES_H
#define FIRMWARE_FIGURES_H

#include "anklet.h"

/*
 * Logs the figures at level debug when they have changed, at most once a second: the
 * most that was ever used of stack, lwIP's heap and control blocks and the TLS library's
 * heap, how much of these is in use now, the time that the processor was awake, and
 * the longest pause that the network had to wait since the last line.
 */
void figures_log(struct anklet *a);

#endif

/*
 * What the systems of port/bsd do otherwise in the contract tests, beside harness.h's abilities: those
 * of the process they run in are in harness_process.c, their files and log in harness_host_files.c and
 * harness_host_log.c or, of a whole process, in harness_unix.c.
 */
#ifndef ANKLET_PORT_CONTRACT_HARNESS_BSD_H
#define ANKLET_PORT_CONTRACT_HARNESS_BSD_H

#include "harness.h"

/* Before a test, and after it: what the system has beside the port is as at first. */
void bsd_begin(void);
void bsd_end(struct port *p);

/* How many descriptors are open. */
int bsd_descriptors(void);

#endif

/*
 * The port in a program that has sets of descriptors, or leaves the wait to the port: nobody is told of descriptors one
 * by one. guest.c stands in its place in the library that is installed, and guest_wait.c in that of log.c.
 */
#include "internal.h"

void guest_closing(struct port *p, int fd)
{
	(void)p;
	(void)fd;
}

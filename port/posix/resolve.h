/*
 * The resolver's part of struct port. Replaced by the resolver.
 */
#ifndef ANKLET_POSIX_RESOLVE_H
#define ANKLET_POSIX_RESOLVE_H

struct resolver {
	int unused;
};

#endif

/*
 * struct port over POSIX sockets. Included by port.h alone; nothing in it is for src/.
 */
#ifndef ANKLET_POSIX_PORT_ARCH_H
#define ANKLET_POSIX_PORT_ARCH_H

#include <signal.h>

#include "fdset.h"

/* The core's handles come first in the table, then the resolver's queries. */
#define PORT_ENTRIES (PORT_SOCKETS + 2 * POSIX_LOOKUPS)

/*
 * The most octets that are shown or moved at once. One such buffer serves all
 * sockets: nothing that it holds outlives the call that filled it, but for the
 * octets of port_peek(), which the kernel still has as well.
 */
#define POSIX_SCRATCH 65536

_Static_assert(PORT_ENTRIES <= INT16_MAX, "an entry is named like a socket");
_Static_assert(FDSET_NEEDED <= CONFIG_ANKLET_DESCRIPTORS,
	"the sets hold every entry, the standard streams and some inherited descriptors");

#include "names/resolve.h"

/* One socket. What the bits mean is said in internal.h. */
struct port_entry {
	int fd;       /* -1: none, as in look-ups */
	int16_t link; /* the next free entry, while this one is free */
	uint8_t kind;
	uint8_t wants;   /* interests that stand unfired */
	uint8_t flags;   /* what is known about the stream */
	int8_t read_end; /* the answer that reading has ended with; 0: it has not */
	int8_t failure;  /* the first failure that any call met; 0: none */
	bool fired;      /* in the wave and not yet named */
};

struct port {
	int16_t free_handle, free_query; /* first free entry of each part; -1: none */
	int16_t resting; /* first of the handles closed during this wave: free when it is over */
	int16_t wave_len, wave_at;
	int top;            /* every descriptor of ours is below */
	int lookouts;       /* entries that want WANT_LOOK */
	uint32_t looked_at; /* when they were last looked at */
	uint32_t now;       /* set by each wait */
	bool signals;
	int native;         /* a descriptor that native_*.c keeps for itself; -1: none */
	uint32_t questions; /* put to that descriptor, each with its number */
	uint32_t unlogged;  /* log lines dropped and not yet reported */

	struct port_entry entry[PORT_ENTRIES];
	int16_t entry_of[CONFIG_ANKLET_DESCRIPTORS]; /* by descriptor; -1: not ours */
	int16_t wave[PORT_SOCKETS]; /* what the last wait made ready, in the order of naming */
	struct fdset rd, wr;        /* what the wants of all entries come to */
	sigset_t during_wait;       /* the signals blocked while it waits, if 'signals' says so */
	uint8_t scratch[POSIX_SCRATCH];

	struct resolver resolver;
};

#endif

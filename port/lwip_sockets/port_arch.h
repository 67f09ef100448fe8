/*
 * struct port over lwIP's BSD sockets, beside an operating system. Included by port.h alone.
 *
 * The files of port/posix do the work; what they need of struct port stands here
 * in the sizes of a small system. Descriptors are lwIP's and begin at an offset
 * (LWIP_SOCKET_OFFSET); a set is the fd_set that lwIP's headers and <sys/select.h>
 * agree upon, and how many it holds is not ours to choose.
 */
#ifndef ANKLET_LWIP_SOCKETS_PORT_ARCH_H
#define ANKLET_LWIP_SOCKETS_PORT_ARCH_H

#include <signal.h>
#include <sys/select.h>

#undef CONFIG_ANKLET_DESCRIPTORS
#define CONFIG_ANKLET_DESCRIPTORS FD_SETSIZE

#include "fdset.h"

/* The core's handles, then the one descriptor that look-ups are told by (names.c). */
#define PORT_ENTRIES (PORT_SOCKETS + 1)

/*
 * The most octets that are shown or moved at once. lwIP shows one piece that has
 * arrived, which is a segment or a few of them.
 */
#ifndef CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH
#define CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH 5760
#endif

/* Octets dropped at once: see native_drop(). */
#define LWIP_SOCKETS_DROP 1460

/* Names being looked up at once, over all ports. */
#ifndef CONFIG_ANKLET_LWIP_LOOKUPS
#define CONFIG_ANKLET_LWIP_LOOKUPS 4
#endif

_Static_assert(PORT_ENTRIES <= INT16_MAX, "an entry is named like a socket");

/* One socket. What the bits mean is said in ../posix/internal.h. */
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

/* How lwIP's thread tells that a look-up has news. */
struct resolver {
	int16_t bell; /* an entry, which is readable while it rings; -1: none */
	bool ringing;
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
	uint32_t unlogged; /* log lines dropped and not yet reported */

	struct port_entry entry[PORT_ENTRIES];
	int16_t entry_of[CONFIG_ANKLET_DESCRIPTORS]; /* by descriptor; -1: not ours */
	int16_t wave[PORT_SOCKETS]; /* what the last wait made ready, in the order of naming */
	struct fdset rd, wr;        /* what the wants of all entries come to */
	sigset_t during_wait;       /* of no effect: nothing here is interrupted by signals */
	uint8_t scratch[CONFIG_ANKLET_LWIP_SOCKETS_SCRATCH];
	uint8_t dropped[LWIP_SOCKETS_DROP];

	struct resolver resolver;
};

#endif

/*
 * struct port over Zephyr's sockets. Included by port.h alone.
 *
 * The files of port/posix do the work; what they need of struct port stands here in
 * the sizes of a small system. What Zephyr's own configuration must have room for is
 * asserted here, by the names that it has there.
 */
#ifndef ANKLET_ZEPHYR_PORT_ARCH_H
#define ANKLET_ZEPHYR_PORT_ARCH_H

#include <signal.h>
#include <sys/select.h>

#undef CONFIG_ANKLET_DESCRIPTORS
#define CONFIG_ANKLET_DESCRIPTORS FD_SETSIZE

#include "fdset.h"

/* The core's handles, then the one descriptor that look-ups are told by (names.c). */
#define PORT_ENTRIES (PORT_SOCKETS + 1)

/*
 * The most octets that are shown or moved at once. All that lies unread at a socket has to
 * fit: native_zephyr.c says why.
 */
#define ZEPHYR_SCRATCH CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE
#define ZEPHYR_DROP 512 /* octets dropped at once: see native_drop() */

_Static_assert(PORT_ENTRIES <= INT16_MAX, "an entry is named like a socket");
_Static_assert(PORT_ENTRIES <= CONFIG_ZVFS_POLL_MAX, "select() takes every entry");
_Static_assert(PORT_ENTRIES + 3 <= CONFIG_ZVFS_OPEN_MAX,
	"there are descriptors for every entry, and the standard streams");
_Static_assert(PORT_SOCKETS <= CONFIG_NET_MAX_CONTEXTS, "the stack has room for every socket");
_Static_assert(ZEPHYR_SCRATCH > 0, "the receive window is not left to be computed");

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

struct resolver {
	int16_t bell; /* an entry, which is readable when a look-up has news; -1: none */
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
	sigset_t during_wait;       /* of no effect: Zephyr's select() heeds no signals */
	uint8_t scratch[ZEPHYR_SCRATCH];
	uint8_t dropped[ZEPHYR_DROP];

	struct resolver resolver;
};

#endif

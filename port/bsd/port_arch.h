/*
 * struct port over BSD sockets. Included by port.h alone; nothing in it is for src/.
 *
 * What SYSTEM_... means is said in system.h; here no header of a network stack comes in.
 */
#ifndef ANKLET_BSD_PORT_ARCH_H
#define ANKLET_BSD_PORT_ARCH_H

#include "system_file.h"

#include SYSTEM_FILE(ANKLET_SYSTEM, _sizes)

#include "fdset.h"

/* One socket. What the bits mean is said in internal.h. */
struct port_entry {
	int fd;       /* -1: none any more */
	int16_t link; /* the next free entry, while this one is free */
	uint8_t kind;
	uint8_t interests; /* that are recorded, and not yet met */
	uint8_t flags;     /* what is known about the stream; of a listener: enum burst */
	int8_t read_end;   /* the answer that reading has ended with; 0: it has not */
	int8_t io_error;   /* the first failure that any call met; 0: none */
	bool pending;      /* ready, and not yet named */
};

struct port {
	int16_t free_handle; /* the first free entry; -1: none */
	int16_t resting; /* first of the handles closed while others are pending: free after that */
	int16_t pending_len, pending_at;
	int top;    /* every descriptor of ours is below */
	int bottom; /* and so is that of the system's own that is waited for; 0: there is none */
	bool listen_early;  /* of the configuration */
	uint16_t spin_us;   /* likewise */
	uint16_t shown;     /* by the last port_peek(), if that was all there was */
	int polled;         /* INTEREST_HANGUP_POLL and INTEREST_PROBES, of all entries */
	uint32_t polled_at; /* when they were last looked at */
	uint32_t now;       /* set by each wait */
	uint32_t unlogged;  /* log lines dropped and not yet reported */

	struct port_entry entry[PORT_SOCKETS];
	int16_t entry_of[SYSTEM_DESCRIPTORS]; /* by descriptor; -1: not ours */
	int16_t pending[PORT_SOCKETS]; /* what the last wait found ready, in the order of naming */
	struct fdset rd, wr;           /* what the interests of all entries come to */
	struct system system;

	/*
	 * One buffer serves all sockets: nothing that it holds outlives the call that filled
	 * it, but for the bytes of port_peek(), which the stack still has as well.
	 */
	uint8_t scratch[SYSTEM_SCRATCH];
};

#endif

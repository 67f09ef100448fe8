/*
 * struct port of the simulator: one process on a host of a network that exists only in memory.
 *
 * The proxy under test is such a process, and so is every client, server and
 * identd beside it: all of them speak through the calls of port.h. The network
 * itself is struct sim; see sim.h.
 */
#ifndef ANKLET_PORT_ARCH_H
#define ANKLET_PORT_ARCH_H

#define SIM_WINDOW_MAX 8192      /* bytes that may be on their way and unread in one direction */
#define PORT_ZONE_MAX UINT32_MAX /* the highest number of an interface */
#define PORT_FAMILIES PORT_BOTH
#define PORT_ROOM_VARIES 1

struct sim;
struct sim_host;

enum sim_kind { SIM_FREE, SIM_LISTENER, SIM_STREAM, SIM_DATAGRAMS };

/* The kinds of interest, as bits. */
enum sim_interest { SIM_READ = 1, SIM_WRITE = 2, SIM_HANGUP = 4 };

struct sim_socket {
	uint8_t kind;     /* enum sim_kind */
	uint8_t interest; /* recorded and not yet met */
	bool pending;     /* ready, and not yet named */
	bool parked;    /* closed while others are pending: not given out before they were named */
	uint8_t side;   /* STREAM: which end of its link */
	int16_t link;   /* STREAM */
	uint16_t shown; /* STREAM: bytes that the last peek showed, and that were not consumed */
	struct address at;   /* LISTENER, DATAGRAMS */
	struct address peer; /* DATAGRAMS; port 0: none */
	int16_t news;        /* DATAGRAMS: what came of an earlier one, not yet told; 0: nothing */
	int backlog;         /* LISTENER */
	int waiting;         /* LISTENER: connections nobody has accepted; DATAGRAMS: unread ones */
};

/* The calls that can be made to fail. */
enum sim_call {
	SIM_CALL_INIT,
	SIM_CALL_LISTEN,
	SIM_CALL_ACCEPT,
	SIM_CALL_CONNECT,
	SIM_CALL_CONNECTED,
	SIM_CALL_PEEK,
	SIM_CALL_SEND,
	SIM_CALL_LOCAL,
	SIM_CALL_LOCAL_FOR,
	SIM_CALL_LOAD,
	SIM_CALL_NAMES_READ,
	SIM_CALL_RANDOM,
	SIM_CALL_DATAGRAM,
	SIM_CALL_RECVFROM,
	SIM_CALL_SENDTO,
	SIM_CALLS
};

/*
 * What goes wrong for one process. All zero is a world in which nothing does.
 * A chance is out of 1000, drawn at every call.
 */
struct sim_faults {
	uint16_t short_peeks; /* chance that port_peek() shows one byte only */
	uint16_t short_sends; /* chance that port_send() takes one byte, or only a part */
	uint16_t spurious;    /* chance that a socket with an interest is named without a cause */
	uint16_t slow_accept; /* chance that a waiting connection is not yet shown */
	uint16_t late_hangup; /* chance that HANGUP is met late, by up to a second */
	uint16_t hasty;       /* chance that time passes and bytes arrive between two calls */
	uint16_t
		no_sockets; /* chance that listen, accept, connect or a file of names meets NO_RESOURCES */
	uint16_t lost;       /* chance that a datagram which this process sends does not arrive */
	uint16_t twice;      /* chance that it arrives twice */
	uint16_t no_room;    /* chance that port_sendto() has no room */
	bool forges;         /* a datagram leaves from whatever address and port it names */
	uint16_t no_random;  /* chance that port_random() fails */
	uint16_t no_log;     /* chance that a line cannot be taken */
	uint16_t jumps;      /* chance that a wait ends late, as after a suspended machine */
	uint32_t jump_ms;    /* by up to so much */
	int16_t sockets_max; /* sockets this process may hold; 0: as many as there are */
	bool says_max;       /* and port_room() says so */
	/*
	 * The call number fail_at (from 1; 0: none) among those that may answer
	 * fail_with answers it. A connection that failed this way is broken for its
	 * peer too.
	 */
	uint32_t fail_at;
	int fail_with;
};

struct port {
	struct sim *sim;
	struct sim_host *host;
	struct sim_faults faults;
	uint32_t fail_count; /* calls that might have answered fail_with so far */
	uint32_t lines_lost; /* log lines dropped and not yet told */
	int16_t used;        /* sockets from this one on were never given out */
	int16_t unnamed;     /* sockets that are pending */
	int16_t cursor;      /* where port_next() goes on */
	uint16_t span_len;   /* bytes that 'span' shows */
	uint32_t waits;      /* calls of port_wait() */
	uint32_t now;        /* the clock as this process last read it: in a tick it stands still */
	struct port_config config;
	/* Called when port_wait() is entered: the moment to ask whether anything was forgotten. */
	void (*before_wait)(void *ctx);
	/* Takes each log line; NULL: nobody does. */
	void (*log)(void *ctx, enum port_level level, const char *line, size_t len);
	void *ctx; /* for both */
	struct sim_socket socket[PORT_SOCKETS];
	/* A copy of what port_peek() shows, spoilt by the next call, as a real port would. */
	uint8_t span[SIM_WINDOW_MAX];
};

#endif

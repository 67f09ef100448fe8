/*
 * The simulator: a network in memory, with a clock of its own, decided by one seed.
 *
 * Hosts have addresses, processes (struct port) run on hosts, actors are scripts
 * that run in processes. One process, the one that calls port_wait(), is under
 * test: while it waits, virtual time goes on from event to event, and actors run
 * as their sockets become ready or their time has come. The same seed gives the
 * same run, byte for byte.
 *
 * What the network does: bytes take 0 to latency_max_ms, in order; a direction
 * holds at most 'window' bytes sent and unread; a full backlog leaves the
 * connection pending and tries again after 1, 2, 4 ... s; a reset overtakes what
 * is on its way; bytes that reach a closed socket are answered by a reset.
 * Packets of connections are never lost, and there is no TIME_WAIT.
 *
 * Datagrams take 0 to latency_max_ms each, so that they overtake each other. Those that
 * find no room, in the network or at the socket they are for, are lost. Where nobody
 * takes them a socket that has that peer hears of it.
 *
 * What can be made to go wrong in a process stands at struct sim_faults in
 * port_arch.h.
 */
#ifndef ANKLET_SIM_H
#define ANKLET_SIM_H

#include "port.h"

#define SIM_HOSTS 8
#define SIM_HOST_ADDRESSES 6
#define SIM_PORTS 16
#define SIM_ACTORS 128
#define SIM_LINKS 96
#define SIM_EVENTS 1024
#define SIM_ROUTES 8
#define SIM_DATAGRAMS_MAX 128 /* under way or unread, in the whole network */
#define SIM_DATAGRAM_QUEUE 24 /* unread at one socket */
#define SIM_DATAGRAM_BYTES (ANKLET_DATAGRAM_MAX + 64) /* longer ones cannot be sent */
#define SIM_FILES 20
#define SIM_RESOLV_CONF "/etc/resolv.conf" /* files of these names say how names are looked up */
#define SIM_HOSTS_FILE "/etc/hosts"
#define SIM_FILE_SPAN 32768 /* bytes of a file that are shown at once */

#define SIM_GIVE_UP_MS 127000u /* a connection without an answer times out then, as on Linux */

struct sim_host {
	uint8_t addresses;
	struct ip address[SIM_HOST_ADDRESSES];
	uint16_t next_port; /* the next ephemeral port to try */
	uint32_t answer_ms; /* how much longer a connection to it takes to be established */
};

/* A script. Embed it first in a struct of its own. */
struct sim_actor {
	struct port *port;
	/* Called when a socket of its process is ready, or its time has come. Tries everything until AGAIN. */
	void (*run)(struct sim_actor *actor);
	bool timed;
	uint64_t due; /* when timed */
};

/* What becomes of connections to a block of addresses where no host is. */
enum sim_fate { SIM_FATE_UNREACHABLE, SIM_FATE_BLACK_HOLE };

struct sim_route {
	struct ip_prefix to;
	enum sim_fate fate;
};

/* A stored file; its bytes stay the test's. */
struct sim_file {
	const char *name;
	const uint8_t *data;
	size_t len;
	int answer;     /* what is answered in its place; 0: nothing */
	uint32_t stamp; /* another one for each sim_file() */
	bool public;    /* others can read it */
};

/* One direction of a link. Bytes are counted from the start, modulo 2^32. */
struct sim_wire {
	uint32_t taken;                    /* read by the receiver */
	uint32_t arrived;                  /* can be read */
	uint32_t sent;                     /* taken <= arrived <= sent <= limit <= taken + window */
	uint32_t limit;                    /* as far as the sender may send, as it knows it */
	uint32_t mark;                     /* as far as what is about to arrive reaches */
	bool data_pending, window_pending; /* their events are under way */
	bool fin_sent, fin_arrived;
	uint64_t last_at; /* nothing of this direction arrives before this */
};

struct sim_end {
	struct port *port; /* NULL: closed, or not accepted */
	port_sock sock;
	struct address at;
	bool established;
	int failure;        /* 0, or why the connection is over */
	int read_end;       /* 0, or the end that reading has met */
	bool eof_told;      /* port_peer_closed() answered EOF */
	uint64_t hangup_at; /* HANGUP is met from then on */
};

enum sim_link_state { SIM_LINK_FREE, SIM_LINK_ASKING, SIM_LINK_WAITING, SIM_LINK_OPEN };

/* A connection: end 0 asked for it, end 1 took it; wire i carries what end i sends. */
struct sim_link {
	uint8_t state; /* enum sim_link_state */
	uint32_t window;
	int answer;                 /* what the asking end is about to hear: 0 or a failure */
	uint32_t tries;             /* how often a full backlog turned it away */
	struct port *listener_port; /* WAITING: in whose backlog */
	port_sock listener;
	uint32_t order; /* in the backlog */
	struct sim_wire wire[2];
	struct sim_end end[2];
};

enum sim_datagram_state { SIM_DATAGRAM_FREE, SIM_DATAGRAM_UNDER_WAY, SIM_DATAGRAM_UNREAD };

struct sim_datagram {
	uint8_t state; /* enum sim_datagram_state */
	int16_t news;  /* UNDER_WAY: not a datagram but what came of one; else 0 */
	uint16_t len;
	uint32_t order;    /* of arriving, when UNREAD */
	struct port *port; /* whose socket it lies at; UNDER_WAY: who sent it */
	port_sock sock;    /* of that port */
	struct address from, to;
};

enum sim_event_kind {
	SIM_EVENT_WAKE,     /* something can be ready from now on */
	SIM_EVENT_SYN,      /* the question reaches the listener */
	SIM_EVENT_ANSWER,   /* the answer reaches the asking end */
	SIM_EVENT_DATA,     /* bytes, then the FIN, of wire 'side' arrive */
	SIM_EVENT_WINDOW,   /* the sender of wire 'side' hears of room */
	SIM_EVENT_DATAGRAM, /* number 'side' of the table of datagrams arrives */
	SIM_EVENT_RST,      /* end 'side' hears of a reset */
};

struct sim_event {
	uint64_t at;
	uint32_t order; /* among those of one time */
	uint8_t kind;   /* enum sim_event_kind */
	uint8_t side;
	int16_t link; /* -1: none */
};

struct sim {
	/* May be changed between sim_init() and the first connection. */
	uint32_t latency_max_ms;
	uint32_t window_min, window_max; /* each connection draws its own between them */
	uint64_t steps_max; /* events and runs of actors before it is called a livelock */

	const char *
		failure; /* NULL, or why the run makes no sense any more: every wait then returns */
	uint64_t random;
	uint64_t now;      /* ms since the start */
	uint32_t clock_at; /* what port_now() showed at the start */
	uint64_t steps;
	uint32_t order;
	bool running;     /* inside port_wait() */
	bool interrupted; /* it is to return */
	uint8_t hosts, ports, actors, routes, files;
	uint32_t stamps;
	uint16_t events;
	struct sim_host host[SIM_HOSTS];
	struct port *port[SIM_PORTS];
	struct sim_actor *actor[SIM_ACTORS];
	struct sim_route route[SIM_ROUTES];
	struct sim_file file[SIM_FILES];
	size_t loaded_len; /* bytes that 'loaded' shows */
	struct sim_event event[SIM_EVENTS];
	struct sim_link link[SIM_LINKS];
	struct sim_datagram datagram[SIM_DATAGRAMS_MAX];
	uint8_t bytes[SIM_LINKS][2][SIM_WINDOW_MAX];
	uint8_t datagram_bytes[SIM_DATAGRAMS_MAX][SIM_DATAGRAM_BYTES];
	/* A copy of what port_load() shows, spoilt by the next call of any process. */
	uint8_t loaded[SIM_FILE_SPAN + 1];
};

/* An empty network. The clock starts up to two minutes before it wraps. */
void sim_init(struct sim *sim, uint64_t seed);

/* A number from 0 to n - 1; n is at least 1. */
uint32_t sim_random(struct sim *sim, uint32_t n);

/* True in 'chance' of 1000 cases; draws nothing when that is none. */
bool sim_chance(struct sim *sim, uint32_t chance);

/* A host with these addresses, as texts, ended by NULL; at most SIM_HOST_ADDRESSES. Loopback it has anyway. */
struct sim_host *sim_host(struct sim *sim, const char *const *addresses);

/* Makes port a process on host, without faults. To be done before port_init(). */
void sim_attach(struct sim *sim, struct port *port, struct sim_host *host);

/* Makes actor a script that runs in port, at once for the first time. */
void sim_act(struct sim_actor *actor, struct port *port, void (*run)(struct sim_actor *actor));

/* The actor runs again after ms milliseconds, whatever was set before; negative: only for its sockets. */
void sim_timer(struct sim_actor *actor, int32_t ms);

/* Makes the wait that is going on, or else the next one, return 0 as after a signal. */
void sim_interrupt(struct sim *sim);

/* Ends the run: it is not what the caller meant to test. The first reason is kept. */
void sim_fail(struct sim *sim, const char *why);

/*
 * A stored file that every process can load, "" being the list of authorities; a second
 * one of a name takes the place of the first. Returned to be changed.
 */
struct sim_file *sim_file(struct sim *sim, const char *name, const void *data, size_t len);

/* Where no host has an address of the block ("10.0.0.0/8"), connections meet this fate. Else: unreachable. */
void sim_route(struct sim *sim, const char *to, enum sim_fate fate);

/* The interests recorded for s, as bits of enum sim_interest. */
unsigned sim_interest(const struct port *port, port_sock s);

/* How many sockets of a kind the process holds open. */
unsigned sim_open_sockets(const struct port *port, enum sim_kind kind);

/* The calls of port so far that might have answered faults.fail_with. */
uint32_t sim_failable_calls(const struct port *port);

#endif

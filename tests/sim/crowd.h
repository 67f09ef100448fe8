/*
 * A crowd: clients whose sessions stay in the state that is wanted, and bells for what happens when.
 */
#ifndef ANKLET_TESTS_CROWD_H
#define ANKLET_TESTS_CROWD_H

#include "actors.h"

enum crowd_kind {
	CROWD_SILENT,       /* REQUEST: connected, and not a word */
	CROWD_HALF_REQUEST, /* REQUEST: and never the whole of it */
	CROWD_IDENT,        /* IDENT: the identd's backlog is full */
	CROWD_IDENT_ANSWER, /* IDENT_ANSWER: the identd is silent */
	CROWD_RESOLVE,      /* RESOLVE: the name servers are silent */
	CROWD_CONNECT,      /* CONNECT: to a black hole */
	CROWD_WAIT_PEER,    /* WAIT_PEER: nobody comes */
	CROWD_RESOLVE_HOP,  /* RESOLVE_HOP: the name servers are silent */
	CROWD_HOP,          /* HOP: it says nothing */
	CROWD_HOP_PEER,     /* HOP_PEER: nobody comes to the hop */
	CROWD_RELAY,        /* RELAY: granted, and neither side says a word */
	CROWD_HALF_CLOSED,  /* RELAY: the client has ended, the server has not, and is silent */
	CROWD_STAYERS,      /* so many kinds that stay as long as they may */
	CROWD_DRAIN = CROWD_STAYERS, /* DRAIN: refused, and does not go away */
	CROWD_KINDS,
};

/* The rules and routes that the crowd needs, and no limit-client; more lines may follow. */
#define CROWD_CONFIG                                                 \
	"limit-client 0\nallow to 203.0.113.5:7113 ident\nallow\n"   \
	"route to 203.0.113.5:7114 via socks4a://never.example\n"    \
	"route to 203.0.113.5:7115 via socks4://203.0.113.77:9050\n" \
	"route to 203.0.113.5:7116 via socks4a://203.0.113.77:9051\n"

/* What the crowd meets: a black hole, silent names, identds, hops and servers. Sets the configuration, too. */
void crowd_world(struct run *run);

/* A client of that kind; it stays until it is ended, unless crowd_leave() was called. */
void crowd_client(struct client *client, struct run *run, enum crowd_kind kind);

/* It leaves after so many milliseconds with a reset. */
void crowd_leave(struct client *client, uint32_t ms);

/* The state that sessions of the kind stay in. */
enum session_state crowd_state(enum crowd_kind kind);

/* The client goes to the listener for IPv6. */
void crowd_by_v6(struct client *client);

/* Something that happens at a time, while the proxy waits. */
struct bell {
	struct sim_actor actor; /* first */
	struct run *run;
	uint64_t at; /* sim.now */
	void (*ring)(struct run *run);
};

void bell_init(struct bell *bell, struct run *run, uint64_t at, void (*ring)(struct run *run));

/* Calls 'look' before each wait of the proxy, after the framework's own look at it. */
void crowd_before_wait(struct run *run, void (*look)(struct run *run));

#endif

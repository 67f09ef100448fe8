/*
 * Clients of a forward of datagrams, and a server that answers what it was asked.
 *
 * A datagram says whose it is, and the server returns it as it came: so a reply that
 * reaches another client shows, as does one that comes from elsewhere than where the
 * client had asked, and a socket of the proxy's that serves two clients.
 */
#ifndef ANKLET_TESTS_ASKERS_H
#define ANKLET_TESTS_ASKERS_H

#include "crowd.h"

#define LISTENER_PORT 5353
#define SERVER_PORT 53
#define SLOTS CONFIG_ANKLET_UDP_FLOWS
#define SHARE ((SLOTS + 1) / 2)
#define ASKERS 10
#define DATAGRAM CONFIG_ANKLET_DATAGRAM
#define SECOND_IP "10.0.0.9" /* of the proxy's host, which would not choose it by itself */

/* The configuration: from every address, port 5353. */
#define FORWARD_TO(target) "limit-datagrams 5s\nallow\nforward udp://*:5353 udp://" target "\n"
#define FORWARD_TO_IP FORWARD_TO(SERVER_IP ":53")
#define FORWARD_TO_NAME FORWARD_TO("server.example:53")

/* A run with that configuration in addition; it is over when every flow is. */
void askers_begin(struct run *run, const char *config);

/* ---- Who asks ---- */

struct asker {
	struct sim_actor actor; /* first */
	struct run *run;
	struct address proxy; /* the address it asks */
	uint32_t key;
	unsigned count;       /* datagrams to send */
	uint32_t start_ms;    /* before the first */
	unsigned slow;        /* so many are sent with pauses, the rest at once */
	uint32_t pause_ms;    /* between two */
	uint32_t patience_ms; /* after the last, for replies */
	size_t len;           /* of each */
	port_sock sock;
	unsigned sent, replies;
	bool started, done;
	uint64_t sent_at, reply_at; /* the last; sim.now */
};

extern struct asker asker[ASKERS];
extern unsigned askers;

/* One more: a single datagram of any length, at once, and patience for a second. */
struct asker *asker_add(struct run *run, enum run_host host, const char *proxy_ip);

/* So many, from everywhere, with a few datagrams each. */
void askers_add(struct run *run, unsigned count);

/* For a run's check: each had all its replies, and nothing was dropped. */
void askers_check_served(struct run *run);

/* The datagram that an asker sends. */
void asker_datagram(uint8_t *bytes, size_t len, uint32_t key, uint32_t number);

/* ---- Who answers ---- */

#define CALLERS 64

struct echo {
	struct sim_actor actor; /* first */
	struct run *run;
	struct address at;
	uint32_t start_ms; /* before it listens */
	bool silent;       /* it listens, and does not answer */
	bool ports_again;  /* so many flows begin that a port of the proxy's comes again */
	uint32_t ignores;  /* it does not answer who has that key; 0: it answers everybody */
	port_sock sock;
	bool started;
	unsigned asked;
	uint32_t apart;
	unsigned asked_apart; /* by others than who has that key */
	unsigned callers;
	struct address caller[CALLERS];
	uint32_t key[CALLERS];
	uint32_t before[CALLERS]; /* the key that its port had before; 0: none */
};

extern struct echo echo;

/* At that address, port SERVER_PORT: of HOST_LOCAL if it is PROXY_IP, else of HOST_SERVER. */
void echo_add(struct run *run, const char *ip, uint32_t start_ms);

/* ---- The proxy's table ---- */

/* Its first entry. */
const struct udp_flow *flows(const struct run *run);

/* How many are of that client address. */
unsigned flows_of(const struct run *run, const char *client);

/* Spurious readiness and time that passes: for the proxy. */
void askers_rough(struct run *run);

#endif

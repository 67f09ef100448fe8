/*
 * A next hop: a SOCKS server as a script, which may say anything, and then talks as the destination would.
 */
#ifndef ANKLET_TESTS_NEXT_HOP_H
#define ANKLET_TESTS_NEXT_HOP_H

#include "actors.h"

#define NEXT_HOP_ASKED 16 /* connections that it serves */

enum next_hop_then {
	HOP_GOES_ON, /* the next reply, or talking */
	HOP_STAYS,   /* not another word, until the other one ends */
	HOP_SHUTS_DOWN,
	HOP_CLOSES,
	HOP_RESETS
};

#define NEXT_HOP_REPLY_MAX 10 /* bytes of a reply of either SOCKS, with an address of IPv4 */

/* A reply, or what it says in place of one. */
struct next_hop_word {
	uint32_t after_ms;
	uint8_t byte[2 * NEXT_HOP_REPLY_MAX];
	uint8_t len;
	uint8_t then; /* enum next_hop_then, when all of it was sent */
};

/* One connection to it. */
struct next_hop_asked {
	struct address from;
	struct request_reader reader;
	struct request request;
	uint8_t message[300]; /* SOCKS5: what has come of its greeting or its request */
	size_t message_len;
	bool greeted;  /* SOCKS5: the greeting was whole */
	bool answered; /* and so was the answer to it */
	bool whole;    /* the request is */
	bool over;
	unsigned said; /* whole words */
	size_t sent;   /* bytes of the next one */
	int end;       /* 0, or how the connection ended before it talked */
	uint64_t word_at, whole_at, over_at;
	struct talk talk;
};

struct next_hop {
	struct sim_actor actor; /* first */
	struct run *run;
	/* What to do. */
	uint8_t version;              /* 4; 5: with a greeting first */
	struct next_hop_word method;  /* what it says to that: no authentication */
	unsigned words;               /* before it talks; 0: 1 for a CONNECT, 2 for a BIND */
	struct next_hop_word word[2]; /* both grant, unless that is changed */
	uint32_t cut_max;             /* pieces of a word; 0: one */
	uint32_t cut_pause_ms;        /* between them, up to so much */
	bool resets;                  /* each connection at once */
	unsigned refuses;    /* so many connections first, with 91, and goes on with the next */
	struct talk pattern; /* what it does when all was said; with TLS, that comes first */
	/* How it went. */
	port_sock listener;
	unsigned accepted, over;
	unsigned expected; /* connections that are to be over before the run is */
	bool done;
	struct next_hop_asked asked[NEXT_HOP_ASKED];
};

/* Listens at once at ip:port of the host. It expects nobody. */
void next_hop_init(
	struct next_hop *hop, struct run *run, enum run_host host, const char *ip, uint16_t port);

/* The run waits until so many connections are over. */
void next_hop_expect(struct next_hop *hop, unsigned connections);

/* It closes its listener; connections go on. */
void next_hop_stop(struct next_hop *hop);

/* Sets a word to a reply, with SOCKS4's code, which in SOCKS5 is 0 or 1; ip NULL: 0.0.0.0. */
void next_hop_says(
	struct next_hop *hop, unsigned which, uint8_t code, const char *ip, uint16_t port);

/* Which SOCKS it speaks. Its words grant in that, whatever they were before. */
void next_hop_speaks(struct next_hop *hop, uint8_t version);

/* Client and hop talk to each other: 'up' bytes, and 'down' back. */
void next_hop_pair(struct client *client, struct next_hop *hop, uint32_t up, uint32_t down);

/* ---- Ways to a hop ---- */

#define HOP_IP OTHER_IP
#define HOP_PORT 9050

/* How a client's request comes to be one to the hop at HOP_IP, HOP_PORT, and what that one says. */
struct hop_way {
	const char *config;
	const char *name;   /* the client asks by this name; NULL: for SERVER_IP */
	const char *passed; /* the hop is given this name; NULL: the address */
	bool connect_only;
	const char *passed_ip; /* NULL: SERVER_IP */
};

#define HOP_WAYS 15
extern const struct hop_way hop_ways[HOP_WAYS];

#define HOP_TARGET_PORT 7000

/*
 * A client that asks for SERVER_IP or a name and a hop that grants it, by any of the
 * ways, which is returned. Nobody waits for the hop.
 */
const struct hop_way *hop_way_begin(
	struct run *run, struct client *client, struct next_hop *hop, enum socks4_command command);

/* Was the hop asked for what the client had asked for, in the way that was to be? */
void hop_way_check(
	const struct client *client, const struct next_hop_asked *asked, const struct hop_way *way);

#endif

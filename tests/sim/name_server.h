/*
 * The scripted name server: what it answers, how late, and how wrong.
 *
 * Every run has one at NAMES_IP, which the resolv.conf of the proxy's host names. It speaks UDP and TCP, and a name
 * that it was not told does not exist.
 */
#ifndef ANKLET_TESTS_NAME_SERVER_H
#define ANKLET_TESTS_NAME_SERVER_H

#include "sim.h"

#define NAMES_IP "10.0.0.53"
#define NAMES_IP2 "10.0.0.54" /* the same server, at another address */
#define NAMES_NAMES 128
#define NAMES_ADDRESSES 12
#define NAMES_PENDING 64
#define NAMES_STREAMS 16
#define NAMES_MESSAGE 1400

struct run;

/* What is wrong with an answer. Those that are forged come first, and then the right one. */
enum name_trick {
	NAME_PLAIN,
	NAME_WRONG_ID,       /* forged */
	NAME_WRONG_QUESTION, /* forged: another name, and another type */
	NAME_WRONG_PORT,     /* forged: from the server's address, but not from its port */
	NAME_WRONG_ADDRESS, /* forged: right but that it comes from the other server, which was not asked */
	NAME_FLOOD,         /* forged: ids by the dozen, before the answer and after it */
	NAME_GARBAGE, /* of any length, with the right id and question perhaps */
	NAME_ALIAS,   /* an alias of another one, that has the addresses */
	NAME_ALIAS_LOOP,
	NAME_ALIAS_LONG, /* to a name of more than 255 bytes */
	NAME_TRUNCATED,  /* over UDP: it is to be asked for over TCP */
	NAME_TCP_STALLS, /* truncated, and over TCP half of an answer comes */
	NAME_TCP_CLOSES, /* truncated, and over TCP the connection ends after each answer */
	NAME_TRICKS,
};

/* One answer about a name. */
struct served_name {
	const char *name;
	int outcome; /* 0: the addresses; PORT_NO_NAME, PORT_NAME_FAILED; PORT_AGAIN: never answers */
	uint32_t delay_v4_ms, delay_v6_ms; /* until each family's answer */
	uint32_t ttl_s;
	uint8_t trick; /* enum name_trick */
	uint8_t addresses;
	uint8_t used; /* answered once for IPv4 (1), for IPv6 (2): where the name has a later entry, that one is next */
	unsigned asked; /* questions about it, of all types and tries */
	struct ip address[NAMES_ADDRESSES];
};

struct pending_answer {
	bool used;
	uint64_t at;
	const struct served_name *name;
	uint16_t type;
	int stream; /* -1: over UDP */
	struct address to, from;
	size_t len;
	uint8_t bytes[2 + NAMES_MESSAGE];
};

struct name_stream {
	port_sock sock;
	unsigned address; /* that was connected to */
	bool ends;        /* after what is pending */
	size_t in, out, out_len;
	uint8_t query[2 + 600];
	uint8_t answer[2 * (2 + NAMES_MESSAGE)];
};

struct name_server {
	struct sim_actor actor; /* first */
	struct run *run;
	port_sock udp[2], listener[2], forger;
	bool deaf[2];       /* what is asked at that address is heard, and not answered */
	unsigned questions; /* all of them; and those that came over TCP */
	unsigned questions_tcp;
	unsigned at_once_max; /* of one name and type, so many were unanswered at a time */
	uint32_t names;
	struct served_name name[NAMES_NAMES];
	struct pending_answer pending[NAMES_PENDING];
	struct name_stream stream[NAMES_STREAMS];
};

/* Begins to serve on a process of the host with both addresses. */
void name_server_init(struct name_server *server, struct run *run, struct port *port);

/* It is gone, or there again: meanwhile what is sent to the address is refused, and its connections are closed. */
void name_server_stop(struct name_server *server, unsigned address);
void name_server_start(struct name_server *server, unsigned address);

/*
 * An answer for a name: addresses as texts, ended by NULL, and the outcome. Several entries of one name answer one
 * after the other, and the last one from then on. Returned to be changed; both families answer within 20 ms.
 */
struct served_name *name_add(
	struct run *run, const char *name, int outcome, const char *const *addresses);

/* A silent server is waited for longer than sessions may take. */
void name_patience(struct run *run);

/* The entry that was added last. */
struct served_name *name_last(struct run *run);

/* How often was the name asked for, whatever the type? */
unsigned name_asked(const struct run *run, const char *name);

#endif

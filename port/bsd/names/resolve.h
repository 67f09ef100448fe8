/*
 * The resolver's part of struct port: look-ups, the queries that serve them, and what they share.
 *
 * A look-up is what the core asked for. It goes through the names that the
 * search list makes of the one asked for; for each it has two queries, one for
 * each family. A query goes through the name servers, over UDP and, where the
 * answer does not fit, TCP (query.c). Nothing here waits, and every table is of
 * fixed size; where names are left out nobody looks into them, and they are as small as can
 * be. Comes in through port.h.
 */
#ifndef ANKLET_POSIX_RESOLVE_H
#define ANKLET_POSIX_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include "dns.h"
#include "name_cache.h"
#include "name_files.h"

#define RESOLVE_SERVERS                                                         \
	(RESOLV_CONF_SERVERS > CONFIG_ANKLET_NAME_SERVERS ? RESOLV_CONF_SERVERS \
							  : CONFIG_ANKLET_NAME_SERVERS)
#define RESOLVE_TCP_BUFFERS (CONFIG_ANKLET_NAMES ? 2 : 1)
/* Octets of an answer over TCP; a longer one is a failure. */
#define RESOLVE_TCP_MAX (CONFIG_ANKLET_NAMES ? 4096 : DNS_QUERY_MAX)
#define RESOLVE_GRACE_MS 50       /* what the slower family gets (RFC 8305, section 3) */
#define RESOLVE_FIRST_TRY_MS 2000 /* a lost datagram costs no more, if there is another try */

enum query_phase {
	QUERY_IDLE,
	QUERY_UDP,      /* asked; waits for the answer */
	QUERY_TCP_WAIT, /* waits for one of the TCP buffers */
	QUERY_TCP_SEND, /* connecting, then sending the question */
	QUERY_TCP_READ,
};

/*
 * One question, from the first server asked to the answer. It has an entry in
 * the table of sockets only, and not always, between QUERY_UDP and its end; a
 * TCP buffer from QUERY_TCP_SEND on.
 */
struct query {
	uint8_t phase;       /* enum query_phase */
	uint8_t result;      /* enum dns_result; DNS_PENDING until the query has ended */
	uint8_t tries;       /* questions sent: they go to the servers in turn */
	int8_t buffer;       /* -1: none */
	int16_t entry;       /* -1: none */
	uint32_t give_up_at; /* when the current try has failed */
	struct dns_question question;
	struct dns_answer answer;
};

struct tcp_buffer {
	bool taken;
	uint16_t len; /* octets sent so far of the question, then read of the answer */
	uint8_t octets[2 + RESOLVE_TCP_MAX]; /* with the length in front (RFC 1035, 4.2.2) */
};

_Static_assert(DNS_QUERY_MAX <= RESOLVE_TCP_MAX, "a TCP buffer holds the question, too");

enum lookup_state { LOOKUP_FREE, LOOKUP_ASKING, LOOKUP_DONE };

struct lookup {
	uint8_t state;      /* enum lookup_state */
	bool absolute;      /* the search list is not for this name */
	bool graced;        /* one family has addresses, the other has until grace_at */
	uint8_t families;   /* enum port_families */
	uint8_t candidates; /* names tried, the present one included */
	uint8_t own_len;    /* how much of 'name' is what the core asked for */
	uint8_t name_len;   /* with what the search list has added */
	int8_t answer;      /* of LOOKUP_DONE: 0, PORT_NO_NAME, PORT_NAME_FAILED */
	int16_t handle;     /* the core's */
	uint32_t grace_at;
	uint32_t scope; /* of an address literal */
	struct query v4, v6;
	char name[DNS_NAME_MAX + 1]; /* in lower case, without a trailing dot or a NUL */
};

struct resolver {
	struct name_files files;
	struct address server[RESOLVE_SERVERS]; /* port 0: server_port */
	uint8_t servers;
	bool servers_by_hand;  /* those of the configuration, not of resolv.conf */
	uint16_t server_port;  /* 53 */
	uint32_t first_try_ms; /* RESOLVE_FIRST_TRY_MS */
	struct lookup lookup[PORT_LOOKUPS];
	struct tcp_buffer tcp[RESOLVE_TCP_BUFFERS];
	struct name_cache cache;
};

#endif

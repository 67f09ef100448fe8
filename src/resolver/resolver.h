/*
 * Names to addresses: who asks, in which order, and what is known without asking.
 *
 * Whoever wants a name has a number of his own (below RESOLVER_ASKERS) and calls resolver_find() until it answers; in
 * between he is told when to call again. Address literals, localhost, the hosts file and kept answers take no lookup.
 * Other names take one of CONFIG_ANKLET_LOOKUPS, which is one question to the name servers however many want it; of
 * these a client has his share (src/loop/clients), and the rest wait in their order.
 */
#ifndef ANKLET_RESOLVER_H
#define ANKLET_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "loop/loop.h"
#include "port.h"
#include "resolver/cache.h"
#include "resolver/files.h"

/* Those who ask: each session by its number, each forward of datagrams, and the start for a listener's name. */
#define RESOLVER_FORWARD(i) (CONFIG_ANKLET_SESSIONS + (i))
#define RESOLVER_START (CONFIG_ANKLET_SESSIONS + CONFIG_ANKLET_FORWARDS)
#define RESOLVER_ASKERS (RESOLVER_START + 1)

/* name stays where it is until the answer: 1 to CONFIG_ANKLET_NAME_MAX bytes, of any value. */
struct resolver_question {
	const char *name;
	uint8_t len;
	uint8_t families; /* enum port_families: which are of use */
	uint16_t client;  /* whose share of lookups it is; CLIENT_NONE: this program's own */
};

/* ---- What it is made of ---- */

#define RESOLVER_HAS_FILES (CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_FILES)
#define RESOLVER_HAS_SEARCH (RESOLVER_HAS_FILES && CONFIG_ANKLET_NAME_SEARCH > 0)
#define RESOLVER_HAS_TCP (CONFIG_ANKLET_NAMES && CONFIG_ANKLET_NAME_TCP > 0)

/*
 * Lookups that ask, of which a client has a share; and a few more, in which it is found out that nobody need be
 * asked, so that what is known is to be had when all of the others wait for servers.
 */
#define RESOLVER_SPARE (CONFIG_ANKLET_NAME_CACHE > 0 || RESOLVER_HAS_FILES ? 4 : 0)
#define RESOLVER_LOOKUPS (CONFIG_ANKLET_NAMES ? CONFIG_ANKLET_LOOKUPS + RESOLVER_SPARE : 1)
#define RESOLVER_NAME_MAX                                                            \
	(RESOLVER_HAS_SEARCH || CONFIG_ANKLET_NAME_MAX > DNS_NAME_MAX ? DNS_NAME_MAX \
								      : CONFIG_ANKLET_NAME_MAX)

_Static_assert(!RESOLVER_HAS_TCP || CONFIG_ANKLET_NAME_TCP >= DNS_UDP_MAX,
	"the bytes that are kept of an answer over TCP hold the question, and what UDP has room "
	"for");

/* In the order in which addresses are handed on. Without IPv6 there is one, and whoever means the other means it. */
enum { RESOLVER_V6, RESOLVER_V4 = CONFIG_ANKLET_IPV6, RESOLVER_FAMILIES };

enum lookup_phase {
	LOOKUP_FREE,
	LOOKUP_HOSTS,  /* looks through the hosts file */
	LOOKUP_ASKING, /* asks name servers: it holds a place of its client's share */
	LOOKUP_DONE,   /* until those who wait have taken the answer */
};

enum lookup_transport {
	LOOKUP_UDP,
	LOOKUP_TCP_CONNECT,
	LOOKUP_TCP_SEND,
	LOOKUP_TCP_READ,
};

/* The question about one family. */
struct query {
	uint8_t result; /* enum dns_result; DNS_PENDING: the server asked last has not answered */
	uint16_t id;
	struct dns_answer answer; /* of DNS_ADDRESSES; of any other, what a truncated one had */
};

/* A name that somebody wants. It has one socket at most, anew for each server that it asks. */
struct lookup {
	uint8_t phase;      /* enum lookup_phase */
	uint8_t transport;  /* enum lookup_transport */
	uint8_t families;   /* enum port_families */
	uint8_t candidates; /* names tried, the present one included */
	uint8_t tries;      /* of servers, for the present name */
	uint8_t own_len;    /* how much of 'name' is what was asked for */
	uint8_t name_len;   /* with what the search list has added */
	int8_t answer;      /* of LOOKUP_DONE: 0, PORT_NO_NAME, PORT_NAME_FAILED */
	bool absolute;      /* the search list is not for this name */
	bool ready;         /* its socket is */
	bool graced;        /* one family has addresses, the other has until grace_at */
	bool heard;         /* some server has answered about the present name */
	bool failed;        /* no server could answer for one of the names */
	bool scanned;       /* the hosts file does not have it */
	bool resting;       /* until due_at: no descriptor was free */
	bool passing_over;  /* a line of the hosts file that is too long */
	uint8_t epoch;      /* of the hosts file that it looks through */
	bool answered;      /* the server has answered over this connection */
	port_sock sock;
	uint16_t client; /* whose place it holds; CLIENT_NONE: nobody's */
	uint16_t first;  /* who waits for it: one more than the number of an asker; 0: nobody */
	uint32_t due_at; /* when the current try has failed */
	uint32_t grace_at;
	uint32_t offset; /* in the hosts file */
	uint16_t sent;   /* bytes of the questions, over TCP */
	uint32_t got;    /* bytes of the message that is arriving */
	struct query query[RESOLVER_FAMILIES];
	char name[RESOLVER_NAME_MAX]; /* in lower case, without a trailing dot */
	uint8_t bytes[2 + (RESOLVER_HAS_TCP ? CONFIG_ANKLET_NAME_TCP
					    : 0)]; /* over TCP, the length before them */
};

/* One who wants a name. */
struct resolver_asker {
	uint16_t lookup; /* ASKER_NONE, ASKER_WAITS, or one more than the number of a lookup */
	uint16_t
		next; /* of those who wait for the same lookup, or for a place: one more than his number; 0: the last */
	uint8_t scanned; /* at this epoch the hosts file did not have his name */
	struct resolver_question question;
};

#define ASKER_NONE 0
#define ASKER_WAITS UINT16_MAX

/* All zero but for what resolver_init() sets. The tables stand at the end. */
struct resolver {
	struct loop *loop;
	uint8_t epoch; /* counts what makes everything anew: other servers, another hosts file; never 0 */
	bool room; /* a place has become free since those who wait were looked at */
	bool news;
	bool renewed;          /* other servers were configured, and not looked at yet */
	bool told_weak;        /* that there are no strong random numbers was logged */
	bool from_system;      /* no file and no configuration names a server */
	uint8_t servers;       /* that the configuration names */
	uint8_t hosts_first;   /* which lookup is the first to read the hosts file */
	uint16_t server_port;  /* 53 */
	uint32_t first_try_ms; /* a lost datagram costs no more, if there is another try */
	uint16_t used;         /* lookups that are not free */
	uint16_t first, last;  /* who waits for a place: one more than his number; 0: nobody */
	int32_t budget; /* bytes of the hosts file that may still be looked through in this tick */
	uint32_t looked_at; /* when the system was last asked about servers and files */
	uint32_t stamp[2];  /* of the two files, by enum port_names_file */
	const struct address *server;
	struct resolv_conf conf;
	struct cache cache;
	struct lookup lookup[RESOLVER_LOOKUPS];
	struct resolver_asker asker[CONFIG_ANKLET_NAMES ? RESOLVER_ASKERS : 1];
};

_Static_assert(RESOLVER_ASKERS < ASKER_WAITS, "sixteen bits name every asker");

/* ---- Its calls ---- */

/*
 * Of zeroed memory. servers, which stay where they are: those that the configuration names; with 0 the system's are
 * asked.
 */
void resolver_init(
	struct resolver *r, struct loop *loop, const struct address *servers, unsigned count);

/*
 * The configuration names other servers, which stay where they are. Who is being asked already may go on being asked.
 */
void resolver_use(struct resolver *r, const struct address *servers, unsigned count);

/*
 * The count of addresses (1 to max), with port 0: IPv6 and IPv4 alternating, IPv6 first (RFC 8305, section 4), each
 * family in the order of its answer. They come when both families have answered, or 50 ms after the first that had
 * addresses. PORT_AGAIN: the question is kept, and may be repeated at any time; when there is an answer, a session is
 * put on the ready list, and for everybody else resolver_has_news() says so. PORT_NO_NAME, PORT_NAME_FAILED. After any
 * answer but PORT_AGAIN the asker is forgotten.
 */
int resolver_find(struct resolver *r, unsigned asker, const struct resolver_question *q,
	struct address *found, size_t max);

/* The asker wants no answer any more, if he wanted one. */
void resolver_forget(struct resolver *r, unsigned asker);

/* A socket of OWNER_LOOKUP is ready. */
void resolver_ready(struct resolver *r, unsigned index);

/* One tick: what has arrived, what is due, one slice of the hosts file, and who may go on. */
void resolver_run(struct resolver *r);

/* How long may be waited, in ms; 0: there is more to do; negative: no limit. */
int32_t resolver_next(const struct resolver *r, uint32_t now);

/* Has somebody who is no session an answer since this was last asked? */
bool resolver_has_news(struct resolver *r);

#endif

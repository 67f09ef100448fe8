/*
 * Who may reach what: the allow and deny lines, and what protects those who wrote none.
 *
 * This is the one place that decides. It is asked with what is known: before a
 * name is looked up its address is not, so the answer may be 'undecided'; then
 * it is asked again for each address.
 */
#ifndef ANKLET_RULES_H
#define ANKLET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"
#include "base/word.h"
#include "policy/pattern.h"

enum rule_command { RULE_EVERY, RULE_CONNECT, RULE_BIND };

struct rule {
	struct ip_prefix from; /* ::/0: everybody */
	struct pattern to;
	uint16_t user;   /* the userid, whole; STRING_NONE: any */
	uint8_t command; /* enum rule_command: of what it speaks */
	bool allow;
	bool ident;         /* ask the client's identd first */
	bool any_peer;      /* BIND may name 0.0.0.0, and '::' where there is SOCKS5 */
	bool password;      /* only for a user who has proven who it is */
	bool needs_connect; /* BIND only beside a live CONNECT of the same client to the same host */
};

struct rules {
	uint8_t count;
	struct rule rule[CONFIG_ANKLET_RULES];
};

_Static_assert(CONFIG_ANKLET_RULES <= UINT8_MAX, "a count of rules fits a byte");

/* A request, as far as it is known. */
struct rules_query {
	bool bind; /* else CONNECT */
	struct ip client;
	bool proven;        /* the userid is that of a user who has proven it */
	bool claimed;       /* it is that of a user, and is not proven: no rule is about it */
	const char *userid; /* NUL-terminated */
	const char *name;   /* NUL-terminated; NULL: the request named an address */
	uint16_t port;
	bool remote;   /* the name's address will never be known here: a next hop looks it up */
	bool ip_known; /* the next three hold */
	struct ip ip;  /* the address about to be reached; BIND: the peer, 0.0.0.0 or '::' is any */
	bool own;      /* ip is an address of this host */
	bool listener; /* ip and port are where this program listens */
};

enum rules_verdict { RULES_UNDECIDED, RULES_GRANT, RULES_REFUSE };

/* Why, for the log. */
enum rules_reason {
	RULES_BY_RULE,    /* 'rule' decided */
	RULES_BY_NO_RULE, /* there are rules, and none matched */
	RULES_BY_DEFAULT, /* there are no rules: where the client is decided */
	RULES_BY_ADDRESS, /* nobody connects there: 0.0.0.0/8, 240.0.0.0/4, '::', or BIND for any peer */
	RULES_BY_PROTECTION, /* loopback, link-local, multicast or our own address, for a client not on loopback */
	RULES_BY_LOOP, /* it would come back to ourselves */
};

struct rules_answer {
	uint8_t verdict; /* enum rules_verdict */
	uint8_t reason;  /* enum rules_reason, unless undecided */
	int16_t rule;    /* the rule that decided, from 0; -1: none */
	bool ident; /* a rule that matches or may match wants identd asked before anything else */
	bool needs_connect; /* of the rule that granted */
};

/*
 * Decides. The first rule that matches does; one that would match if the address
 * were known leaves it undecided, unless everything that follows decides the
 * same. A name that is granted before its address is known is only one that may
 * be looked up: each of its addresses is asked about again. A remote name has
 * no address: patterns with one do not match it, and it is decided at once. A pattern with addresses
 * of IPv4 also matches an address that has one of these in it (ip_embeds_v4()). Where no rules are
 * written, clients on loopback, private and link-local addresses are granted.
 * Then, whatever the rules say, an address must be one that may be
 * reached at all:
 * - 0.0.0.0/8, 240.0.0.0/4, '::' and broadcast: never (those that are BIND's any peer by a rule with any-peer);
 * - where this program itself listens: never;
 * - loopback, link-local, multicast and this host's own addresses, for a client
 *   not on loopback: only by an 'allow' that names the address. A prefix names
 *   an address of a special range when it lies within that range, one of our own
 *   when it is that single address; '*' and names never do. An address with one of IPv4 in it is as special as
 *   that, and is named by its own spelling only.
 * names says what the rules' offsets mean.
 */
void rules_judge(const struct rules *rules, const struct string_table *names,
	const struct rules_query *query, struct rules_answer *answer);

/*
 * Of the rules that may grant something to a client at that address: is there one that only a proven user can meet, and
 * one that others can? users says whose names need a proof in 'user NAME', too.
 */
struct rules_proof {
	bool wanted, unwanted;
};

struct users;
struct rules_proof rules_proof(const struct rules *rules, const struct string_table *names,
	const struct users *users, const struct ip *client);

/* The first rule before rule i that matches whatever that does, so that it never decides; -1: none. */
int rules_covering(const struct rules *rules, const struct string_table *names, unsigned i);

/* Is it a deny, of certain requests, that only the end of the rules follows, where all is refused anyway? */
bool rules_in_vain(const struct rules *rules, unsigned i);

#endif

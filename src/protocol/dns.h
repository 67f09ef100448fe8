/*
 * Messages of the DNS (RFC 1035): the question for a name's addresses, and its answer.
 *
 * Names are host names as people write them (letters, digits, '-', '_'), without a trailing dot. There is no EDNS, no
 * DNSSEC and no other kind of record; of an answer only the section of that name is read.
 */
#ifndef ANKLET_DNS_H
#define ANKLET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/address.h"

#define DNS_NAME_MAX 253  /* bytes of a name as text; 255 on the wire (RFC 1035, section 2.3.4) */
#define DNS_LABEL_MAX 63  /* the same section */
#define DNS_QUERY_MAX 271 /* a header of 12, a name, its type and its class */
#define DNS_UDP_MAX 512   /* the longest answer to it over UDP (section 4.2.1) */

enum dns_type { DNS_A = 1, DNS_AAAA = 28 };

/* Addresses of one name, each once, as many as are kept of any name. All zero is none. */
struct dns_addresses {
	uint8_t count;
	struct ip ip[ANKLET_ADDRESSES];
};

/* Adds ip unless it is there or there is no room. */
void dns_addresses_add(struct dns_addresses *addresses, const struct ip *ip);

struct dns_question {
	const char *name;
	size_t name_len;
	uint16_t type; /* enum dns_type */
	uint16_t id;   /* to be random: it is half of what tells an answer from a forgery */
};

struct dns_answer {
	uint32_t ttl_s; /* the lowest of all records used */
	struct dns_addresses addresses;
};

enum dns_result {
	DNS_PENDING,   /* nothing yet; dns_read() never says so */
	DNS_ADDRESSES, /* at least one address */
	DNS_NO_NAME,   /* the name does not exist (NXDOMAIN) */
	DNS_NO_DATA,   /* it exists without an address of this type */
	DNS_TRUNCATED, /* there is more of the answer than this */
	DNS_NOT_OURS,  /* no answer to this question: a forgery, or one that came late */
	DNS_FAILED,    /* the server cannot say, or says nothing that makes sense: ask another */
};

/* Is it a host name that can be asked for: labels of 1 to 63 bytes, 1 to 253 in all? */
bool dns_name_valid(const char *name, size_t len);

/* Writes the question for a valid name, recursion desired. Returns its length. */
size_t dns_query(uint8_t query[DNS_QUERY_MAX], const struct dns_question *question);

/* Marks a message of at least 12 bytes as truncated: its end is not to be read. */
void dns_truncate(uint8_t *message);

/*
 * Reads message[0..len) as the answer to question, following aliases (CNAME) within it. Sets *answer for DNS_ADDRESSES,
 * and for DNS_TRUNCATED to as many addresses as there are, none perhaps; else it is left alone. An answer that is the
 * question's own but broken is DNS_FAILED; so is a loop of aliases.
 */
enum dns_result dns_read(const uint8_t *message, size_t len, const struct dns_question *question,
	struct dns_answer *answer);

#endif

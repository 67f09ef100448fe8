/*
 * Messages of the DNS. See dns.h.
 *
 * Records are taken apart by libc (ns_initparse, ns_parserr, dn_expand), which
 * has seen every malformed message there is. The question is put together here:
 * glibc's res_mkquery() reads /etc/resolv.conf and allocates, and musl's takes
 * the id from the clock.
 */
#define _DEFAULT_SOURCE /* the types of <arpa/nameser.h> */

#include "dns.h"

#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "base/check.h"

#define HEADER_LEN 12
#define CLASS_IN 1
#define ALIASES_MAX 16 /* longer chains are loops, or as good as one */

/* Bits of the header's third and fourth octet (RFC 1035, section 4.1.1). */
#define FLAG_RESPONSE 0x80
#define FLAG_OPCODE 0x78
#define FLAG_AUTHORITATIVE 0x04
#define FLAG_TRUNCATED 0x02
#define FLAG_RECURSION_DESIRED 0x01
#define FLAG_RECURSION_AVAILABLE 0x80
#define RCODE 0x0f
#define RCODE_NO_ERROR 0
#define RCODE_NO_NAME 3

#define TTL_MAX 0x7fffffff

void dns_addresses_add(struct dns_addresses *addresses, const struct ip *ip)
{
	for (unsigned i = 0; i < addresses->count; i++) {
		if (ip_equal(&addresses->ip[i], ip))
			return;
	}
	if (addresses->count < CONFIG_ANKLET_ADDRESSES)
		addresses->ip[addresses->count++] = *ip;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* What is asked for goes into the question as it is: nothing that libc could read as an escape. */
static bool is_host_char(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool dns_name_valid(const char *name, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.' && label > 0)
			label = 0;
		else if (!is_host_char(name[i]) || ++label > DNS_LABEL_MAX)
			return false;
	}
	return label > 0;
}

static void put_16(uint8_t *to, unsigned n)
{
	to[0] = (uint8_t)(n >> 8);
	to[1] = (uint8_t)n;
}

static unsigned get_16(const uint8_t *from)
{
	return (unsigned)from[0] << 8 | from[1];
}

size_t dns_query(uint8_t query[DNS_QUERY_MAX], const struct dns_question *question)
{
	size_t at = HEADER_LEN, label = at++; /* label: where the length of the current one goes */

	check(dns_name_valid(question->name, question->name_len));
	memset(query, 0, HEADER_LEN);
	put_16(query, question->id);
	query[2] = FLAG_RECURSION_DESIRED;
	put_16(query + 4, 1); /* questions */
	for (size_t i = 0; i < question->name_len; i++) {
		if (question->name[i] == '.') {
			query[label] = (uint8_t)(at - label - 1);
			label = at++;
		} else {
			query[at++] = (uint8_t)question->name[i];
		}
	}
	query[label] = (uint8_t)(at - label - 1);
	query[at++] = 0; /* the root */
	put_16(query + at, question->type);
	put_16(query + at + 2, CLASS_IN);
	return at + 4;
}

/* Letters of either case are equal (RFC 1035, section 2.3.3); a label's length is never a letter. */
static bool same_octets(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && same_octets(a, b, len);
}

/* The question comes first in a message, so nothing it could point back to exists: it is never compressed. */
static bool repeats_question(
	const uint8_t *message, size_t len, const struct dns_question *question)
{
	uint8_t query[DNS_QUERY_MAX];
	size_t query_len = dns_query(query, question);

	return get_16(message + 4) == 1 && len >= query_len &&
	       same_octets((const char *)message + HEADER_LEN, (const char *)query + HEADER_LEN,
		       query_len - HEADER_LEN);
}

/* What the header and the question say: DNS_ADDRESSES when the records are to be looked at. */
static enum dns_result read_header(
	const uint8_t *message, size_t len, const struct dns_question *question)
{
	unsigned rcode;
	bool recursive;

	if (len < HEADER_LEN || get_16(message) != question->id)
		return DNS_NOT_OURS;
	if ((message[2] & FLAG_RESPONSE) == 0 || (message[2] & FLAG_OPCODE) != 0)
		return DNS_NOT_OURS;
	rcode = message[3] & RCODE;
	/* A server that could not read the question may leave it out. */
	if (rcode != RCODE_NO_ERROR && rcode != RCODE_NO_NAME && get_16(message + 4) == 0)
		return DNS_FAILED;
	if (!repeats_question(message, len, question))
		return DNS_NOT_OURS;
	if (rcode == RCODE_NO_NAME)
		return DNS_NO_NAME;
	if (rcode != RCODE_NO_ERROR)
		return DNS_FAILED;
	if ((message[2] & FLAG_TRUNCATED) != 0)
		return DNS_TRUNCATED;
	/* No answer from one that neither knows nor asks others says nothing about the name. */
	recursive = (message[3] & FLAG_RECURSION_AVAILABLE) != 0;
	if (get_16(message + 6) == 0 && (message[2] & FLAG_AUTHORITATIVE) == 0 && !recursive)
		return DNS_FAILED;
	return DNS_ADDRESSES;
}

static void add_record(struct dns_addresses *addresses, uint16_t type, const ns_rr *record)
{
	const uint8_t *data = ns_rr_rdata(*record);
	struct ip ip;

	if (type == DNS_A && ns_rr_rdlen(*record) == 4) {
		ip = ip_v4(data[0], data[1], data[2], data[3]);
		dns_addresses_add(addresses, &ip);
	} else if (type == DNS_AAAA && ns_rr_rdlen(*record) == sizeof ip.octet) {
		memcpy(ip.octet, data, sizeof ip.octet);
		/* Who asks for IPv6 is not to get IPv4 in disguise. */
		if (!ip_is_v4(&ip))
			dns_addresses_add(addresses, &ip);
	}
}

/* A time to live with its first bit set counts as zero (RFC 2181, section 8). */
static void lower_ttl(struct dns_answer *answer, uint32_t ttl_s)
{
	if (ttl_s > TTL_MAX)
		ttl_s = 0;
	if (ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
}

/*
 * Goes once through the answer's records for 'name': collects addresses of the
 * type, and puts what the name is an alias for into 'alias', else "". False
 * when the message is broken.
 */
static bool read_records(
	ns_msg *message, const char *name, uint16_t type, struct dns_answer *answer, char *alias)
{
	ns_rr record;

	alias[0] = '\0';
	/* A message of n octets has fewer than n records: ns_initparse() has seen them all. */
	for (int i = 0; i < ns_msg_count(*message, ns_s_an); i++) {
		bool is_alias;

		if (ns_parserr(message, ns_s_an, i, &record) != 0)
			return false;
		is_alias = ns_rr_type(record) == ns_t_cname;
		if (ns_rr_class(record) != ns_c_in || (!is_alias && ns_rr_type(record) != type) ||
			!same_name(ns_rr_name(record), name))
			continue;
		lower_ttl(answer, (uint32_t)ns_rr_ttl(record));
		if (!is_alias)
			add_record(&answer->addresses, type, &record);
		else if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(record),
				 alias, NS_MAXDNAME) < 0)
			return false;
	}
	return true;
}

static enum dns_result read_answer(
	ns_msg *message, const struct dns_question *question, struct dns_answer *answer)
{
	char name[NS_MAXDNAME], alias[NS_MAXDNAME];

	memcpy(name, question->name, question->name_len);
	name[question->name_len] = '\0';
	memset(answer, 0, sizeof *answer);
	answer->ttl_s = TTL_MAX;
	for (unsigned i = 0; i <= ALIASES_MAX; i++) {
		if (!read_records(message, name, question->type, answer, alias))
			return DNS_FAILED;
		if (answer->addresses.count > 0)
			return DNS_ADDRESSES;
		if (alias[0] == '\0')
			return DNS_NO_DATA;
		memcpy(name, alias, sizeof name);
	}
	return DNS_FAILED;
}

enum dns_result dns_read(const uint8_t *message, size_t len, const struct dns_question *question,
	struct dns_answer *answer)
{
	enum dns_result result = read_header(message, len, question);
	struct dns_answer read;
	ns_msg parsed;

	if (result != DNS_ADDRESSES)
		return result;
	if (len > UINT16_MAX || ns_initparse(message, (int)len, &parsed) != 0)
		return DNS_FAILED;
	result = read_answer(&parsed, question, &read);
	if (result == DNS_ADDRESSES)
		*answer = read;
	return result;
}

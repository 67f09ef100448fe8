/*
 * Messages of the DNS. See dns.h.
 *
 * A name in a message is a place in it: names are compared where they stand, and nothing is copied. Labels and
 * pointers are counted as they are followed, so that every walk ends.
 */
#include "protocol/dns.h"

#include <string.h>

#include "base/check.h"
#include "base/text.h"

#define HEADER_LEN 12
#define WIRE_NAME_MAX 255
#define CLASS_IN 1
#define TYPE_ALIAS 5   /* CNAME */
#define ALIASES_MAX 16 /* longer chains are loops, or as good as one */
#define POINTER 0xc0
#define STEPS_MAX 256  /* the longest name has 127 labels, and may have a pointer before each */
#define RECORD_HEAD 10 /* bytes between a record's name and its data */
#define TTL_MAX 0x7fffffff

/* Bits of the header's third and fourth byte (section 4.1.1). */
#define FLAG_RESPONSE 0x80
#define FLAG_OPCODE 0x78
#define FLAG_AUTHORITATIVE 0x04
#define FLAG_TRUNCATED 0x02
#define FLAG_RECURSION_DESIRED 0x01
#define FLAG_RECURSION_AVAILABLE 0x80
#define RCODE 0x0f
#define RCODE_NO_ERROR 0
#define RCODE_NO_NAME 3

struct message {
	const uint8_t *at;
	size_t len;
};

void dns_addresses_add(struct dns_addresses *addresses, const struct ip *ip)
{
	for (unsigned i = 0; i < addresses->count; i++) {
		if (ip_equal(&addresses->ip[i], ip))
			return;
	}
	if (addresses->count < ANKLET_ADDRESSES)
		addresses->ip[addresses->count++] = *ip;
}

bool dns_name_valid(const char *name, size_t len)
{
	size_t label = 0;

	if (len == 0 || len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text_lower(name[i]);
		bool fits =
			(c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';

		if (c == '.' && label > 0)
			label = 0;
		else if (!fits || ++label > DNS_LABEL_MAX)
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

void dns_truncate(uint8_t *message)
{
	message[2] |= FLAG_TRUNCATED;
}

/* ---- Names in a message ---- */

/* Where the label of a name stands that goes on at 'at'; 0: it is broken, or has taken too many steps. */
static size_t label_at(const struct message *m, size_t at, unsigned *steps)
{
	while (at < m->len && (*steps)-- > 0) {
		if (m->at[at] < POINTER)
			return m->at[at] <= DNS_LABEL_MAX && m->len - at > m->at[at] ? at : 0;
		if (m->len - at < 2)
			break;
		at = get_16(m->at + at) & 0x3fffu;
	}
	return 0;
}

/* Where the name at 'at' ends; 0: it is broken, or longer than names are. */
static size_t name_end(const struct message *m, size_t at)
{
	unsigned steps = STEPS_MAX;
	size_t end = 0, total = 0;

	for (;;) {
		if (end == 0 && at < m->len && m->at[at] >= POINTER)
			end = at + 2;
		at = label_at(m, at, &steps);
		total += at != 0 ? m->at[at] + 1u : 0;
		if (at == 0 || total > WIRE_NAME_MAX)
			return 0;
		if (m->at[at] == 0)
			return end != 0 ? end : at + 1;
		at += m->at[at] + 1u;
	}
}

/* Letters of either case are equal (section 2.3.3); a label's length is never a letter. */
static bool same_name(const struct message *m, size_t a, size_t b)
{
	unsigned steps_a = STEPS_MAX, steps_b = STEPS_MAX;

	for (;;) {
		a = label_at(m, a, &steps_a);
		b = label_at(m, b, &steps_b);
		if (a == 0 || b == 0 || !text_same_letters(m->at + a, m->at + b, m->at[a] + 1u))
			return false;
		if (m->at[a] == 0)
			return true;
		b += m->at[a] + 1u;
		a += m->at[a] + 1u;
	}
}

/* ---- The answer ---- */

/*
 * What the header and the question say: DNS_ADDRESSES or DNS_TRUNCATED when the records are to be looked at. The
 * question comes first in a message, so nothing that it could point back to exists: it is never compressed.
 */
static enum dns_result read_header(
	const struct message *m, const struct dns_question *question, size_t *records)
{
	uint8_t query[DNS_QUERY_MAX];
	unsigned rcode;

	*records = dns_query(query, question);
	if (m->len < HEADER_LEN || get_16(m->at) != question->id ||
		(m->at[2] & (FLAG_RESPONSE | FLAG_OPCODE)) != FLAG_RESPONSE)
		return DNS_NOT_OURS;
	rcode = m->at[3] & RCODE;
	/* A server that could not read the question may leave it out. */
	if (rcode != RCODE_NO_ERROR && rcode != RCODE_NO_NAME && get_16(m->at + 4) == 0)
		return DNS_FAILED;
	if (get_16(m->at + 4) != 1 || m->len < *records ||
		!text_same_letters(m->at + HEADER_LEN, query + HEADER_LEN, *records - HEADER_LEN))
		return DNS_NOT_OURS;
	if (rcode != RCODE_NO_ERROR)
		return rcode == RCODE_NO_NAME ? DNS_NO_NAME : DNS_FAILED;
	if ((m->at[2] & FLAG_TRUNCATED) != 0)
		return DNS_TRUNCATED;
	/* No answer from one that neither knows nor asks others says nothing about the name. */
	if (get_16(m->at + 6) == 0 && (m->at[2] & FLAG_AUTHORITATIVE) == 0 &&
		(m->at[3] & FLAG_RECURSION_AVAILABLE) == 0)
		return DNS_FAILED;
	return DNS_ADDRESSES;
}

static void add_record(
	struct dns_addresses *addresses, uint16_t type, const uint8_t *data, size_t len)
{
	struct ip ip;

	if (type == DNS_A && len == 4) {
		ip = ip_v4(data[0], data[1], data[2], data[3]);
		dns_addresses_add(addresses, &ip);
	} else if (CONFIG_ANKLET_IPV6 && type == DNS_AAAA && len == sizeof ip.byte) {
		memcpy(ip.byte, data, sizeof ip.byte);
		/* Who asks for IPv6 is not to get IPv4 in disguise. */
		if (!ip_is_v4(&ip))
			dns_addresses_add(addresses, &ip);
	}
}

/* A time to live with its first bit set counts as zero (RFC 2181, section 8). */
static void lower_ttl(struct dns_answer *answer, const uint8_t *ttl)
{
	uint32_t ttl_s = (uint32_t)get_16(ttl) << 16 | get_16(ttl + 2);

	if (ttl_s > TTL_MAX)
		ttl_s = 0;
	if (ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
}

/*
 * Goes once through the records, which begin at 'at', for those of the name at 'name': collects addresses of the type,
 * and says in *alias where the name stands that it is an alias for, else 0. False: a record is broken.
 */
static bool read_records(const struct message *m, size_t at, size_t name, uint16_t type,
	struct dns_answer *answer, size_t *alias)
{
	*alias = 0;
	/* Each record takes some of the message. */
	for (unsigned left = get_16(m->at + 6); left > 0; left--) {
		size_t owner = at, head = name_end(m, at), data = head + RECORD_HEAD, len;
		const uint8_t *field = m->at + head; /* type, class, time to live, length */

		if (head == 0 || head > m->len || m->len - head < RECORD_HEAD)
			return false;
		len = get_16(field + 8);
		if (m->len - data < len)
			return false;
		at = data + len;
		if (get_16(field + 2) != CLASS_IN ||
			(get_16(field) != TYPE_ALIAS && get_16(field) != type) ||
			!same_name(m, owner, name))
			continue;
		lower_ttl(answer, field + 4);
		if (get_16(field) == type)
			add_record(&answer->addresses, type, m->at + data, len);
		else if (name_end(m, data) != at)
			return false;
		else
			*alias = data;
	}
	return true;
}

/* DNS_ADDRESSES, DNS_NO_DATA or DNS_FAILED; of a message that is cut as far as it goes. */
static enum dns_result read_answer(
	const struct message *m, size_t records, uint16_t type, bool cut, struct dns_answer *answer)
{
	size_t name = HEADER_LEN, alias;

	memset(answer, 0, sizeof *answer);
	answer->ttl_s = TTL_MAX;
	for (unsigned i = 0; i <= ALIASES_MAX; i++) {
		if (!read_records(m, records, name, type, answer, &alias) && !cut)
			return DNS_FAILED;
		if (answer->addresses.count > 0)
			return DNS_ADDRESSES;
		if (alias == 0)
			return DNS_NO_DATA;
		name = alias;
	}
	return DNS_FAILED;
}

enum dns_result dns_read(const uint8_t *message, size_t len, const struct dns_question *question,
	struct dns_answer *answer)
{
	const struct message m = {message, len};
	size_t records;
	enum dns_result result = read_header(&m, question, &records);
	bool cut = result == DNS_TRUNCATED;
	struct dns_answer read;

	if (result != DNS_ADDRESSES && !cut)
		return result;
	result = read_answer(&m, records, question->type, cut, &read);
	if (result == DNS_ADDRESSES || cut)
		*answer = read;
	return cut ? DNS_TRUNCATED : result;
}

/*
 * IP addresses: parse, print, compare, classify. See address.h.
 */
#include "base/address.h"

#include <string.h>

#include "base/word.h"

#define NO_GAP (sizeof(struct ip) + 1)

static const uint8_t v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct ip ip_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	struct ip ip;

	memcpy(ip.byte, v4_mapped, IP_V4_AT);
	ip.byte[IP_V4_AT] = a;
	ip.byte[IP_V4_AT + 1] = b;
	ip.byte[IP_V4_AT + 2] = c;
	ip.byte[IP_V4_AT + 3] = d;
	return ip;
}

bool ip_is_v4(const struct ip *ip)
{
	return memcmp(ip->byte, v4_mapped, IP_V4_AT) == 0;
}

bool ip_equal(const struct ip *a, const struct ip *b)
{
	return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

/* Multiplication by the golden ratio spreads what differs in a few bits (Knuth, volume 3, section 6.4). */
uint32_t ip_hash(const struct ip *ip)
{
	uint32_t hash = 0;

	for (unsigned i = 0; i < sizeof ip->byte; i += sizeof(uint32_t)) {
		uint32_t word;

		memcpy(&word, ip->byte + i, sizeof word);
		hash = (hash ^ word) * 0x9e3779b1u;
		hash ^= hash >> 15;
	}
	return hash;
}

bool ip_is_zero(const struct ip *ip)
{
	static const struct ip zero;

	return ip_equal(ip, &zero);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return ip_equal(&a->ip, &b->ip) && a->port == b->port && a->scope == b->scope;
}

static enum ip_class v4_class(const uint8_t *v4)
{
	static const uint8_t ones[4] = {255, 255, 255, 255};

	if (v4[0] == 0)
		return IP_UNSPECIFIED;
	if (v4[0] == 127)
		return IP_LOOPBACK;
	if (v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) || (v4[0] == 192 && v4[1] == 168))
		return IP_PRIVATE;
	if (v4[0] == 169 && v4[1] == 254)
		return IP_LINK_LOCAL;
	if ((v4[0] & 0xf0) == 224)
		return IP_MULTICAST;
	if (memcmp(v4, ones, sizeof ones) == 0)
		return IP_BROADCAST;
	return v4[0] >= 240 ? IP_RESERVED : IP_GLOBAL;
}

enum ip_class ip_class(const struct ip *ip)
{
	static const uint8_t zeros[15];
	const uint8_t *o = ip->byte;

	if (!CONFIG_ANKLET_IPV6 || ip_is_v4(ip))
		return v4_class(o + IP_V4_AT);
	if (memcmp(o, zeros, sizeof zeros) == 0 && o[IP_BYTES - 1] <= 1)
		return o[IP_BYTES - 1] == 1 ? IP_LOOPBACK : IP_UNSPECIFIED;
	if ((o[0] & 0xfe) == 0xfc)
		return IP_PRIVATE;
	if (o[0] == 0xfe && (o[1] & 0xc0) == 0x80)
		return IP_LINK_LOCAL;
	return o[0] == 0xff ? IP_MULTICAST : IP_GLOBAL;
}

bool number_parse(const char *text, size_t len, uint32_t max, uint32_t *n)
{
	uint64_t value = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > max)
		return false;
	*n = (uint32_t)value;
	return true;
}

static bool v4_parse(const char *text, size_t len, uint8_t *out)
{
	size_t at = 0;

	for (unsigned i = 0; i < 4; i++) {
		size_t start = at;
		uint32_t n;

		while (at < len && text[at] != '.')
			at++;
		/* A leading zero would be octal to some readers: two meanings, so none. */
		if (at - start > 1 && text[start] == '0')
			return false;
		if (!number_parse(text + start, at - start, 255, &n))
			return false;
		out[i] = (uint8_t)n;
		if (i < 3 && at++ == len)
			return false;
	}
	return at == len;
}

/* One group of up to four hexadecimal digits; returns how many there were, 0 for none. */
static size_t group_parse(const char *text, size_t len, uint8_t *out)
{
	unsigned value = 0;
	size_t n = 0;

	while (n < len && n < 4 && text_hex_value(text[n]) >= 0)
		value = value << 4 | (unsigned)text_hex_value(text[n++]);
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
	return n;
}

static bool v6_parse(const char *text, size_t len, uint8_t *out)
{
	size_t used = 0, at = 0;       /* bytes written, characters read */
	size_t gap = NO_GAP;           /* bytes before '::'; or there is none */
	size_t to = sizeof(struct ip); /* where those after it begin, in the end */
	size_t n;

	memset(out, 0, sizeof(struct ip));
	if (len >= 2 && text[0] == ':' && text[1] == ':') {
		gap = 0;
		at = 2;
	}
	while (at < len) {
		if (used <= 12 && memchr(text + at, ':', len - at) == NULL &&
			v4_parse(text + at, len - at, out + used)) {
			used += 4;
			break;
		}
		if (used > 14 || (n = group_parse(text + at, len - at, out + used)) == 0)
			return false;
		used += 2;
		at += n;
		if (at == len)
			break;
		if (text[at++] != ':' || at == len)
			return false;
		if (text[at] == ':') {
			if (gap != NO_GAP)
				return false;
			gap = used;
			at++;
		}
	}
	if (gap == NO_GAP)
		return used == sizeof(struct ip);
	if (used > 14)
		return false;
	while (used > gap) {
		out[--to] = out[--used];
		out[used] = 0;
	}
	return true;
}

bool ip_parse(const char *text, size_t len, struct ip *ip)
{
	struct ip parsed = ip_v4(0, 0, 0, 0);

	/* An empty text need not stand anywhere: no arithmetic on it. */
	if (len == 0)
		return false;
	if (!v4_parse(text, len, parsed.byte + IP_V4_AT) &&
		!(CONFIG_ANKLET_IPV6 && v6_parse(text, len, parsed.byte)))
		return false;
	*ip = parsed;
	return true;
}

/* "10", "012", "0xA", "0x" */
static bool is_number(const char *text, size_t len)
{
	bool hex = len >= 2 && text[0] == '0' && (text[1] | 0x20) == 'x';

	for (size_t i = hex ? 2 : 0; i < len; i++)
		if (text_hex_value(text[i]) < 0 || (!hex && text[i] > '9'))
			return false;
	return len > 0;
}

bool ip_may_be_meant(const char *text, size_t len)
{
	struct word zone = {text, len};
	size_t label;

	if (len > 0 && memchr(text, ':', len) != NULL)
		return true;
	len = word_split(&zone, '%').len;
	while (len > 0 && (text[len - 1] == '.' || text[len - 1] == ']'))
		len--;
	for (label = len; label > 0 && text[label - 1] != '.' && text[label - 1] != '[';)
		label--;
	return is_number(text + label, len - label);
}

bool ip_embeds_v4(const struct ip *ip, struct ip *v4)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	const uint8_t *o = ip->byte;

	if (!CONFIG_ANKLET_IPV6)
		return false;
	if (memcmp(o, nat64, sizeof nat64) == 0)
		o += 12;
	else if (o[0] == 0x20 && o[1] == 0x02)
		o += 2;
	else
		return false;
	*v4 = ip_v4(o[0], o[1], o[2], o[3]);
	return true;
}

/* Is a block so large that it is none of IPv4's, unless of all? */
static bool is_of_v6(int bits)
{
	return bits < IP_V4_BITS;
}

static void clear_host_bits(struct ip_prefix *prefix)
{
	for (unsigned bit = prefix->bits; bit < IP_BITS; bit++)
		prefix->ip.byte[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

bool ip_prefix_parse(const char *text, size_t len, struct ip_prefix *prefix)
{
	struct word number = {text, len}, ip = word_split(&number, '/');
	struct ip_prefix parsed = {.bits = IP_BITS};
	uint32_t bits;

	if (!ip_parse(ip.at, ip.len, &parsed.ip))
		return false;
	if (number.at != NULL) {
		/* An IPv4 address written as IPv6 counts its bits as IPv6. */
		bool v4 = !CONFIG_ANKLET_IPV6 ||
			  (ip_is_v4(&parsed.ip) && memchr(ip.at, ':', ip.len) == NULL);

		if (!number_parse(number.at, number.len, v4 ? 32 : 128, &bits))
			return false;
		if (!v4 && ip_is_v4(&parsed.ip) && is_of_v6((int)bits))
			return false;
		parsed.bits = (uint8_t)(v4 ? IP_V4_BITS + bits : bits);
		clear_host_bits(&parsed);
	}
	*prefix = parsed;
	return true;
}

bool ip_prefix_holds(const struct ip_prefix *prefix, const struct ip *ip)
{
	unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
	uint8_t mask = (uint8_t)(0xff00u >> rest);

	/* In the mapped form ::/8 would hold every IPv4 address, which nobody means by it. */
	if (ip_is_v4(ip) && is_of_v6(prefix->bits))
		return prefix->bits == 0;
	if (memcmp(prefix->ip.byte, ip->byte, whole) != 0)
		return false;
	return rest == 0 || (prefix->ip.byte[whole] & mask) == (ip->byte[whole] & mask);
}

bool ip_prefix_within(const struct ip_prefix *inner, const struct ip_prefix *outer)
{
	return inner->bits >= outer->bits && ip_prefix_holds(outer, &inner->ip);
}

static void text_hex(struct text *t, unsigned n)
{
	static const char hex[] = "0123456789abcdef";
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = n >> shift & 15;

		begun = begun || digit != 0 || shift == 0;
		if (begun)
			text_char(t, hex[digit]);
	}
}

static unsigned group(const struct ip *ip, unsigned i)
{
	return (unsigned)ip->byte[2 * i] << 8 | ip->byte[2 * i + 1];
}

/* RFC 5952, 4.2: '::' stands for the longest run of zero groups, the first of equals, never for one. */
static unsigned longest_zero_run(const struct ip *ip, unsigned *start)
{
	unsigned best = 1;

	*start = 8;
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		while (i + n < 8 && group(ip, i + n) == 0)
			n++;
		if (n > best) {
			best = n;
			*start = i;
		}
	}
	return best;
}

static void text_v6(struct text *t, const struct ip *ip)
{
	unsigned gap, gap_len = longest_zero_run(ip, &gap);

	for (unsigned i = 0; i < 8; i++) {
		if (i == gap) {
			text_str(t, "::");
			i += gap_len - 1;
			continue;
		}
		if (i > 0 && i != gap + gap_len)
			text_char(t, ':');
		text_hex(t, group(ip, i));
	}
}

void text_ip(struct text *t, const struct ip *ip)
{
	if (CONFIG_ANKLET_IPV6 && !ip_is_v4(ip)) {
		text_v6(t, ip);
		return;
	}
	for (unsigned i = IP_V4_AT; i < IP_BYTES; i++) {
		if (i > IP_V4_AT)
			text_char(t, '.');
		text_num(t, ip->byte[i]);
	}
}

void text_address(struct text *t, const struct address *at)
{
	bool v4 = !CONFIG_ANKLET_IPV6 || ip_is_v4(&at->ip);

	if (!v4)
		text_char(t, '[');
	text_ip(t, &at->ip);
	if (CONFIG_ANKLET_IPV6 && at->scope != 0) {
		text_str_num(t, "%", at->scope);
	}
	if (!v4)
		text_char(t, ']');
	text_str_num(t, ":", at->port);
}

void text_ip_prefix(struct text *t, const struct ip_prefix *prefix)
{
	bool v4 = ip_is_v4(&prefix->ip) && !is_of_v6(prefix->bits);

	text_ip(t, &prefix->ip);
	if (prefix->bits < IP_BITS) {
		text_str_num(t, "/", v4 ? prefix->bits - IP_V4_BITS : prefix->bits);
	}
}

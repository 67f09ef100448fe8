/*
 * IP addresses, and addresses with a port: parse, print, compare, classify.
 *
 * An IPv4 address is kept as the IPv4-mapped IPv6 address (RFC 4291, section
 * 2.5.5.2), always: the two spellings of one host are then one value, and no
 * comparison can be got round by writing the other one. A program without IPv6 keeps
 * its last four bytes alone, and '::' is then 0.0.0.0.
 */
#ifndef ANKLET_ADDRESS_H
#define ANKLET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet_config.h"
#include "base/text.h"

enum {
	IP_BYTES = CONFIG_ANKLET_IPV6 ? 16 : 4,
	IP_BITS = 8 * IP_BYTES,
	IP_V4_AT = IP_BYTES - 4, /* where an address of IPv4 lies in it */
	IP_V4_BITS = 8 * IP_V4_AT,
};

struct ip {
	uint8_t byte[IP_BYTES]; /* network order; all zero is '::' */
};

/* Initializers; of IPv6 for an address that is zero between its first two bytes and its last. */
/* clang-format off */
#if CONFIG_ANKLET_IPV6
#define IP_OF_V4(a, b, c, d) {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}
#define IP_OF_V6(first, second, last) {{first, second, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}}
#else
#define IP_OF_V4(a, b, c, d) {{a, b, c, d}}
#define IP_OF_V6(first, second, last) {{0}} /* whoever asks for one is dead code */
#endif
/* clang-format on */

struct address {
	struct ip ip;
	uint16_t port;  /* host order */
	uint32_t scope; /* the interface's index of an IPv6 link-local address, else 0 */
};

/* A block of addresses: the first 'bits' bits of ip, counted in all IP_BITS. */
struct ip_prefix {
	struct ip ip;
	uint8_t bits; /* 0 to IP_BITS; 192.168.0.0/16 is IP_V4_BITS + 16 */
};

/* What an address is, as far as it matters who may reach it. Exactly one fits. */
enum ip_class {
	IP_GLOBAL,      /* none of the others */
	IP_UNSPECIFIED, /* 0.0.0.0/8 and :: ("this host", RFC 791; RFC 4291, 2.5.2) */
	IP_LOOPBACK,    /* 127.0.0.0/8 and ::1 */
	IP_PRIVATE,     /* RFC 1918, and fc00::/7 (RFC 4193) */
	IP_LINK_LOCAL,  /* 169.254.0.0/16 (RFC 3927) and fe80::/10 */
	IP_MULTICAST,   /* 224.0.0.0/4 and ff00::/8 */
	IP_RESERVED,    /* 240.0.0.0/4 (RFC 1112, section 4) without the next */
	IP_BROADCAST,   /* 255.255.255.255 */
};

/* An address text needs at most this much with its NUL: [IPv6%4294967295]:65535. */
#define ADDRESS_TEXT_SIZE 66

struct ip ip_v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
bool ip_is_v4(const struct ip *ip);
bool ip_equal(const struct ip *a, const struct ip *b);
uint32_t ip_hash(const struct ip *ip);
bool ip_is_zero(const struct ip *ip); /* '::', which stands for 'not given' in settings */
enum ip_class ip_class(const struct ip *ip);

/*
 * Parses all of text[0..len) as an IPv4 address (four decimal numbers, none with
 * a leading zero) or an IPv6 address (RFC 4291, section 2.2; RFC 5952 when
 * printed), without brackets, zone or port. Returns true and sets *ip, or
 * false and leaves it alone.
 */
bool ip_parse(const char *text, size_t len, struct ip *ip);

/*
 * Parses "ADDRESS" or "ADDRESS/BITS" (BITS counted as one writes them: at most
 * 32 for IPv4, 128 for IPv6, and at least 96 for IPv4 written as IPv6, where
 * ::ffff:10.0.0.0/8 would hold no IPv4 at all). Returns true and sets *prefix,
 * bits past the length cleared; or false.
 */
bool ip_prefix_parse(const char *text, size_t len, struct ip_prefix *prefix);

/* Is ip in the block? A block of IPv6 with fewer than 96 bits never holds IPv4, but ::/0 holds all. */
bool ip_prefix_holds(const struct ip_prefix *prefix, const struct ip *ip);

/* Does 'outer' hold every address of 'inner'? */
bool ip_prefix_within(const struct ip_prefix *inner, const struct ip_prefix *outer);

/*
 * Is the text what some readers take for an address, though ip_parse() does not: inet_aton()'s "10.66051", "0xa.1.2.3"
 * and "012.1.2.3", or an address of IPv6 with a zone? No host has such a name: its last label is no number (RFC 1123,
 * section 2.1; the URL standard, "ends in a number"), and it has no colon. Of an address it answers true as well.
 */
bool ip_may_be_meant(const char *text, size_t len);

/*
 * Has it an address of IPv4 in it, which is reached through it: in 64:ff9b::/96 (RFC 6052), or of the router in
 * 2002::/16 (RFC 3056)? Sets *v4 then.
 */
bool ip_embeds_v4(const struct ip *ip, struct ip *v4);

/* Parses decimal digits that fill the text, no sign, at most 'max'; false otherwise. */
bool number_parse(const char *text, size_t len, uint32_t max, uint32_t *n);

bool address_equal(const struct address *a, const struct address *b);

/* Append: 10.0.0.1 or 2001:db8::1; the same and the port: 10.0.0.1:80, [2001:db8::1]:80; 10.0.0.0/8. */
void text_ip(struct text *t, const struct ip *ip);
void text_address(struct text *t, const struct address *at);
void text_ip_prefix(struct text *t, const struct ip_prefix *prefix);

#endif

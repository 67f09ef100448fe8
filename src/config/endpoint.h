/*
 * Endpoints as the configuration writes them: scheme://host:port?option=value&...
 *
 * A scheme that is missing is tcp; ssl is another word for tls. IPv6 addresses stand in brackets. '*' is
 * every address of this host, of both families. What the options mean is said in tls.h.
 */
#ifndef ANKLET_CONFIG_ENDPOINT_H
#define ANKLET_CONFIG_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/text.h"
#include "config/keywords.h"
#include "policy/pattern.h"

struct reading;

enum { ENDPOINT_ANY = PATTERN_ANY, ENDPOINT_IP = PATTERN_PREFIX, ENDPOINT_NAME = PATTERN_NAME };

struct tls_options {
	/* In the table of strings; STRING_NONE: not given. */
	uint16_t cert, key, ca, psk, alpn;
	uint16_t name; /* for SNI and verification, when it is not the host's own */
	uint16_t
		password; /* the file of NAME:PASSWORD for a next hop by SOCKS5, with TLS or without */
	uint8_t min;      /* enum tls_version */
	bool verify_none;
	bool truncated_eof;
	bool halfclose_defer;
};

struct endpoint {
	uint8_t scheme; /* ENDPOINT_TCP and so on, of keywords.h */
	uint8_t host;   /* one of the three above */
	uint16_t port;  /* 1 to 65535; 0 in a listener: any free one */
	uint16_t name;  /* in the table of strings; fe80::1%eth0 is one, too, for its zone */
	struct ip ip;
	struct tls_options tls; /* all zero where the scheme has no TLS, but for a hop's password */
};

/* Is there TLS in it: from the first byte on, or from the middle? */
bool endpoint_has_tls(const struct endpoint *endpoint);

/* Is it a next hop? Which SOCKS does it speak, 4 or 5, and does it look names up? The scheme's name says both. */
bool endpoint_is_hop(const struct endpoint *endpoint);
uint8_t endpoint_socks(const struct endpoint *hop);
bool endpoint_takes_names(const struct endpoint *hop);

/* Does it begin in the clear and ask for TLS in the middle? *protocol is then an enum starttls_protocol. */
bool endpoint_starttls(const struct endpoint *endpoint, uint8_t *protocol);

/* Reads a word of at least one byte as a VALUE_LISTEN, FORWARD, TARGET or HOP, and answers as value_read() does. */
bool endpoint_read(struct reading *r, int type, struct word word, struct endpoint *e);

/* Can only one of them be listened on? '*' is every address; what a name is nobody knows yet. */
bool endpoints_conflict(const struct endpoint *a, const struct endpoint *b);

/* Appends an endpoint's scheme, host and port. */
void text_endpoint_plain(
	struct text *t, const struct endpoint *e, const struct string_table *strings);

/* Appends the endpoint as it is read, scheme and port included. */
void text_endpoint(struct text *t, const struct endpoint *e, const struct string_table *strings);

/*
 * Is it a host's name: labels of 1 to 63 letters, digits, '-' and '_', at most 253 bytes (and CONFIG_ANKLET_NAME_MAX)
 * and perhaps a last dot? The last label is no number, so that no mistyped IPv4 address is taken for a name.
 */
bool word_is_name(struct word word);

/* Is the word an address of IPv6, perhaps with a port, and this program built without? */
bool ip_is_disabled(struct word word);

/*
 * Reads "host", "host:port" or "[host]:port". A VALUE_PATTERN may have several ports and more than one host. To
 * listen the port may be 0, and to listen or connect the host a zone ([fe80::1%eth0]), which makes it a name.
 */
bool host_read(struct reading *r, int type, struct word word, struct pattern *host);
void text_pattern(
	struct text *t, const struct pattern *pattern, const struct string_table *strings);

#endif

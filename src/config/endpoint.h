/*
 * Endpoints as the configuration writes them: scheme://host:port?option=value&...
 *
 * A scheme that is missing is tcp; ssl is another word for tls. IPv6 addresses
 * stand in brackets. '*' is every address of this host, of both families. Values of
 * options are percent-encoded where need be (RFC 3986, section 2.1). Which schemes and
 * options make sense in which line is for the reader of that line to say.
 */
#ifndef ANKLET_ENDPOINT_H
#define ANKLET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/string_table.h"
#include "config/fault.h"
#include "config/tls_options.h"

enum endpoint_scheme {
	ENDPOINT_TCP,
	ENDPOINT_UDP,
	ENDPOINT_TLS,
	ENDPOINT_SMTP_STARTTLS, /* these four in the order of enum starttls_protocol */
	ENDPOINT_IMAP_STARTTLS,
	ENDPOINT_POP3_STARTTLS,
	ENDPOINT_NNTP_STARTTLS,
	ENDPOINT_SOCKS4, /* next hops */
	ENDPOINT_SOCKS4A,
	ENDPOINT_SOCKS4_TLS,
	ENDPOINT_SOCKS4A_TLS,
	ENDPOINT_SCHEMES
};

enum endpoint_host { ENDPOINT_ANY, ENDPOINT_IP, ENDPOINT_NAME };

/* Which endpoints make sense in a line. */
struct endpoint_use {
	uint16_t default_port; /* taken where none is written; 0: one must be */
	uint16_t schemes;      /* bits, 1 << enum endpoint_scheme */
	uint8_t fault;         /* enum config_fault_kind, of any other scheme */
	bool listens; /* clients are served there: '*' and port 0 are accepted, and TLS is a server's */
	bool tls;     /* TLS is built in */
};

_Static_assert((int)FAULT_KINDS <= UINT8_MAX, "a kind of fault fits an octet");
_Static_assert((int)ENDPOINT_SCHEMES <= 16, "a use names every scheme");

struct endpoint {
	uint8_t scheme; /* enum endpoint_scheme */
	uint8_t host;   /* enum endpoint_host */
	uint16_t port;  /* 1 to 65535; 0 in a listener: any free one */
	uint16_t
		name; /* ENDPOINT_NAME: in the table of strings; a zone (fe80::1%eth0) makes a name */
	struct ip ip;           /* ENDPOINT_IP */
	struct tls_options tls; /* all zero where the scheme has no TLS */
};

/* Is there TLS in it: from the first octet on, or from the middle? */
bool endpoint_has_tls(const struct endpoint *endpoint);

/* Is it a next hop? */
bool endpoint_is_hop(const struct endpoint *endpoint);

/* Does it begin in the clear and ask for TLS in the middle? *protocol is then an enum starttls_protocol. */
bool endpoint_starttls(const struct endpoint *endpoint, uint8_t *protocol);

/* Appends the protocol's word, an enum starttls_protocol: "smtp", "imap", ... */
void text_starttls(struct text *t, uint8_t protocol);

/* The protocol of such a word; false: it is none. */
bool endpoint_starttls_named(struct word word, uint8_t *protocol);

/*
 * Parses text[0..len), of which len is at least 1, for a use. Returns true; or false,
 * with *fault filled and strings perhaps left in the table.
 */
bool endpoint_parse(const char *text, size_t len, const struct endpoint_use *use,
	struct string_table *strings, struct endpoint *endpoint, struct config_fault *fault);

/*
 * Is text[0..len) a host's name: labels of 1 to 63 letters, digits, '-' and '_',
 * at most 253 octets (and CONFIG_ANKLET_NAME_MAX) and perhaps a last dot? The last label is no number, so that
 * no mistyped IPv4 address is taken for a name.
 */
bool endpoint_is_name(const char *text, size_t len);

/* Appends the endpoint as endpoint_parse() reads it, scheme and port included. */
void text_endpoint(
	struct text *t, const struct endpoint *endpoint, const struct string_table *strings);

#endif

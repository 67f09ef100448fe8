/*
 * The options of TLS as the configuration writes them: "name=mail.example.com", one after the other
 * behind the '?' of an endpoint, or as words of a route line. What they mean is said in tls.h.
 *
 * Values are percent-encoded where need be (RFC 3986, section 2.1), in both places.
 */
#ifndef ANKLET_TLS_OPTIONS_H
#define ANKLET_TLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/string_table.h"
#include "config/fault.h"

#define TLS_VALUE_MAX 255 /* octets of a value: a path, a name, a list of protocols */

struct tls_options {
	/* In the table of strings; STRING_NONE: not given. */
	uint16_t cert, key, ca, psk, alpn;
	uint16_t name; /* for SNI and verification, when it is not the host's own */
	uint8_t min;   /* enum tls_version */
	bool verify_none;
	bool truncated_eof;
	bool halfclose_defer;
};

enum tls_option {
	TLS_OPTION_CERT,
	TLS_OPTION_KEY,
	TLS_OPTION_CA,
	TLS_OPTION_PSK,
	TLS_OPTION_ALPN,
	TLS_OPTION_NAME,
	TLS_OPTION_MIN,
	TLS_OPTION_VERIFY,
	TLS_OPTION_TRUNCATED,
	TLS_OPTION_HALFCLOSE,
	TLS_OPTIONS
};

/* Options while they are read. */
struct tls_reading {
	struct string_table *strings;
	struct config_fault *fault;
	struct tls_options options;
	struct word seen[TLS_OPTIONS]; /* where each stands; empty: it does not */
};

/* These return true; or false and fill *r->fault, with strings perhaps left in the table. */

/* Reads one option, "name=value". */
bool tls_option_read(struct tls_reading *r, struct word option);

/* Reads a value alone, as it stands behind the '=' of an option: into the table of strings. */
bool tls_value_read(struct tls_reading *r, struct word written, uint16_t *string);

/* Reads "?name=value&name=value". */
bool tls_options_read(struct tls_reading *r, struct word query);

/* Do they make sense together, for a client, or for a server, which stands at 'where'? */
bool tls_options_check_client(struct tls_reading *r);
bool tls_options_check_server(struct tls_reading *r, struct word where);

/* Appends each that is given as tls_option_read() reads it, behind 'first' or, from the second on, 'next'. */
void text_tls_options(struct text *t, const struct tls_options *options,
	const struct string_table *strings, char first, char next);

/* Appends a value as it is read. */
void text_tls_value(struct text *t, const char *value);

#endif

/*
 * Endpoints as the configuration writes them: scheme://host:port.
 *
 * A scheme that is missing is tcp. IPv6 addresses stand in brackets. '*' is
 * every address of this host, of both families.
 */
#ifndef ANKLET_ENDPOINT_H
#define ANKLET_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "config_fault.h"
#include "string_table.h"

enum endpoint_scheme { ENDPOINT_TCP };

enum endpoint_host { ENDPOINT_ANY, ENDPOINT_IP, ENDPOINT_NAME };

struct endpoint {
	uint8_t scheme; /* enum endpoint_scheme */
	uint8_t host;   /* enum endpoint_host */
	uint16_t port;  /* 1 to 65535; 0 in a listener: any free one */
	uint16_t
		name; /* ENDPOINT_NAME: in the table of strings; a zone (fe80::1%eth0) makes a name */
	struct ip ip; /* ENDPOINT_IP */
};

/*
 * Parses text[0..len), of which len is at least 1. default_port is taken where
 * none is written; 0: one must be. '*' and port 0 are accepted: whoever connects
 * there refuses them. Returns true; or false and fills *fault.
 */
bool endpoint_parse(const char *text, size_t len, uint16_t default_port,
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

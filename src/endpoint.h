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

/* Why a text is no endpoint, and where. */
struct endpoint_fault {
	size_t at, len;      /* the part of the text that is wrong */
	const char *message; /* what is wrong with it */
	const char *remedy;  /* what would be right */
};

/*
 * Parses text[0..len). default_port is taken where none is written; 0: one must
 * be. Returns true; or false and fills *fault, with strings that live forever.
 */
bool endpoint_parse(const char *text, size_t len, uint16_t default_port,
	struct string_table *strings, struct endpoint *endpoint, struct endpoint_fault *fault);

/* Appends the endpoint as endpoint_parse() reads it, scheme and port included. */
void text_endpoint(
	struct text *t, const struct endpoint *endpoint, const struct string_table *strings);

#endif

/*
 * The configuration: lines of "keyword value" to one struct.
 *
 * The file, the command line's options and a firmware's built-in text all come
 * through here. docs: anklet.conf(5).
 */
#ifndef ANKLET_CONFIG_READER_H
#define ANKLET_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet.h"
#include "base/string_table.h"
#include "base/log_lines.h"
#include "config/endpoint.h"
#include "config/error.h"
#include "policy/routes.h"
#include "policy/rules.h"
#include "port.h"

#define CONFIG_DEFAULT_PORT 1080

/* A fixed forward: every connection to 'listen' goes to 'target'; or, with udp on both sides, every datagram. */
struct forward {
	struct endpoint listen; /* tcp, tls or udp */
	struct endpoint target; /* tcp, tls, STARTTLS or udp */
};

/* Copied as a whole: a string is an offset into its own table. */
struct config {
	uint32_t limit_handshake_ms;   /* from accept to the whole request */
	uint32_t limit_establish_ms;   /* from the whole request to the last grant */
	uint32_t limit_idle_ms;        /* relay without a byte; 0: no limit */
	uint32_t limit_half_closed_ms; /* the same when one direction has ended; 0: no limit */
	uint32_t limit_datagrams_ms;   /* a client of a forward of datagrams without one */
	uint16_t limit_client;         /* sessions of one client address; 0: no limit */
	uint16_t limit_log;            /* lines a minute about one; 0: no limit */
	struct port_range bind_ports;  /* 0 and 0: any */
	struct ip bind_address;        /* shown to BIND clients; '::' when not given */
	struct ip source[2]; /* of connections, by IPv4 and by IPv6; '::' when not given */
	bool tls;            /* is built in: endpoints and routes with it are accepted */
	uint8_t log;         /* enum log_level */
	uint16_t user;       /* in strings: whom to become after binding; STRING_NONE: nobody */
	uint16_t ca;         /* in strings: whom TLS trusts, in a file; STRING_NONE: the system's */
	uint8_t listen_count; /* 0: see config_listens_by_default() */
	uint8_t forward_count;
	struct port_config port;
	struct rules rules;
	struct routes routes;
	struct forward forward[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct endpoint listen[CONFIG_ANKLET_LISTENERS];
	struct string_table strings; /* the last one: the places of all others fit 16 bits */
};

/* Sets the defaults. */
void config_init(struct config *c);

/* Is 127.0.0.1 and ::1 listened on: neither listen nor forward says where? */
bool config_listens_by_default(const struct config *c);

/* The local address for connections to ip; '::': the system chooses. */
const struct ip *config_source(const struct config *c, const struct ip *ip);

/* As anklet_configure(), whose contract stands in anklet.h. */
unsigned config_read(struct config *c, const char *source, const char *text, size_t len,
	anklet_print *report, void *ctx);

/* Appends a keyword with one value as a line without its end; false where that stands for none. */
bool text_line(struct text *t, unsigned id, const void *value, const struct string_table *strings);

/*
 * As anklet_print_config(): every keyword with the value in force, in lines that config_read() reads. What is not
 * given, and what one may not have thought of, stands in comments.
 */
void config_print(const struct config *c, anklet_print *print, void *ctx);

#endif

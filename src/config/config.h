/*
 * The configuration: lines of "keyword value" to one struct, be they of a file, of the command line or of a firmware.
 * docs: anklet.conf(5).
 */
#ifndef ANKLET_CONFIG_READER_H
#define ANKLET_CONFIG_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "anklet.h"
#include "base/log_lines.h"
#include "config/endpoint.h"
#include "loop/rates.h"
#include "policy/routes.h"
#include "policy/rules.h"
#include "port.h"

#define CONFIG_DEFAULT_PORT 1080

/* A fixed forward: every connection to 'listen' goes to 'target'; or, with udp on both sides, every datagram. */
struct forward {
	struct endpoint listen; /* tcp, tls or udp */
	struct endpoint target; /* tcp, tls, STARTTLS or udp */
};

/* Where the status is shown. */
struct status_endpoint {
	struct endpoint at;    /* of scheme 0: nowhere */
	bool sessions;         /* with who asks for what */
	bool anywhere;         /* to all of 'from'; else to this host alone */
	struct ip_prefix from; /* of the address who asks */
};

typedef struct ip ip_of_families[2]; /* IPv4's, IPv6's */

#define ONE(type, field) type field;
#define PART(field)
#define MANY(table, count)
#define CONFIG_FIELD(id, name, type, setting, place, ...) place

/* Copied as a whole: a string is an offset into its own table, STRING_NONE when it is not given. */
struct config {
	KEYWORDS(CONFIG_FIELD)
#if !CONFIG_ANKLET_PASSWORDS
	uint16_t users, limit_user; /* never given */
#endif
	bool tls;             /* is built in: endpoints and routes with it are accepted */
	uint8_t listen_count; /* 0: see config_listens_by_default() */
	uint8_t forward_count;
	struct port_config port;
	struct rules rules;
	struct routes routes;
#if CONFIG_ANKLET_RATES > 0
	struct rate_limits rates;
#endif
	struct forward forward[ANKLET_TABLE(CONFIG_ANKLET_FORWARDS)];
	struct endpoint listen[CONFIG_ANKLET_LISTENERS];
	struct string_table strings; /* the last one: the places of all others fit 16 bits */
};

#if CONFIG_ANKLET_STATUS
#define CONFIG_STATUS(c) (&(c)->status.at)
#else
#define CONFIG_STATUS(c) ((const struct endpoint *)NULL)
#endif

#undef ONE
#undef PART
#undef MANY

#if CONFIG_ANKLET_RATES > 0
#define CONFIG_RATES(config) (&(config)->rates)
#else
#define CONFIG_RATES(config) ((void)(config), (struct rate_limits *)0)
#endif

/* Where none is read: what the program is linked with (CONFIG_ANKLET_CONFIG_READER). */
extern const struct config config_compiled;

/* Sets the defaults. */
void config_init(struct config *c);

/* Is 127.0.0.1 and ::1 listened on: neither listen nor forward says where? */
bool config_listens_by_default(const struct config *c);

/* The local address for connections to ip; '::': the system chooses. */
const struct ip *config_source(const struct config *c, const struct ip *ip);

/* Appends the line of a keyword that has one value; false where that stands for none. */
bool text_setting(struct text *t, const struct config *c, unsigned id);

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

/*
 * Errors in a configuration: what can be wrong, what would be right, and how a person is told.
 *
 * An error is one sentence: what is wrong, and after a ':' what was probably meant, or what each type of
 * value expects. That second half is a hint, which a program can be built without.
 */
#ifndef ANKLET_CONFIG_ERROR_H
#define ANKLET_CONFIG_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "anklet.h"
#include "base/text.h"
#include "base/word.h"

#define CONFIG_LINE_MAX 1024 /* bytes of a line without its end */

/*
 * In each, '%' stands for the word that is wrong, and '#' for a number. The first ones are followed by what is expected;
 * in the others '&' stands for another word of keywords.h, and '$' for a setting.
 */
/* clang-format off */
#define ERROR_KINDS(X) \
	X(NONE, "") \
	X(INVALID, "'%' is invalid") \
	X(MISSING, "'%' needs a value") \
	X(UNEXPECTED, "unexpected '%'") \
	X(KEYWORD, "unknown keyword '%'") \
	X(BYTE, "unexpected byte") \
	X(PROHIBITED, "'%' is prohibited (RFC 6176, RFC 7568)") \
	X(TWICE, "'%' is there twice") \
	X(EXCLUDES, "'%' cannot be combined with '&'") \
	X(NEEDS, "'%' needs '&'") \
	X(DISABLED, "'%' is disabled: this program is built without $") \
	X(FULL, "no room for '%' with $=#") \
	X(LONG, "'%' is longer than # bytes") \
	X(LONG_PRINTED, "'%' is too long: printed in full it has more than # bytes") \
	X(TAKEN, "'%' is taken by an earlier &, line #") \
	X(TAKEN_BEFORE, "'%' is taken by an earlier &")

/*
 * The types of values, and in an error of each what is expected, after the names that there are for it in
 * keywords.h; from FLAG on there are none. The last ones are parts of values, or what a line lacks.
 */
#define VALUE_TYPES(X) \
	X(NONE, "") X(KEYWORD, "") X(ALLOW, "") X(DENY, "") X(ROUTE, "") \
	X(SERVER_OPTIONS, "") X(CLIENT_OPTIONS, "") X(SCHEME, "") X(LEVEL, "") X(STARTTLS, "") X(VERSION, "") \
	X(LISTEN, " and HOST:PORT") \
	X(FORWARD, ANKLET_IF_FORWARDS(" and HOST:PORT")) \
	X(TARGET, ANKLET_IF_FORWARDS(" and HOST:PORT")) \
	X(HOP, ANKLET_IF_ROUTES(" and HOST:PORT")) \
	X(FLAG, "") \
	X(TIME, TIME_EXPECTED) \
	X(TIME_OR_0, TIME_EXPECTED NO_LIMIT) \
	X(COUNT, "a number up to ") \
	X(PORTS, ANKLET_IF_BIND("LOW-HIGH or PORT, from 1 to 65535, or any")) \
	X(IPV4, ANKLET_IF_BIND("an IPv4 address")) \
	X(SOURCE, "an IPv4 or IPv6 address of this host") \
	X(SERVER, ANKLET_IF_NAMES("ADDRESS, IPv4:PORT or [IPv6]:PORT")) \
	X(USER, "the name or number of a user of this system") \
	X(FILE, ANKLET_IF_TLS_STREAMS("the name of a file; %20 is a blank, %25 a '%'")) \
	X(ALPN, ANKLET_IF_TLS_STREAMS("protocols with commas between, best first: h2,http/1.1")) \
	X(HOST, "an IPv4 address without leading zeros, [IPv6], [fe80::1%eth0] or a name") \
	X(NETWORK, "ADDRESS or ADDRESS/BITS; without 'from' it is anybody") \
	X(PATTERN, "ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and perhaps :PORTS") \
	X(USERID, "NAME, or \"NAME\" in which \\\" \\\\ and \\xHH are one byte each") \
	X(WAY, ANKLET_IF_ROUTES("one of direct, via ENDPOINT, tls and starttls=PROTOCOL")) \
	X(UDP, ANKLET_IF_FORWARDS("udp:// on both sides, or on neither")) \
	X(PORT, "a port from 1 to 65535") \
	X(PORT_OR_0, "a port up to 65535; 0 is any free one") \
	X(RANGES, "PORT or LOW-HIGH up to 65535, with commas between at most 8") \
	X(CERT, ANKLET_IF_TLS_STREAMS("?cert=FILE&key=FILE or ?psk=FILE after the port")) \
	X(NO_OPTIONS, "options only where there is TLS; those of an endpoint after its '?'") \
	X(LINE_END, "one value a line; a comment begins with #") \
	X(ASCII, "printable ASCII; in a user's \"NAME\" any text")
#define TIME_EXPECTED "a time from 10ms to 480h: 30s, 5min, 2h"
#define NO_LIMIT "; 0 is no limit"

/* What a program can be built without, or with how much of: CONFIG_ANKLET_... */
#define SETTINGS(X) \
	X(BIND) X(IDENT) X(NAMES) X(TLS_STREAMS) X(ROUTES) X(FORWARDS) X(UDP_FLOWS) X(LOG_LEVELS) \
	X(LISTENERS) X(RULES) X(NAME_SERVERS) X(CONFIG_TEXT)
/* clang-format on */

#define ERROR_KIND(kind, text) ERROR_##kind,
#define VALUE_TYPE(type, expects) VALUE_##type,
#define SETTING(setting) SETTING_##setting,

enum error_kind { ERROR_KINDS(ERROR_KIND) };
enum value_type { VALUE_TYPES(VALUE_TYPE) };
enum setting { SETTING_NONE, SETTINGS(SETTING) };

struct config_error {
	uint8_t kind; /* enum error_kind */
	uint8_t about; /* the enum value_type that is expected, enum name_id or enum setting, as the kind says */
	bool tls;               /* is built in, and expected where it may be */
	struct word word;       /* '%' */
	struct word at;         /* in the line that was read; empty: something is missing there */
	uint32_t number;        /* '#' */
	const char *suggestion; /* the word that was probably meant; NULL: none is near */
};

/* Appends the sentence: printable ASCII. */
void text_error(struct text *t, const struct config_error *error);

/*
 * Reports an error in line 'number' of source, in one call: its place, the sentence, and the line with
 * a caret. Columns are counted from 1, in bytes. A long line is shown around the caret only.
 */
void error_report(const char *source, unsigned long number, struct word line,
	const struct config_error *error, anklet_print *report, void *ctx);

#endif

/*
 * Errors in a configuration: what can be wrong, what would be right, and how a person is told.
 *
 * An error is one sentence: what is wrong, and after a ':' what was probably meant, or what each type of
 * value expects. That second half is a hint, which a program can be built without.
 */
#ifndef ANKLET_CONFIG_ERROR_H
#define ANKLET_CONFIG_ERROR_H

#include <stdint.h>

#include "anklet.h"
#include "base/text.h"
#include "base/word.h"

#define CONFIG_LINE_MAX 1024 /* bytes of a line without its end */

#define DIGITS_OF(n) #n
#define DIGITS(n) DIGITS_OF(n)

/* In each, '%' stands for the word that is wrong, and '&' for the other thing that it is about. */
/* clang-format off */
#define ERROR_KINDS(X) \
	X(NONE, "") \
	X(INVALID, "'%' is invalid") \
	X(MISSING, "'%' needs a value") \
	X(UNEXPECTED, "unexpected '%'") \
	X(KEYWORD, "unknown keyword '%'") \
	X(TWICE, "'%' is there twice") \
	X(EXCLUDES, "'%' cannot be combined with '&'") \
	X(NEEDS, "'%' needs '&'") \
	X(DISABLED, "'%' is disabled: this program is built without &") \
	X(FULL, "no room for '%' with &") \
	X(LONG, "'%' is longer than & bytes") \
	X(LONG_PRINTED, "'%' is too long: printed in full it has more than & bytes") \
	X(BYTE, "unexpected byte") \
	X(PROHIBITED, "'%' is prohibited (RFC 6176, RFC 7568)") \
	X(CONFLICT, "'%' is taken by an earlier &")

/*
 * The types of values, and in an error of each what is expected, after the names that there are for it
 * (value.h). The last ones are parts of values.
 */
#define VALUE_TYPES(X) \
	X(NONE, "") \
	X(FLAG, "") \
	X(TIME, "a time from 10ms to 480h: 30s, 5min, 2h") \
	X(TIME_OR_0, "") \
	X(COUNT, "a number up to ") \
	X(PORTS, ANKLET_IF_BIND("LOW-HIGH or PORT, from 1 to 65535, or any")) \
	X(IPV4, ANKLET_IF_BIND("an IPv4 address")) \
	X(SOURCE, "an IPv4 or IPv6 address of this host") \
	X(SERVER, ANKLET_IF_NAMES("ADDRESS, IPv4:PORT or [IPv6]:PORT")) \
	X(LEVEL, "") \
	X(USER, "the name or number of a user of this system") \
	X(FILE, ANKLET_IF_TLS_STREAMS("the name of a file; %20 is a blank, %25 a '%'")) \
	X(ALPN, ANKLET_IF_TLS_STREAMS("protocols with commas between, best first: h2,http/1.1")) \
	X(HOST, "an IPv4 address without leading zeros, [IPv6], or a name") \
	X(NETWORK, "ADDRESS or ADDRESS/BITS; without 'from' it is anybody") \
	X(PATTERN, "ADDRESS/BITS, [IPv6/BITS], NAME, *.DOMAIN or *, and perhaps :PORTS") \
	X(USERID, "NAME, or \"NAME\" in which \\\" \\\\ and \\xHH are one byte each") \
	X(ALLOW, "") \
	X(DENY, "") \
	X(ROUTE, ANKLET_IF_ROUTES("one of direct, via ENDPOINT, tls and starttls=PROTOCOL")) \
	X(LISTEN, "") \
	X(FORWARD, "") \
	X(TARGET, "") \
	X(HOP, "") \
	X(ENDPOINT, " and HOST:PORT") \
	X(UDP, ANKLET_IF_FORWARDS("udp:// on both sides, or on neither")) \
	X(NAMES, "") \
	X(PORT, "a port from 1 to 65535") \
	X(PORT_OR_0, "a port up to 65535; 0 is any free one") \
	X(RANGES, "PORT or LOW-HIGH up to 65535, with commas between at most " DIGITS(PATTERN_PORTS)) \
	X(IPV6, "an IPv6 address, and only that, in brackets: [::1]:80") \
	X(ZONE, "an interface after an address of fe80::/10: [fe80::1%eth0]:80") \
	X(CERT, ANKLET_IF_TLS_STREAMS("?cert=FILE&key=FILE or ?psk=FILE after the port")) \
	X(NO_OPTIONS, "options only where there is TLS; those of an endpoint after its '?'") \
	X(LINE_END, "one value a line; a comment begins with #") \
	X(ASCII, "printable ASCII; in a user's \"NAME\" any text")
/* clang-format on */

/* What a program can be built without, or with how much of: CONFIG_ANKLET_... */
#define SETTINGS(X)    \
	X(BIND)        \
	X(IDENT)       \
	X(NAMES)       \
	X(TLS_STREAMS) \
	X(ROUTES)      \
	X(FORWARDS)    \
	X(UDP_FLOWS) X(LOG_LEVELS) X(LISTENERS) X(RULES) X(NAME_SERVERS) X(CONFIG_TEXT)

#define ERROR_KIND(kind, text) ERROR_##kind,
#define VALUE_TYPE(type, expects) VALUE_##type,
#define SETTING(setting) SETTING_##setting,

enum error_kind { ERROR_KINDS(ERROR_KIND) };
enum value_type { VALUE_TYPES(VALUE_TYPE) };
enum setting { SETTING_NONE, SETTINGS(SETTING) };

/* Words that are right in some place: of the rows of a table that begin with their name, those in a set of bits. */
struct names {
	const char *first;
	uint8_t step, count; /* bytes of a row; rows, at most 32 */
	uint32_t among;
};

struct config_error {
	uint8_t kind;           /* enum error_kind */
	uint8_t expects;        /* enum value_type */
	uint8_t setting;        /* enum setting, which then is '&' */
	uint32_t most;          /* how much that is; or what a number may be at most; or a line */
	struct word at;         /* in the line that was read; empty: something is missing there */
	struct word about;      /* '%' */
	const char *other;      /* '&', where there is no setting */
	const char *suggestion; /* the word that was probably meant; NULL: none is near */
	struct names names;     /* what is expected; all zero: what 'expects' says */
};

/* The row with that name, of all there are: its number, or -1. */
int names_find(const struct names *names, struct word word);

/* The one of them that two bytes inserted, removed or replaced make of it, all before a '='; NULL: none. */
const char *names_nearest(const struct names *names, struct word word);

/* Appends bytes with a tab shown as a blank, and all others outside 0x20 to 0x7e as '?'. */
void text_shown(struct text *t, const char *bytes, size_t len);

/* Appends the sentence: printable ASCII. */
void text_error(struct text *t, const struct config_error *error);

/*
 * Reports an error in line 'number' of source, in one call: its place, the sentence, and the line with
 * a caret. Columns are counted from 1, in bytes. A long line is shown around the caret only.
 */
void error_report(const char *source, unsigned long number, struct word line,
	const struct config_error *error, anklet_print *report, void *ctx);

#endif

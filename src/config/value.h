/*
 * Values of the configuration: for each type how one is read, and printed.
 */
#ifndef ANKLET_CONFIG_VALUE_H
#define ANKLET_CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/string_table.h"
#include "config/error.h"
#include "policy/pattern.h"

#define LIMIT_MAX_MS \
	1728000000u /* 20 days: below 2^31, so that times compare by signed difference */

/* What is read from, word by word, and what goes wrong meanwhile. */
struct reading {
	const char *next, *end; /* what is still to be read */
	bool options;  /* words are separated by '&', and next is at the separator before one */
	bool tls;      /* is built in */
	uint32_t most; /* what a number may be at most */
	struct string_table *strings;
	struct config_error error; /* filled by whoever returns false */
	char other[80];            /* for an error that needs room for a text */
};

/* Is it built in? */
bool setting_is_built(bool tls, int setting);

/* Fill r->error, and return false so that a reader can return it: what is expected; '&'. */
bool error_set(struct reading *r, enum error_kind kind, struct word place, int expects);
bool error_other(struct reading *r, enum error_kind kind, struct word place, const char *other);
bool error_setting(
	struct reading *r, enum error_kind kind, struct word place, int setting, uint32_t most);

/* There is no value after 'subject'. */
bool error_missing(struct reading *r, struct word subject, int expects);

/* Takes the next line from text[*at..len), without its end: LF, or CR LF. */
struct word line_take(const char *text, size_t len, size_t *at);

/* Is the line ASCII without controls, but for bytes from 0x80 on in quotes and in a comment? */
bool line_check(struct reading *r, struct word line);

/*
 * Takes the next word; at is NULL when there is none left, which is no error. A word that begins with '"'
 * ends after the next one that no backslash precedes, and whatever follows that without a blank.
 */
struct word word_take(struct reading *r);

/*
 * Reads a word of at least one byte as a value of a type into *at, which is what value.c's readers say.
 * False: r->error is filled, *at may be changed, and strings may be left in the table.
 */
bool value_read(struct reading *r, int type, struct word word, void *at);

/* Appends the value as it is read; false where there is none, or one that stands for none. */
bool text_value(struct text *t, int type, const void *at, const struct string_table *strings);

/* ---- Parts of values ---- */

bool byte_is_of_name(char c);

/*
 * Is it a host's name: labels of 1 to 63 letters, digits, '-' and '_', at most 253 bytes (and CONFIG_ANKLET_NAME_MAX)
 * and perhaps a last dot? The last label is no number, so that no mistyped IPv4 address is taken for a name.
 */
bool word_is_name(struct word word);

/* A number; "LOW-HIGH" or "PORT", from 'least' on. False: it is none, and nothing is said of that. */
bool count_read(struct word word, uint32_t most, uint16_t *count);
bool range_read(struct word word, uint32_t least, struct port_range *range);
void text_range(struct text *t, const struct port_range *range);

/* Puts a string into the table. */
bool string_read(struct reading *r, struct word word, uint16_t *string);

/*
 * Reads "host", "host:port" or "[host]:port". A VALUE_PATTERN may have several ports and more than one host. To
 * listen the port may be 0, and to listen or connect the host a zone ([fe80::1%eth0]), which makes it a name.
 */
bool host_read(struct reading *r, int type, struct word word, struct pattern *host);
void text_pattern(
	struct text *t, const struct pattern *pattern, const struct string_table *strings);

/* An address that connections come from goes to that of its family; a name server has port 53 unless it says. */
bool source_read(struct word word, struct ip source[2]);
bool server_read(struct reading *r, struct word word, struct address *server);

#endif

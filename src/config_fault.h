/*
 * What can be wrong with a configuration: where it is, why, and what would be right.
 *
 * All the texts stand together in config_fault.c.
 */
#ifndef ANKLET_CONFIG_FAULT_H
#define ANKLET_CONFIG_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define CONFIG_LINE_MAX 1024 /* octets of a line without its end */

/* A piece of a line. */
struct word {
	const char *at;
	size_t len;
};

enum config_fault_kind {
	/* any line */
	FAULT_CONTROL,
	FAULT_LONG_LINE,
	FAULT_KEYWORD,
	FAULT_KEYWORD_NEAR, /* hint: the nearest keyword */
	FAULT_EXTRA,
	FAULT_STRINGS,
	/* endpoints */
	FAULT_ENDPOINT,
	FAULT_SCHEME,
	FAULT_SCHEME_ABSENT,
	FAULT_SSLV2,
	FAULT_SSLV3,
	FAULT_OPTIONS,
	FAULT_NO_HOST,
	FAULT_NO_PORT,
	FAULT_PORT,
	FAULT_BRACKET,
	FAULT_BEHIND_BRACKET,
	FAULT_NOT_IPV6,
	FAULT_BARE_IPV6,
	FAULT_ZONE,
	FAULT_NAME,
	FAULT_LISTENERS,
	/* rules */
	FAULT_RULE_WORD,
	FAULT_RULE_WORD_NEAR, /* hint: the nearest word */
	FAULT_TWICE,
	FAULT_BOTH_COMMANDS,
	FAULT_FROM,
	FAULT_TO,
	FAULT_TO_BARE_IPV6,
	FAULT_RULE_PORT,
	FAULT_RULE_PORTS,
	FAULT_RULE_USER,
	FAULT_DENY_IDENT,
	FAULT_DENY_BIND_WORD,
	FAULT_CONNECT_BIND_WORD,
	FAULT_ANY_PEER_TO,
	FAULT_RULES,
	FAULT_LONG_RULE,
	/* names in quotes */
	FAULT_QUOTE,
	FAULT_BEHIND_QUOTE,
	FAULT_ESCAPE,
	FAULT_LONG_NAME,
	FAULT_EMPTY_NAME,
	/* other values */
	FAULT_TIME,
	FAULT_TIME_RANGE,
	FAULT_TIME_ZERO,
	FAULT_LIMIT_CLIENT,
	FAULT_BIND_PORTS,
	FAULT_BIND_ADDRESS,
	FAULT_SOURCE,
	FAULT_DNS,
	FAULT_DNS_PORT,
	FAULT_NAME_SERVERS,
	FAULT_LOG,
	FAULT_USER,
	FAULT_KINDS /* how many there are */
};

struct config_fault {
	enum config_fault_kind kind;
	struct word wrong;   /* in the text that was read; empty: a value is missing there */
	struct word subject; /* what the message speaks of */
	const char *hint;    /* what the remedy offers, where the kind has one; else NULL */
};

/* Fills *fault about a wrong word. Returns false, so that a parser can return it. */
bool config_fault(struct config_fault *fault, enum config_fault_kind kind, struct word wrong);

/*
 * Fills *fault about a value missing behind 'subject', at 'at'; kind is the one that would
 * complain of a wrong value there. Returns false.
 */
bool config_fault_missing(struct config_fault *fault, enum config_fault_kind kind,
	struct word subject, const char *at);

/* Append what is wrong; and what would be right. Printable ASCII, at most 320 octets each. */
void text_fault(struct text *t, const struct config_fault *fault);
void text_remedy(struct text *t, const struct config_fault *fault);

/* Appends octets with a tab shown as a blank, and all others outside 0x20 to 0x7e as '?'. */
void text_shown(struct text *t, const char *octets, size_t len);

#endif

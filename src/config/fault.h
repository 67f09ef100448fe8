/*
 * What can be wrong with a configuration: where it is, why, and what would be right.
 *
 * All the texts stand together in fault.c.
 */
#ifndef ANKLET_CONFIG_FAULT_H
#define ANKLET_CONFIG_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "base/word.h"
#include "config/fault_kind.h"

#define CONFIG_LINE_MAX 1024 /* octets of a line without its end */

struct config_fault {
	enum config_fault_kind kind;
	struct word wrong;   /* in the text that was read; empty: a value is missing there */
	struct word subject; /* what the message speaks of */
	const char *hint;    /* what the remedy offers, where the kind has one; else NULL */
};

/* Fills *fault about a wrong word. Returns false, so that a parser can return it. */
bool config_fault(struct config_fault *fault, enum config_fault_kind kind, struct word wrong);

/* The same about a word for which 'needed' is not built in: with that it would be right. */
bool config_fault_absent(struct config_fault *fault, struct word wrong, const char *needed);

/*
 * Fills *fault about a value missing behind 'subject', at 'at'; kind is the one that would
 * complain of a wrong value there. Returns false.
 */
bool config_fault_missing(struct config_fault *fault, enum config_fault_kind kind,
	struct word subject, const char *at);

/*
 * Appends the text of a kind from a list of texts, SAME being an empty one, with a word
 * in place of its '%'.
 */
void text_fault_text(struct text *t, const char *list, enum config_fault_kind kind,
	const char *word, size_t len);

/* Append what is wrong; and what would be right, with CONFIG_ANKLET_REMEDIES. Printable ASCII, at most 320 octets each. */
void text_fault(struct text *t, const struct config_fault *fault);
void text_remedy(struct text *t, const struct config_fault *fault);

/* Appends octets with a tab shown as a blank, and all others outside 0x20 to 0x7e as '?'. */
void text_shown(struct text *t, const char *octets, size_t len);

#endif

/*
 * What is said of everything that can be wrong with a configuration. See fault.h.
 */
#include "config/fault.h"

#include <string.h>

#include "anklet_config.h"
#include "config/tls_options.h"
#include "policy/rules.h"

#define WORD_SHOWN 48 /* octets of a wrong word that a message repeats */

#define DIGITS_OF(n) #n
#define DIGITS(n) DIGITS_OF(n)

#define SAME ""

#define MESSAGE(kind, message, remedy) message "\0"

static const char messages[] = CONFIG_FAULTS(MESSAGE);

static const char missing[] = "'%' needs a value";

bool config_fault(struct config_fault *fault, enum config_fault_kind kind, struct word wrong)
{
	*fault = (struct config_fault){.kind = kind, .wrong = wrong, .subject = wrong};
	return false;
}

bool config_fault_absent(struct config_fault *fault, struct word wrong, const char *needed)
{
	config_fault(fault, FAULT_ABSENT, wrong);
	fault->hint = needed;
	return false;
}

bool config_fault_missing(struct config_fault *fault, enum config_fault_kind kind,
	struct word subject, const char *at)
{
	*fault = (struct config_fault){.kind = kind, .wrong = {at, 0}, .subject = subject};
	return false;
}

void text_shown(struct text *t, const char *octets, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (octets[i] >= 0x20 && octets[i] <= 0x7e)
			text_char(t, octets[i]);
		else
			text_char(t, octets[i] == '\t' ? ' ' : '?');
	}
}

static void text_filled(struct text *t, const char *pattern, const char *word, size_t len)
{
	const char *place = strchr(pattern, '%');

	if (place == NULL) {
		text_str(t, pattern);
		return;
	}
	text_octets(t, pattern, (size_t)(place - pattern));
	text_shown(t, word, len < WORD_SHOWN ? len : WORD_SHOWN);
	if (len > WORD_SHOWN)
		text_str(t, "...");
	text_str(t, place + 1);
}

/* The n-th text of a list in which an empty one is SAME. */
static const char *text_at(const char *list, unsigned n)
{
	const char *text = list;

	while (n-- > 0) {
		list += strlen(list) + 1;
		if (*list != '\0')
			text = list;
	}
	return text;
}

void text_fault_text(
	struct text *t, const char *list, enum config_fault_kind kind, const char *word, size_t len)
{
	text_filled(t, text_at(list, kind), word, len);
}

void text_fault(struct text *t, const struct config_fault *fault)
{
	const struct word *subject = &fault->subject;

	if (fault->wrong.len > 0)
		text_fault_text(t, messages, fault->kind, subject->at, subject->len);
	else
		text_filled(t, missing, subject->at, subject->len);
}

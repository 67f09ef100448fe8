/*
 * What would be right, for everything that can be wrong with a configuration. See fault.h.
 */
#include "config/fault.h"

#include <string.h>

#include "anklet_config.h"
#include "config/config.h"

#define DIGITS_OF(n) #n
#define DIGITS(n) DIGITS_OF(n)

#define SAME ""

#define REMEDY(kind, message, remedy) remedy "\0"

static const char remedies[] = CONFIG_FAULTS(REMEDY);

static void text_keywords(struct text *t)
{
	const char *keyword;

	for (unsigned i = 0; (keyword = config_keyword(i)) != NULL; i++) {
		text_str(t, i > 0 ? ", " : " ");
		text_str(t, keyword);
	}
}

void text_remedy(struct text *t, const struct config_fault *fault)
{
	const char *hint = fault->hint != NULL ? fault->hint : "";

	text_fault_text(t, remedies, fault->kind, hint, strlen(hint));
	if (fault->kind == FAULT_KEYWORD)
		text_keywords(t);
}

/*
 * For builds with little flash: a mistake is named, but not what would be right. See config_remedy.c.
 */
#include "config_fault.h"

const bool config_remedies = false;

void text_remedy(struct text *t, const struct config_fault *fault)
{
	(void)t;
	(void)fault;
}

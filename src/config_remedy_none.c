/*
 * For builds with little flash: a mistake is named, but not what would be right. See config_remedy.c.
 */
#include "config_fault.h"

const char *config_remedy(enum config_fault_kind kind)
{
	(void)kind;
	return "";
}

/*
 * Prints every keyword of the configuration, one a line, for tests/openwrt/check.
 */
#include <stdio.h>

#include "anklet.h"

int main(void)
{
	const char *keyword;

	for (unsigned i = 0; (keyword = anklet_keyword(i)) != NULL; i++)
		puts(keyword);
	return 0;
}

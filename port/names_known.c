/*
 * Names that nobody is asked for. See names_known.h.
 */
#include "names_known.h"

#include "literal.h"

#define LABEL_MAX 63 /* RFC 1035, section 2.3.4 */
#define LOOPBACK_NAME "localhost"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* localhost and what ends in .localhost is loopback, and nobody is asked (RFC 6761, section 6.3). */
static bool is_loopback(const char *name, size_t len)
{
	const size_t known = sizeof LOOPBACK_NAME - 1;

	if (len < known || (len > known && name[len - known - 1] != '.'))
		return false;
	for (size_t i = 0; i < known; i++)
		if (lower(name[len - known + i]) != LOOPBACK_NAME[i])
			return false;
	return true;
}

/* Can a query carry the name? */
static bool has_labels(const char *name, size_t len)
{
	size_t label = 0;

	for (size_t i = 0; i < len; i++) {
		label = name[i] == '.' ? 0 : label + 1;
		if (name[i] == '\0' || label > LABEL_MAX ||
			(name[i] == '.' && (i == 0 || name[i - 1] == '.')))
			return false;
	}
	return label > 0;
}

int names_known(const char *name, size_t len, struct address at[NAMES_KNOWN_MAX])
{
	if (literal_parse(name, len, &at[0]))
		return 1;
	if (is_loopback(name, len)) {
		at[0] = (struct address){.ip = ip_v4(127, 0, 0, 1)};
		at[1] = (struct address){.ip.octet = {[15] = 1}};
		return 2;
	}
	return has_labels(name, len) ? -1 : 0;
}

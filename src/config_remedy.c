/*
 * What would be right, for everything that can be wrong with a configuration. See config_fault.h.
 *
 * A build for little flash takes config_remedy_none.c instead.
 */
#include "config_fault.h"

#include "anklet_config.h"

#define DIGITS_OF(n) #n
#define DIGITS(n) DIGITS_OF(n)

#define RIGHT_ENDPOINT "write tcp://HOST:PORT"
#define RIGHT_TLS "write tcp://HOST:PORT; encryption is tls://, where it is built in"
#define RIGHT_TIME "write 250ms, 90s, 2m, 1h, or a number of seconds"
#define RIGHT_QUOTES "write \"NAME\"; within quotes \\\" \\\\ and \\xHH stand for one octet"
#define RIGHT_PORTS "write PORT or LOW-HIGH, several with commas between, up to 65535"

#define REMEDY(kind, message, remedy) remedy "\0"

static const char remedies[] = CONFIG_FAULTS(REMEDY);

const char *config_remedy(enum config_fault_kind kind)
{
	return text_of_list(remedies, kind);
}

/*
 * Errors in words. See anklet.h.
 */
#include "anklet.h"

#include "port.h"
#include "proxy/instance.h"

_Static_assert((int)ANKLET_UNREACHABLE == PORT_UNREACHABLE &&
		       (int)ANKLET_NO_RESOURCES == PORT_NO_RESOURCES &&
		       (int)ANKLET_IN_USE == PORT_IN_USE &&
		       (int)ANKLET_NOT_LOCAL == PORT_NOT_LOCAL &&
		       (int)ANKLET_DENIED == PORT_DENIED && (int)ANKLET_NO_NAME == PORT_NO_NAME &&
		       (int)ANKLET_NAME_FAILED == PORT_NAME_FAILED &&
		       (int)ANKLET_NO_RANDOM == PORT_NO_RANDOM && (int)ANKLET_FAILED == PORT_FAILED,
	"what the port answers is passed on as it is");

_Static_assert((int)ANKLET_ERROR == PORT_ERROR && (int)ANKLET_WARNING == PORT_WARNING &&
		       (int)ANKLET_INFO == PORT_INFO && (int)ANKLET_DEBUG == PORT_DEBUG,
	"so are the levels of the log");

const char *anklet_strerror(int why)
{
	if (ANKLET_HAS_TLS && why <= ANKLET_UNUSABLE)
		return "what was configured cannot be used.";
	switch (why) {
	case ANKLET_UNREACHABLE:
		return "this host has no addresses of that family.";
	case ANKLET_NO_RESOURCES:
		return "there are too few descriptors (ulimit -n), or it is one listener too many.";
	case ANKLET_IN_USE:
		return "it is in use.";
	case ANKLET_NOT_LOCAL:
		return "this host has no such address. '*' stands for all that it has.";
	case ANKLET_DENIED:
		return "the system does not permit it.";
	case ANKLET_NO_NAME:
		return ANKLET_IF_NAMES("the name has no address.");
	case ANKLET_NAME_FAILED:
		return ANKLET_IF_NAMES("the name could not be looked up: no name server answered.");
	case ANKLET_NO_RANDOM:
		return ANKLET_IF_TLS("the system gives no random numbers.");
	}
	return "the system denies it without a reason.";
}

int failure_says(struct anklet_failure *failure, int answer, const char *words)
{
	struct text t;

	text_init(&t, failure->words, sizeof failure->words);
	text_str(&t, words);
	return answer;
}
